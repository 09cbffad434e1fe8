"""Rows put into the text of a YAML file: all other text stays, and what is read is the row more."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from calculators.errors import DataError
from calculators.price_updates.yaml_rows import as_yaml, with_item, with_key

TEXT = """# why this file
name: A  # a name
rows:
  - {day: 1, usd: 2.0}   # kept

  # about the second
  - day: 2
    usd: 3

# where from
sources:
  one:
    title: x
"""


def test_a_row_comes_last_or_before_another_and_comments_stay() -> None:
    last = with_item(TEXT, ("rows",), {"day": 3, "usd": 4})
    assert yaml.safe_load(last)["rows"] == [{"day": 1, "usd": 2.0}, {"day": 2, "usd": 3}, {"day": 3, "usd": 4}]
    first = with_item(TEXT, ("rows",), {"day": 0}, place=0)
    assert [row["day"] for row in yaml.safe_load(first)["rows"]] == [0, 1, 2]
    for text in (last, first):
        assert [line for line in text.splitlines() if line not in TEXT.splitlines()] != []
        assert all(line in text.splitlines() for line in TEXT.splitlines())
    assert last.index("day: 3") < last.index("# where from")


def test_a_key_comes_last_in_its_group() -> None:
    text = with_key(TEXT, ("sources",), "two", {"title": "y", "note": "a: b # c"})
    assert yaml.safe_load(text)["sources"]["two"] == {"title": "y", "note": "a: b # c"}
    assert text.startswith(TEXT)


@pytest.mark.parametrize("text", ["rows: [1, 2]\n", "rows: []\n", "rows: {a: 1}\n", "rows: 1\n"])
def test_a_list_in_one_line_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="one row a line"):
        with_item(text, ("rows",), 3)


def test_a_group_in_one_line_is_refused() -> None:
    with pytest.raises(DataError, match="key: value"):
        with_key("sources: {a: 1}\n", ("sources",), "b", 2)


_VALUES = st.dictionaries(
    st.text("abc", min_size=1, max_size=3), st.integers() | st.text(max_size=8), min_size=1, max_size=3
)


@given(rows=st.lists(_VALUES, min_size=1, max_size=4), new=_VALUES, end=st.booleans())
def test_any_row_is_read_back_beside_those_there_were(rows: list[object], new: object, end: bool) -> None:
    text = as_yaml({"rows": rows, **({"end": 1} if end else {})})
    assert yaml.safe_load(with_item(text, ("rows",), new))["rows"] == [*rows, new]
    assert yaml.safe_load(with_item(text, ("rows",), new, place=0))["rows"] == [new, *rows]
