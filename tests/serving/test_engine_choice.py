"""Which engine a workload speaks for: the rule, its evidence, and that a small gap is called small."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calculators.catalog.load import ROOT, load_catalog
from calculators.catalog.serving import stack_file
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.plan import FleetPlan
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Targets, Techniques
from calculators.serving.engine_choice import ABResult, AxisVerdict, EngineChoice, choose_engine, has_heads
from calculators.units import percent

CATALOG = load_catalog()
TODAY = date(2026, 11, 26)
SCENARIO = read_scenario(ROOT / "scenarios/steady-extraction.yaml", TODAY)
FOUND: Evaluation = evaluate(SCENARIO, CATALOG)


def plan_of(
    model: str = "qwen3.5-27b", gpu: str = "h100-sxm", precision: Any = "fp8", tp: int = 1, **more: Any
) -> FleetPlan:
    assert FOUND.build is not None
    assert FOUND.build.plan is not None
    plan = FOUND.build.plan
    config = ReplicaConfig(CATALOG.model(model), CATALOG.gpu(gpu), precision, tp, **more)
    return replace(plan, capacity=replace(plan.capacity, config=config))


def scenario_of(targets: Targets | None = None, workload: dict[str, Any] | None = None, **techniques: Any) -> Scenario:
    return SCENARIO.model_copy(
        update={
            "targets": targets or SCENARIO.targets,
            "workload": SCENARIO.workload.model_copy(update=workload or {}),
            "techniques": Techniques(**techniques),
        }
    )


def chosen(plan: FleetPlan | None = None, scenario: Scenario | None = None, **more: Any) -> EngineChoice:
    return choose_engine(plan or plan_of(), Inputs(scenario or SCENARIO, FOUND.demand, CATALOG), **more)


def axis(stack: EngineChoice, name: str) -> AxisVerdict:
    return next(verdict for verdict in stack.axes if verdict.axis.id == name)


def test_vllm_is_the_default_and_a_gap_inside_the_models_error_is_too_close_to_call() -> None:
    found = chosen()
    assert found.engine == "vllm"
    assert found.certainty == "too close to call"
    assert abs(found.gap_frac) <= found.error_frac
    assert found.sentence.endswith("inside model error. Benchmark both.")


def test_the_sentence_says_how_far_the_other_engine_is_on_both_latencies() -> None:
    found = chosen()
    vllm, sglang = found.modeled[:2]
    higher = sglang.ttft_ms > vllm.ttft_ms
    gap = percent(abs(sglang.ttft_ms / vllm.ttft_ms - 1))
    assert f"TTFT {gap} {'higher' if higher else 'lower'}, as modeled" in found.sentence
    assert "SGLang: TPOT " in found.sentence


def test_one_gpu_is_not_tensor_parallel_and_a_prefix_has_both_shares() -> None:
    model = "deepseek-v3.2"
    assert axis(chosen(plan_of(model, "mi355x", tp=1)), "model").here.endswith(", single GPU")
    assert axis(chosen(plan_of(model, tp=8)), "model").here.endswith(", tensor-parallel")
    prefix = axis(chosen(scenario=scenario_of(workload={"cacheable_frac": 0.5, "self_hit_frac": 0.25})), "prefix")
    assert prefix.here == "50% achievable, 25% in this plan"


def test_very_large_experts_that_are_spread_speak_for_no_engine_alone() -> None:
    """An independent harness runs them on all three, so nobody's own report decides."""
    found = chosen(plan_of("deepseek-v3.2", tp=8, expert_ranks=8), scenario_of(expert_parallelism=True))
    assert axis(found, "model").case.id == "large_moe_spread"
    assert axis(found, "model").speaks_for is None
    assert (found.engine, found.certainty) == ("vllm", "too close to call")


def test_two_pools_speak_for_sglang_but_do_not_decide_alone() -> None:
    found = chosen(plan_of("deepseek-v3.2", tp=8), scenario_of(disaggregation=True))
    assert axis(found, "disaggregation").speaks_for == "sglang"
    assert (found.engine, found.certainty) == ("vllm", "too close to call")


