"""Which column of a request log means what: a table of known names, matched without case and punctuation.

Pure text work: nothing here opens a file. `usage_file` reads the first rows and `usage_roles` asks this module about them.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from calculators.logs import column_words
from calculators.logs.cells import is_count, is_null, is_number
from calculators.logs.failure_words import NO_WORDS, YES_WORDS
from calculators.logs.money import money_of
from calculators.logs.request_names import (
    GROUP_ROLES,
    MARK_ROLES,
    NAMES,
    STATUS_HOLDERS,
    TOKEN_ROLES,
    WHOLE_NAME_ONLY,
)
from calculators.logs.timestamps import ZONE, is_excel_day, is_written

MAX_COMPARED_CHARS = 60
"""Of a name that is no known one; comparing takes quadratic time."""
MAX_WORD_CHARS = 200
"""Longer text is no name of a model or an operation."""
MAX_STATUS_CHARS = 60
MAX_STATUS_COUNT = 40
TIMED_FRAC = 0.8
"""Of the cells of a time column; others are labels of totals."""
KIND_WORDS = frozenset(
    [
        "category",
        "service",
        "product",
        "kind",
        "task",
        "operation",
        "endpoint",
        "span",
        "name",
        "feature",
        "sku",
        "usage",
        "type",
    ]
)
"""Of columns that may name embeddings and the like."""
HTTP_CELL = re.compile(
    r"(?i)\s*(HTTP\S*\s+[1-5]\d\d\b.{0,40}|[1-5]\d\d [A-Z][A-Z' -]{1,40}|20[0-6]|4\d\d|50[0-4]|529)\s*"
)
TELLING_CODES = frozenset({"401", "403", "404", "408", "413", "422", "429", "499", "502", "503", "504", "529"})
UTC = frozenset(["utc", "gmt"])
ZONES = UTC | {"local"}
CACHE_SOURCES = frozenset(
    {"cache", "cached", "gateway cache", "semantic cache", "semantic_cache", "semantic", "exact", "response cache"}
)


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """A column that a role may be. `name` is the entry of the table; `part_count` how deep the column is nested."""

    column: str
    name: str
    part_count: int
    rank_count: int


def normalised(name: str) -> str:
    """The name in lower case with letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_time(text: str) -> bool:
    """True for a number or a date with or without a time."""
    return is_number(text) or is_written(text)


def matching_columns(role: str, columns: Iterable[str]) -> list[ColumnMatch]:
    """Every column whose name means `role`, the best first: least nested, then the order of the table; of groups a name deep
    down is better than a number on top. Where the table knows none, the words of the names tell; of what leaves rows out,
    both count."""
    names = list(columns)
    matching = [match for column in names if (match := _match(role, column)) is not None]
    if not matching or role in MARK_ROLES:
        known = {match.column for match in matching}
        matching += [
            match for column in names if column not in known and (match := _by_words(role, column)) is not None
        ]
    if role in GROUP_ROLES:
        return sorted(matching, key=lambda match: (match.rank_count, match.part_count))
    if role == "time":
        matching = _without_local(matching)
    return sorted(matching, key=lambda match: (match.part_count, match.rank_count))


def _without_local(matching: Sequence[ColumnMatch]) -> list[ColumnMatch]:
    """Columns of times but for those that another column gives in UTC."""
    words = {match.column: frozenset(column_words.words_of(match.column)) for match in matching}
    in_utc = [words[column] - ZONES for column in words if words[column] & UTC]
    kept = [match for match in matching if "local" not in words[match.column] or not in_utc]
    return [match for match in kept if words[match.column] & UTC or words[match.column] not in in_utc]


def _by_words(role: str, column: str) -> ColumnMatch | None:
    """A match by the words of the last key, with the rank behind those of the table."""
    parts = [part for part in re.split(r"\.(?=\S)", column) if part]
    bare = column_words.split_unit(parts[-1])[0] if parts else ""
    if role in MARK_ROLES and len(parts) > 1 and normalised(parts[-2]) not in STATUS_HOLDERS:
        return None
    name, rank = _told_by_words(role, bare)
    return None if name is None else ColumnMatch(column, name, len(parts), len(NAMES[role]) + rank)


