"""The inputs in which two scenarios differ, and scenarios with some inputs of each. Fields that only make sense together are one
input; names and sources are none, and move with the input that they describe."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from calculators.comparison.input_values import as_clause, record_words, value_words
from calculators.scenario.change import input_label
from calculators.scenario.schema import Scenario, label, parse_scenario
from calculators.scenario.typed_prices import Purchase

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
    "Batch API": ("workload.batch_frac", "workload.deferrable_frac"),
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
    "Measured API latency": ("evidence.api_ttft_p95_ms", "evidence.api_tpot_p95_ms", "evidence.api_latency_source"),
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


def _words(figures: list[str], changed: list[str], one: Scenario, other: Scenario) -> str:
    """The figures that differ in words; basis and range where they differ and the figure does not say enough alone."""
    told = [_figure(field, one, other) for field in figures]
    if len(figures) > 1:
        told = [f"{as_clause(label(field))} {words}" for field, words in zip(figures, told, strict=True)]
    around = [_qualifier(field, one) for field in changed if _qualifies(field)]
    return "; ".join(told) + (f" ({', '.join(around)})" if around else "")


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