@pytest.mark.parametrize(("model", "case"), [("deepseek-v3.2", "large_moe"), ("qwen3-30b-a3b", "moe")])
def test_experts_on_one_machine_are_told_by_their_size(model: str, case: str) -> None:
    assert axis(chosen(plan_of(model, tp=8)), "model").case.id == case


def test_tensorrt_llm_is_rated_where_it_is_measured() -> None:
    """InferenceX runs it on large experts, two pools, racks and draft heads."""
    found = chosen(plan_of("deepseek-v3.2", tp=8, expert_ranks=8), scenario_of(speculation=True, disaggregation=True))
    assert {axis(found, name).case.tensorrt_llm for name in ("model", "speculation", "disaggregation")} == {"fits"}


@pytest.mark.parametrize(("result", "engine"), [("sglang", "sglang"), ("vllm", "vllm")])
def test_an_ab_on_own_traffic_decides(result: ABResult, engine: str) -> None:
    found = chosen(scenario=scenario_of(workload={"cacheable_frac": 0.8}), ab_result=result)
    assert (found.engine, found.certainty) == (engine, "measured")


def test_a_large_shared_prefix_without_an_ab_is_too_close_to_call() -> None:
    found = chosen(plan_of(gpu="l40s"), scenario_of(workload={"cacheable_frac": 0.8}))
    assert axis(found, "prefix").case.id == "high"
    assert (found.engine, found.certainty) == ("vllm", "too close to call")


def test_a_prefix_that_is_not_cached_does_not_count() -> None:
    found = chosen(scenario=scenario_of(workload={"cacheable_frac": 0.8}, prefix_caching=False))
    assert axis(found, "prefix").case.id == "off"


def test_modeled_speeds_count_no_cache_hits_with_prefix_caching_off() -> None:
    def speeds(hit_frac: float, prefix_caching: bool) -> object:
        workload = {"self_hit_frac": hit_frac}
        return chosen(scenario=scenario_of(workload=workload, prefix_caching=prefix_caching)).modeled

    assert speeds(0.9, prefix_caching=False) == speeds(0.0, prefix_caching=False)
    assert speeds(0.9, prefix_caching=True) != speeds(0.0, prefix_caching=True)


def test_sixty_percent_itself_is_not_above_sixty() -> None:
    assert axis(chosen(scenario=scenario_of(workload={"cacheable_frac": 0.6})), "prefix").case.id == "low"
    assert axis(chosen(scenario=scenario_of(workload={"cacheable_frac": 0.61})), "prefix").case.id == "high"


@pytest.mark.parametrize("gpu", ["mi300x", "mi325x", "mi355x"])
def test_tensorrt_llm_is_never_offered_on_amd(gpu: str) -> None:
    tight = Targets(ttft_p95_ms=200, tpot_ms=10)
    found = chosen(plan_of(gpu=gpu), scenario_of(targets=tight))
    assert axis(found, "hardware").case.tensorrt_llm == "no"
    assert axis(found, "latency").speaks_for is None
    assert "tensorrt_llm" not in {m.engine for m in found.modeled}


@pytest.mark.parametrize(
    ("gpu", "case"), [("h100-sxm", "tight"), ("b200-sxm", "tight"), ("a100-80gb-sxm", "tight_elsewhere")]
)
def test_tight_latency_speaks_for_tensorrt_llm_on_hopper_and_blackwell_only(gpu: str, case: str) -> None:
    found = chosen(plan_of(gpu=gpu), scenario_of(targets=Targets(ttft_p95_ms=400, tpot_ms=30)))
    assert axis(found, "latency").case.id == case
    assert found.engine == "vllm", "both targets are met by the plan, so nothing justifies the engineering"


def test_one_loose_target_is_not_tight() -> None:
    assert (
        axis(chosen(scenario=scenario_of(targets=Targets(ttft_p95_ms=400, tpot_ms=50))), "latency").case.id == "loose"
    )
    assert (
        axis(chosen(scenario=scenario_of(targets=Targets(ttft_p95_ms=None, tpot_ms=None))), "latency").case.id == "none"
    )


@pytest.mark.parametrize(("share", "case"), [(0.0, "none"), (0.2, "some"), (0.5, "most"), (1.0, "most")])
def test_structured_output_counts_by_its_share(share: float, case: str) -> None:
    assert axis(chosen(schema_frac=share), "schema").case.id == case


