"""Records as canonical rows."""

import pytest

from calculators.logs.canonical_rows import Contradiction, Session, canonical_rows
from calculators.logs.record_leaves import Leaves


def session(excluding: frozenset[str] = frozenset()) -> Session:
    return Session(None, excluding)


def record(input_tok: object, read_tok: object, total_tok: object = None) -> Leaves:
    return {
        ("ts",): 1,
        ("input_tokens",): input_tok,
        ("output_tokens",): 5,
        ("cached_tokens",): read_tok,
        ("total_tokens",): total_tok,
    }


@pytest.mark.parametrize(("total_tok", "input_tok"), [(105, 100), (175, 170), (None, 100)])
def test_total_tells_whether_input_includes_cached_tokens(total_tok: int | None, input_tok: int) -> None:
    (row,) = canonical_rows([record(100, 70, total_tok)], session())
    assert row is not None
    assert (row["input"], row["cache_read"]) == (input_tok, 70)


def test_more_cached_than_input_is_a_contradiction() -> None:
    with pytest.raises(Contradiction) as caught:
        list(canonical_rows([record(10, 70)], session()))
    (row,) = canonical_rows([record(10, 70)], session(frozenset({caught.value.format_name})))
    assert row is not None
    assert row["input"] == 80


def test_broken_records_stay_and_blank_ones_go() -> None:
    assert list(canonical_rows([None, record(None, None) | {("output_tokens",): None}], session())) == [None]
