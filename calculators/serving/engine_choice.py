"""The serving engine for a workload: vLLM, SGLang or TensorRT-LLM, compared on eight axes with their evidence, and the
modeled speed of the same replica on each. The default is vLLM; only a measurement changes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calculators.catalog.base import Fraction
from calculators.catalog.serving import FITS, Axis, AxisCase, AxisId, ChoiceId, ServingEngine, stack_file
from calculators.fleet.plan import FleetPlan
from calculators.fleet.replica_capacity import measured_speed_ratios, scenario_case
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import first_token_overhead_s, prefill_s, tpot_s
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques
from calculators.units import count, milliseconds, percent, plural

ABResult = Literal["not run", "vllm", "sglang"]
Certainty = Literal["measured", "leaning", "too close to call"]
ENGINE_NAMES: Mapping[str, str] = {"vllm": "vLLM", "sglang": "SGLang", "tensorrt_llm": "TensorRT-LLM"}
SAME_LATENCY_FRAC = 0.005
"""A smaller gap is no gap in words."""


@dataclass(frozen=True, slots=True)
class AxisVerdict:
    """One axis and the case of it that this workload falls into."""

    axis: Axis
    case: AxisCase
    here: str
    """This workload's value on the axis, in words."""

    @property
    def speaks_for(self) -> ChoiceId | None:
        return self.case.speaks_for


@dataclass(frozen=True, slots=True)
class ModeledEngine:
    """Modeled TTFT, TPOT and throughput of the plan's replica on one engine, at the plan's batch."""

    engine: ChoiceId
    ttft_ms: float
    """Prefill of the mean prompt without queueing."""
    tpot_ms: float
    tok_s: float
    """Output tokens per second of the replica."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The recommended engine and its certainty, with the axes and modeled speeds behind it."""

    engine: ChoiceId
    rival: ChoiceId
    certainty: Certainty
    """measured: the user's A/B test decided; leaning: every axis that favors one engine favors this one; else too close."""
    sentence: str
    axes: tuple[AxisVerdict, ...]
    modeled: tuple[ModeledEngine, ...]
    """vLLM first."""

    gap_frac: float
    """The rival's modeled TPOT over the chosen engine's, less one; negative: the rival is faster."""
    error_frac: float
    """Median TPOT error of the speed model on runs left out of its fit. A smaller gap is inside model error."""


def choose_engine(
    plan: FleetPlan, inputs: Inputs, schema_frac: Fraction = 0.0, ab_result: ABResult = "not run"
) -> EngineChoice:
    """The recommended engine for a fleet plan. `schema_frac`: share of requests that must follow a schema. `ab_result`:
    which engine was faster in the user's A/B test."""
    axis_verdicts = axes(plan, inputs.scenario, schema_frac, ab_result)
    modeled = _modeled(plan, inputs)
    engine: ChoiceId = "vllm" if ab_result == "not run" else ab_result
    rival: ChoiceId = "vllm" if engine == "sglang" else "sglang"
    speeds = {m.engine: m for m in modeled}
    gap_frac = speeds[rival].tpot_ms / speeds[engine].tpot_ms - 1
    ttft_gap_frac = speeds[rival].ttft_ms / speeds[engine].ttft_ms - 1
    error_frac = inputs.catalog.efficiencies.tpot_error_median_frac
    certainty = _certainty(engine, axis_verdicts, ab_result)
    pulls = [v.axis.name.lower() for v in axis_verdicts if v.speaks_for == engine]
    gap = f"{ENGINE_NAMES[rival]}: {_gap_words(gap_frac, ttft_gap_frac, error_frac)}"
    sentence = _sentence(engine, certainty, pulls, gap)
    return EngineChoice(
        engine=engine,
        rival=rival,
        certainty=certainty,
        sentence=sentence,
        axes=axis_verdicts,
        modeled=modeled,
        gap_frac=gap_frac,
        error_frac=error_frac,
    )


def _certainty(engine: ChoiceId, axis_verdicts: tuple[AxisVerdict, ...], ab_result: ABResult) -> Certainty:
    if ab_result != "not run":
        return "measured"
    ahead = {v.speaks_for for v in axis_verdicts} & {"vllm", "sglang"}
    undecided = any(v.case.id == "high" for v in axis_verdicts)
    return "leaning" if ahead == {engine} and not undecided else "too close to call"


