"""Committed spend at today's provider, in every option's cost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate, evaluations_by_model
from calculators.options.buy import resold_options
from calculators.options.commitment import bill_frac_at, committed_spend, parts_with_commitment, with_commitment
from calculators.options.option import Option
from calculators.options.what_if import PriceMoves, ranked_again
from calculators.scenario.committed_spend import NOTHING_COMMITTED
from calculators.scenario.inputs import Inputs

FIXED, LIVE = load_catalog(FIXED_ROOT), load_catalog()
AWS = {"provider": "aws", "model": "global.openai.gpt-6-sol"}
OPEN = [{"model": "gpt-oss-120b", "gate": "accepted"}]


def _inputs(catalog: Catalog, usd: float | None = None, months: int | None = None, **changes: Any) -> Inputs:
    api = {"committed_usd_per_month": usd, "committed_months": months, **changes.pop("api", {})}
    return Inputs.of(scenario(api=api, **changes), catalog)


def _unused(option: Option) -> float:
    return sum(line.usd_per_month for line in option.lines if line.kind == "unused_commitment")


def _by_name(options: list[Option]) -> dict[tuple[str, str], float]:
    return {(o.kind, o.label): o.usd_per_month for o in options}


def test_a_bill_above_the_commitment_uses_it_up_and_leaving_pays_all_of_it() -> None:
    """$11,000 a month at today's seller against $8,000 committed for 6 of 12 months."""
    by_kind = {o.kind: o for o in ranked_again(_inputs(FIXED, 8_000, 6))}
    assert _unused(by_kind["api_today"]) == 0
    assert _unused(by_kind["self_host"]) == pytest.approx(4_000)


def test_an_open_model_of_the_same_seller_uses_it_up() -> None:
    """Its bill is $1,654, so 8,000 - 1,654 = 6,346 is unused, for half of the horizon."""
    hosted = next(o for o in ranked_again(_inputs(FIXED, 8_000, 6)) if o.kind == "hosted_open")
    assert _unused(hosted) == pytest.approx(3_173)
    [line] = [line for line in hosted.lines if line.kind == "unused_commitment"]
    assert (line.name, line.basis) == ("Unused commitment at Test Host", "your commitment")
    assert line.note == "$8k/month is committed for 6 of 12 months; $1.65k/month of it is used"


def test_a_cloud_that_resells_the_model_is_another_seller() -> None:
    inputs = _inputs(FIXED, 8_000, 12)
    [via_cloud], [regional] = (resold_options(inputs, is_regional) for is_regional in (False, True))
    assert (via_cloud.operator, regional.operator) == ("eu-cloud", "eu-cloud")
    assert bill_frac_at("testhost", via_cloud) == bill_frac_at("testhost", regional) == 0
    assert bill_frac_at("eu-cloud", via_cloud) == 1
    assert _unused(with_commitment(via_cloud, inputs)) == pytest.approx(8_000)


def test_a_commitment_to_a_cloud_is_used_by_that_cloud_alone() -> None:
    options = ranked_again(_inputs(LIVE, 90_000, 12, api=AWS, candidates=OPEN))
    sellers = {o.operator for o in options if o.kind == "hosted_open"}
    assert "aws" in sellers
    for option in options:
        if option.bill is not None:
            used = option.bill.usd_per_month if option.operator == "aws" else 0.0
            assert _unused(option) == pytest.approx(90_000 - used)


def test_of_an_open_model_the_offer_that_uses_the_commitment_is_compared_too() -> None:
    """The cheapest seller and today's: at another volume the other of them may be cheaper."""
    options = ranked_again(_inputs(LIVE, 90_000, 12, api=AWS, candidates=OPEN))
    hosted = [o for o in options if o.kind == "hosted_open"]
    assert {o.operator == "aws" for o in hosted} == {True, False}
    plain = ranked_again(_inputs(LIVE, api=AWS, candidates=OPEN))
    assert len([o for o in plain if o.kind == "hosted_open"]) == 1


