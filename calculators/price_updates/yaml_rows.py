"""Rows put into the text of a YAML file where they belong: everything else, comments too, stays as it is."""

from typing import Any

import yaml

from calculators.errors import DataError

Keys = tuple[str | int, ...]


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, as the data files have them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """A day that stands twice is written twice."""
        return True


def as_yaml(value: Any) -> str:
    """A value as the data files write it."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)


def with_item(text: str, keys: Keys, item: Any, place: int | None = None) -> str:
    """The text with an item more in the list under `keys`, before the item at `place`, or last. Raises DataError where that
    list is no list of one item a line."""
    node = _node(text, keys)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        raise DataError(f"'{keys[-1]}' must be a list with one row a line, each after a dash")
    line = _end(text, node) if place is None else node.value[place].start_mark.line
    return _with_lines(text, line, as_yaml([item]), node.start_mark.column)


def with_key(text: str, keys: Keys, key: str, value: Any) -> str:
    """The text with a key more, last in the group under `keys`. Raises DataError where that is no group of lines."""
    node = _node(text, keys)
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        raise DataError(f"'{keys[-1]}' must be a group of 'key: value' lines")
    return _with_lines(text, _end(text, node), as_yaml({key: value}), node.start_mark.column)


def _node(text: str, keys: Keys) -> Any:
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for key in keys:
        node = (
            node.value[key] if isinstance(key, int) else next(value for name, value in node.value if name.value == key)
        )
    return node


def _end(text: str, node: Any) -> int:
    """The line after the last one of a list or group; comments and empty lines that follow belong to what comes next."""
    last = node.value[-1] if isinstance(node, yaml.SequenceNode) else node.value[-1][1]
    ends_inside = isinstance(last, yaml.ScalarNode) or last.flow_style
    line, lines = last.end_mark.line + ends_inside, text.splitlines()
    while not lines[line - 1].strip() or lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return int(line)


def _with_lines(text: str, line: int, added: str, column: int) -> str:
    lines = text.splitlines()
    new = [" " * column + row for row in added.splitlines()]
    return "\n".join([*lines[:line], *new, *lines[line:]]) + "\n"
