"""JSON documents of a request log: objects by line or from an array, their keys and their values as text."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


def line_objects(text: str, count: int) -> list[dict[str, Any]]:
    """The first `count` JSON objects of text with one document per line; other lines are skipped."""
    objects = []
    for line in text.splitlines():
        if not line.lstrip().startswith("{"):
            continue
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            objects.append(document)
        if len(objects) >= count:
            break
    return objects


def array_objects(text: str, count: int) -> list[dict[str, Any]]:
    """The first `count` JSON objects of a text that holds one array, up to the first that cannot be read."""
    decoder, objects, position = json.JSONDecoder(), list[dict[str, Any]](), text.index("[") + 1
    while len(objects) < count:
        separator = re.compile(r"[\s,]*").match(text, position)
        try:
            document, position = decoder.raw_decode(text, separator.end() if separator else position)
        except (ValueError, RecursionError):
            break
        if isinstance(document, dict):
            objects.append(document)
    return objects


def nested_keys(value: Any, depth: int) -> set[str]:
    """Keys of nested objects, of lists the first few elements."""
    if depth == 0 or not isinstance(value, dict | list):
        return set()
    inner = value.values() if isinstance(value, dict) else value[:3]
    return set(value if isinstance(value, dict) else ()).union(*(nested_keys(child, depth - 1) for child in inner))


def leaves(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Key paths, at most four keys deep, with the value as text; lists are named but not read."""
    for key, child in value.items():
        if isinstance(child, dict):
            if len(above) < 3:
                yield from leaves(child, (*above, key))
        else:
            yield (*above, key), json_text(child)


def json_text(value: Any) -> str:
    """A JSON value as a cell of text; empty for null and lists."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or isinstance(value, list) else str(value)


def json_object(text: str) -> Mapping[str, Any]:
    """The object that a cell of text holds; empty if it holds none."""
    try:
        value = json.loads(text) if text.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
