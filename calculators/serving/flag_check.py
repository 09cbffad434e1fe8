"""Whether an engine of a pinned version accepts a command line: checked against the recorded options of its own parsers
(tools/record_flags.py), and against pairs of flags that contradict each other or the plan (serving_data/contradictions.yaml).

Abbreviated options are refused although argparse would take them: a later version may have two that begin alike.
"""

import difflib
import json
import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calculators.catalog.serving import (
    Command,
    Condition,
    EngineFlags,
    FlagOption,
    ServingEngine,
    engine_flags,
    flag_conflicts,
)
from calculators.errors import DataError

Facts = Mapping[str, float | str]
"""Facts about the plan: 'experts count', 'checkpoint format', 'needed tok', 'context tok', 'gpus count'."""
MAX_ARGUMENTS = 500
SHOWN_CHARS = 60
SIZE_SUFFIXES = "kmgtKMGT"
TYPE_WORDS = {
    "int": "a whole number",
    "size": "a whole number, as 8192 or 8k",
    "float": "a number",
    "json": "JSON",
    "object": 'a JSON object, as {"key": "value"}',
}


@dataclass(frozen=True, slots=True)
class ParsedFlag:
    """One option of a command line: its first recorded name, the name it was given by, and its value."""

    name: str
    written: str
    value: str


def check_commands(engine: ServingEngine, argv: Sequence[str], facts: Facts | None = None) -> None:
    """Checks a command line. Raises DataError with every problem: unknown option, missing value, wrong type, conflict."""
    if problems := complaints(engine, argv, facts):
        raise DataError("; ".join(problems))


def complaints(engine: ServingEngine, argv: Sequence[str], facts: Facts | None = None) -> list[str]:
    """Problems of a whole command line, program first; empty if none is known."""
    record = engine_flags(engine)
    command, rest = _command(record, argv)
    if command is None:
        known = ", ".join(f"'{c.run}'" for c in record.commands)
        return [f"{shown(shlex.join(argv[:3]))} is not a command of {engine} {record.version}. Known commands: {known}"]
    if len(rest) > MAX_ARGUMENTS:
        return [f"{len(rest)} arguments exceed the limit of {MAX_ARGUMENTS}. Shorten the command"]
    problems: list[str] = []
    given = list(_parsed(command, rest, f"{engine} {record.version}", engine == "vllm", problems))
    return problems + _repeated(given) + list(_contradictions(engine, record.version, given, facts or {}))


def shown(text: str) -> str:
    """Text of others in a message, cut and in quotes."""
    return repr(text[:SHOWN_CHARS])


def _command(record: EngineFlags, argv: Sequence[str]) -> tuple[Command | None, Sequence[str]]:
    for command in sorted(record.commands, key=lambda c: -len(c.run)):
        words = command.run.split()
        if list(argv[: len(words)]) == words:
            return command, argv[len(words) :]
    return None, ()


# --- one option after another ------------------------------------------------------------------------------------


def _parsed(
    command: Command, rest: Sequence[str], version: str, underscores: bool, problems: list[str]
) -> Iterator[ParsedFlag]:
    """Options as given on the command line. `underscores`: the engine accepts --max_model_len for --max-model-len."""
    by_name = {name: option for option in command.options for name in option.names}
    at, unnamed = 0, 0
    while at < len(rest):
        word = rest[at]
        at += 1
        if not _is_option(word):
            unnamed += 1
            if not command.positional or unnamed > 1:
                problems.append(f"{shown(word)} belongs to no option. Put the option's name before it")
            continue
        written, equals, attached = word.partition("=")
        name = written.replace("_", "-") if underscores else written
        base, dot, key = name.partition(".")
        option = by_name.get(base)
        if option is None:
            problems.append(_unknown(written, by_name, version))
            at += 0 if equals or at >= len(rest) or _is_option(rest[at]) else 1  # its value is no second mistake
            continue
        values = [attached] if equals else list(_values(option, rest[at:]))
        at += 0 if equals else len(values)
        problems += _complaints_of(option, written, values, bool(dot))
        if values or option.takes == "none":
            yield from _given(option, base, key, values)


