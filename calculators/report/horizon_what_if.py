"""What totals and recommendation become where growth or API prices differ from the expected ones: scenarios to evaluate, and the
sentences on their results."""

from collections.abc import Sequence
from typing import Any

from calculators.catalog.outlook import OutlookRules
from calculators.decision.verdict import Verdict
from calculators.evaluate import Evaluation
from calculators.horizon.months import OptionMonths
from calculators.options.option import Option
from calculators.report.horizon_text import paid_for, payback_clause
from calculators.report.outlook_view import RULE_OF
from calculators.scenario.schema import Scenario
from calculators.units import percent, signed_percent, usd

API_PRICES = {
    "api_price_change_per_year_frac": "API prices",
    "hosted_price_change_per_year_frac": "prices of hosted open models",
}
"""Changes of API prices, and what each is about."""


def growth_ends(scenario: Scenario) -> tuple[Scenario, ...]:
    """The scenario at the lowest and at the highest growth; none where growth has no range."""
    low, high = scenario.workload.growth_range
    return tuple(_at_growth(scenario, growth) for growth in (low, high)) if low < high else ()


def _at_growth(scenario: Scenario, growth_per_month_frac: float) -> Scenario:
    alone = {"growth_basis": "typed", "growth_range_frac": None, "growth_low_frac": None, "growth_high_frac": None}
    growing = {"growth_per_month_frac": growth_per_month_frac, **alone}
    return scenario.model_copy(update={"workload": scenario.workload.model_copy(update=growing)})


def cheaper_api(scenario: Scenario, rules: OutlookRules) -> Scenario | None:
    """The scenario with API prices that fall as fast as the low end of what has been seen, where the user entered no change; None
    where both are entered."""
    ranges = {name: getattr(rules, RULE_OF[name]) for name in API_PRICES if getattr(scenario.outlook, name) is None}
    falling = {name: round(seen.low - 1, 9) for name, seen in ranges.items() if seen.low < min(seen.central, 1)}
    outlook = scenario.outlook.model_copy(update=falling)
    return scenario.model_copy(update={"outlook": outlook}) if falling else None


def growth_sentence(evaluation: Evaluation, ends: Sequence[Evaluation]) -> str:
    """What the totals and the recommendation become at either end of the growth, from the evaluations of `growth_ends`; without a
    range, what growth the totals hold."""
    workload = evaluation.scenario.workload
    if not evaluation.horizon.options:
        return ""
    if not ends:
        return (
            f"Every total assumes {_growth_words(evaluation.scenario)}; enter the range of your growth on the Workload page to see "
            "the totals at either end."
        )
    whose = "your range" if workload.is_growth_range_typed else "the range that your log leaves open"
    growths = [signed_percent(end.scenario.workload.growth_per_month_frac) for end in ends]
    changed = {f"at {growth} a month": end for growth, end in zip(growths, ends, strict=True)}
    told = _decisions(evaluation, changed)
    return f"If volume changes by {' to '.join(growths)} a month, {whose}, {_totals(evaluation, ends)}; {told}."


def _growth_words(scenario: Scenario) -> str:
    """The growth that every total holds."""
    growth = scenario.workload.growth_per_month_frac
    words = f"{signed_percent(growth)} volume per month" if growth else "no growth"
    return f"{words} beside your steps in volume" if scenario.outlook.volume_steps else words


def cheaper_api_sentence(evaluation: Evaluation, then: Evaluation) -> str:
    """What the totals and the recommendation become with the prices of `cheaper_api`, evaluated in `then`."""
    if not evaluation.horizon.options:
        return ""
    before, after = evaluation.scenario.outlook, then.scenario.outlook
    falls = {what: -getattr(after, name) for name, what in API_PRICES.items() if getattr(before, name) is None}
    (first, fall), *others = [(what, fall) for what, fall in falls.items() if fall]
    beside = "".join(f" ({what} by {percent(more)})" for what, more in others)
    each = "each range" if others else "the range"
    return (
        f"If {first} fall by {percent(fall)} a year{beside}, the low end of {each} under What is assumed, "
        f"{_totals(evaluation, [then])}{_payback(evaluation, then)}; {_decisions(evaluation, {'': then})}."
    )


def counterpart(option: Option, end: Evaluation) -> OptionMonths | None:
    """The months of an option in another evaluation, or those of its kind with the same models and sellers: a fleet may run on
    other GPUs there. None where volume outgrows it."""
    return end.horizon.of(option) or next((one for one in end.horizon.options if _is_alike(one.option, option)), None)


def end_totals(evaluation: Evaluation, end: Evaluation) -> dict[str, Any]:
    """Totals at an end of the growth as plain values: of the recommended option, null where volume outgrows it, and of today's
    API."""
    mine = counterpart(evaluation.verdict.winner, end)
    return {
        "growth_per_month_frac": end.scenario.workload.growth_per_month_frac,
        "tco_usd": None if mine is None else mine.tco_usd,
        "today_tco_usd": end.horizon.today.tco_usd,
    }


def _is_alike(one: Option, other: Option) -> bool:
    is_same_seller = not one.is_buy or one.operators == other.operators
    return one.kind == other.kind and one.models == other.models and is_same_seller


def _totals(evaluation: Evaluation, ends: Sequence[Evaluation]) -> str:
    """Total of today's API, and of the option with the lowest total, at each of the `ends`."""
    best = evaluation.horizon.cheapest.option
    barred = f" ({evaluation.today_barred})" if evaluation.today_barred else ""
    told = f"the total is {_span([end.horizon.today for end in ends])} at today's API{barred}"
    if best is evaluation.today:
        return told
    return f"{told} and {_span([counterpart(best, end) for end in ends])} {paid_for(best)}"


def _span(totals: Sequence[OptionMonths | None]) -> str:
    """Totals from one end to the other; those that read the same once."""
    words = ["unknown (volume outgrows it)" if one is None else usd(one.tco_usd) for one in totals]
    return " to ".join(dict.fromkeys(words))


def _payback(evaluation: Evaluation, then: Evaluation) -> str:
    """When the option with the lowest total pays back, where that is another month than expected."""
    best = evaluation.horizon.cheapest
    one = counterpart(best.option, then)
    if one is None or best.option is evaluation.today or one.payback_month == best.payback_month:
        return ""
    return f": {payback_clause(one)}"


def _decisions(evaluation: Evaluation, changed: dict[str, Evaluation]) -> str:
    """What the recommendation becomes in each changed evaluation, by the words that say where."""
    told = {where: _decision(evaluation.verdict, end.verdict) for where, end in changed.items()}
    if not any(told.values()):
        return "the recommendation stays the same"
    return ", and ".join(f"{where} the recommendation {words}".strip() for where, words in told.items() if words)


def _decision(now: Verdict, then: Verdict) -> str:
    """What a recommendation does; empty where it stays the same."""
    if then.kind == "too_close":
        return "" if now.kind == "too_close" else "becomes too close to call"
    return "" if _is_alike(then.winner, now.winner) else f"becomes {then.winner.label}"
