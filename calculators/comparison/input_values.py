"""Values of inputs in words with their units, from the name of the field."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from calculators.catalog.base import COMMITMENT_LABELS, Record
from calculators.catalog.launches import LAUNCH_LABELS
from calculators.scenario.operations import StaffRole
from calculators.scenario.outlook import VolumeStep
from calculators.scenario.schema import Candidate, ModelTraffic, StepDown, label
from calculators.scenario.typed_prices import ExistingGpus
from calculators.units import count, listed, milliseconds, percent, plural, printable, significant, usd

MAX_WORDS_CHARS = 300
NOT_ENTERED: Mapping[str, str] = {
    "workload": "not known",
    "targets": "no target",
    "api.paid_usd_per_month": "estimated from the list price",
    "api": "none",
    "techniques": "published or assumed",
    "operations.regions": "as many as the availability needs",
    "outlook": "the default",
    "evidence": "not known",
}
"""What an empty input means, by field or section."""
_QUALITY = {
    "accepted": "accepted",
    "assumed": "assumed",
    "easy_only": "easy requests only",
    "not_acceptable": "not acceptable",
}
_CODES: Mapping[str, str] = {
    **{str(term): f"{words[:1].lower()}{words[1:]}" for term, words in COMMITMENT_LABELS.items()},
    **{str(launch): f"{words[:1].lower()}{words[1:]}" for launch, words in LAUNCH_LABELS.items()},
    **_QUALITY,
    "measured": "measured",
    "bounded": "lower bound",
    "typed": "your figure",
    "sunk": "not counted",
    "full": "counted",
}
_PER = {
    "gpu_h": "GPU-hour",
    "machine_h": "machine-hour",
    "mtok": "million tokens",
    "kw_month": "kW/month",
    "kwh": "kWh",
}
_COUNTED = {"_months": "month", "_weeks": "week", "_years": "year", "_days": "day"}
"""What is counted where the label, as it is read aloud, does not say it."""


def as_clause(title: str) -> str:
    """A label inside a sentence: without its unit, in lower case but for abbreviations."""
    words = title.partition(" (")[0]
    return words if words[1:2].isupper() else f"{words[:1].lower()}{words[1:]}"


def value_words(field: str, value: Any) -> str:
    """The value of an input, as 'workload.input_tok', in words with its unit."""
    return printable(_words(field, value), MAX_WORDS_CHARS)


def _words(field: str, value: Any) -> str:
    match value:
        case None:
            section = field.partition(".")[0]
            return NOT_ENTERED.get(field) or NOT_ENTERED.get(section, "the rule of thumb")
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number_words(field.rpartition(".")[2], value)
        case date():
            return value.isoformat()
        case str():
            return _CODES.get(value, value)
        case tuple():
            return _list_words(field, value)
        case dict():
            return "; ".join(f"{key} {_words(field, item)}" for key, item in sorted(value.items())) or "none"
    return record_words(value)


def number_words(name: str, value: float) -> str:
    """A number with the unit that the name of its field ends in."""
    if name.endswith("_frac") or name.endswith("_frac_per_year"):
        return percent(value)
    if "usd" in name:
        per = name.partition("usd_per_")[2]
        return usd(value) + (f"/{_PER.get(per, per)}" if per else "")
    if name.endswith("_ms"):
        return milliseconds(value)
    if name.endswith("_fte"):
        return f"{significant(value)} FTE"
    if name.endswith("_per_minute"):
        return f"{count(value)} tokens/minute"
    if name.endswith("_h_per_month"):
        return f"{count(value)} hours/month"
    noun = next((noun for end, noun in _COUNTED.items() if name.endswith(end)), "")
    return plural(value, noun) if noun else count(value)


def _list_words(field: str, values: tuple[Any, ...]) -> str:
    if not values:
        return "all" if "empty = all" in label(field) else NOT_ENTERED["workload"] if "workload" in field else "none"
    if field == "workload.cells":
        return f"{len(values)} groups from a log"
    if field == "workload.hourly_frac":
        return "measured"
    return listed([_words(field, value) for value in values])


def record_words(entry: Record, names: Collection[str] | None = None) -> str:
    """An entry of a list, or a group of values, by its fields that are set; `names`: of these only."""
    match entry:
        case Candidate():
            return f"{entry.model} ({_CODES[entry.gate]})"
        case StepDown():
            return f"{entry.model} at {entry.provider} ({_CODES[entry.gate]})"
        case ModelTraffic():
            return f"{percent(entry.requests_frac)} of requests {entry.model} at {entry.provider}"
        case ExistingGpus():
            until = f" until {entry.paid_until}" if entry.paid_until else ""
            return f"{entry.gpus_count} {entry.gpu} at {usd(entry.usd_per_gpu_h)}/GPU-hour{until}"
        case VolumeStep():
            return f"{significant(entry.ratio)} times the volume from {entry.from_day}"
        case StaffRole():
            hires = f", {significant(entry.hires_fte)} to be hired" if entry.hires_fte else ""
            paid = f", {usd(entry.usd_per_year)}/year" if entry.usd_per_year is not None else ""
            return f"{entry.name} {significant(entry.fte)} FTE{hires}{paid}"
    told = type(entry).model_fields if names is None else names
    words = [
        _field_words(name, getattr(entry, name), str(info.title or name))
        for name, info in type(entry).model_fields.items()
        if name in told and name != "source" and (names is not None or getattr(entry, name) not in (info.default, None))
    ]
    return ", ".join(words) or "none"


def _field_words(name: str, value: Any, title: str) -> str:
    """A field of an entry: text as it is, what holds by its name alone, and other values behind their name."""
    if isinstance(value, str):
        return _CODES.get(value, value)
    return as_clause(title) if value is True else f"{as_clause(title)} {_words(name, value)}"