def test_a_replica_over_several_machines_speaks_for_sglang() -> None:
    plan = plan_of("deepseek-v3.2", "gb200", tp=8)
    several = replace(plan, offer=replace(plan.offer, gpus_per_machine=4))
    assert axis(chosen(several), "nodes").speaks_for == "sglang"
    assert axis(chosen(plan_of()), "nodes").case.id == "one"


def test_heads_of_the_model_itself_are_known() -> None:
    speculation = scenario_of(speculation=True)
    assert axis(chosen(plan_of("deepseek-v3.2", tp=8), speculation), "speculation").case.id == "heads"
    assert axis(chosen(plan_of("llama-3.3-70b", tp=2), speculation), "speculation").case.id == "draft"
    assert (
        axis(chosen(plan_of("llama-3.3-70b", tp=2, pipeline_stages=2), speculation), "speculation").speaks_for == "vllm"
    )
    assert not has_heads(plan_of("gpt-oss-120b").config, "vllm")


def test_heads_that_one_engine_lists_speak_for_it() -> None:
    config = plan_of("minimax-m3", tp=8).config
    assert (has_heads(config, "vllm"), has_heads(config, "sglang")) == (True, False)
    verdict = axis(chosen(plan_of("minimax-m3", tp=8), scenario_of(speculation=True)), "speculation")
    assert (verdict.case.id, verdict.speaks_for) == ("heads_vllm", "vllm")


def test_every_model_with_heads_has_a_profile() -> None:
    heads = stack_file().heads
    assert {*heads.both, *heads.vllm, *heads.sglang} <= set(CATALOG.models)


def test_the_plan_is_modelled_on_the_engine_it_was_sized_for() -> None:
    """vLLM at the plan's batch: the same time per token as the plan's, but for the spread of lengths."""
    assert FOUND.build is not None
    assert FOUND.build.plan is not None
    plan = FOUND.build.plan
    found = choose_engine(plan, Inputs(SCENARIO, FOUND.demand, CATALOG))
    first = found.modeled[0]
    assert first.engine == "vllm"
    assert first.tpot_ms == pytest.approx(plan.capacity.tpot_ms, rel=0.15)
    assert first.tok_s == pytest.approx(plan.capacity.batch / first.tpot_ms * 1e3)


def test_every_reason_has_a_source_with_a_date_and_a_link_or_a_name() -> None:
    known = stack_file()
    cases = [case for a in known.axes for case in a.cases]
    assert len(cases) > 20
    assert {case.source for case in cases} <= set(known.sources)
    assert all(source.url or source.kind == "assumption" for source in known.sources.values())


def test_no_case_that_rests_on_a_seller_alone_decides_by_itself() -> None:
    """A slight edge told by who sells GPUs is shown, but does not turn the choice."""
    found = chosen(schema_frac=1.0)
    assert axis(found, "schema").speaks_for == "sglang"
    assert found.engine == "vllm"
    assert found.certainty == "too close to call"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    model=st.sampled_from(sorted(CATALOG.models)),
    gpu=st.sampled_from(sorted(CATALOG.offered_gpus)),
    tp=st.sampled_from([1, 2, 4, 8]),
    share=st.floats(0, 1),
    techniques=st.builds(
        Techniques,
        prefix_caching=st.booleans(),
        speculation=st.booleans(),
        disaggregation=st.booleans(),
        expert_parallelism=st.booleans(),
    ),
    result=st.sampled_from(["not run", "vllm", "sglang"]),
)
def test_any_plan_gets_one_engine_eight_axes_and_a_reason_each(
    model: str, gpu: str, tp: int, share: float, techniques: Techniques, result: ABResult
) -> None:
    scenario = SCENARIO.model_copy(update={"techniques": techniques})
    found = choose_engine(plan_of(model, gpu, "fp8", tp), Inputs(scenario, FOUND.demand, CATALOG), share, result)
    assert found.engine in ("vllm", "sglang")
    assert found.rival != found.engine
    assert len(found.axes) == 8
    assert all(verdict.here and verdict.case.reason for verdict in found.axes)
    assert all(m.tpot_ms > 0 and m.ttft_ms > 0 for m in found.modeled)
    assert (found.certainty == "measured") == (result != "not run")
