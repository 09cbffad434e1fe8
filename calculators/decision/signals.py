"""The three signals that say when to leave off-the-shelf APIs: cost, latency, reliability; each with the month in which
the stated growth makes it fire. What must be known before any of them counts, and what speaks for leaving without
counting as a signal, is listed beside them.

A signal fires only when leaving helps: cost in the pessimistic case too, latency and reliability only where the model
says that a fleet of one's own keeps the target. What is not known makes it unknown, never "not firing".
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.catalog.signal_rules import PublishedUptime, SignalId
from calculators.decision.reliability_signal import limit_status, observed, uptime_status
from calculators.decision.savings import MonthlySavings, first_month, lasting_from_month
from calculators.decision.signal_result import RANK, Precondition, Signal, Signals, SignalStatus
from calculators.decision.switching_values import SwitchingValue
from calculators.decision.verdict import best_build
from calculators.fleet.operating_costs import WEEKS_PER_YEAR, engineer_usd_per_year
from calculators.options.option import Option
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.units import count, milliseconds, usd

# --- cost ----------------------------------------------------------------------------------------------------------


def _cost(inputs: Inputs, found: MonthlySavings | None, has_fleet: bool, pay: float) -> Signal:
    rules, horizon = inputs.catalog.signal_rules, inputs.scenario.operations.horizon_months
    others = _others(rules.published_cost_thresholds, inputs.catalog)
    threshold = f"when the saving is above zero in the pessimistic case too and pays back within {horizon} months"
    if found is None or not np.isfinite(found.central[0]):
        status, value, why, remedy = _nothing_to_compare(inputs.scenario, found, has_fleet)
        return _signal("cost", status, value, threshold, why, remedy, inputs.catalog, None, context=others)
    central, bad = float(found.central[0]), float(found.pessimistic[0])
    fires, hopes = (found.central > 0) & (found.pessimistic > 0), found.optimistic > 0
    close = central > -rules.close_frac.central * found.bought_usd
    status = "firing" if fires[0] else "close" if close else "not_firing"
    value = f"{_signed(central)}/month against the best way to buy; {_signed(bad)} in the pessimistic case"
    if central > 0:
        value += f"; the move is paid back in {_months(_payback_months(central, inputs, pay))}"
    why = {
        "firing": "Your own fleet is cheaper even with slower GPUs and dearer people.",
        "close": "Cheaper or nearly so with the central figures, dearer in the pessimistic case.",
        "not_firing": "Buying is cheaper with the central figures already.",
    }[status]
    remedy = "A benchmark of your own and a rent quote narrow the range." if status == "close" else ""
    when = first_month(fires), first_month(hopes), lasting_from_month(fires)
    return _signal("cost", status, value, threshold, why, remedy, inputs.catalog, *when, others)


def _nothing_to_compare(
    scenario: Scenario, found: MonthlySavings | None, has_fleet: bool
) -> tuple[SignalStatus, str, str, str]:
    """Status, value, why and remedy."""
    if not any(c.gate != "not_acceptable" for c in scenario.candidates):
        why = "No open model is accepted as a stand-in, so nothing can be compared."
        return "unknown", "not known", why, "Accept one on the Candidates page."
    if found is not None:
        return "not_firing", "no fleet", "No fleet carries this volume within the GPUs you allow.", "Allow more GPUs."
    if has_fleet:
        return "not_firing", "nothing to compare", "Compliance leaves nothing to buy: cost does not decide.", ""
    return "not_firing", "no fleet", "No fleet meets the targets on GPUs that may be had.", ""


def _payback_months(saving_usd: float, inputs: Inputs, pay: float) -> float:
    """One-off cost over what is saved without it: the saving already bears its share of the horizon."""
    weeks = inputs.scenario.operations.migration_weeks
    weeks = inputs.catalog.ownership.migration_weeks.central if weeks is None else weeks
    once = weeks * pay / WEEKS_PER_YEAR
    return once / (saving_usd + once / inputs.scenario.operations.horizon_months)


def _others(published: Sequence[PublishedUptime], catalog: Catalog) -> tuple[str, ...]:
    """Thresholds that others published, with who and how far to trust them."""
    sources = catalog.signal_rules.sources
    return tuple(f"{p.words} ({sources[p.source].title}, {p.confidence} confidence)" for p in published)


def _signed(amount: float) -> str:
    if not np.isfinite(amount):
        return "no fleet at all"
    return f"{usd(amount)} saved" if amount > 0 else f"{usd(-amount)} lost"


def _months(number: float) -> str:
    return "less than a month" if number < 1 else f"{number:.0f} months" if number >= 1.5 else "a month"


# --- latency -------------------------------------------------------------------------------------------------------


MEASURE = (
    "Measure it at the API: time to the first streamed chunk, and time between the later ones, of 200 requests of your own "
    "at your busiest hour; enter the 95th percentiles, or upload the list."
)


def _latency(inputs: Inputs, has_fleet: bool) -> Signal:
    """Both halves are needed: the API misses a target as measured, and a fleet of one's own meets all of them."""
    rules, t, e = inputs.catalog.signal_rules, inputs.scenario.targets, inputs.scenario.evidence
    pairs = (("TTFT p95", e.api_ttft_p95_ms, t.ttft_p95_ms), ("TPOT p95", e.api_tpot_p95_ms, t.tpot_ms))
    wanted = [(name, seen, target) for name, seen, target in pairs if target is not None]
    known = [(name, seen, target) for name, seen, target in wanted if seen is not None]
    value = ", ".join(f"{name} {milliseconds(seen)}" for name, seen, _ in known) or "not measured"
    beyond = " or ".join(f"{name} {milliseconds(target)}" for name, _, target in wanted)
    threshold = f"beyond {beyond}, where a fleet of your own stays within" if wanted else "beyond a target; none is set"
    missed = " and ".join(name for name, seen, target in known if seen > target)
    near = any(seen > (1 - rules.close_frac.central) * target for _, seen, target in known)
    status, why, remedy = _latency_status(len(wanted), len(known), missed, near, has_fleet)
    month = 0 if status == "firing" else None
    others = _others(rules.published_latency_thresholds, inputs.catalog)
    return _signal("latency", status, value, threshold, why, remedy, inputs.catalog, month, month, month, others)


