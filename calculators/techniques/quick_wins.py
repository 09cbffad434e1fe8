"""Before any technique: what compliance and the exit signals say, and what costs nothing but a change of habits."""

from dataclasses import dataclass

from calculators.api import bill as api_cost
from calculators.catalog.catalog import Catalog
from calculators.evaluate import Evaluation
from calculators.options import buy_and_build as options
from calculators.scenario.inputs import Inputs
from calculators.units import percent

EASY_FRAC = 0.1
"""The share by which routing is told: what a tenth of the requests saves."""


@dataclass(frozen=True, slots=True)
class QuickWin:
    """Something to do on today's API, before a fleet."""

    name: str
    saves_usd_per_month: float
    words: str


def gate(result: Evaluation) -> list[str]:
    """What compliance and the exit signals say first."""
    found = []
    blocked = result.assessment.of("blocked")
    if result.assessment.requirements:
        allowed = len(result.assessment.of("allowed"))
        found.append(f"Compliance leaves {allowed} path{'s' * (allowed != 1)} and blocks {len(blocked)}.")
    firing = [s.name.lower() for s in result.signals.exit_signals if s.status == "firing"]
    unknown = [s.name.lower() for s in result.signals.exit_signals if s.status == "unknown"]
    if firing:
        found.append(f"Firing: the {' and '.join(firing)} signal{'s' * (len(firing) > 1)}.")
    else:
        found.append("No exit signal fires.")
    found.append(_next_words(result))
    if unknown:
        found.append(f"Not known: {' and '.join(unknown)}. Measure before you decide.")
    return found


def _next_words(result: Evaluation) -> str:
    """What the verdict makes of it."""
    winner = result.verdict.winner
    if not result.allowed:
        return "Nothing that has a price is known to be allowed: ask first."
    if winner is result.today:
        return "The verdict is to stay on the API: take the free wins; techniques count once you build."
    if winner.is_buy:
        return f"The verdict is to buy {winner.label}; techniques count once you build."
    return f"The verdict is a fleet of your own: {winner.label}."


def quick_wins(result: Evaluation, catalog: Catalog) -> list[QuickWin]:
    """Each alone, on today's API; none where it is not allowed."""
    if not result.today_allowed:
        return []
    scenario, demand, today = result.scenario, result.demand, result.today.usd_per_month
    w = scenario.workload
    offer = api_cost.api_offer(scenario.api.provider, scenario.api.model, catalog)

    def saved(**changes: float) -> float:
        other = scenario.model_copy(update={"workload": w.model_copy(update=changes)})
        bill = options.optimized_bill(offer, Inputs(other, demand, catalog), scenario.api.discount_frac)
        return max(today - bill.usd_per_month, 0.0)

    reorder = saved(deferrable_frac=0.0)
    batch = saved(cacheable_frac=0.0)
    found = [
        QuickWin(
            "Order prompts by how rarely their parts change",
            reorder,
            f"cache reads from {percent(w.cached_frac)} to the {percent(w.cacheable_frac)} of input that could be cached",
        ),
        QuickWin(
            "Send what can wait through the batch API",
            batch,
            f"{percent(w.deferrable_frac)} of requests may wait a day"
            if w.deferrable_frac
            else "no requests are said to wait; say how many on the Workload page",
        ),
    ]
    hosted = [o for o in result.allowed if o.kind == "hosted_open" and o.bill is not None]
    if hosted and result.today.bill is not None:
        best = min(hosted, key=lambda o: o.usd_per_month)
        assert best.bill is not None
        saves = EASY_FRAC * (result.today.bill.usd_per_month - best.bill.usd_per_month)
        words = f"for each {percent(EASY_FRAC)} of requests that {best.label} answers well enough: evaluate it"
        found.append(QuickWin("Route easy requests to a cheaper model", max(saves, 0.0), words))
    return found
