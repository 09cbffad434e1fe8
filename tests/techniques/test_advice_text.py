"""The advice as a headline, for each outcome."""

from dataclasses import replace

from technique_cases import MXFP4_ONLY, ask, fleet

from calculators.scenario.schema import Techniques
from calculators.techniques.advice_text import (
    advice_takeaway,
    baseline_text,
    not_kept_text,
    pins_text,
    verdict_costs_less,
)


def test_the_headline_lists_what_to_add_and_what_it_gains() -> None:
    advice = ask("steady-extraction", "tpot")
    text = advice_takeaway(advice)
    assert text.startswith("Add 8-bit weights, then speculative decoding")
    assert ": TPOT " in text
    assert " ms → " in text
    assert " → " in advice_takeaway(ask("steady-extraction"))
    assert ": TTFT " in advice_takeaway(ask("near-the-crossover", "ttft"))


def test_a_name_that_begins_with_an_abbreviation_keeps_its_capitals() -> None:
    assert "FP8 KV cache" in advice_takeaway(ask("steady-extraction", pins={"kv_fp8": "in"}))


def test_nothing_to_add_says_why() -> None:
    even = {"peak_ratio": 1.2, "peak_range_ratio": None}
    idle = ask("azure-conversation", workload=even, candidates=MXFP4_ONLY)
    assert advice_takeaway(idle) == "All targets are met and no technique lowers the rent: add none"
    assert advice_takeaway(replace(idle, metric="tpot")) == "No technique fixes this with this model and GPU"


def test_a_switch_that_is_on_and_not_advised_is_named() -> None:
    idle = ask("azure-conversation", candidates=MXFP4_ONLY, techniques={"disaggregation": True, "kv_cache": "fp8"})
    assert not_kept_text(idle, Techniques(disaggregation=True, kv_cache="fp8")) == (
        "Your scenario has switched on what this advice does not add: an FP8 KV cache, prefill/decode disaggregation. See "
        "Six techniques."
    )
    assert not_kept_text(idle, Techniques()) == ""


def test_the_baseline_is_described_or_infeasible() -> None:
    advice = ask("steady-extraction")
    assert "released weights): TTFT p95 " in baseline_text(advice)
    assert baseline_text(replace(advice, baseline=None)).endswith("released weights): infeasible.")
    assert advice_takeaway(replace(advice, baseline=None)).startswith("To serve this at all, add 8-bit weights")


def test_a_verdict_with_a_lower_rent_is_named() -> None:
    plan, _ = fleet("steady-extraction")
    advice = ask("steady-extraction")
    assert advice.state is not None
    costly = replace(advice, state=replace(advice.state, usd_per_month=plan.rent_usd_per_month + 1_000))
    assert verdict_costs_less(plan, costly).startswith("The verdict's fleet has a lower rent:")
    assert verdict_costs_less(plan, replace(advice, state=None)) == ""
    same = replace(advice.state, usd_per_month=plan.rent_usd_per_month)
    assert verdict_costs_less(plan, replace(advice, state=same)) == ""


def test_the_user_s_choices_are_compared_with_the_advice() -> None:
    state = ask("steady-extraction").state
    assert state is not None
    more = replace(state, usd_per_month=state.usd_per_month + 2_000)
    assert pins_text(state, more).startswith("Your choices cost $2k/month compared with the advice; TPOT ")
    assert pins_text(more, state).startswith("Your choices save $2k/month compared with the advice; TPOT ")
    assert pins_text(state, state).startswith("Your choices do not change the rent; TPOT ")
