"""Each technique on a real fleet: its mechanism, what it never touches, and that both pools are paid."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from technique_cases import CATALOG, SCENARIOS, all_six, both, evaluated, fleet, fleet_of, on_mi300x, with_switches

from calculators.catalog.techniques import TechniqueId
from calculators.scenario.schema import Techniques
from calculators.techniques.effects import (
    ORDER,
    cumulative_steps,
    is_on,
    is_used,
    switched,
    switched_saves_usd,
    technique_effects,
    techniques,
    with_techniques,
)

ANY = st.builds(
    Techniques,
    batch_cap=st.sampled_from([1, 8, 256]),
    prefix_caching=st.booleans(),
    quantization=st.booleans(),
    kv_cache=st.sampled_from(["bf16", "fp8"]),
    parallelism=st.booleans(),
    expert_parallelism=st.booleans(),
    speculation=st.booleans(),
    draft_tok=st.integers(1, 8),
    acceptance_frac=st.none() | st.floats(0.05, 0.95),
    disaggregation=st.booleans(),
)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_fleet_of_the_verdict_is_one_side_of_each_comparison(name: str) -> None:
    plan, inputs = fleet(name)
    for effect in technique_effects(plan, inputs):
        mine = effect.with_it if effect.is_used else effect.without
        assert mine is not None
        assert (mine.gpus, mine.usd_per_month) == (plan.gpus, pytest.approx(plan.rent_usd_per_month))


@pytest.mark.parametrize("name", SCENARIOS)
def test_batching_needs_fewer_gpus(name: str) -> None:
    alone, together = both(all_six(name)["batching"])
    assert together.gpus <= alone.gpus
    assert together.req_s_per_gpu > alone.req_s_per_gpu


@pytest.mark.parametrize("name", SCENARIOS)
def test_cached_prompts_never_raise_the_first_token_nor_the_rent(name: str) -> None:
    without, cached = both(all_six(name)["prefix_caching"])
    assert cached.ttft_ms <= without.ttft_ms * (1 + 1e-9)
    assert cached.usd_per_month <= without.usd_per_month
    assert cached.req_s_per_gpu >= without.req_s_per_gpu


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize(("acceptance", "drafts"), [(0.3, 8), (0.7, 3), (0.9, 5)])
def test_speculation_never_changes_the_first_token(name: str, acceptance: float, drafts: int) -> None:
    """But for the memory that draft layers take: fewer requests fit, whose prompts the first token waits for."""
    without, drafted = both(all_six(name, acceptance_frac=acceptance, draft_tok=drafts)["speculation"])
    assert drafted.ttft_ms == pytest.approx(without.ttft_ms, rel=0.005)


@pytest.mark.parametrize("name", SCENARIOS)
def test_disaggregation_pays_for_both_pools_and_both_spares(name: str) -> None:
    together, apart = both(all_six(name)["disaggregation"])
    plan = apart.plan
    assert min(plan.prefill_replicas, plan.replicas) >= 1
    assert plan.spare_replicas == 2 * together.plan.spare_replicas
    assert apart.gpus >= (plan.prefill_replicas + plan.replicas + plan.spare_replicas) * plan.config.tensor_parallel


def test_only_the_technique_in_question_differs_between_the_two_sides() -> None:
    """The format stays where only caching is switched, though another one might then be cheaper."""
    for name in (*SCENARIOS, "near-the-crossover"):
        for technique, effect in all_six(name).items():
            if (
                effect.without is None
                or effect.with_it is None
                or technique in ("quantization", "parallelism", "batching")
            ):
                continue  # one request at a time may take another format to fit the GPU limit at all
            one, other = (s.plan.config for s in (effect.without, effect.with_it))
            assert (one.precision, one.tensor_parallel) == (other.precision, other.tensor_parallel)


def test_a_format_that_is_allowed_and_not_taken_is_shown_against_the_released_one() -> None:
    effect = next(one for one in technique_effects(*on_mi300x()) if one.id == "quantization")
    released, coarser = both(effect)
    assert not effect.is_used
    assert (released.plan.config.precision, coarser.plan.config.precision) == ("bf16", "fp8")
    assert coarser.tpot_ms < released.tpot_ms


def test_a_model_that_fits_no_single_gpu_has_no_fleet_without_parallelism() -> None:
    effect = all_six("small-internal-tool")["parallelism"]
    assert effect.without is None
    assert effect.saves_usd_per_month == inf


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ANY, st.sampled_from(ORDER), st.booleans())
def test_a_switch_does_what_it_says_and_leaves_the_others_alone(chosen: Techniques, one: TechniqueId, on: bool) -> None:
    after = switched(chosen, one, on)
    assert is_on(after, one) is on
    assert all(is_on(after, t) == is_on(chosen, t) for t in ORDER if t != one)
    assert switched(after, one, on) == after


def test_the_file_holds_the_six_with_phase_trade_off_and_source() -> None:
    known = techniques()
    assert [t.id for t in known.techniques] == list(ORDER)
    assert {t.id for t in known.techniques if t.phases == ("decode",)} == {"batching", "speculation"}
    assert all(t.source in known.sources for t in known.techniques)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("chosen", [{}, {"speculation": True, "kv_cache": "fp8"}, {"disaggregation": True}])
def test_the_steps_lead_from_batching_alone_to_the_fleet_of_the_verdict(name: str, chosen: dict[str, object]) -> None:
    plan, inputs = fleet(name, **chosen)
    made = cumulative_steps(plan, inputs)
    assert made[0].id == "batching"
    last = made[-1].state
    assert last is not None
    assert (last.gpus, last.usd_per_month) == (plan.gpus, pytest.approx(plan.rent_usd_per_month))
    wanted = {t for t in ORDER if is_used(t, plan, inputs.scenario)}
    assert {step.id for step in made} >= wanted - {"parallelism"}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(ANY)
def test_any_set_of_switches_gives_an_answer_and_its_steps_end_at_it(chosen: Techniques) -> None:
    scenario = with_techniques(with_switches("steady-extraction"), chosen)
    build = evaluated(scenario).build
    if build is None or build.plan is None:
        return
    plan, inputs = fleet_of(scenario)
    made = technique_effects(plan, inputs)
    assert [e.id for e in made] == list(ORDER)
    assert all(s.tpot_ms > 0 for e in made for s in (e.without, e.with_it) if s)
    ends = cumulative_steps(plan, inputs)[-1].state
    assert ends is not None
    assert ends.usd_per_month == pytest.approx(plan.rent_usd_per_month)


@pytest.mark.parametrize("name", ["steady-extraction", "own-servers-at-scale"])
def test_the_verdict_without_a_technique_never_costs_more_than_the_table_says(name: str) -> None:
    """The table keeps the rest of the fleet; the verdict searches anew."""
    for technique in ("prefix_caching", "quantization"):
        without = all_six(name)[technique].without
        assert without is not None
        scenario = with_switches(name)
        other, _ = fleet_of(with_techniques(scenario, switched(scenario.techniques, technique, False)))
        assert other.rent_usd_per_month <= without.usd_per_month * (1 + 1e-9)


@pytest.mark.parametrize("name", ["near-the-crossover", "eu-public-sector", "air-gapped"])
def test_what_a_switch_saves_is_what_the_verdict_s_fleet_costs_more_without_it(name: str) -> None:
    scenario = with_switches(name)
    result = evaluated(scenario)
    saved = switched_saves_usd(result, CATALOG)
    assert set(saved) == set(ORDER) - {"batching"}
    assert result.build is not None
    for technique in ("prefix_caching", "quantization"):
        other = evaluated(with_techniques(scenario, switched(scenario.techniques, technique, False))).build
        assert other is not None
        assert saved[technique] == pytest.approx(other.usd_per_month - result.build.usd_per_month)