def _latency_status(wanted: int, known: int, missed: str, near: bool, has_fleet: bool) -> tuple[SignalStatus, str, str]:
    """Status, why and remedy."""
    if not wanted:
        return "unknown", "The product states no latency target.", "Set one on the Workload page."
    if missed and has_fleet:
        return "firing", f"The API misses {missed}; a fleet of your own meets the targets.", ""
    if missed:
        why = f"The API misses {missed}, but no allowed fleet meets the targets either."
        return "not_firing", why, "A smaller model, faster GPUs or another seller."
    if known < wanted:
        return "unknown", "Not everything was measured at the API.", MEASURE
    if near and has_fleet:
        return "close", "The API is only just within the targets.", ""
    return "not_firing", "The API meets the targets as measured.", ""


# --- reliability ---------------------------------------------------------------------------------------------------


def _reliability(inputs: Inputs, today: Option, has_fleet: bool, pay: float) -> Signal:
    uptime, up_words, up_why, up_remedy = uptime_status(inputs, today, has_fleet, pay)
    limit, limit_words, limit_why, month = limit_status(inputs, has_fleet)
    asked = [status for status in (uptime, limit) if status is not None]
    status: SignalStatus = max(asked, key=lambda s: RANK[s]) if asked else "unknown"
    e = inputs.scenario.evidence
    wanted = [f"below {100 * e.needed_uptime_frac:.6g}% available"] if e.needed_uptime_frac is not None else []
    wanted += (
        [f"beyond {count(2 * e.api_limit_tok_per_minute)} tokens a minute"]
        if e.api_limit_tok_per_minute is not None
        else []
    )
    why = " ".join(w for w in (up_why, limit_why) if w) or "The product states neither an availability nor a limit."
    remedy = (
        ""
        if status == "firing"
        else up_remedy or ("" if asked else "Enter the availability the product needs and the limit of your account.")
    )
    firing_month = 0 if status == "firing" else month
    value = ", ".join(w for w in (up_words, limit_words) if w) or "not stated"
    return _signal(
        *("reliability", status, value, _fires(wanted), why, remedy, inputs.catalog),
        *(firing_month, firing_month, firing_month),
        observed(today.operator, inputs.catalog),
    )


def _fires(wanted: Sequence[str]) -> str:
    if not wanted:
        return "below an availability, or beyond a limit, that nobody has stated"
    return " or ".join(wanted) + ", where a second vendor does not do and a fleet of your own does"


# --- all three -----------------------------------------------------------------------------------------------------


