"""Details of a benchmark run that its cells tell only between the lines: how its lengths were drawn, and how old its engine is."""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import get_args

from calculators.calibration.arrival_modes import ArrivalKind, Doubt, LengthKind
from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.efficiency import EngineId
from calculators.catalog.hardware import Gpu
from calculators.catalog.launches import Launch, Launches
from calculators.catalog.models import Model
from calculators.catalog.speed_rules import SpeedRules
from calculators.performance.speculation import expected_tokens, tokens_per_pass
from calculators.scenario.schema import Techniques

_DRAWN = re.compile(r"uniform\[([0-9]{1,3}(?:\.[0-9]{1,6})?),([0-9]{1,3}(?:\.[0-9]{1,6})?)\]")
_OLD_VLLM = re.compile(r"(vllm )?0\.[0-6]\b", re.IGNORECASE)
"""vLLM versions of 2023 and 2024, with a slower Python scheduler and older kernels."""
_POOLS = re.compile(r"\b(prefill|decode) ([0-9]{1,3}|\?) x \(tp([0-9]{1,3}) dp([0-9]{1,3}) ep([0-9]{1,3})\)")
FITTED_UNTIL = date(2026, 3, 1)
"""Month of the newest releases of which the fit has many runs."""
SGLANG_OVERLAPS = "2026-06-11"
"""Day from which SGLang always schedules drafts while the GPU works (sgl-project/sglang pull request 27964)."""
TREND_YEARS = 0.6
"""Years after it for which reports show that launches went on getting faster."""


def arrival_kind(scenario: str) -> ArrivalKind:
    """Arrival mode, from the words of the `scenario` cell."""
    words = scenario.lower()
    if "static" in words or "low-latency" in words:
        return "static"
    if "server" in words or "open loop" in words:
        return "open"
    return "saturated" if "offline" in words or "max-throughput" in words else "closed"


def length_scale(kind: str) -> float:
    """Mean over nominal length, where lengths are drawn as in `uniform[0.8,1.0]x nominal`; 0 where that means none."""
    drawn = _DRAWN.match(kind.replace(" ", ""))
    return (float(drawn[1]) + float(drawn[2])) / 2 if drawn and "x" in kind else 1.0


def length_kind(kind: str) -> LengthKind:
    """How much the lengths of a run differ. Where the source of a run only assumes that they are fixed, they may not be."""
    words = kind.strip().lower()
    if words in ("", "fixed"):
        return "equal" if words else "untold"
    return "drawn" if words.startswith(("dataset", "mean of drawn", "sharegpt")) else "near"


def fitted_engine(row: Mapping[str, str], engine: str, gpu: Gpu) -> EngineId:
    """Fitted engine that is nearest to the row's engine and version."""
    version = (row.get("engine_version") or "").strip()
    old = (row.get("source_date") or "").strip()[:4] in ("2023", "2024") or _OLD_VLLM.match(version)
    if "deepspeed" in engine:
        return "deepspeed"
    if "tensorrt" in engine or "trt" in engine:
        return "tensorrt-llm-2024" if old else "tensorrt-llm"
    if "sglang" in engine:
        return "sglang"
    if not old:
        return "vllm"
    return "vllm-2024-rocm" if gpu.vendor == "amd" else "vllm-2024"


def release_ratio(row: Mapping[str, str], rules: SpeedRules) -> float:
    """Kernel launches of the engine that ran on the row's day, relative to the fitted ones; 1 where the day is not told, or before
    the newest fitted releases."""
    told = re.match(r"(20\d\d)-(\d\d)(?:-(\d\d))?$", (row.get("source_date") or "").strip())
    if told is None:
        return 1.0
    month, day = min(max(int(told[2]), 1), 12), min(max(int(told[3] or 15), 1), 28)
    years = (date(int(told[1]), month, day) - FITTED_UNTIL).days / 365
    return math.exp(math.log(rules.launch_yearly_ratio.central) * min(max(years, 0.0), TREND_YEARS))


def benchmark_yield(row: Mapping[str, str], model: Model, draft_tok: int, catalog: Catalog) -> float:
    """Tokens per pass as of `speculation.expected_tokens`; on random prompts at most those of text that is no code."""
    expected = expected_tokens(model, Techniques(draft_tok=draft_tok), catalog)[1]
    if "random" not in (row.get("prefix_cache") or ""):
        return expected
    return min(expected, tokens_per_pass(catalog.technique_rules.acceptance_frac.central, draft_tok))


def draft_host_us(row: Mapping[str, str], rules: SpeedRules) -> tuple[float, float]:
    """The host's work of a drafting pass, and for each of its requests, in the releases of SGLang whose GPU waits for it."""
    told = (row.get("source_date") or row.get("seen") or "").strip()
    if "sglang" not in (row.get("engine") or "").lower() or not "" < told < SGLANG_OVERLAPS:
        return 0.0, 0.0
    return rules.draft_wait_us.central, rules.draft_request_wait_us.central


def format_doubts(model: Model, precision: Precision) -> tuple[Doubt, ...]:
    """Formats that no fitted run shows."""
    if precision == "int4" and model.shape.mlp.moe_layers:
        return (Doubt("int4_experts", "no fitted run has experts in INT4"),)
    return ()


def short_run_doubts(kind: str, requests: float) -> tuple[Doubt, ...]:
    """A run that mostly fills and drains."""
    if kind == "saturated" and requests < 5_000:
        return (Doubt("short_run", "all requests of the run come at once, and most of it fills or drains the batch"),)
    return ()


def told_pools(row: Mapping[str, str]) -> tuple[dict[str, str], list[Doubt]]:
    """A row with the columns of pools that its note describes as in "prefill 4 x (tp1 dp4 ep4), decode ? x (tp1 dp32 ep32)": GPUs of
    a worker are tp x dp, and dp above 1 is attention data parallelism. One worker is taken of a pool whose number is not told."""
    cells: dict[str, str] = {}
    for pool, workers, tp, dp, ep in _POOLS.findall(row.get("notes") or ""):
        told = {"workers": workers, "gpus": str(int(tp) * int(dp)), "ep": ep, "dp_attention": str(int(dp) > 1)}
        cells |= {f"{pool}_{name}": value for name, value in told.items()}
    cells |= {name: cell for name, cell in row.items() if cell}
    untold = [pool for pool in ("prefill", "decode") if cells.get(f"{pool}_workers") == "?"]
    cells |= {f"{pool}_workers": "1" for pool in untold}
    taken = f"how many workers the {' and the '.join(untold)} pool has is not told, one taken"
    return cells, [Doubt("workers_untold", taken)] if untold else []


def launch_told(row: Mapping[str, str], launches: Launches) -> Launch | None:
    """How the engine was launched: as the row says, else as its publisher does; None where it names none."""
    told = (row.get("launch") or "").strip()
    publisher = " ".join(filter(None, (row.get(name) for name in ("source", "source_url", "url"))))
    known = next((launch for launch in get_args(Launch) if launch == told), None)
    return known or (launches.launch_at(publisher) if publisher else None)