def _gap_words(tpot_gap_frac: float, ttft_gap_frac: float, error_frac: float) -> str:
    """How far the rival's modeled latencies are from the chosen engine's, and whether the TPOT gap means anything."""
    inside = "; the TPOT gap is inside model error" if abs(tpot_gap_frac) <= error_frac else ""
    return f"TPOT {_change(tpot_gap_frac)}, TTFT {_change(ttft_gap_frac)}, as modeled{inside}"


def _change(gap_frac: float) -> str:
    if abs(gap_frac) < SAME_LATENCY_FRAC:
        return "the same"
    return f"{percent(abs(gap_frac))} {'higher' if gap_frac > 0 else 'lower'}"


def _sentence(engine: ChoiceId, certainty: Certainty, pulls: list[str], gap: str) -> str:
    name = ENGINE_NAMES[engine]
    if certainty == "measured":
        return f"Use {name}: it was faster in the A/B test on your own traffic."
    if certainty == "leaning":
        return (
            f"Use {name}, the better fit on paper for {' and '.join(pulls)}. {gap}. Benchmark both before you commit."
        )
    return f"Use {name} (default). {gap}. Benchmark both."


# --- axes --------------------------------------------------------------------------------------------------------


def axes(plan: FleetPlan, scenario: Scenario, schema_frac: float, ab_result: ABResult) -> tuple[AxisVerdict, ...]:
    """All axes in the order of the file, each with the case that this workload falls into."""
    config, techniques = plan.config, scenario.techniques
    cases: dict[AxisId, tuple[str, str]] = {
        "model": _model_case(config, techniques),
        "hardware": _hardware_case(config),
        "prefix": _prefix_case(scenario, ab_result),
        "schema": _schema_case(schema_frac),
        "nodes": _nodes_case(plan),
        "speculation": _speculation_case(config, techniques),
        "disaggregation": ("on", "separate pools") if techniques.disaggregation else ("off", "same replicas"),
        "latency": _latency_case(config, scenario),
    }
    return tuple(
        AxisVerdict(axis, next(case for case in axis.cases if case.id == cases[axis.id][0]), cases[axis.id][1])
        for axis in stack_file().axes
    )


def _model_case(config: ReplicaConfig, techniques: Techniques) -> tuple[str, str]:
    params_b, experts = config.model.published.total_params_b, config.model.shape.mlp.experts
    if not experts:
        return "dense", f"{count(params_b * 1e9)} parameters, dense"
    if params_b <= stack_file().rule("moe_params_b"):
        return "moe", f"{count(params_b * 1e9)} parameters, {experts} experts"
    spread = config.expert_ranks > 1 or config.attention_ranks > 1 or techniques.disaggregation
    where = "tensor-parallel" if config.gpus_count > 1 else "single GPU"
    where = "expert-parallel or disaggregated" if spread else where
    return (
        "large_moe_spread" if spread else "large_moe",
        f"{count(params_b * 1e9)} parameters, {experts} experts, {where}",
    )


def _hardware_case(config: ReplicaConfig) -> tuple[str, str]:
    if config.gpu.vendor == "amd":
        return "amd", config.gpu.name
    return "nvidia_new" if config.gpu.generation in ("hopper", "blackwell") else "nvidia_old", config.gpu.name


def shared_prefix_frac(scenario: Scenario) -> float:
    """Share of the prompt common to requests, from the workload's hit rates; 0 where prefix caching is off."""
    workload = scenario.workload
    return max(workload.cacheable_frac, workload.self_hit_frac) if scenario.techniques.prefix_caching else 0.0


def _prefix_case(scenario: Scenario, ab_result: ABResult) -> tuple[str, str]:
    share, counted = shared_prefix_frac(scenario), scenario.own_hit_frac
    if share <= 0:
        return "off", "none, or caching off"
    words = percent(share) if counted == share else f"{percent(share)} achievable, {percent(counted)} in this plan"
    if share <= stack_file().rule("prefix_frac"):
        return "low", words
    case = {"not run": "high", "vllm": "high_vllm_won", "sglang": "high_sglang_won"}[ab_result]
    return case, f"{words}, {'no A/B test yet' if ab_result == 'not run' else 'A/B tested'}"