def _told_by_words(role: str, name: str) -> tuple[str | None, int]:
    if role in TOKEN_ROLES:
        told = column_words.token_role(name)
        if told == "uncached":
            return ("uncachedinputtokens" if role == "input" else None), 0
        meant = "cachedtokens" if column_words.is_any_cached(name) else ""
        return (meant if told == role else None), 0
    if role == "time":
        rank = column_words.time_rank(name)
        return (None if rank is None else ""), rank or 0
    tests = {
        "status": column_words.failure_sign(name) is not None,
        "gateway_cache": column_words.is_gateway_flag(name),
        "kind": bool(set(column_words.words_of(name)) & KIND_WORDS),
        "model": column_words.plain_role(name) == "model",
        "spend": column_words.plain_role(name) == "cost",
        "currency": "currency" in column_words.words_of(name),
    }
    return ("" if tests.get(role) else None), 0


def _match(role: str, column: str) -> ColumnMatch | None:
    parts = [part for part in column.split(".") if part]
    if role == "status" and any(normalised(part) in ("error", "exception") for part in parts[:-1]):
        return ColumnMatch(column, "error", len(parts), len(NAMES[role]))  # a key of an error object
    for start in range(len(parts)):
        name = normalised("".join(parts[start:]))
        if role == "time":
            name = re.sub(r"(?<=.)(utc|gmt|local)$", "", name)
        known = name in NAMES[role]
        if known and not (start and name in WHOLE_NAME_ONLY and not _is_held(role, parts[start - 1])):
            return ColumnMatch(column, name, len(parts), NAMES[role].index(name))
    return None


def _is_held(role: str, holder: str) -> bool:
    return role == "status" and normalised(holder) in STATUS_HOLDERS


def values_fit(role: str, values: Sequence[str]) -> bool:
    """Whether the sample of a column can be that role: numbers for tokens, times for time; empty cells say nothing."""
    filled = [value for value in values if not is_null(value)]
    if role == "gateway_cache":
        return all(map(is_cache_word, filled))
    if role == "cache_read" and filled and all(map(is_flag, filled)):
        return False  # a flag of a gateway's own cache
    if role in ("model", "currency", "span", "parent", "trace", "session", "kind", "tier", *GROUP_ROLES):
        needs_one = role == "model" or role in GROUP_ROLES
        return all(len(value) <= MAX_WORD_CHARS for value in filled) and (bool(filled) or not needs_one)
    if role == "spend":
        return sum(map(is_money, filled)) > len(filled) / 2
    if role == "time":
        return not filled or sum(map(is_time, filled)) > len(filled) / 2
    if role in TOKEN_ROLES:
        return not filled or sum(map(is_count, filled)) > len(filled) / 2
    return True


def _values_fit(role: str, match: ColumnMatch, values: Sequence[str]) -> bool:
    """As `values_fit`; where only words of the name tell, a time has to be a date, and a cache flag must be one."""
    filled = [value for value in values if not is_null(value)]
    if role == "gateway_cache" and any(map(is_cache_source, filled)):
        return True
    if not values_fit(role, values) or match.name in NAMES[role]:
        return values_fit(role, values)
    if role == "time":
        timed_count = sum(is_written(text) or _is_epoch(text) for text in filled)
        return bool(filled) and timed_count >= TIMED_FRAC * len(filled)
    return role != "gateway_cache" or any(map(is_hit, filled)) or any("miss" in text.lower() for text in filled)


def _is_epoch(text: str) -> bool:
    return bool(re.fullmatch(r"\d{10,20}(\.\d+)?", text.strip())) or is_excel_day([text])


def _is_status(match: ColumnMatch, values: Sequence[str]) -> bool:
    """An error may say anything; a status is one of a few words."""
    filled = {value for value in values if not is_null(value)}
    if match.name not in NAMES["status"] and column_words.failure_sign(match.column) == "good":
        return all(map(_is_flag_or_bit, filled)) or not any(map(is_number, filled))
    if match.column.lower().endswith("timeout"):
        return all(map(is_flag, filled))
    is_word = len(filled) <= MAX_STATUS_COUNT and all(len(value) <= MAX_STATUS_CHARS for value in filled)
    return (
        is_word
        or match.name.startswith(("err", "exception", "failure"))
        or column_words.failure_sign(match.column) == "error"
    )


def _holds_http(column: str, rows: Sequence[Mapping[str, str]]) -> bool:
    """Whether every cell is an HTTP status: "HTTP 503", "503 Service Unavailable", or 200 beside codes that are no round
    numbers."""
    filled = set[str]()
    for row in rows:
        if is_null(text := row.get(column, "")):
            continue
        if not HTTP_CELL.fullmatch(text):
            return False
        filled.add(text)
    if not filled or len(filled) > MAX_STATUS_COUNT:
        return False
    return any(not text.strip().isdigit() for text in filled) or bool("200" in filled and filled & TELLING_CODES)


