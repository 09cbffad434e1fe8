"""Gain from a user's few benchmarks, on published runs: `python tools/own_calibration_trial.py RUNS.csv`.

Simulates users who measured one to five runs of a model on a GPU (half of them at the lengths they care about), and
predicts another run of the same source, engine, model and GPU. Prints the error before and after by trust, the effect of
transferring a ratio to another model on the same GPU, and the best slopes: SLOPES of
calculators/calibration/own_benchmarks.py.
"""

import math
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from calculators.calibration.configurations import read_points
from calculators.calibration.own_benchmarks import SLOPES
from calculators.calibration.predict import predict
from calculators.catalog.load import load_catalog

DRAWS_COUNT = 60
STEPS = (0.4, 0.7, 1.4, 2.5)
MEASURED = {
    "TPOT": ("tpot_ms", ("tpot_ms_mean", "tpot_ms_median")),
    "TTFT": ("ttft_ms", ("ttft_ms_mean", "ttft_ms_median")),
}


def logs(path: Path) -> list[dict[str, Any]]:
    """Runs of quality A and B, with the logarithms of measured over predicted times."""
    rows, catalog, runs = read_points(path), load_catalog(), []
    for row, p in zip(rows, predict(rows, catalog), strict=True):
        sped_up = row.get("spec_decode", "").lower().startswith("on")
        if p.tpot_ms is None or sped_up or row.get("quality") not in ("A", "B") or not row["concurrency_or_batch"]:
            continue
        run: dict[str, Any] = {key: row[key] for key in ("source", "engine", "weight_dtype")}
        run |= {"model": catalog.model(row["model"]).id, "gpu": catalog.gpu(row["gpu"]).id}
        numbers = (row["concurrency_or_batch"], row["isl"], row["osl"], row["tp"] or "1")
        run["where"] = np.log([float(number) for number in numbers])
        for name, (predicted, columns) in MEASURED.items():
            value = next((float(row[c]) for c in columns if row.get(c)), 0.0)
            modeled = getattr(p, predicted)
            run[name] = math.log(value / modeled) if value > 0 and modeled else None
        runs.append(run)
    return runs


def draws(runs: list[dict[str, Any]], name: str, seed: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Distances (k, 5), logarithms (k,) and the logarithm to predict, for each simulated user."""
    pick, groups, users = random.Random(seed), defaultdict(list), []
    for run in runs:
        if run[name] is not None:
            groups[tuple(run[key] for key in ("source", "engine", "model", "gpu"))].append(run)
    for group in (g for g in groups.values() if len(g) >= 4):
        for i in range(DRAWS_COUNT):
            target = pick.choice(group)
            pool = [run for run in group if run is not target]
            near = [r for r in pool if (r["where"][1:3] == target["where"][1:3]).all()]
            count = min(pick.choice((1, 2, 3, 5)), len(pool))
            chosen = pick.sample(near if i % 2 and len(near) >= count else pool, count)
            away = [
                [*np.abs(r["where"] - target["where"]), r["weight_dtype"] != target["weight_dtype"]] for r in chosen
            ]
            users.append((np.array(away, dtype=float), np.array([r[name] for r in chosen]), target[name]))
    return users


def left(users: list[tuple[np.ndarray, np.ndarray, float]], slopes: np.ndarray) -> np.ndarray:
    """Remaining logarithm of each user, and the trust: (users, 2)."""
    result = []
    for away, values, target in users:
        k = np.exp(-away @ slopes)
        trust = 1 - np.prod(1 - k)
        result.append((target - trust * float(k @ values) / max(float(k.sum()), 1e-12), trust))
    return np.array(result)


def fitted(users: list[tuple[np.ndarray, np.ndarray, float]]) -> np.ndarray:
    """Slopes that minimize the mean error, each capped at a factor of e, by coordinate descent."""

    def loss(slopes: np.ndarray) -> float:
        return float(np.minimum(np.abs(left(users, slopes)[:, 0]), 1).mean())

    best = SLOPES.copy()
    for _ in range(3):
        for i in range(best.size):
            tries = [best, *(np.where(np.arange(best.size) == i, best * step, best) for step in STEPS)]
            best = min(tries, key=loss)
    return best


def other_model(runs: list[dict[str, Any]], name: str, weight: float, seed: int = 3) -> np.ndarray:
    """Remaining logarithms when `weight` of three runs' median is transferred to another model on the same GPU and engine."""
    pick, groups, result = random.Random(seed), defaultdict(list), []
    for run in runs:
        if run[name] is not None:
            groups[run["source"], run["engine"], run["gpu"]].append(run)
    for group in groups.values():
        for _ in range(DRAWS_COUNT):
            target = pick.choice(group)
            pool = [run[name] for run in group if run["model"] != target["model"]]
            if len(pool) >= 3:
                result.append(target[name] - weight * float(np.median(pick.sample(pool, 3))))
    return np.array(result)


def errors(values: np.ndarray) -> str:
    """Median and 80th percentile of the errors, in words."""
    off = np.abs(np.exp(values) - 1)
    return f"median {np.median(off):4.0%}, p80 {np.quantile(off, 0.8):4.0%}"


def main(path: Path) -> None:
    runs = logs(path)
    for name in MEASURED:
        users = draws(runs, name, seed=2)
        after, before = left(users, SLOPES), np.array([target for _, _, target in users])
        print(f"{name}: {len(users)} users; best slopes {fitted(draws(runs, name, seed=1)).round(2)}, used {SLOPES}")
        print(f"  all: before {errors(before)}; after {errors(after[:, 0])}")
        for low, high in ((0, 0.4), (0.4, 0.6), (0.6, 0.75), (0.75, 0.85), (0.85, 0.95), (0.95, 1.01)):
            inside = (after[:, 1] >= low) & (after[:, 1] < high)
            if inside.sum() > 20:
                print(f"  trust {low}-{high}: before {errors(before[inside])}; after {errors(after[inside, 0])}")
        for weight in (0.0, 0.3, 0.6, 1.0):
            print(f"  another model on that GPU, {weight:.0%} transferred: {errors(other_model(runs, name, weight))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