def _schema_case(schema_frac: float) -> tuple[str, str]:
    if schema_frac <= 0:
        return "none", "no schemas"
    return "most" if schema_frac >= stack_file().rule("schema_frac") else "some", f"{percent(schema_frac)} of requests"


def _nodes_case(plan: FleetPlan) -> tuple[str, str]:
    gpus = plan.config.gpus_count
    many = gpus > (plan.offer.gpus_per_machine or gpus)
    return (
        ("many", f"{plural(gpus, 'GPU')} on several machines")
        if many
        else ("one", f"{plural(gpus, 'GPU')} on one machine")
    )


def _speculation_case(config: ReplicaConfig, techniques: Techniques) -> tuple[str, str]:
    if not techniques.speculation:
        return "off", "off"
    if config.pipeline_stages > 1:
        return "pipeline", plural(config.pipeline_stages, "pipeline stage")
    engines = stack_file().heads.engines(config.model.id)
    if not engines:
        return "draft", "your own draft model"
    return "heads" if len(engines) > 1 else f"heads_{min(engines)}", "built-in draft heads"


def has_heads(config: ReplicaConfig, engine: ServingEngine) -> bool:
    """Whether the model was released with draft heads (MTP or EAGLE) that this engine can use."""
    return engine in stack_file().heads.engines(config.model.id)


def _latency_case(config: ReplicaConfig, scenario: Scenario) -> tuple[str, str]:
    targets, known = scenario.targets, stack_file()
    stated = [
        f"{name} {milliseconds(value)}"
        for name, value in (("TTFT", targets.ttft_p95_ms), ("TPOT", targets.tpot_ms))
        if value is not None
    ]
    here = " and ".join(stated) or "none"
    if not stated:
        return "none", here
    tight_first = targets.ttft_p95_ms is not None and targets.ttft_p95_ms <= known.rule("tight_ttft_ms")
    tight_token = targets.tpot_ms is not None and targets.tpot_ms <= known.rule("tight_tpot_ms")
    if not (tight_first and tight_token):
        return "loose", here
    ahead = config.gpu.vendor == "nvidia" and config.gpu.generation in ("hopper", "blackwell")
    return "tight" if ahead else "tight_elsewhere", here


# --- the same replica on each engine -----------------------------------------------------------------------------


def _modeled(plan: FleetPlan, inputs: Inputs) -> tuple[ModeledEngine, ...]:
    """Speed of the plan's replica on each engine, launched and corrected as the plan is, without speculative decoding or
    disaggregation, so that only the engine differs. vLLM first; TensorRT-LLM only on NVIDIA."""
    engines: list[ChoiceId] = ["vllm", "sglang", *(["tensorrt_llm"] if plan.config.gpu.vendor == "nvidia" else [])]  # type: ignore[list-item]
    configs = [replace(plan.config, engine=FITS[engine]) for engine in engines]
    m, batch = replica_arrays(configs, inputs.catalog), np.array([max(plan.capacity.batch, 1.0)])
    case, as_modeled = scenario_case(inputs), np.zeros((len(configs), 1))
    _, then_ratio, first_ratio = measured_speed_ratios(configs, case, batch, as_modeled)
    prompt, answer = np.array([inputs.demand.input_tok]), np.array([inputs.demand.output_tok])
    fresh = np.maximum(prompt * (1 - inputs.scenario.own_hit_frac), 1.0)
    tpot = tpot_s(m, batch, prompt, answer, fresh) / then_ratio
    prefill = prefill_s(m, batch - 1, prompt + answer / 2, fresh, prompt)
    first = (prefill + first_token_overhead_s(m)) / first_ratio
    return tuple(
        ModeledEngine(engine, float(f) * 1e3, float(t) * 1e3, float(batch[0] / t))
        for engine, f, t in zip(engines, first[:, 0], tpot[:, 0], strict=True)
    )