def _is_flag_or_bit(text: str) -> bool:
    return is_flag(text) or text.strip() in ("0", "1")


def is_flag(text: str) -> bool:
    """True for true, false, yes and no, ja and nein."""
    return (word := text.strip().lower()) in YES_WORDS + NO_WORDS and not is_number(word)


def is_cache_word(text: str) -> bool:
    """True for what a gateway writes of its own cache: a flag, 0, 1, HIT, MISS, DISABLED and the like."""
    words = r"(0|1)(\.0)?|.*(hit|miss|bypass|disabled|expired|stale|dynamic|refresh|updating|revalidated).*"
    return is_flag(text) or is_cache_source(text) or bool(re.fullmatch(words, text.strip().lower()))


def is_cache_source(text: str) -> bool:
    """True where a source of answers, or a kind of cache, is the gateway's own cache."""
    return text.strip().lower() in CACHE_SOURCES


def is_hit(text: str) -> bool:
    """True for true, yes, 1 and HIT."""
    return text.strip().lower() in YES_WORDS or "hit" in text.lower() or is_cache_source(text)


def is_money(text: str) -> bool:
    """True for 0.0123, $1.20, 1,20 € and 1.2E-05."""
    return is_number(text) or money_of(text) is not None


def fitting_columns(role: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[ColumnMatch]:
    """Matches of `role` whose sample values fit; blank columns only where no other has the name."""
    matching = matching_columns(role, columns)
    if role == "status":
        named = {match.column for match in matching}
        matching += [ColumnMatch(name, "", 1, 0) for name in columns if name not in named and _holds_http(name, rows)]
        return [match for match in matching if _is_status(match, [row.get(match.column, "") for row in rows])]
    fitting = [match for match in matching if _values_fit(role, match, [row.get(match.column, "") for row in rows])]
    filled = [match for match in fitting if not all(is_null(row.get(match.column, "")) for row in rows)]
    return filled or fitting


def rival_column(ranked: Sequence[ColumnMatch], rows: Sequence[Mapping[str, str]]) -> str | None:
    """The column that contests the best match: as little nested, but with other values. None: no contest."""
    for rival in ranked[1:]:
        same_depth = rival.part_count == ranked[0].part_count
        if same_depth and any(row.get(rival.column) != row.get(ranked[0].column) for row in rows):
            return rival.column
    return None


def nearest_name(role: str, columns: Sequence[str]) -> list[str]:
    """Up to three columns whose names look most like the names known for `role`."""

    def score(column: str) -> float:
        tail = normalised(column.rsplit(".", 1)[-1][:MAX_COMPARED_CHARS])
        return max(difflib.SequenceMatcher(None, tail, name).ratio() for name in NAMES[role][:-2])

    return [column for column in sorted(columns, key=score, reverse=True)[:3] if score(column) > 0.5]


def relative_unit(column: str, others: Iterable[str], values: Sequence[str]) -> tuple[str, bool] | None:
    """The unit ("s" or "ms") of a clock that counts from 0, and whether that is sure. None: it is an absolute clock."""
    numbers = [float(value) for value in values if re.fullmatch(r"\d+(\.\d+)?", value.strip())]
    if not numbers or len(numbers) < len([value for value in values if value.strip()]) or min(numbers) >= 1e8:
        return None
    if is_excel_day(values):
        return None
    name = normalised(column)
    if name.endswith(("ms", "millis", "milliseconds", "msec")):
        return "ms", True
    if column.lower().endswith(("_s", "sec", "secs", "seconds")) or any(number % 1 for number in numbers):
        return "s", True
    names = {normalised(other) for other in others}
    if "parentchatid" in names:
        return "s", True  # the published traces of Bailian, here rounded
    if {"inputlength", "outputlength", "hashids"} <= names:
        return "ms", True  # the published traces of Mooncake
    return ("ms" if max(numbers) >= 1e7 else "s"), False


def is_naive(text: str) -> bool:
    """True for a written date and time that names no zone."""
    return is_written(text) and not re.search(rf"(?:{ZONE}(?: [A-Z]{{3,5}})?\]?)$", text.strip()[8:])
