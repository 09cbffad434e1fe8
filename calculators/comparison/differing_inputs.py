"""The inputs in which two scenarios differ, and scenarios with some inputs of each. Fields that only make sense together are one
input; names and sources are none, and move with the input that they describe."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from calculators.comparison.input_values import as_clause, number_words, record_words, value_words
from calculators.scenario.change import input_label
from calculators.scenario.schema import Scenario, label, parse_scenario
from calculators.scenario.typed_prices import Purchase
from calculators.units import count

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "Requests per month": (
        "workload.requests_per_month",
        "workload.requests_basis",
        "workload.requests_range_per_month",
        "workload.source",
    ),
    "Token lengths": (
        "workload.input_tok",
        "workload.output_tok",
        "workload.input_p95_tok",
        "workload.output_p95_tok",
        "workload.cells",
        "workload.lengths_basis",
        "workload.p95_basis",
    ),
    "Current API cache use": ("workload.cached_frac", "workload.cache_write_frac", "workload.cached_basis"),
    "Share in the batch API": ("workload.batch_frac", "workload.deferrable_frac"),
    "Peak-to-average ratio": ("workload.peak_ratio", "workload.peak_basis", "workload.peak_range_ratio"),
    "Monthly growth": (
        "workload.growth_per_month_frac",
        "workload.growth_low_frac",
        "workload.growth_high_frac",
        "workload.growth_basis",
        "workload.growth_range_frac",
    ),
    "API in use": ("api.provider", "api.model", "api.mix", "api.paid_usd_per_month", "api.paid_source"),
    "Committed spend": ("api.committed_usd_per_month", "api.committed_months"),
    "GPUs you already have": ("hardware.existing_gpus", "hardware.existing_lens"),
    "Speculative decoding": ("techniques.speculation", "techniques.draft_tok", "techniques.acceptance_frac"),
    "Staffing, self-hosted": ("operations.self_host_fte", "operations.roles"),
    "Measured API TTFT and TPOT, p95": (
        "evidence.api_ttft_p95_ms",
        "evidence.api_tpot_p95_ms",
        "evidence.api_latency_source",
    ),
}
"""Fields that move as one input, by what they are called together; the others are an input each."""
NO_INPUTS = ("schema_version", "name")
_SOURCES = ("workload.source", "api.paid_source", "evidence.api_latency_source")
_NAMES = {"source", "name"}
_VOLUME, _BILL = "workload.requests_per_month", "api.paid_usd_per_month"


@dataclass(frozen=True, slots=True)
class DifferingInput:
    """One input in which two scenarios differ."""

    field: str
    """The first of its fields that differs, as 'workload.peak_ratio'."""
    label: str
    a: str
    """The value of the first scenario in words, with its unit."""
    b: str
    fields: tuple[str, ...]
    """All that move with it."""


@cache
def inputs_together() -> Mapping[tuple[str, ...], str]:
    """The fields of every input, in the order of the pages, and what they are called together."""
    groups = {field: (fields, title) for title, fields in TOGETHER.items() for field in fields}
    return dict(groups.get(field, ((field,), input_label(field))) for field in _fields())


def differing_inputs(a: Scenario, b: Scenario) -> tuple[DifferingInput, ...]:
    """The inputs in which two scenarios differ, in the order of the pages."""
    differing = []
    for fields, title in inputs_together().items():
        changed = [field for field in fields if _is_changed(field, a, b) and field not in _SOURCES]
        if not changed:
            continue
        figures = [field for field in changed if not _qualifies(field)] or [fields[0]]
        differing.append(
            DifferingInput(
                field=figures[0],
                label=input_label(figures[0]) if len(figures) == 1 else title,
                a=_words(figures, changed, a, b),
                b=_words(figures, changed, b, a),
                fields=fields,
            )
        )
    return tuple(differing)


def mixed_scenario(a: Scenario, b: Scenario, fields: Collection[str]) -> Scenario:
    """Scenario `a` with these fields of `b`. A bill that is paid is kept per request: it goes with the volume. Raises DataError
    where the two do not go together."""
    values: dict[str, Any] = {name: getattr(a, name) for name in Scenario.model_fields}
    sections = {name: dict(value) for name, value in values.items() if isinstance(value, BaseModel)}
    for field in fields:
        section, _, name = field.partition(".")
        if name:
            sections[section][name] = getattr(getattr(b, section), name)
        else:
            values[field] = getattr(b, field)
    billed = (b if _BILL in fields else a).workload.requests_per_month
    if (paid := sections["api"]["paid_usd_per_month"]) is not None:
        sections["api"]["paid_usd_per_month"] = paid * (sections["workload"]["requests_per_month"] / billed)
    return parse_scenario(values | sections)


def bill_goes_with_volume(a: Scenario, b: Scenario, differing: Collection[DifferingInput]) -> bool:
    """Whether a bill is scaled with the volume between the two scenarios."""
    is_billed = a.api.paid_usd_per_month is not None or b.api.paid_usd_per_month is not None
    return is_billed and any(one.field == _VOLUME for one in differing) and len(differing) > 1


def _fields() -> list[str]:
    """Every input by its path: those of a section, and those that stand alone."""
    paths: list[str] = []
    for name, info in Scenario.model_fields.items():
        kind = info.annotation
        is_section = isinstance(kind, type) and issubclass(kind, BaseModel)
        paths += [f"{name}.{one}" for one in kind.model_fields] if is_section else [name]  # type: ignore[union-attr]
    return [path for path in paths if path not in NO_INPUTS]


def _value(field: str, scenario: Scenario) -> Any:
    section, _, name = field.partition(".")
    value = getattr(scenario, section)
    return getattr(value, name) if name else value


def _is_changed(field: str, a: Scenario, b: Scenario) -> bool:
    return bool(_plain(_value(field, a)) != _plain(_value(field, b)))


def _plain(value: Any) -> Any:
    """A value without names and sources; the order of a list of entries says nothing."""
    if isinstance(value, BaseModel):
        return {name: _plain(item) for name, item in value if name not in _NAMES}
    if isinstance(value, tuple) and not all(isinstance(item, float) for item in value):
        return sorted((_plain(item) for item in value), key=repr)
    return value


def _qualifies(field: str) -> bool:
    """Whether a field says where a figure comes from or how far it may be off."""
    return field.endswith("_basis") or "_range_" in field


def _words(figures: Sequence[str], changed: Sequence[str], one: Scenario, other: Scenario) -> str:
    """The figures that differ in words, what matters most before the first semicolon; basis and range where they differ."""
    if len(figures) > 1 and figures[0] in _IN_SHORT:
        told = [_IN_SHORT[figures[0]](one)]
    else:
        told = [_figure(field, one, other) for field in figures]
        if len(figures) > 1:  # the first is what they are called together
            rest = zip(figures[1:], told[1:], strict=True)
            told = [told[0], *(f"{as_clause(label(field))} {words}" for field, words in rest)]
    around = [_qualifier(field, one) for field in changed if _qualifies(field)]
    return "; ".join([*told, *([", ".join(around)] if around else [])])


def _lengths_words(scenario: Scenario) -> str:
    w = scenario.workload
    means, longest = (
        f"{count(inputs)} in, {count(outputs)} out"
        for inputs, outputs in ((w.input_tok, w.output_tok), (w.input_p95_tok, w.output_p95_tok))
    )
    return f"{means}; p95 {longest}" + (f"; {value_words('workload.cells', w.cells)}" if w.cells else "")


def _api_words(scenario: Scenario) -> str:
    api = scenario.api
    models = value_words("api.mix", api.mix) if api.mix else f"{api.model} at {api.provider}"
    return models if api.paid_usd_per_month is None else f"{models}; bill {value_words(_BILL, api.paid_usd_per_month)}"


def _staffing_words(scenario: Scenario) -> str:
    operations = scenario.operations
    if not operations.roles:
        return value_words("operations.self_host_fte", operations.self_host_fte)
    people = sum(role.fte for role in operations.roles)
    return f"{number_words('self_host_fte', people)}; {value_words('operations.roles', operations.roles)}"


_IN_SHORT: Mapping[str, Callable[[Scenario], str]] = {
    **dict.fromkeys(TOGETHER["Token lengths"], _lengths_words),
    **dict.fromkeys(TOGETHER["API in use"], _api_words),
    **dict.fromkeys(TOGETHER["Staffing, self-hosted"], _staffing_words),
}
"""Inputs of several figures that are better told as a whole, by the first that differs."""


def _figure(field: str, one: Scenario, other: Scenario) -> str:
    value, against = _value(field, one), _value(field, other)
    if isinstance(value, Purchase):
        return record_words(
            value, frozenset(n for n in Purchase.model_fields if getattr(value, n) != getattr(against, n))
        )
    return "from mean and p95" if value == () and field == "workload.cells" else value_words(field, value)


def _qualifier(field: str, scenario: Scenario) -> str:
    value = _value(field, scenario)
    if "_range_" not in field:
        return value_words(field, value) if value is not None else "same basis as the means"
    figure = field.replace("_range", "")
    return " to ".join(value_words(figure, end) for end in value) if value else "no range"
