"""What the months of the plan assume: each expectation with its range, source, day and confidence, and the user's own figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from calculators.catalog.base import Confidence, Range, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.outlook import OutlookRules
from calculators.scenario.outlook import Outlook
from calculators.scenario.schema import Scenario
from calculators.scenario.traffic_range_text import traffic_range_words
from calculators.units import percent, plural, signed_percent, significant

YOURS, EXPECTED, MEASURED = "your figure", "expected", "from your log"
ASSUMED, NOT_ENTERED = "assumed", "unknown"
RULE_OF: dict[str, str] = {
    "api_price_change_per_year_frac": "api_price_ratio_per_year",
    "hosted_price_change_per_year_frac": "hosted_price_ratio_per_year",
    "rent_change_per_year_frac": "rent_ratio_per_year",
    "server_price_change_per_year_frac": "server_price_ratio_per_year",
    "discount_per_year_frac": "discount_frac_per_year",
    "hiring_weeks": "hiring_weeks",
    "ramp_up_weeks": "ramp_up_weeks",
    "hiring_cost_frac": "hiring_cost_frac",
    "server_lead_weeks": "server_lead_weeks",
}
"""The expectation behind each field of the outlook."""
OF_HIRES = ("hiring_weeks", "ramp_up_weeks", "hiring_cost_frac")
"""Fields that are expected only where a role is still to be hired."""
NOBODY = "nobody has to be hired"
ALWAYS = ("maintenance_frac_per_year", "installation_frac")
WITH_MOVES = ("api_generation_ratio_per_year", "own_generation_ratio_per_year", "generation_months")
"""Expectations without a field of their own; the latter only where options move to newer models."""


@dataclass(frozen=True, slots=True)
class OutlookRow:
    """One value that the totals rest on."""

    what: str
    used: str
    basis: str
    span: str
    """From the low to the high end; empty where no range is known."""
    confidence: Confidence | None
    source: Source | None
    why: str


def outlook_rows(scenario: Scenario, catalog: Catalog) -> list[OutlookRow]:
    """Everything that the months assume, in the order of the inputs."""
    rules = catalog.outlook
    rows = [*_volume_rows(scenario)]
    rows += [_field_row(field, getattr(rules, rule), scenario, rules) for field, rule in RULE_OF.items()]
    others = (*ALWAYS, *(WITH_MOVES if scenario.outlook.model_generations else ()))
    rows += [
        rule_row(str(OutlookRules.model_fields[name].title), getattr(rules, name), rules.sources, _words_of(name))
        for name in others
    ]
    return rows


def expected_words(field: str, rules: OutlookRules) -> str:
    """What is expected of a field of the outlook: 0% per year, 20 weeks."""
    return _words_of(RULE_OF[field])(getattr(rules, RULE_OF[field]).central)


def expected_span(field: str, rules: OutlookRules) -> str:
    """The range around what is expected of a field."""
    return _span(getattr(rules, RULE_OF[field]), _words_of(RULE_OF[field]))


def rule_source(field: str, rules: OutlookRules) -> Source:
    """The source of what is expected of a field."""
    rule: Range = getattr(rules, RULE_OF[field])
    return rules.sources[rule.source]


def is_change(field: str) -> bool:
    """Whether a field is a fraction, which the screen shows in percent."""
    return field.endswith("_frac")


def _volume_rows(scenario: Scenario) -> list[OutlookRow]:
    workload, steps, span = (
        scenario.workload,
        scenario.outlook.volume_steps,
        traffic_range_words(scenario.workload).growth,
    )
    growth, is_known = workload.growth_per_month_frac, workload.growth_per_month_frac or span
    basis = MEASURED if workload.growth_basis == "measured" else YOURS if is_known else NOT_ENTERED
    rows = [replace(_stated("Growth of volume per month", signed_percent(growth), basis), span=span)]
    rows += [
        _stated(f"Step in volume on {step.from_day}", f"{significant(step.ratio)} times the volume before")
        for step in steps
    ]
    moves = "yes" if scenario.outlook.model_generations else "no"
    return [
        *rows,
        _stated(str(Outlook.model_fields["model_generations"].title), moves, YOURS if moves == "yes" else ASSUMED),
    ]


def _stated(what: str, used: str, basis: str = YOURS) -> OutlookRow:
    """A value without an expectation: entered, or nobody knows it."""
    return OutlookRow(what, used, basis, span="", confidence=None, source=None, why="")


def _field_row(field: str, rule: Range, scenario: Scenario, rules: OutlookRules) -> OutlookRow:
    """A value that the user may set; of hiring nothing is expected where no role is still to be hired."""
    value, title = getattr(scenario.outlook, field), str(Outlook.model_fields[field].title)
    write = _words_of(RULE_OF[field])
    row = rule_row(title.replace(" (weeks)", ""), rule, rules.sources, write)
    is_wait = field == "hiring_weeks"
    if field in OF_HIRES and not scenario.operations.hires_fte and not (is_wait and value):
        return replace(row, used=NOBODY, basis=YOURS if is_wait and value == 0 else ASSUMED)
    if value is None:
        return row
    used = write(value + 1 if _is_ratio(RULE_OF[field]) else value)
    return replace(row, used=used, basis=YOURS, confidence=None)


def rule_row(what: str, rule: Range, sources: Mapping[str, Source], write: Callable[[float], str]) -> OutlookRow:
    """A rule of thumb at its central value; the user's own figure as theirs."""
    source = sources[rule.source]
    is_yours = source.kind == "quote"
    return OutlookRow(
        what=what,
        used=write(rule.central),
        basis=YOURS if is_yours else EXPECTED,
        span="" if is_yours else _span(rule, write),
        confidence=None if is_yours else rule.confidence,
        source=source,
        why=rule.what,
    )


def _span(rule: Range, write: Callable[[float], str]) -> str:
    return f"{write(rule.low).removesuffix(' per year')} to {write(rule.high)}"


def _is_ratio(name: str) -> bool:
    return name.endswith("_ratio_per_year")


def _words_of(name: str) -> Callable[[float], str]:
    """How a value of an expectation is written."""
    if _is_ratio(name):
        return lambda ratio: f"{signed_percent(round(ratio - 1, 9))} per year"
    if name.endswith("_weeks"):
        return lambda weeks: plural(weeks, "week")
    if name.endswith("_months"):
        return lambda months: plural(months, "month")
    return percent if name in ("installation_frac", "hiring_cost_frac") else yearly


def yearly(frac: float) -> str:
    """A fraction a year, as 9% per year."""
    return f"{percent(frac)} per year"
