"""One exit signal of a scenario on the fixed catalog."""

from typing import Any

from hypothesis import HealthCheck, settings
from support import FIXED_ROOT, scenario

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
