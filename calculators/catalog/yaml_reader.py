"""A YAML file as a strict record. Every error names the file, the line, the value and a remedy."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from calculators.errors import DataError, KeyPath, data_error

MAX_YAML_BYTES = 256_000
_MAX_DEPTH = 20

AnyRecord = TypeVar("AnyRecord", bound=BaseModel)
Lines = dict[KeyPath, int]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times as fast, where it is built
_SCALARS = yaml.SafeLoader("")


def load_record(path: Path, record: type[AnyRecord]) -> AnyRecord:
    """The file as a validated `record`. Raises DataError."""
    return parse_record(path.read_bytes(), record, path.name)


def parse_record(content: bytes, record: type[AnyRecord], name: str) -> AnyRecord:
    """YAML (or JSON) text as a validated `record`; `name` is what the messages call it. Raises DataError."""
    value, lines = parse_yaml(content, name)
    try:
        return record.model_validate(value)
    except ValidationError as error:
        raise data_error(error, record, lambda path: at_line(path, lines, name)) from None


def at_line(path: KeyPath, lines: Lines, name: str) -> str:
    """Words before an error: the file and the line of the nearest key on the way to `path`."""
    line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), None)
    return f"{name}, line {line}: " if line else f"{name}: "


def parse_yaml(content: bytes, name: str) -> tuple[Any, Lines]:
    """Plain Python values, and the line on which each key path starts. Raises DataError.

    Refuses what PyYAML would silently change: a key given twice, aliases, 1e9 (read as text), NO (as False), 12:30 (as 750).
    """
    if len(content) > MAX_YAML_BYTES:
        raise DataError(
            f"{name}: {len(content):,} bytes is more than the {MAX_YAML_BYTES:,} allowed; is it the right file?"
        )
    try:
        text = content.decode("utf-8-sig")
        _check_structure(text, name)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError:
        raise DataError(f"{name}: not UTF-8 text; save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise DataError(f"{name}{where}: not valid YAML: {problem}") from None
    if node is None:
        raise DataError(f"{name}: the file is empty")
    lines: Lines = {}
    return _value(node, (), lines, name), lines


def _check_structure(text: str, name: str) -> None:
    """Refuses deep nesting and aliases before anything recursive runs: composing in C would overflow the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if depth > _MAX_DEPTH:
            raise DataError(f"{name}, line {line}: nested too deeply; at most {_MAX_DEPTH} levels are read")
        if isinstance(event, yaml.AliasEvent):
            raise DataError(f"{name}, line {line}: anchors and aliases (&, *) are not read; write the value out")


def _value(node: yaml.Node, path: KeyPath, lines: Lines, name: str) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, name)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, i), lines, name) for i, child in enumerate(node.value)]
    return _scalar(node, line, name)


def _mapping(node: yaml.MappingNode, path: KeyPath, lines: Lines, name: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in result:
            raise DataError(f"{name}, line {line}: the key {key[:60]!r} is given twice; keep one")
        lines[(*path, key)] = line
        result[key] = _value(value_node, (*path, key), lines, name)
    return result


def _scalar(node: yaml.Node, line: int, name: str) -> Any:
    text = str(node.value)
    if node.tag == "tag:yaml.org,2002:str" and (text[:1].isalpha() or not _is_number(text)):  # most are
        return text
    plain = not getattr(node, "style", None)  # None from the Python parser, '' from the C one
    if plain and node.tag == "tag:yaml.org,2002:str":
        raise DataError(
            f"{name}, line {line}: '{text}' would be read as text; write the number out, for example {float(text):.0f}"
        )
    if plain and node.tag == "tag:yaml.org,2002:int" and ":" in text:
        raise DataError(f"{name}, line {line}: {text[:40]!r} would be read as a base-60 number; put it in quotes")
    if plain and node.tag == "tag:yaml.org,2002:bool" and text.lower() not in ("true", "false"):
        raise DataError(
            f"{name}, line {line}: '{text}' would be read as true or false; put it in quotes, or write true or false"
        )
    try:
        value = _SCALARS.construct_object(node, deep=True)
        str(value)  # an integer of thousands of hexadecimal digits cannot be printed
    except (ValueError, LookupError, AttributeError, ArithmeticError, yaml.YAMLError):  # a tag that does not fit
        raise DataError(
            f"{name}, line {line}: {text[:40]!r} cannot be read; write it in quotes if it is text"
        ) from None
    _SCALARS.constructed_objects.clear()  # it would keep every node for ever
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return any(char.isdigit() for char in text)
