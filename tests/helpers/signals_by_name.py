"""One exit signal of a scenario on the fixed catalog."""

from typing import Any

from hypothesis import HealthCheck, settings
from support import FIXED_ROOT, merged, scenario

from calculators.catalog.load import load_catalog
from calculators.decision.signal_result import Signal
from calculators.evaluate import Evaluation, evaluate

CATALOG = load_catalog(FIXED_ROOT)
quickly = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def run(**changes: Any) -> Evaluation:
    """The evaluation of the base case with changes."""
    return evaluate(scenario(**changes), CATALOG)


def signal(name: str, **changes: Any) -> Signal:
    """The exit signal of this id."""
    return next(s for s in run(**changes).signals.exit_signals if s.id == name)


def listed_notes(**changes: Any) -> str:
    """The caveats of the base case on listed machines, as one text."""
    plain: dict[str, Any] = {
        "workload": {"requests_per_month": 60_000_000},
        "api": {"provider": "openai", "model": "gpt-5.4"},
        "candidates": [{"model": "qwen3.5-27b", "gate": "accepted"}],
        "hardware": {"gpus": [], "rent_usd_per_gpu_h": {}, "include_marketplaces": True, "min_confidence": "low"},
    }
    return " ".join(evaluate(scenario(**merged(plain, changes)), load_catalog()).caveats)
