"""One object of a document as scalars by path of keys: texts that hold JSON are read, attribute lists become keys, tables rows."""

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from calculators.logs.column_words import token_role
from calculators.logs.log_lines import line_object

MAX_DEPTH = 24
MAX_TEXT_CHARS = 2_000_000
MAX_LEAVES = 2_000
MAX_SHORT_CHARS = 200
TOOL_RESULT = "toolUseResult"
"""In sessions of Claude Code the sums of a subagent, whose requests stand elsewhere."""
TYPE_NAMES = frozenset(
    (
        "$date",
        "$numberLong",
        "$numberInt",
        "$numberDouble",
        "$oid",
        "S",
        "N",
        "BOOL",
        "NULL",
        "integerValue",
        "stringValue",
        "timestampValue",
        "doubleValue",
        "booleanValue",
        "nullValue",
        "intValue",
        "boolValue",
        "string_value",
        "int_value",
        "double_value",
        "bool_value",
    )
)
"""Keys that name the type of the one value beside them: exports of MongoDB, DynamoDB and Firestore, and OTLP."""

_MAY_HOLD = re.compile(r"\s*[{\[]|[^{]{1,400}\{\"").match
LeafPath = tuple[str, ...]
Leaves = dict[LeafPath, Any]
ABOVE = ""
"""First key of what a record inherits from the objects around it."""


def table_rows(value: Mapping[str, Any]) -> Iterable[Any] | None:
    """Rows of a document that is a table: columns and rows, values by column, or time and line pairs. None: no table."""
    columns = value.get("columns") or (value.get("schema") or {}).get("fields") if _may_be_table(value) else None
    rows = next((value[key] for key in ("rows", "data", "results", "values") if key in value), None)
    if isinstance(columns, list) and isinstance(rows, list) and rows:
        if all(isinstance(row, dict) and "f" not in row for row in rows):
            return rows
        names = [column.get("name", "") if isinstance(column, dict) else str(column) for column in columns]
        return (dict(zip(names, _cells(row), strict=False)) for row in rows)
    if isinstance(value.get("stream"), dict) and isinstance(value.get("values"), list):  # Loki
        return (
            {"time": pair[0], "line": pair[1]} for pair in value["values"] if isinstance(pair, list) and len(pair) > 1
        )
    return _column_rows(value)


def listed_rows(items: list[Any]) -> Iterable[Any]:
    """Rows of a list: as they are, or where its first is a list of names, the others by those names."""
    names = items[0] if items else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return items
    if not all(isinstance(row, list) and len(row) == len(names) for row in items):
        return items
    return (dict(zip(names, row, strict=True)) for row in items[1:])


def _may_be_table(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("columns"), list) or isinstance(value.get("schema"), dict)


def _cells(row: Any) -> list[Any]:
    cells = row.get("f", []) if isinstance(row, dict) else row if isinstance(row, list) else []
    return [cell.get("v") if isinstance(cell, dict) and set(cell) == {"v"} else cell for cell in cells]


def _column_rows(value: Mapping[str, Any]) -> Iterable[Any] | None:
    """Rows of {"time": [...], "input": [...]} and of {"time": {"0": ...}, ...}."""
    columns = list(value.values())
    if len(columns) < 3:
        return None
    if all(isinstance(column, dict) and column for column in columns):
        if not _is_index(columns[0]):
            return _keyed_rows(value)
        if len({len(column) for column in columns}) == 1:
            return ({name: column.get(key) for name, column in value.items()} for key in columns[0])
        return None
    if not all(isinstance(column, list) and column for column in columns) or len({len(one) for one in columns}) > 1:
        return None
    if any(isinstance(column[0], dict | list) for column in columns):
        return None
    return (dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True))


def _keyed_rows(value: Mapping[str, Any]) -> Iterable[Any] | None:
    """Rows of {"first id": {...}, "second id": {...}}, all with the same keys."""
    rows = list(value.values())
    return rows if len(rows[0]) > 2 and all(row.keys() == rows[0].keys() for row in rows) else None


def _is_index(column: Mapping[str, Any]) -> bool:
    return "0" in column and all(key.isdigit() for key in islice(column, 3))


def leaves_and_lists(value: Mapping[str, Any], unpack: bool) -> tuple[Leaves, list[Any]]:
    """The scalars of nested objects by path of keys, and the lists that may hold records. `unpack`: texts that hold JSON are
    read as what they hold."""
    leaves, lists = Leaves(), list[Any]()
    _collect(value, (), leaves, lists if unpack else None)
    said = {path: text for path, text in leaves.items() if _may_say_counts(text)} if unpack else {}
    if said and not any(_names_tokens(path[-1]) for path in leaves):
        for path, text in said.items():
            leaves.update({(*path, *key_parts(name)): item for name, item in (line_object(text) or {}).items()})
    return leaves, lists