def exit_signals(
    inputs: Inputs, ranked: Sequence[Option], today: Option, savings: MonthlySavings | None, has_fleet: bool
) -> Signals:
    """Every signal for today and the months ahead. `ranked`: the allowed options."""
    pay = engineer_usd_per_year(inputs.scenario.operations, inputs.catalog.ownership)
    return Signals(
        (
            _cost(inputs, savings, has_fleet, pay),
            _latency(inputs, has_fleet),
            _reliability(inputs, today, has_fleet, pay),
        ),
        _preconditions(inputs.scenario),
        _supporting(inputs.scenario, ranked),
    )


def _preconditions(scenario: Scenario) -> tuple[Precondition, ...]:
    """Until all of them hold, stay on an API: a fleet is built for a workload that is known."""
    w, e, t = scenario.workload, scenario.evidence, scenario.targets
    accepted = any(c.gate == "accepted" for c in scenario.candidates)
    measured = w.requests_basis != "assumed" and w.lengths_basis != "assumed"
    targets = t.ttft_p95_ms is not None or t.tpot_ms is not None
    return (
        Precondition(
            "Model",
            True if accepted else None,
            "An open model passed your own evaluation."
            if accepted
            else "No open model has passed an evaluation of yours yet; mark it on the Candidates page.",
        ),
        Precondition("Interface", e.interface_settled, "Prompts and output format no longer change every week."),
        Precondition("Latency budget", True if targets else None, "The product states a latency target."),
        Precondition(
            "Unit economics",
            True if e.value_usd_per_request is not None else None,
            "What a request earns or saves is known.",
        ),
        Precondition(
            "Usage pattern",
            True if measured else None,
            "Volume and lengths are measured or your own, not a typical figure.",
        ),
    )


def _supporting(scenario: Scenario, ranked: Sequence[Option]) -> tuple[Precondition, ...]:
    build, e = best_build(ranked), scenario.evidence
    gpus = build.plan.gpus if build and build.plan else 0
    return (
        Precondition("Scale", gpus >= SCALE_GPUS if gpus else None, f"The cheapest fleet is {gpus} GPUs."),
        Precondition("Specialization", e.own_weights, "The model is your own: fine-tuned or trained."),
        Precondition("Orchestration", e.chained_models, "A request runs through several models."),
    )


SCALE_GPUS = 16
"""From two servers of eight on a fleet is called large; a word, not a threshold."""


def review_date(found: Sequence[SwitchingValue], judged: Signals, inputs: Inputs) -> str:
    """When to look again: at a volume, and by a month at the latest, for prices age."""
    volume = next((f.value_at for f in found if f.field == "volume"), None)
    months = [s.month for s in judged.exit_signals if s.month] + [inputs.catalog.signal_rules.review_months]
    latest = _later(inputs.scenario.as_of, min(months))
    passes = ""
    if volume is not None:
        way = "passes" if volume > inputs.scenario.workload.requests_per_month else "falls below"
        passes = f"when volume {way} {count(volume)} requests a month, or "
    return f"Look again {passes}by {latest:%B %Y} at the latest."


def _later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(min(day.year + years, 9999), month + 1, 1)


def _signal(
    id: SignalId,
    status: SignalStatus,
    value: str,
    threshold: str,
    why: str,
    remedy: str,
    catalog: Catalog,
    month: int | None,
    earliest: int | None = None,
    lasting: int | None = None,
    context: tuple[str, ...] = (),
) -> Signal:
    rule = catalog.signal_rules.rules[id]
    return Signal(
        id=id,
        name={"cost": "Cost", "latency": "Latency", "reliability": "Reliability"}[id],
        status=status,
        value=value,
        threshold=threshold,
        source=catalog.signal_rules.sources[rule.source],
        confidence=rule.confidence,
        why=why,
        remedy=remedy,
        month=month,
        month_earliest=earliest,
        month_lasting=lasting,
        when=_when(id, status, month, earliest, lasting),
        context=context,
    )


def _when(id: SignalId, status: SignalStatus, month: int | None, earliest: int | None, lasting: int | None) -> str:
    if status == "unknown" and month is None:
        return "Not known: it cannot be said when."
    if month == 0:
        return "Now."
    if month is None and id != "cost":
        return "It does not depend on growth as stated."
    if month is not None:
        early = f", in the optimistic case in month {earliest}" if earliest is not None and earliest < month else ""
        last = f", for good from month {lasting} on" if lasting is not None and lasting > month else ""
        return f"In {month} months at the stated growth{early}{last}."
    if earliest is not None:
        early = "now" if earliest == 0 else f"in month {earliest}"
        return f"Not within five years at these prices; only in the optimistic case, {early}."
    return "Never at these prices and this growth, as far as five years ahead."
