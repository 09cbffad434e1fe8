"""Spans that repeat others, and steps that no call repeats."""

import pytest

from calculators.logs.trace_steps import TraceSpans, own_steps, repeating_spans, sum_tok

Span = tuple[str | None, str | None, str | None, tuple[int, int]]
"""Span, parent, trace and tokens."""


def spans(calls: list[Span], steps: list[Span]) -> TraceSpans:
    noted = TraceSpans()
    for span, parent, trace, tokens in calls:
        noted.link(span, parent)
        noted.note_call({"span": span, "trace": trace}, tokens, span is not None)
    for row, (span, parent, trace, tokens) in enumerate(steps):
        noted.link(span, parent)
        noted.note_step(row, {"span": span, "trace": trace}, tokens)
    return noted


CALL: Span = ("c", "a", "t", (100, 10))
AGENT: Span = ("a", None, "t", (100, 10))
LONE: Span = ("b", None, "u", (200, 20))


@pytest.mark.parametrize(
    ("calls", "steps", "rows"),
    [
        ([CALL], [AGENT, LONE], {1}),
        ([("c", "a", None, (100, 10))], [("a", None, None, (100, 10)), ("b", "r", None, (7, 1))], {1}),
        ([CALL], [AGENT, ("s", "a", "t", (50, 5))], {1}),
        ([("c", "lost", "t", (100, 10))], [AGENT], set()),
        ([(None, None, "t", (100, 10))], [(None, None, "t", (100, 10)), (None, None, "u", (7, 1))], {1}),
        ([CALL], [("r", None, "u", (300, 30)), ("s", "r", "u", (300, 30))], {1}),
        ([CALL], [("r", None, "u", (300, 30)), ("s", None, "u", (200, 20)), ("x", None, "u", (100, 10))], {1, 2}),
        ([("c", "undefined", None, (9, 9))], [("a", "undefined", None, (1, 1))], set()),
    ],
    ids=[
        "by trace",
        "by tree",
        "beside a call",
        "a span is lost",
        "no spans",
        "inner of two",
        "sum of two",
        "no parents",
    ],
)
def test_a_step_counts_where_no_call_repeats_it(calls: list[Span], steps: list[Span], rows: set[int]) -> None:
    assert own_steps(spans(calls, steps))[0] == rows


def test_steps_that_nothing_links_are_unclear_unless_they_hold_the_tokens_of_all_calls() -> None:
    calls: list[Span] = [(None, None, None, (100, 10))]
    other, same = (own_steps(spans(calls, [("a", None, None, tokens)]))[1] for tokens in ((7, 1), (100, 10)))
    assert (sum_tok(other), same) == ((7, 1), [])
    several: list[Span] = [(f"c{number}", None, None, (number, 1)) for number in range(1, 11)]
    repeated: list[Span] = [(f"s{number}", None, None, (number, 1)) for number in range(2, 12)]
    assert own_steps(spans(several, repeated))[1] == []
    assert own_steps(spans([(None, *call[1:]) for call in several], repeated))[1] == []
    assert len(own_steps(spans(several, [*repeated, *repeated]))[1]) == 20
    assert own_steps(spans([CALL], [("b", None, None, (7, 1))])) == ({0}, [])


def test_calls_that_hold_the_tokens_of_those_below_repeat_them() -> None:
    noted = spans([("a", None, None, (200, 10)), ("c", "b", None, (100, 5)), ("d", "a", None, (100, 5))], [])
    noted.link("b", "a")
    assert repeating_spans(noted) == {"a"}
    assert repeating_spans(spans([("c", None, None, (1, 1))], [])) == set()