def _is_option(word: str) -> bool:
    """Whether a word is an option; negative numbers are values."""
    return word.startswith("-") and len(word) > 1 and not word[1:].replace(".", "", 1).isdigit()


def _values(option: FlagOption, rest: Sequence[str]) -> Iterator[str]:
    most = {"none": 0, "one": 1, "optional": 1, "many": len(rest), "any": len(rest)}[option.takes]
    for word in rest[:most]:
        if _is_option(word):
            return
        yield word


def _unknown(written: str, known: Mapping[str, FlagOption], version: str) -> str:
    longer = sorted(name for name in known if name.startswith(written) and len(written) > 4)
    near = longer[:1] or difflib.get_close_matches(written, list(known), n=1, cutoff=0.75)
    remedy = f"did you mean {near[0]}?" if near else "check the spelling, or remove it"
    return f"{shown(written)} is not an option of {version}; {remedy}"


def _complaints_of(option: FlagOption, written: str, values: Sequence[str], part: bool) -> Iterator[str]:
    """Problems of one value. `part`: a key of a JSON value, as in --config.key value."""
    if option.takes == "none":
        if values:
            yield f"{written} takes no value, but {shown(values[0])} was given; remove the value"
        return
    if not values and option.takes not in ("optional", "any"):
        yield f"{written} needs a value{_allowed(option)}; add it"
    for value in () if part else values:
        yield from _complaint_of_value(option, written, value)


def _complaint_of_value(option: FlagOption, written: str, value: str) -> Iterator[str]:
    if option.choices and value not in option.choices:
        yield f"{written} {shown(value)} is not one of its values{_allowed(option)}; pick one"
    elif not _fits(option.type, value):
        yield f"{written} {shown(value)} is not {TYPE_WORDS[option.type]}; correct it"
    elif option.keys and (lost := sorted(set(_object(value)) - set(option.keys))):
        near = difflib.get_close_matches(lost[0], option.keys, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(option.keys[:12])} and others"
        yield f"{written}: {shown(lost[0])} is not one of its keys; {remedy}"


def _allowed(option: FlagOption) -> str:
    if not option.choices:
        return ""
    return f": {', '.join(option.choices[:12])}{' and others' if len(option.choices) > 12 else ''}"


def _fits(kind: str, value: str) -> bool:
    read: dict[str, Callable[[str], Any]] = {"int": int, "size": flag_number, "float": float}
    try:
        if kind in ("json", "object"):
            return isinstance(json.loads(value), dict) or kind == "json"
        read.get(kind, str)(value)
    except (ValueError, RecursionError):
        return kind == "size" and value == "auto"
    return True


def flag_number(value: str) -> int:
    """A whole number, or one with a suffix: 8k is 8,000 and 8K 8,192. Raises ValueError."""
    text = value.strip()
    suffix = text[-1:]
    if suffix and suffix in SIZE_SUFFIXES:
        base, power = (1_000, 0) if suffix.islower() else (1_024, 4)
        factor: int = base ** (SIZE_SUFFIXES.index(suffix) - power + 1)
        return int(float(text[:-1]) * factor) if suffix.islower() else int(text[:-1]) * factor
    return int(text)


def _object(value: str) -> dict[str, Any]:
    parsed = json.loads(value)
    return {str(key).replace("-", "_"): v for key, v in parsed.items()} if isinstance(parsed, dict) else {}


def _given(option: FlagOption, written: str, key: str, values: Sequence[str]) -> Iterator[ParsedFlag]:
    """An option as parsed flags; a JSON object also yields one flag for each key, as --config.key."""
    name = option.names[0]
    if option.takes == "none":
        yield ParsedFlag(name, written, "false" if _negated(option, written) else "true")
        return
    if key:
        yield ParsedFlag(f"{name}.{key}", written, values[0])
        return
    yield ParsedFlag(name, written, " ".join(values))
    if option.type in ("json", "object") and values and _fits("object", values[0]):
        for part, value in _object(values[0]).items():
            yield ParsedFlag(f"{name}.{part}", written, value if isinstance(value, str) else json.dumps(value))


