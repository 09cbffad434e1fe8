"""When a technique is not tried, and the reason."""

from technique_cases import CATALOG, ask, fleet, kept, reasons

from calculators.techniques.advice import framework
from calculators.techniques.design import AdviceInputs, baseline
from calculators.techniques.exclusions import exclusion_reason, is_possible


def test_a_model_released_in_four_bit_has_no_lighter_weights_to_try() -> None:
    why = reasons(ask("air-gapped"))
    assert "already 8 bit or fewer" in why["weights_8bit"]
    assert "already released in MXFP4" in why["weights_4bit"]


def test_four_bit_weights_are_tried_only_where_the_user_allows_them() -> None:
    refused = ask("steady-extraction")
    assert "Candidates does not allow" in reasons(refused)["weights_4bit"]
    allowed = ask("steady-extraction", hardware={"precisions": ["bf16", "fp8", "int4", "nvfp4"]})
    assert "does not allow" not in reasons(allowed)["weights_4bit"]


def test_an_eight_bit_cache_is_not_tried_on_short_requests() -> None:
    assert (
        "only above 4,000 to 12k tokens"
        in reasons(ask("steady-extraction", "cost", workload={"input_tok": 600, "input_p95_tok": 900, "cells": []}))[
            "kv_fp8"
        ]
    )


def test_drafts_that_are_seldom_accepted_are_not_tried() -> None:
    advice = ask("steady-extraction", techniques={"acceptance_frac": 0.4})
    assert "acceptance rate is 40%" in reasons(advice)["speculation"]
    assert "speculation" not in kept(advice)


def test_pools_are_refused_with_each_condition_that_is_missed() -> None:
    said = reasons(ask("small-internal-tool", "tpot"))["disaggregation"]
    assert "tokens/day, below 100M" in said
    assert "input tokens per output token, below 10" in said
    assert "parameters" not in said  # DeepSeek is large enough


def test_dense_models_have_no_experts_to_spread() -> None:
    assert "has no experts" in reasons(ask("steady-extraction", "cost"))["whole_experts"]


def test_hits_that_are_counted_already_are_not_counted_twice() -> None:
    all_counted = ask("steady-extraction", workload={"cacheable_frac": 0.3, "self_hit_frac": 0.3, "cached_frac": 0.1})
    assert "covers all of the 30%" in reasons(all_counted)["prompt_order"]


def test_every_technique_has_a_rule() -> None:
    case = AdviceInputs(*fleet("steady-extraction"), framework())
    design = baseline(case)
    for step in framework().moves:
        assert isinstance(exclusion_reason(step, case, design, case.state(design)), str)


def test_what_a_model_cannot_use_is_not_open_to_choice() -> None:
    dense, experts = CATALOG.model("llama-3.3-70b"), CATALOG.model("gpt-oss-120b")
    assert is_possible("weights_8bit", dense)
    assert is_possible("weights_4bit", dense)
    assert not is_possible("whole_experts", dense)
    assert is_possible("whole_experts", experts)
    assert not is_possible("weights_8bit", experts)
    assert not is_possible("weights_4bit", experts)
    assert all(is_possible(step.id, dense) for step in framework().moves if step.id != "whole_experts")
