"""Words and numbers of a record."""

import pytest

from calculators.logs.record_plan import plan_of
from calculators.logs.record_words import amount, is_other, record_failed, says_hit, told_kind


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("1,234", 1234),
        ("3.0", 3),
        ("$0.04", 0.04),
        (5, 5),
        ("-", None),
        ("NaN", None),
        (None, None),
        (True, None),
        ("1e400", None),
    ],
)
def test_amounts(value: object, right: float | None) -> None:
    assert amount(value) == right


@pytest.mark.parametrize(
    ("key", "value", "failed"),
    [
        ("status", 200, False), ("status", "OK", False), ("status", "incomplete", False), ("status", 0, False), ("status", None, False),
        ("status", "500", True), ("status", "504 Gateway Timeout", True), ("status", "HTTP 503", True), ("Status", "mislukt", True), ("status", "rate_limit_error", True),
        ("success", "false", True), ("is_error", False, False), ("error", "", False), ("error", "None", False), ("error", "boom", True),
    ],
)  # fmt: skip
def test_failures(key: str, value: object, failed: bool) -> None:
    record = {("input_tokens",): 1, ("output_tokens",): 1, (key,): value}
    plan = plan_of(tuple(record))
    assert plan is not None
    assert record_failed(record, plan) is failed


def test_calls_of_other_models_and_spans() -> None:
    assert [told_kind({("type",): word}, (("type",),)) for word in ("agent", "generation", "embedding", "x")] == [
        "step",
        "call",
        "no chat",
        "",
    ]
    assert is_other({("type",): "SPAN"}, (("type",),))
    assert is_other({("call_type",): "aembedding"}, (("call_type",),))
    assert not is_other({("span_kind",): "llm", ("type",): "span"}, (("span_kind",), ("type",)))
    assert not is_other({("path",): "/v1/chat/completions"}, (("path",),))


def test_gateway_cache() -> None:
    assert [says_hit(value) for value in (True, "True", "HIT", "SEMANTIC HIT", "MISS", "False", None)] == [True] * 4 + [
        False
    ] * 3
