"""Errors for the person who wrote the input: each names the label on the screen, the value and a remedy."""

from collections.abc import Callable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from calculators.units import count, printable

KeyPath = tuple[str | int, ...]
_MAX_TOLD = 5
_FIXED = {
    "missing": "is required",
    "extra_forbidden": "is not a known key; check the spelling, or remove it",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be text without unpaired surrogates",
    "date_type": "must be a date such as 2026-11-29",
    "date_parsing": "must be a date such as 2026-11-29",
    "date_from_datetime_parsing": "must be a date such as 2026-11-29",
    "date_from_datetime_inexact": "must be a date such as 2026-11-29",
    "tuple_type": "must be a list",
    "dict_type": "must be a group of 'key: value' lines",
    "model_type": "must be a group of 'key: value' lines",
}
_WITH_LIMIT = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "string_too_long": "must have {max_length} or fewer characters",
    "string_too_short": "must have {min_length} or more characters",
    "too_long": "must have {max_length} or fewer entries",
    "too_short": "must have {min_length} or more entries",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must match the pattern {pattern}",
}


class DataError(ValueError):
    """A data file, an upload or a scenario is wrong. The message names the place, the value and a remedy.

    `field`: the scenario input to correct, as 'workload.peak_ratio'; empty where it is none.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class UnknownId(DataError):
    """A model, GPU, provider or preset that the catalog does not hold."""


def data_error(
    error: ValidationError, record: type[BaseModel], place: Callable[[KeyPath], str] = lambda _: ""
) -> DataError:
    """What pydantic refused, in sentences; `place` gives the words before each, from the path of its keys."""
    problems = error.errors()[:_MAX_TOLD]
    first = [str(step) for step in problems[0]["loc"][:2] if isinstance(step, str)]
    sentences = [f"{place(problem['loc'])}{explain(problem, record)}" for problem in problems]
    return DataError(" ".join(sentences), ".".join(first))


def explain(problem: Any, record: type[BaseModel]) -> str:
    """One pydantic error as a sentence: label, what is allowed, value entered."""
    label = label_of(problem["loc"], record)
    kind, given = problem["type"], problem.get("input")
    if kind == "value_error":
        reason = str(problem["msg"]).removeprefix("Value error, ").removesuffix(".")
        return f"{label}: {reason}." if label else f"{reason[:1].upper()}{reason[1:]}."
    if given is None:
        return f"{label or 'The file'} is required."
    entered = f" (you entered {_shown(given)})" if isinstance(given, str | int | float) else ""
    rule = _rule(problem)
    unit = " ms" if label.endswith("(ms)") and kind in _WITH_LIMIT and "number" not in rule else ""
    return f"{label or 'The file'} {rule}{unit}{'' if kind == 'extra_forbidden' else entered}."


def label_of(path: KeyPath, record: type[BaseModel]) -> str:
    """The label on the screen of what stands at `path` in a record: titles of its fields, the number of an entry; the
    keys themselves, joined by dots, where no field has a title."""
    words: list[str] = []
    titled = is_section = False
    within: Any = record
    for step in path:
        field = getattr(within, "model_fields", {}).get(step)
        title = field.title if field else None
        if title:
            words = [*words, title] if titled and not is_section else [title]
        elif titled and isinstance(step, int):
            words.append(f"entry {step + 1}")
        elif step != "[key]":
            words.append(printable(str(step), 40))
        titled = titled or bool(title)
        within = _record_in(field.annotation) if field else within
        is_section = field is not None and within is field.annotation
    return (", " if titled else ".").join(words)


def _record_in(annotation: Any) -> Any:
    """The record that a field holds: itself, optional, or the entries of its list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := _record_in(part)) is not None), None)


def _rule(problem: Any) -> str:
    kind = problem["type"]
    if problem["input"] != problem["input"]:  # not a number: it fails whichever limit is checked first
        return "must be a number"
    if kind in _FIXED:
        return _FIXED[kind]
    if kind in _WITH_LIMIT:
        limits = {name: count(v) if isinstance(v, int | float) else v for name, v in problem["ctx"].items()}
        return _WITH_LIMIT[kind].format(**limits)
    if kind.startswith("int_"):
        return "must be a whole number"
    if kind.startswith("float_"):
        return "must be a number"
    return str(problem["msg"]).replace("Input should be", "must be")


def _shown(given: str | int | float) -> str:
    if isinstance(given, str):
        return f"'{printable(given, 40)}'"
    return f"{given:g}" if isinstance(given, float) else printable(str(given)[:60], 40)
