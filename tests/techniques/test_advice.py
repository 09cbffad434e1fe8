"""From the failing metric to the shortest list: what is diagnosed, what is kept, and why the rest is not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from technique_cases import MXFP4_ONLY, TODAY, ask, fleet_of, kept, reasons

from calculators.catalog.load import ROOT
from calculators.catalog.techniques import MetricId, MoveId
from calculators.scenario.files import read_scenario
from calculators.techniques.advice import Pin, diagnosis, framework, gain_frac
from calculators.techniques.design import AdviceInputs, baseline

TIGHT: dict[str, Any] = {"targets": {"ttft_p95_ms": 5_000, "tpot_ms": 6.2}, "techniques": {"speculation": True}}
"""Tokens sooner than the released weights of a 27B model come on most GPUs."""
MOVES: tuple[MoveId, ...] = tuple(move.id for move in framework().moves)


def test_where_one_gpu_carries_the_peak_nothing_is_advised() -> None:
    even = {"peak_ratio": 1.2, "peak_range_ratio": None}
    advice = ask("azure-conversation", workload=even, candidates=MXFP4_ONLY)
    assert advice.metric is None
    assert kept(advice) == []
    assert advice.state == advice.baseline
    impossible = {"weights_8bit", "weights_4bit"}  # the model is released in MXFP4
    assert {why for move, why in reasons(advice).items() if move not in impossible} == {
        "Not needed: all targets are met."
    }


def test_where_every_target_holds_only_what_lowers_the_rent_is_kept() -> None:
    """What only makes tokens faster that are fast enough is not needed."""
    for launch in ("as_shipped", "tuned"):
        advice = ask("steady-extraction", hardware={"launch": launch})
        assert advice.metric == "cost"
        assert "All targets are met" in advice.why
        assert "the binding constraint of a baseline replica is the TPOT target" in advice.why
        assert kept(advice)[0] == "weights_8bit"
        assert advice.baseline is not None
        assert advice.state is not None
        assert advice.state.usd_per_month < advice.baseline.usd_per_month
        for trial in advice.tried:
            if trial.before is None or trial.after is None:
                continue
            lowers_rent = trial.after.usd_per_month < trial.before.usd_per_month - 0.5
            assert lowers_rent or not trial.kept
            assert lowers_rent or trial.reason.endswith("Not needed: all targets are met.")


def test_tokens_that_are_said_to_come_too_slowly_are_fixed_by_lighter_weights_then_speculation() -> None:
    advice = ask("steady-extraction", "tpot")
    assert kept(advice)[:2] == ["weights_8bit", "speculation"]
    assert advice.baseline is not None
    assert advice.state is not None
    assert advice.state.tpot_ms < advice.baseline.tpot_ms * 0.6
    assert advice.state.usd_per_month <= advice.baseline.usd_per_month


def test_a_first_token_that_is_said_to_come_too_late_is_first_fixed_by_the_prompt() -> None:
    advice = ask("near-the-crossover", "ttft")
    assert kept(advice)[0] == "prompt_order"
    assert advice.why.startswith("You chose this metric. Diagnosis: ")
    assert "speculation" not in kept(advice)
    assert "Not tried: it does not lower TTFT." in reasons(advice)["speculation"]


def test_the_advice_never_costs_more_than_the_verdict_where_it_may_use_the_same_formats() -> None:
    for name in ("steady-extraction", "eu-public-sector", "own-servers-at-scale", "near-the-crossover"):
        advice = ask(name)
        assert advice.state is not None
        plan, _ = fleet_of(read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY))
        assert advice.state.usd_per_month <= plan.rent_usd_per_month + 0.5


def test_a_target_that_no_replica_meets_as_released_is_what_fails_not_that_it_does_not_fit() -> None:
    advice = ask("steady-extraction", hardware={"launch": "tuned", "gpus": ["mi355x"]}, **TIGHT)
    assert advice.baseline is None
    assert advice.metric == "tpot"
    assert "the target is 6.2 ms" in advice.why
    assert advice.state is not None
    assert "speculation" in kept(advice)


def test_a_target_that_keeps_a_fleet_above_the_gpu_limit_is_what_fails() -> None:
    """The released weights meet the target at loads so low that the peak needs more GPUs than are allowed."""
    plan, inputs = fleet_of(read_scenario(ROOT / "scenarios/steady-extraction.yaml", TODAY))
    few = inputs.scenario.hardware.model_copy(update={"max_gpus": 2})
    limited = replace(inputs, scenario=inputs.scenario.model_copy(update={"hardware": few}))
    case = AdviceInputs(plan, limited, framework())
    start = case.state(baseline(case))
    assert start is None
    said = diagnosis(start, case, baseline(case))
    assert said.metric == "tpot"
    assert "within your maximum number of GPUs" in said.why
    assert "the binding constraint is the TPOT target" in said.why


@pytest.mark.parametrize("name", ["steady-extraction", "air-gapped", "small-internal-tool", "peaky-at-scale"])
def test_every_move_is_named_once_with_a_reason(name: str) -> None:
    advice = ask(name)
    assert sorted(t.move.id for t in advice.tried) == sorted(MOVES)
    assert all(t.reason.endswith(".") for t in advice.tried)
    assert len(advice.kept) <= framework().thresholds.winners_count.central


def test_a_move_pinned_out_is_not_used_and_one_pinned_in_is_used_whatever_it_costs() -> None:
    free = ask("steady-extraction")
    without = ask("steady-extraction", pins={"weights_8bit": "out"})
    assert "weights_8bit" not in kept(without)
    assert reasons(without)["weights_8bit"] == "Excluded by you."
    assert without.state is not None
    assert free.state is not None
    assert without.state.usd_per_month > free.state.usd_per_month
    forced = ask("steady-extraction", pins={"disaggregation": "in"})
    assert "disaggregation" in kept(forced)
    assert reasons(forced)["disaggregation"].startswith("Included by you.")
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
        if tried.pinned == "in":
            assert tried.kept or "no fleet" in tried.reason


def test_a_technique_that_the_model_cannot_use_cannot_be_included() -> None:
    """gpt-oss 120B is released in MXFP4: there are no 8-bit weights to include."""
    advice = ask("azure-conversation", pins={"weights_8bit": "in"}, candidates=MXFP4_ONLY)
    assert "weights_8bit" not in kept(advice)
    assert advice.state == ask("azure-conversation", candidates=MXFP4_ONLY).state


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


def test_a_technique_that_the_model_cannot_use_says_why_even_if_nothing_fails() -> None:
    advice = ask("azure-conversation", candidates=MXFP4_ONLY)
    assert reasons(advice)["weights_4bit"] == "The model is already released in MXFP4."