def _may_say_counts(value: Any) -> bool:
    return isinstance(value, str) and ("tok" in value or "Tok" in value)


@lru_cache(maxsize=20_000)
def _names_tokens(key: str) -> bool:
    return token_role(key) is not None


def _collect(value: Mapping[str, Any], above: LeafPath, leaves: Leaves, lists: list[Any] | None) -> None:
    """Adds to `leaves` and `lists`; without `lists` texts stay texts."""
    if len(above) > MAX_DEPTH or len(leaves) > MAX_LEAVES:
        return
    for key, item in value.items():
        if key == TOOL_RESULT:
            continue
        item = _plain_item(item, unpack=lists is not None)
        if isinstance(item, list):
            if (named := _named_values(item)) is None and lists is not None and _may_be_records(item):
                lists.append(item)
            item = named or ()
        if isinstance(item, dict):
            _collect(_by_model(item) or item if key == "usage" else item, above + key_parts(key), leaves, lists)
        elif item != ():
            leaves[above + key_parts(key)] = item


def _plain_item(item: Any, unpack: bool) -> Any:
    """What a text or the name of a type holds."""
    if unpack and isinstance(item, str):
        return _in_json(item)
    return _unwrapped(item) if is_wrapped(item) else item


def _may_be_records(items: Sequence[Any]) -> bool:
    return any(isinstance(unpacked(item), dict | list) for item in items[:20])


@lru_cache(maxsize=20_000)
def key_parts(key: str) -> LeafPath:
    """The keys that one key stands for: "a.b" and "a__b" are a and b."""
    return tuple(part for part in re.split(r"\.|__", key) if part) or (key,)


def unpacked(item: Any) -> Any:
    """The object or list that a text holds, as JSON, as Python writes it or in words; the text itself if none."""
    if not isinstance(item, str) or _MAY_HOLD(item):
        return _in_json(item)
    return (line_object(item) or item) if _may_say_counts(item) else item


def _in_json(item: Any) -> Any:
    if not isinstance(item, str) or len(item) > MAX_TEXT_CHARS or not _MAY_HOLD(item):
        return item
    start = item.lstrip()
    if start[0:1] not in ("{", "["):
        place = item.find('{"', 0, 400)
        if place < 0 or not item.rstrip().endswith("}"):
            return item
        start = item[place:]
    try:
        return json.loads(start)
    except (ValueError, RecursionError):
        pass
    if start.startswith("{'") and len(item) < 20_000:
        try:
            return ast.literal_eval(start.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    return item


def _named_values(items: Sequence[Any]) -> dict[str, Any] | None:
    """Attributes written as a list of name and value, as OTLP, Jaeger and CloudWatch Logs Insights do. None: another list."""
    for name in ("key", "field", "name"):
        if items and all(isinstance(item, dict) and name in item and "value" in item for item in items):
            return {str(item[name]): _any_value(item["value"]) for item in items}
    return None


def is_wrapped(value: Any) -> bool:
    """Whether a value stands behind the name of its type, or is a time as [seconds, nanoseconds]."""
    if isinstance(value, dict):
        return len(value) == 1 and next(iter(value)) in TYPE_NAMES
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(map(_is_count, value))
        and 1e9 <= value[0] < 4e9 > value[1] * 4
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _unwrapped(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] * 1_000_000_000 + value[1]
    inner = next(iter(value.values()))
    return _unwrapped(inner) if is_wrapped(inner) else inner


def _any_value(value: Any) -> Any:
    """The value of an OTLP attribute: {"intValue": "5"} is "5"."""
    if isinstance(value, dict) and len(value) == 1:
        kind, inner = next(iter(value.items()))
        if kind in TYPE_NAMES:
            return inner
        if kind in ("kvlistValue", "kvlist_value") and isinstance(inner, dict):
            return _named_values(inner.get("values") or []) or {}
    return value


def _by_model(usage: Mapping[str, Any]) -> dict[str, Any] | None:
    """Usage given model by model, summed, with the name of a model. None: it is not."""
    inner = list(usage.values())
    if not inner or not all(isinstance(one, dict) and any("token" in key.lower() for key in one) for one in inner):
        return None
    if any(key.lower().endswith(("details", "detail", "units")) for key in usage):
        return None
    sums = dict[str, Any]()
    for one in inner:
        for key, value in one.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                sums[key] = sums.get(key, 0) + value
    return sums | {"model": max(usage, key=lambda model: sum(v for v in usage[model].values() if isinstance(v, int)))}


def is_short(value: Any) -> bool:
    """Whether a value is a number, or a word rather than somebody's text."""
    return not isinstance(value, str) or len(value) <= MAX_SHORT_CHARS