def test_the_overflow_of_a_hybrid_uses_it_up() -> None:
    """On machines of one GPU, which a base load may share out."""
    peaky = {
        "workload": {"requests_per_month": 60_000_000, "peak_ratio": 10},
        "candidates": [{"model": "llama-3.1-8b", "gate": "accepted"}],
        "operations": {"self_host_fte": 0.1, "spare_replicas": 0},
    }
    [hybrid] = [o for o in ranked_again(_inputs(FIXED, 40_000, 12, **peaky)) if o.kind == "hybrid"]
    overflow = next(line.usd_per_month for line in hybrid.lines if line.kind == "overflow_api")
    assert _unused(hybrid) == pytest.approx(max(0.0, 40_000 - overflow))


def test_prices_that_move_change_what_is_unused() -> None:
    """At twice its price the open model bills $3,308."""
    options = ranked_again(_inputs(FIXED, 8_000, 12), PriceMoves(hosted_price_ratio=2.0))
    hosted = next(o for o in options if o.kind == "hosted_open")
    assert _unused(hosted) == pytest.approx(8_000 - 3_308)


@pytest.mark.parametrize(("usd", "months"), [(None, None), (50_000, 0), (0, 6)])
def test_no_amount_or_no_month_is_no_commitment(usd: float | None, months: int | None) -> None:
    inputs = _inputs(FIXED, usd, months)
    assert committed_spend(inputs) is NOTHING_COMMITTED
    assert _by_name(ranked_again(inputs)) == _by_name(ranked_again(_inputs(FIXED)))


@settings(deadline=None, max_examples=30)
@given(
    st.floats(1, 1e7),
    st.integers(1, 60),
    st.floats(5, 9),
    st.sampled_from([0.0, 0.1, -0.1]),
    st.sampled_from(["llama-3.3-70b", "llama-3.1-8b", "gpt-oss-120b"]),
)
def test_a_commitment_never_makes_an_option_cheaper(
    usd: float, months: int, log_volume: float, growth: float, model: str
) -> None:
    case = {
        "workload": {"requests_per_month": 10**log_volume, "growth_per_month_frac": growth},
        "candidates": [{"model": model, "gate": "accepted"}],
    }
    free, bound = ranked_again(_inputs(FIXED, **case)), ranked_again(_inputs(FIXED, usd, months, **case))
    least = {(o.kind, o.label): o for o in free if o.kind != "hybrid"}
    for option in bound:
        before = least.get((option.kind, option.label))
        if before is not None:
            assert option.usd_per_month >= before.usd_per_month * (1 - 1e-9)
            assert option.decisive_usd_per_month >= before.decisive_usd_per_month * (1 - 1e-9)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.001, 1), st.integers(1, 60))
def test_one_at_or_below_todays_bill_leaves_todays_option_unchanged(share: float, months: int) -> None:
    today = next(o for o in ranked_again(_inputs(FIXED, 11_000 * share, months)) if o.kind == "api_today")
    assert today.usd_per_month == pytest.approx(11_000)
    assert [line.kind for line in today.lines] == ["api"]


def _mix(**changes: Any) -> dict[str, Any]:
    half = {"requests_frac": 0.5, "input_frac": 0.5, "output_frac": 0.5}
    models = ("closed", "closed-cached")
    return {"mix": [{"provider": "testhost", "model": model, **half} for model in models], **changes}


def test_of_several_models_the_others_use_the_commitment_up_first() -> None:
    """$5,500 and $4,400 a month: of $8,000 the other model leaves 3,600 and 2,500 to each."""
    parts = parts_with_commitment(_inputs(FIXED, 8_000, 12, api=_mix()))
    left = [part.scenario.api.committed_usd_per_month for part in parts]
    assert left == pytest.approx([8_000 - 4_400, 8_000 - 5_500])
    whole = evaluate(scenario(api=_mix(committed_usd_per_month=8_000, committed_months=12)), FIXED)
    for alone, usd in zip(evaluations_by_model(whole, FIXED), left, strict=True):
        fleet = next(o for o in alone.options if o.kind == "self_host")
        assert _unused(fleet) == pytest.approx(usd)


def test_a_seller_without_the_commitment_is_not_bound_by_it() -> None:
    mix = _mix()
    mix["mix"][1] |= {"provider": "openai", "model": "gpt-5.4"}
    mix["mix"][0] |= {"provider": "anthropic", "model": "claude-sonnet-4-5"}
    inputs = _inputs(LIVE, 8_000, 12, api={"provider": "anthropic", "model": "claude-sonnet-4-5", **mix})
    _, openai = parts_with_commitment(inputs)
    assert committed_spend(openai) is NOTHING_COMMITTED
