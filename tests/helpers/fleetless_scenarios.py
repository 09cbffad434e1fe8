"""Scenarios in which one, two or three constraints leave no fleet, by chance but the same every time, on the live catalog."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from support import TODAY, merged

from calculators.scenario.schema import Scenario, parse_scenario

Changes = dict[str, Any]
MODELS = ("gpt-oss-120b", "llama-3.3-70b", "llama-3.1-8b", "deepseek-v3.2", "qwen3-32b", "qwen3-235b-a22b", "kimi-k3")
SHORT_MODELS = ("llama-2-70b", "falcon-180b", "phi-4", "llama-2-7b")
REQUIREMENTS = ("pci", "fedramp-high", "air-gap", "no-third-party", "residency-jp", "cmmc", "hipaa", "itar", "c5")


def _held(rng: random.Random) -> Changes:
    held = {
        "gpu": rng.choice(("h100-sxm", "a100-80gb-sxm", "l4")),
        "gpus_count": rng.choice((8, 16)),
        "usd_per_gpu_h": rng.choice((0.0, 1.5)),
        "paid_until": "2028-03-31",
    }
    return {"hardware": {"existing_gpus": [held], "rent_providers": ["verda"], "max_gpus": rng.choice((1, 8, 512))}}


def _typed(rng: random.Random) -> Changes:
    rents = [{"provider": "coreweave", "gpu": "h100-sxm", "gpus_per_machine": 8, "usd_per_gpu_h": 2.0}]
    quote = {"hardware": {"gpus": ["h100-sxm"], "rent_usd_per_gpu_h": {"h100-sxm": 2.5}, "max_gpus": 1}}
    return rng.choice((quote, {"hardware": {"own_rents": rents, "commitments": ["5y"], "gpus": ["h100-sxm"]}}))


KINDS: Mapping[str, Callable[[random.Random], Changes]] = {
    "tpot": lambda rng: {"targets": {"tpot_ms": rng.choice((0.1, 0.5, 1, 2, 4))}},
    "ttft": lambda rng: {"targets": {"ttft_p95_ms": rng.choice((1, 3, 10, 30, 60))}},
    "gpu_limit": lambda rng: {"hardware": {"max_gpus": rng.choice((1, 1, 2, 4, 8))}},
    "gpus": lambda rng: {"hardware": {"gpus": rng.sample(("l4", "l40s", "a10", "mi300x", "rtx-4090"), 1)}},
    "providers": lambda rng: {"hardware": {"rent_providers": [rng.choice(("aws", "verda", "coreweave", "oci"))]}},
    "terms": lambda rng: {"hardware": {"commitments": [rng.choice(("5y", "spot", "3y", "1y"))]}},
    "confidence": lambda rng: {"hardware": {"min_confidence": "high", "gpus": [rng.choice(("h100-sxm", "b300"))]}},
    "age": lambda rng: {"hardware": {"max_rent_age_days": rng.choice((1, 5, 30))}},
    "requirements": lambda rng: {"compliance": {"requirements": rng.sample(REQUIREMENTS, rng.choice((1, 1, 2)))}},
    "too_large": lambda rng: {
        "candidates": [{"model": rng.choice(("kimi-k3", "deepseek-v3.2", "llama-3.1-405b")), "gate": "accepted"}],
        "techniques": {"parallelism": False},
    },
    "released_only": lambda rng: {
        "candidates": [{"model": "llama-3.1-405b", "gate": "accepted"}],
        "techniques": {"quantization": False},
        "hardware": {"gpus": [rng.choice(("a100-80gb-sxm", "h100-sxm"))], "max_gpus": 8},
    },
    "long_context": lambda rng: {
        "candidates": [{"model": rng.choice(("llama-3.3-70b", "qwen3-32b")), "gate": "accepted"}],
        "workload": {"input_tok": 100_000, "input_p95_tok": 120_000},
        "hardware": {"gpus": [rng.choice(("l40s", "l4", "h100-sxm"))]},
        "techniques": {"parallelism": rng.random() < 0.5},
    },
    "window": lambda rng: {
        "candidates": [{"model": model, "gate": "accepted"} for model in rng.sample(SHORT_MODELS, 2)],
        "workload": {"input_tok": 20_000, "input_p95_tok": 30_000},
    },
    "longest_window": lambda rng: {"workload": {"input_tok": 900_000, "input_p95_tok": rng.choice((1e6, 2e6, 1e7))}},
    "volume": lambda rng: {"workload": {"requests_per_month": 10 ** rng.uniform(10, 12)}},
    "refused": lambda rng: {"candidates": [{"model": m, "gate": "not_acceptable"} for m in rng.sample(MODELS, 2)]},
    "held": _held,
    "typed": _typed,
    "spares": lambda rng: {
        "operations": {"spare_replicas": rng.choice((5, 20)), "regions": rng.choice((None, 4))},
        "hardware": {"max_gpus": 8},
    },
    "regions": lambda rng: {"evidence": {"needed_uptime_frac": 0.99999}, "hardware": {"max_gpus": rng.choice((2, 8))}},
    "batch": lambda rng: {"techniques": {"batch_cap": 1}, "hardware": {"max_gpus": rng.choice((8, 64))}},
}


def fleetless_candidates(number: int, seed: int = 5) -> Iterator[tuple[str, Scenario]]:
    """So many scenarios with the kinds that they are of; most have no fleet."""
    names = list(KINDS)
    for i in range(number):
        rng = random.Random(f"{seed}-{i}")
        kinds = [names[i % len(names)], *rng.sample(names, rng.choice((0, 0, 0, 1, 1, 2)))]
        changes = _base(rng)
        for kind in dict.fromkeys(kinds):
            changes = merged(changes, KINDS[kind](rng))
        yield "+".join(dict.fromkeys(kinds)), parse_scenario(changes)


def _base(rng: random.Random) -> Changes:
    return {
        "as_of": TODAY,
        "workload": {
            "requests_per_month": 10 ** rng.uniform(4.5, 8.5),
            "input_tok": 1_000,
            "output_tok": 300,
            "input_p95_tok": 4_000,
            "output_p95_tok": 500,
            "peak_ratio": rng.choice((2, 4, 10)),
        },
        "api": {"provider": "openai", "model": "gpt-5.4"},
        "candidates": [{"model": m, "gate": "accepted"} for m in rng.sample(MODELS, rng.choice((1, 1, 2, 3)))],
        "hardware": {"commitments": ["on_demand"], "include_owned": rng.random() < 0.2},
        "targets": {"ttft_p95_ms": rng.choice((2_000, 1_000, None)), "tpot_ms": rng.choice((50, 20, None))},
        "operations": {"spare_replicas": rng.choice((0, 1, 1, 2))},
    }
