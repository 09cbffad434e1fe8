"""Sums over the rows of a table."""

from calculators.logs.aggregate_formats import PLAIN
from calculators.logs.aggregate_rows import Slice
from calculators.logs.aggregate_sums import (
    account_of,
    input_is_uncached,
    points_of,
    reasoning_is_extra,
    shares_of,
    total_tok,
    with_reasoning,
    without_sums_of_models,
    without_total,
)


def _slice(day: int, model: str, spend: float | None = None, **amounts: float) -> Slice:
    return Slice(
        start_s=day * 86_400.0,
        end_s=None,
        model=model,
        amounts=amounts,
        spend=spend,
        currency="USD",
        is_batch=False,
    )


def _discount(day: int, model: str, usd: float) -> Slice:
    return Slice(
        start_s=day * 86_400.0,
        end_s=None,
        model=model,
        amounts={},
        spend=usd,
        currency="USD",
        is_batch=False,
        aside={"discount": usd},
        is_aside=True,
    )


def test_a_discount_lowers_the_spend_and_makes_no_period_and_no_model() -> None:
    parts = [_discount(40, "Adjustment", -1), _slice(1, "a", 5, input=10, output=2), _discount(1, "a", -2)]
    account = account_of(parts, PLAIN)
    assert (account.all["spend"], account.aside["discount"], list(account.by_start)) == (2, -3, [86_400])
    assert points_of(account, False, True) == {86_400: {"tokens": 12, "spend": 3}}
    assert [(share.value, share.spend_usd) for share in shares_of(account, False, True)["model"]] == [("a", 3)]


def test_a_row_of_all_others_is_left_out() -> None:
    parts = [_slice(day, "a", input=10, output=2) for day in range(3)]
    whole = without_total([*parts, _slice(3, "", input=30, output=6)])
    assert whole == [*parts, None]


def test_a_model_that_holds_the_sums_of_the_others_is_none() -> None:
    parts = [_slice(day, model, input=10, output=2) for day in range(2) for model in ("a", "b")]
    sums = [_slice(day, "sum", input=20, output=4) for day in range(2)]
    assert without_sums_of_models([*parts, *sums]) == [*parts, None, None]
    more = [*parts, *sums[:1], _slice(1, "sum", input=21, output=4)]
    assert without_sums_of_models(more) == more


def test_totals_tell_whether_the_output_leaves_reasoning_out() -> None:
    told = {
        total: reasoning_is_extra([_slice(1, "a", input=100, output=20, reasoning=5, total=total)])
        for total in (120, 125, 99)
    }
    assert told == {120: False, 125: True, 99: None}
    assert reasoning_is_extra([_slice(1, "a", input=100, output=20, reasoning=50)])
    assert reasoning_is_extra([_slice(1, "a", input=100, output=20)]) is False
    (part,) = with_reasoning([_slice(1, "a", input=100, output=20, reasoning=5)])
    assert part is not None
    assert part.amounts == {"input": 100, "output": 25}


def test_totals_tell_whether_the_input_leaves_the_cache_out() -> None:
    for total, is_uncached in ((12, False), (15, True), (99, None)):
        account = account_of([_slice(1, "a", input=10, read=3, output=2, total=total)], PLAIN)
        assert input_is_uncached(account, PLAIN) is is_uncached
        assert input_is_uncached(account, PLAIN, ["sumcachedtokens"]) is bool(is_uncached)
    assert (total_tok(account.all, True), total_tok(account.all, False)) == (15, 12)
