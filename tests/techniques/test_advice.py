"""From the failing metric to the shortest list: what is diagnosed, what is kept, and why the rest is not."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import merged

from calculators.catalog.load import load_catalog
from calculators.catalog.techniques import MetricId, MoveId
from calculators.evaluate import evaluate
from calculators.scenario.defaults import ROOT
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import parse_scenario
from calculators.techniques.advice import Pin, TechniqueAdvice, TechniqueTrial, advise, framework, gain_frac

CATALOG = load_catalog()
TODAY = date(2026, 11, 26)
MOVES: tuple[MoveId, ...] = tuple(move.id for move in framework().moves)


def ask(
    name: str, metric: MetricId | None = None, pins: dict[MoveId, Pin] | None = None, **changes: Any
) -> dict[MoveId, TechniqueTrial] | Any:
    """Advice on a scenario of the repository with changes."""
    plain = read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY).model_dump(mode="json")
    scenario = parse_scenario(merged(plain, changes))
    found = evaluate(scenario, CATALOG)
    assert found.build is not None
    assert found.build.plan is not None
    return advise(found.build.plan, Inputs(scenario, found.demand, CATALOG), metric, pins)


def reasons(advice: TechniqueAdvice) -> dict[MoveId, str]:
    return {t.move.id: t.reason for t in advice.tried}


def kept(advice: TechniqueAdvice) -> list[MoveId]:
    return [t.move.id for t in advice.kept]


def test_where_one_gpu_carries_the_peak_nothing_is_advised() -> None:
    advice = ask("azure-conversation")
    assert advice.metric is None
    assert kept(advice) == []
    assert advice.state == advice.baseline
    assert set(reasons(advice).values()) == {"Nothing fails that it would mend."}


def test_where_every_target_holds_only_what_lowers_the_rent_is_kept() -> None:
    """Speculation would make tokens twice as fast that are fast enough, and take weeks."""
    advice = ask("steady-extraction")
    assert advice.metric == "cost"
    assert "Every target holds" in advice.why
    assert "TPOT target" in advice.why
    assert kept(advice)[0] == "weights_8bit"
    assert "speculation" not in kept(advice)
    assert advice.baseline is not None
    assert advice.state is not None
    assert advice.state.usd_per_month < advice.baseline.usd_per_month
    assert reasons(advice)["speculation"].endswith("Every target holds without it.")
    assert "TPOT −" in reasons(advice)["speculation"]


def test_tokens_that_are_said_to_come_too_slowly_are_mended_by_lighter_weights_then_speculation() -> None:
    advice = ask("steady-extraction", "tpot")
    assert kept(advice)[:2] == ["weights_8bit", "speculation"]
    assert advice.baseline is not None
    assert advice.state is not None
    assert advice.state.tpot_ms < advice.baseline.tpot_ms / 2
    assert advice.state.usd_per_month <= advice.baseline.usd_per_month


def test_a_first_token_that_is_said_to_come_too_late_is_first_mended_by_the_prompt() -> None:
    advice = ask("near-the-crossover", "ttft")
    assert kept(advice)[0] == "prompt_order"
    assert advice.why.startswith("Your choice. As modelled:")
    assert "speculation" not in kept(advice)
    assert "Does not act on what fails" in reasons(advice)["speculation"]


def test_a_batch_cap_of_one_is_lifted_in_the_base_line() -> None:
    capped, plain = ask("near-the-crossover", techniques={"batch_cap": 1}), ask("near-the-crossover")
    assert capped.baseline is not None
    assert plain.baseline is not None
    assert capped.baseline.usd_per_month == plain.baseline.usd_per_month
    assert capped.design.techniques.batch_cap > 2


def test_the_advice_is_never_dearer_than_the_verdict_where_it_may_use_the_same_formats() -> None:
    for name in ("steady-extraction", "eu-public-sector", "own-servers-at-scale", "near-the-crossover"):
        plain = read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY)
        found = evaluate(plain, CATALOG)
        assert found.build is not None
        assert found.build.plan is not None
        advice = advise(found.build.plan, Inputs(plain, found.demand, CATALOG))
        assert advice.state is not None
        assert advice.state.usd_per_month <= found.build.plan.rent_usd_per_month + 0.5


def test_a_target_that_no_replica_meets_as_released_is_what_fails_not_that_it_does_not_fit() -> None:
    changes: dict[str, Any] = {"targets": {"ttft_p95_ms": 5_000, "tpot_ms": 5.0}, "techniques": {"speculation": True}}
    advice = ask("steady-extraction", **changes)
    assert advice.baseline is None
    assert advice.metric == "tpot"
    assert "the target is 5 ms" in advice.why
    assert advice.state is not None
    assert "speculation" in kept(advice)


@pytest.mark.parametrize("name", ["steady-extraction", "air-gapped", "small-internal-tool", "peaky-at-scale"])
def test_every_move_is_named_once_with_a_reason(name: str) -> None:
    advice = ask(name)
    assert sorted(t.move.id for t in advice.tried) == sorted(MOVES)
    assert all(t.reason.endswith(".") for t in advice.tried)
    assert len(advice.kept) <= framework().thresholds.winners_count.central


def test_a_model_released_in_four_bit_has_no_lighter_weights_to_try() -> None:
    found = reasons(ask("air-gapped"))
    assert "8 bit or below already" in found["weights_8bit"]
    assert "released in MXFP4 already" in found["weights_4bit"]


def test_four_bit_weights_are_tried_only_where_the_user_allows_them() -> None:
    refused = ask("steady-extraction")
    assert "not among the weight formats you allow" in reasons(refused)["weights_4bit"]
    allowed = ask("steady-extraction", hardware={"precisions": ["bf16", "fp8", "int4", "nvfp4"]})
    assert "not among" not in reasons(allowed)["weights_4bit"]


def test_an_eight_bit_cache_is_not_tried_on_short_requests() -> None:
    assert (
        "below about 7,000"
        in reasons(ask("steady-extraction", "cost", workload={"input_tok": 600, "input_p95_tok": 900, "cells": []}))[
            "kv_fp8"
        ]
    )


def test_drafts_that_are_seldom_accepted_are_not_tried() -> None:
    advice = ask("steady-extraction", techniques={"acceptance_frac": 0.4})
    assert "accepted 40% of the time" in reasons(advice)["speculation"]
    assert "speculation" not in kept(advice)


def test_how_the_user_would_speculate_is_kept_and_sized() -> None:
    """Using the set must not lose a typed acceptance, nor be judged by another one."""
    good, poor = (
        ask("steady-extraction", "tpot", techniques={"acceptance_frac": share, "draft_tok": 5})
        for share in (0.95, 0.65)
    )
    for advice, share in ((good, 0.95), (poor, 0.65)):
        assert (advice.design.techniques.acceptance_frac, advice.design.techniques.draft_tok) == (share, 5)
    gains = [next(t.gain_frac for t in a.tried if t.move.id == "speculation") for a in (good, poor)]
    assert gains[0] > gains[1]


def test_pools_are_refused_with_each_condition_that_is_missed() -> None:
    said = reasons(ask("small-internal-tool", "tpot"))["disaggregation"]
    assert "tokens a day, below 100M" in said
    assert "tokens in for one out, below 10" in said
    assert "parameters" not in said  # DeepSeek is large enough


def test_dense_models_have_no_experts_to_spread() -> None:
    assert "has no experts" in reasons(ask("steady-extraction", "cost"))["whole_experts"]


def test_a_move_pinned_out_is_not_used_and_one_pinned_in_is_used_whatever_it_costs() -> None:
    free = ask("steady-extraction")
    without = ask("steady-extraction", pins={"weights_8bit": "out"})
    assert "weights_8bit" not in kept(without)
    assert reasons(without)["weights_8bit"] == "Pinned out by you."
    assert without.state is not None
    assert free.state is not None
    assert without.state.usd_per_month > free.state.usd_per_month
    forced = ask("steady-extraction", pins={"disaggregation": "in"})
    assert "disaggregation" in kept(forced)
    assert reasons(forced)["disaggregation"].startswith("Pinned in by you:")
    assert forced.state is not None
    assert forced.state.plan.prefill_replicas > 0


def test_a_pin_that_leaves_no_fleet_is_said_and_not_applied() -> None:
    """Two pools and a spare of each take four GPUs at least; three carry the load together."""
    advice = ask("near-the-crossover", pins={"disaggregation": "in"}, hardware={"max_gpus": 3})
    assert "disaggregation" not in kept(advice)
    assert "no fleet" in reasons(advice)["disaggregation"]
    assert advice.state is not None


@pytest.mark.parametrize("metric", [None, "ttft", "tpot", "cost", "fit"])
@pytest.mark.parametrize("name", ["steady-extraction", "air-gapped", "own-servers-at-scale"])
def test_what_is_kept_gains_enough_and_never_raises_the_rent(name: str, metric: MetricId | None) -> None:
    advice = ask(name, metric)
    for tried in advice.kept:
        assert tried.gain_frac >= framework().thresholds.keep_gain_frac.central
        assert tried.after is not None
        if tried.before is not None:
            assert tried.after.usd_per_month <= tried.before.usd_per_month + 0.5


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.sampled_from(["steady-extraction", "air-gapped", "near-the-crossover"]),
    st.sampled_from([None, "ttft", "tpot", "cost", "fit"]),
    st.dictionaries(st.sampled_from(MOVES), st.sampled_from(["in", "out"]), max_size=4),
)
def test_any_metric_and_pins_give_one_reason_each(name: str, metric: MetricId | None, pins: dict[MoveId, Pin]) -> None:
    advice = ask(name, metric, pins)
    assert sorted(t.move.id for t in advice.tried) == sorted(MOVES)
    assert not any(t.kept for t in advice.tried if pins.get(t.move.id) == "out")
    for tried in advice.tried:
        if pins.get(tried.move.id) == "in":
            assert tried.kept or "no fleet" in tried.reason


def test_gains_are_of_the_metric_that_fails() -> None:
    advice = ask("steady-extraction", "tpot")
    first = advice.kept[0]
    assert first.before is not None
    assert first.after is not None
    assert first.gain_frac == pytest.approx(1 - first.after.tpot_ms / first.before.tpot_ms)
    rent = ask("steady-extraction").kept[0]
    assert rent.before is not None
    assert rent.after is not None
    assert rent.gain_frac == pytest.approx(1 - rent.after.usd_per_month / rent.before.usd_per_month)
    assert gain_frac(first.before, None, "tpot") == 0
    assert gain_frac(None, first.after, "fit") == 1


def test_the_file_orders_known_moves_for_each_metric_and_names_every_move_and_metric_once() -> None:
    known = framework()
    assert len({m.id for m in known.moves}) == len(known.moves) == 8
    assert {m.id for m in known.metrics} == {"ttft", "tpot", "cost", "fit"}
    for metric in known.metrics:
        assert len(set(metric.moves)) == len(metric.moves)
    used = {move for metric in known.metrics for move in metric.moves}
    assert used == set(MOVES)
    names = {getattr(known.thresholds, name).source for name in type(known.thresholds).model_fields}
    assert names <= set(known.sources)
