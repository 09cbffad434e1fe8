"""Lines of text with counts of tokens as objects: names and values ("input_tokens=12 output_tokens=3", logfmt, printed usage
objects, access logs) and prose ("12 input tokens, 3 output tokens")."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from calculators.logs.column_words import token_role

MAX_PAIRS_LINE_CHARS = 20_000
MAX_PROSE_LINE_CHARS = 2_000
PAIR = re.compile(
    r"""(?:^|[\s,;({\[|])["']?([A-Za-z_@][\w.@-]{0,80})["']?\s?(?:=|:(?=\s))\s?("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;(){}\[\]|]+)"""
)
TIME = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
)
EPOCH_START = re.compile(r"\[?(1\d{9}(?:\.\d{1,6})?|1\d{12})(?=[\s\],:])")
HTTP_STATUS = re.compile(r'HTTP/\d(?:\.\d)?" ([1-5]\d\d)\b')
MAX_TIME_PLACE = 120

_NUMBER = (
    r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d{1,9}(?:\.\d{1,3}(?=[kK]))?[kK]?)(?![\d.]*[\d])(?!\s*(?:%|/\s?s|per\b|ms\b|s\b))"
)
_COUNT_OF = re.compile(rf"{_NUMBER}[ ]?([A-Za-z]+(?:[ _-][A-Za-z]+){{0,2}})(?!\w|/s)")
_NAME_OF = re.compile(rf"([A-Za-z]+(?:[ _-][A-Za-z]+){{0,2}})[ ]?[:=][ ]?{_NUMBER}")
_IN_TO_OUT = re.compile(rf"{_NUMBER} ?(?:->|=>|→) ?{_NUMBER} tok")
_SUM = re.compile(r"[Tt]ok\w*[:=]? ?(\d{1,9}) ?\+ ?(\d{1,9}) ?= ?(\d{1,9})\b")
_PAIR_OF = re.compile(r"(?i)\btok(?:en)?s?(?:[ _]\w+)? ?[:=] ?(\d{1,9}) ?/ ?(\d{1,9})(?![\w.])")
_STOPS = frozenset(
    ["and", "with", "for", "from", "then", "at", "on", "by", "using", "via", "to", "took", "after", "plus", "over"]
)
_NAMES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cached_tokens",
    "reasoning": "reasoning_tokens",
}


def line_object(line: str) -> dict[str, Any] | None:
    """Names and values of a line with counts of tokens, with the time before them; None for any other line."""
    if len(line) > MAX_PAIRS_LINE_CHARS:
        return None
    has_word = "tok" in line.lower()
    pairs = {name: value.strip("\"'") for name, value in PAIR.findall(line)} if has_word or "=" in line else {}
    roles = {token_role(name.rsplit(".", 1)[-1]) for name, value in pairs.items() if has_word and value.isdigit()}
    moment, status = _time(line), HTTP_STATUS.search(line)
    if not {"input", "output"} <= roles:
        said = _said_counts(line) if has_word or moment else {}
        if not roles - {None}:
            said = said if {"input_tokens", "output_tokens"} <= said.keys() else _unnamed(line) if has_word else {}
            if not said:
                return None
        pairs |= {name: number for name, number in said.items() if token_role(name) not in roles - {None}}
    told = {"prefix_time": moment} if moment else {}
    return told | ({"status": status.group(1)} if status else {}) | pairs


def python_object(text: str) -> dict[str, Any] | None:
    """A dict as Python prints it; None for anything else."""
    if len(text) > MAX_PAIRS_LINE_CHARS:
        return None
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _time(line: str) -> str | None:
    moment = TIME.search(line[:MAX_TIME_PLACE])
    if moment is not None:
        return moment.group().replace(" +", "+")
    epoch = EPOCH_START.match(line)
    return epoch.group(1) if epoch else None


def _said_counts(line: str) -> dict[str, str]:
    """The counts of tokens that a sentence names; the first of each kind."""
    if len(line) > MAX_PROSE_LINE_CHARS:
        return {}
    told = dict[str, str]()
    for name, number in (*_ordered(line), *_named(line)):
        told.setdefault(name, str(round(float(number[:-1]) * 1_000)) if number[-1] in "kK" else number.replace(",", ""))
    return told


def _ordered(line: str) -> Iterator[tuple[str, str]]:
    """Input and output told by their order: "12 -> 3 tokens", "tokens: 12 + 3 = 15"."""
    match, whole = _IN_TO_OUT.search(line), _SUM.search(line)
    if whole is not None and int(whole[1]) + int(whole[2]) != int(whole[3]):
        whole = None
    if match := match or whole:
        yield from (("input_tokens", match[1]), ("output_tokens", match[2]))


def _unnamed(line: str) -> dict[str, str]:
    """Two counts of which nothing says which is which ("tokens used: 12/3"), under names that are asked about."""
    match = _PAIR_OF.search(line)
    return {"tokens before the slash": match[1], "tokens after the slash": match[2]} if match else {}


def _named(line: str) -> Iterator[tuple[str, str]]:
    for words, number in _NAME_OF.findall(line):
        parts = re.split("[ _-]", words)
        roles = (_role(parts[start:]) for start in range(len(parts)))
        if role := next(filter(None, roles), None):
            yield _NAMES[role], number
    for number, words in _COUNT_OF.findall(line):
        parts = re.split("[ _-]", words)
        stop = next((place for place, word in enumerate(parts) if word.lower() in _STOPS), len(parts))
        if parts[-1].lower() == "in" and "tok" in "".join(parts[:-1]).lower():  # "3 output tokens in 5 s"
            stop = min(stop, len(parts) - 1)
        if "per" not in parts and (role := _role(parts[:stop])):
            yield _NAMES[role], number


def _role(words: list[str]) -> str | None:
    role = token_role(" ".join((*words, "tokens"))) if words else None
    return role if role in _NAMES else None
