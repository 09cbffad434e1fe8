"""Before any technique: what compliance and the exit triggers say, and the savings on the API that need no fleet."""

from dataclasses import dataclass, replace

from calculators.catalog.catalog import Catalog
from calculators.evaluate import Evaluation
from calculators.options.buy import optimized_todays_bill
from calculators.options.option import STAYS
from calculators.scenario.inputs import Inputs
from calculators.units import listed, percent, plural_or_no, usd

EASY_FRAC = 0.1
"""Share of requests for which the saving of routing is stated."""


@dataclass(frozen=True, slots=True)
class QuickWin:
    """A saving on today's API that needs no self-hosting."""

    name: str
    saves_usd_per_month: float
    words: str

    @property
    def sentence(self) -> str:
        """What it saves, and under which condition."""
        saved = self.saves_usd_per_month
        return f"{f'saves {usd(saved)}/month' if saved > 0.5 else 'saves nothing yet'} {self.words}."


def gate(result: Evaluation) -> list[str]:
    """Sentences on compliance, exit triggers, the verdict and missing data, in this order."""
    sentences = []
    if result.assessment.requirements:
        allowed, blocked = (len(result.assessment.with_status(status)) for status in ("allowed", "blocked"))
        sentences.append(f"Compliance allows {plural_or_no(allowed, 'option')} and blocks {blocked or 'none'}.")
    met, unknown = (
        [s.name.lower() for s in result.signals.exit_signals if s.status == status] for status in ("firing", "unknown")
    )
    if met:
        trigger = "Trigger" if len(met) == 1 else "Triggers"
        sentences.append(f"{trigger} for self-hosting met: {listed(met)}.")
    else:
        sentences.append("No trigger for self-hosting is met.")
    sentences.append(_next_step(result))
    if unknown:
        sentences.append(f"Data needed: {listed(unknown)}. Measure before you decide.")
    return sentences


def _next_step(result: Evaluation) -> str:
    """What the verdict means for techniques."""
    winner = result.verdict.winner
    if not result.allowed:
        return "No priced option is known to be allowed: ask the providers first."
    if winner is result.today:
        return "Verdict: stay on the API. Take the quick wins; techniques matter once you self-host."
    if winner.kind in STAYS:
        return f"Verdict: keep the model, as {winner.label}. Techniques matter once you self-host."
    if winner.is_buy:
        return f"Verdict: move to {winner.label}. Techniques matter once you self-host."
    return f"Verdict: {winner.label}."


def quick_wins(result: Evaluation, catalog: Catalog) -> list[QuickWin]:
    """Savings on today's API, each alone; empty if that API is not allowed."""
    if not result.today_allowed:
        return []
    inputs = Inputs(result.scenario, result.demand, catalog)
    scenario, today_usd = inputs.scenario, result.today.usd_per_month
    workload = scenario.workload

    def saved(**changes: float) -> float:
        other = scenario.model_copy(update={"workload": workload.model_copy(update=changes)})
        bill = optimized_todays_bill(replace(inputs, scenario=other))
        return max(today_usd - float(result.today.usd_at_bill(bill.usd_per_month)), 0.0)

    wait = f"on the {percent(workload.deferrable_frac)} of requests that can wait 24 hours"
    achievable = f"{percent(workload.cacheable_frac)} of input tokens"
    raised = f"by raising the cache hit rate from {percent(workload.cached_frac)} to the achievable {achievable}"
    is_higher = workload.cacheable_frac > workload.cached_frac
    wins = [
        QuickWin(
            "Reorder prompts for the cache on the API",
            saved(deferrable_frac=workload.batch_frac),
            raised if is_higher else f"because the cache hit rate is already the achievable {achievable}",
        ),
        QuickWin(
            "Use the batch API",
            saved(cacheable_frac=0.0),
            wait
            if workload.deferrable_frac
            else "because no requests are eligible; set the share on the Workload page",
        ),
    ]
    return [*wins, *_routing(result)]


def _routing(result: Evaluation) -> list[QuickWin]:
    """Routing easy requests: with the user's own share, where one is entered, else to the cheapest hosted open model; empty if
    none is allowed."""
    own = next((o for o in result.allowed if o.kind == "routed_api"), None)
    if own is not None:
        saved = max(result.today.usd_per_month - own.usd_per_month, 0.0)
        text = f"with the easy {percent(own.easy_frac)} of requests at {own.easy_model}"
        return [QuickWin("Route easy requests to a cheaper model", saved, text)]
    hosted = [o for o in result.allowed if o.kind == "hosted_open" and o.bill is not None]
    if not hosted or result.today.bill is None:
        return []
    best = min(hosted, key=lambda o: o.usd_per_month)
    assert best.bill is not None
    rest_usd = float(result.today.usd_at_bill((1 - EASY_FRAC) * result.today.bill.usd_per_month))
    saves = result.today.usd_per_month - rest_usd - EASY_FRAC * best.bill.usd_per_month
    text = f"for each {percent(EASY_FRAC)} of requests that {best.label} answers well enough; run your evals first, then enter the share on the Workload page"
    return [QuickWin("Route easy requests to a cheaper model", max(saves, 0.0), text)]
