"""Cutting prompts into pieces: nothing is lost, and what tends to change is recognised."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.prompts import tokenizer as tokens
from calculators.prompts.segments import CHANGING_TEXT, SegmentTable


def cut(text: str) -> list[tuple[str, str]]:
    segments = SegmentTable()
    return [(segments.kinds[i], tokens.token_text(segments.ids[i])) for i in segments.of(text)]


@pytest.mark.parametrize(
    ("span", "kind"),
    [
        ("2026-11-26T10:00:00Z", "a timestamp"),
        ("2026-11-26 10:00:00.123+01:00", "a timestamp"),
        ("26 Nov 2026 10:00:00 GMT", "a timestamp"),
        ("November 26, 2026 at 10:15 PM", "a timestamp"),
        ("2026-11-26", "a date"),
        ("11/26/2026", "a date"),
        ("10:15", "a time of day"),
        ("1793534400", "a time in seconds"),
        ("1793534400123", "a time in seconds"),
        ("123e4567-e89b-42d3-a456-426614174000", "a UUID"),
        ("jane.doe+x@example.org", "an e-mail address"),
        ("9f86d081884c7d659a2feaa0c55ad015", "a long hexadecimal id"),
        ("user_8fK2m9QpX", "an id"),
    ],
)
def test_a_span_that_changes_is_a_piece_of_its_own(span: str, kind: str) -> None:
    assert (kind, span) in cut(f"Before it {span} and behind it.")


@pytest.mark.parametrize(
    "text", ["Rule 12 of 40.", "well-known", "a ratio of 3 to 4", "version 2.5", "facade deadbeef"]
)
def test_plain_text_is_not_taken_for_an_id(text: str) -> None:
    assert {kind for kind, _ in cut(text)} == {""}


@given(st.text(max_size=400))
def test_pieces_together_are_the_text(text: str) -> None:
    assert "".join(piece for _, piece in cut(text)) == text.encode("utf-8", "replace").decode()


@given(st.text(alphabet=st.sampled_from("ab1 .\n-:@"), max_size=200))
def test_whole_lines_are_only_cut_at_their_ends(text: str) -> None:
    segments = SegmentTable()
    ends = [tokens.token_text(segments.ids[i]) for i in segments.of(text, whole_lines=True)]
    assert "".join(ends) == text
    assert all(re.fullmatch(r"[^\n]*\n*", piece) for piece in ends)


def test_pieces_count_nearly_what_the_whole_counts() -> None:
    """Cuts are where the tokenizer cuts as well: over a page of prose they add no more than two in a hundred."""
    text = (
        CHANGING_TEXT.__doc__ or ""
    ) + "Plain words go here, and more. Then a list:\n- one\n- two, at 10:15\n\nThe end." * 30
    segments = SegmentTable()
    whole, parts = tokens.token_count(text), sum(len(segments.ids[i]) for i in segments.of(text))
    assert whole <= parts <= 1.02 * whole


def test_equal_pieces_are_kept_once_and_roles_are_one_token() -> None:
    segments = SegmentTable()
    assert segments.of("Same line.\n") == segments.of("Same line.\n")
    assert segments.role("user") == segments.role("user") != segments.role("assistant")
    assert segments.role("prompt") == ()
    assert np.all(segments.tok()[segments.marks] == 1)
