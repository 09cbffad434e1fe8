"""Every way in which YAML bends values is refused, with file, line and remedy; and no input raises anything else."""

import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BASE

from calculators.catalog import yaml_reader
from calculators.catalog.base import Positive, Record
from calculators.catalog.load import ROOT
from calculators.catalog.yaml_reader import MAX_YAML_BYTES, parse_record, parse_yaml
from calculators.errors import DataError
from calculators.scenario.schema import parse_scenario


class Simple(Record):
    size_gb: Positive
    name: str = "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size_gb: 1e9", "f.yaml, line 1: '1e9' would be read as text; write the number out, for example 1000000000"),
        ("a: 1\nsize_gb: 3.35e12", "f.yaml, line 2: '3.35e12' would be read as text"),
        ("name: NO", "f.yaml, line 1: 'NO' would be read as true or false; put it in quotes"),
        ("name: on", "f.yaml, line 1: 'on' would be read as true or false"),
        ("name: 12:30", "f.yaml, line 1: '12:30' would be read as a base-60 number; put it in quotes"),
        ("size_gb: 1\nsize_gb: 2", "f.yaml, line 2: the key 'size_gb' is given twice; keep one"),
        ("size_gb: &a 1\nname: *a", "f.yaml, line 2: anchors and aliases (&, *) are not read; write the value out"),
        ("size_gb: &a [1]\nname: *a", "anchors and aliases"),
        ("size_gb: 2026-13-45", "f.yaml, line 1: '2026-13-45' cannot be read"),
        ("size_gb: [1", "f.yaml, line 2: not valid YAML: did not find expected"),
        ("a: 1\n---\nb: 2", "f.yaml, line 2: not valid YAML: but found another document"),
        ("", "f.yaml: the file is empty"),
        ("# only a comment", "f.yaml: the file is empty"),
        ("a: \x00", "f.yaml: not valid YAML"),
        ("a: !!bool x", "f.yaml, line 1: 'x' would be read as true or false"),
        ("a: !!int ''", "f.yaml, line 1: '' cannot be read"),
        ("a: !!float ''", "f.yaml, line 1: '' cannot be read"),
        ("a: !!timestamp x", "f.yaml, line 1: 'x' cannot be read"),
        ("a: 0x" + "f" * 6_000, "f.yaml, line 1: '0xfff"),
        ("[" * 5_000, "f.yaml, line 1: nested too deeply; at most 20 levels are read"),
        ("- " * 5_000, "f.yaml, line 1: nested too deeply"),
        ('"a\\nb": 1\n"a\\nb": 2', "f.yaml, line 2: the key 'a\\nb' is given twice"),
    ],
)
def test_what_yaml_would_bend_or_choke_on_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        parse_yaml(text.encode(), "f.yaml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_aliases_of_aliases_that_would_explode_are_refused() -> None:
    bomb = "a: &a [1, 1]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(DataError, match="anchors and aliases"):
        parse_yaml(bomb.encode(), "f.yaml")


def test_quoted_text_is_taken_as_written() -> None:
    value, _ = parse_yaml(b"a: '1e9'\nb: \"NO\"\nc: '12:30'\nd: true\ne: 1.5e+3", "f.yaml")
    assert value == {"a": "1e9", "b": "NO", "c": "12:30", "d": True, "e": 1_500.0}


def test_a_byte_order_mark_is_skipped_and_other_encodings_are_named() -> None:
    assert parse_yaml(b"\xef\xbb\xbfa: 1", "f.yaml")[0] == {"a": 1}
    with pytest.raises(DataError, match=r"f\.yaml: not UTF-8 text; save it as UTF-8"):
        parse_yaml("a: é".encode("latin-1"), "f.yaml")


def test_twenty_levels_are_read_and_twenty_one_are_not() -> None:
    assert parse_yaml(b"[" * 20 + b"]" * 20, "f.yaml")[0] is not None
    with pytest.raises(DataError, match="nested too deeply"):
        parse_yaml(b"[" * 21 + b"]" * 21, "f.yaml")


def test_the_size_limit_is_sharp() -> None:
    assert parse_yaml(b"a: 1\n" + b"#" * (MAX_YAML_BYTES - 5), "f.yaml")[0] == {"a": 1}
    with pytest.raises(DataError, match="is it the right file"):
        parse_yaml(b"a: 1\n" + b"#" * (MAX_YAML_BYTES - 4), "f.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size_gb: -1", "f.yaml, line 1: size_gb must be above 0 (you entered -1)."),
        ("size_gb: .nan", "f.yaml, line 1: size_gb must be"),
        ("size_gb: .inf", "f.yaml, line 1: size_gb must be a finite number (you entered inf)."),
        ("size_gb: 1\nsize_tb: 2", "f.yaml, line 2: size_tb is not a known key; check the spelling, or remove it."),
        ("name: a", "f.yaml, line 1: size_gb is required."),
        ("- 1", "f.yaml, line 1: The file must be a group of"),
        ("just text", "f.yaml, line 1: The file must be a group of"),
    ],
)
def test_a_record_error_names_file_line_and_field(text: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        parse_record(text.encode(), Simple, "f.yaml")
    assert message in str(error.value)


MARKS = [*"[]{}:,-?&*!|>'\"#%@` \n\t\r\x8501e.abNO~<=é", "!!bool ", "!!int ", "!!timestamp ", "0x", ": ", "- ", "\n  "]
TEXTS = st.lists(st.sampled_from(MARKS), max_size=40).map("".join)


def _refused(read: Callable[[], object]) -> DataError | None:
    """What is wrong, if anything; whatever else is raised fails the test."""
    try:
        read()
    except DataError as error:
        return error
    return None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(TEXTS.map(str.encode), st.binary(max_size=120)))
def test_fuzz_any_bytes_give_values_or_a_data_error(content: bytes) -> None:
    refused = _refused(lambda: repr(parse_yaml(content, "f.yaml")))
    assert refused is None or re.match(r"f\.yaml.*\Z", str(refused))


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(10**400))
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(["workload", "api", "candidates", "hardware", "operations", "targets", "as_of", "name"]), JSON)
def test_fuzz_a_scenario_with_any_value_in_a_field_is_read_or_refused(field: str, value: object) -> None:
    refused = _refused(lambda: parse_scenario({**BASE, field: value}))
    assert refused is None or refused.field.split(".")[0] == field


DATA_FILES = sorted(
    path
    for path in ROOT.rglob("*.yaml")
    if not {"tests", ".venv", ".git", ".github"} & set(path.relative_to(ROOT).parts)
)


def test_every_data_file_reads_the_same_with_and_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML was built without C, its own parser reads the files; it is stricter about a plain '?' in braces."""
    assert len(DATA_FILES) > 50
    for path in DATA_FILES:
        content = path.read_bytes()
        values = []
        for loader in (yaml.SafeLoader, yaml.CSafeLoader):
            monkeypatch.setattr(yaml_reader, "_LOADER", loader)
            values.append(parse_yaml(content, path.name))
        assert values[0] == values[1], path.name