def _negated(option: FlagOption, written: str) -> bool:
    """Whether an option was given in its negated form: --no-x, or --disable-x for --enable-x and vice versa."""
    first = option.names[0]
    swapped = {"--enable-": "--disable-", "--disable-": "--enable-"}
    opposite = next((other + first.removeprefix(one) for one, other in swapped.items() if first.startswith(one)), None)
    return written != first and (written.startswith("--no-") or written == opposite)


# --- contradictions ----------------------------------------------------------------------------------------------


def _repeated(given: Sequence[ParsedFlag]) -> list[str]:
    """Problems of options given twice with different values, of which the engine would silently use the last."""
    first: dict[str, ParsedFlag] = {}
    problems: list[str] = []
    for one in given:
        before = first.setdefault(one.name, one)
        if before.value != one.value:
            problems.append(
                f"{before.written} {shown(before.value)} and {one.written} {shown(one.value)} contradict each other; keep one"
            )
    return problems


def _contradictions(engine: ServingEngine, version: str, given: Sequence[ParsedFlag], facts: Facts) -> Iterator[str]:
    written = {one.name: one.value for one in given}
    same = {
        long: written[short]
        for short, long in flag_conflicts().same.items()
        if short in written and long not in written
    }
    values: dict[str, str | float] = {**facts, **written, **same}
    for clash in flag_conflicts().contradictions:
        if clash.engine == engine and all(_holds(condition, values) for condition in clash.when):
            words = " and ".join(_words(condition, values) for condition in clash.when)
            yield f"{words} conflict: {clash.why} ({engine} {version}); {clash.remedy}"


def _holds(condition: Condition, values: Mapping[str, str | float]) -> bool:
    subject = condition.flag or condition.fact or ""
    if condition.given is not None:
        return (subject in values and values[subject] != "false") == condition.given
    value = values.get(subject, condition.default)
    if value is None:
        return False
    return _matches(condition, value) and _within(condition, value, values)


def _matches(condition: Condition, value: str | float) -> bool:
    text = str(value)
    return (not condition.one_of or text in condition.one_of) and text not in condition.none_of


def _within(condition: Condition, value: str | float, values: Mapping[str, str | float]) -> bool:
    """Whether a number is within the limits of a condition; False where the other option or fact is unknown."""
    try:
        mine = _as_number(value) if _has_limit(condition) else 0.0
        below = _as_number(values[condition.below]) if condition.below else math.inf
        above = _as_number(values[condition.above]) if condition.above else -math.inf
    except (ValueError, KeyError):
        return False
    at_most = math.inf if condition.at_most is None else condition.at_most
    at_least = -math.inf if condition.at_least is None else condition.at_least
    return at_least <= mine <= at_most and above < mine < below


def _has_limit(condition: Condition) -> bool:
    limits = (condition.below, condition.above, condition.at_most, condition.at_least)
    return any(limit is not None for limit in limits)


def _as_number(value: str | float) -> float:
    if not isinstance(value, str):
        return float(value)
    try:
        return float(flag_number(value))
    except ValueError:
        return float(value)


def _words(condition: Condition, values: Mapping[str, str | float]) -> str:
    """One condition in the words of the command line."""
    subject = condition.flag or condition.fact or ""
    value = values.get(subject, condition.default)
    if condition.given is not None or value in ("true", None):
        return subject if condition.given is not False else f"no {subject}"
    shown_value = f"{value:,.0f}" if isinstance(value, float | int) else shown(value).strip("'")
    versus = condition.below or condition.above
    other = f" against {versus} {values[versus]}" if versus and versus in values else ""
    return f"{subject} {shown_value}{other}"
