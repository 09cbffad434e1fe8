"""vLLM, SGLang or TensorRT-LLM for this workload: what each axis speaks for, with its evidence, and what the speed model
makes of the same replica on each. vLLM unless something measured says otherwise; where nothing does, measure both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calculators.catalog.base import Fraction
from calculators.catalog.serving import FITS, Axis, AxisCase, AxisId, ChoiceId, stack_file
from calculators.fleet.staircase import FleetPlan
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import prefill_s, tpot_s
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques
from calculators.units import percent

ABResult = Literal["not run", "vllm", "sglang"]
Certainty = Literal["measured", "leaning", "too close to call"]
ENGINE_NAMES: Mapping[str, str] = {"vllm": "vLLM", "sglang": "SGLang", "tensorrt_llm": "TensorRT-LLM"}


@dataclass(frozen=True, slots=True)
class AxisVerdict:
    """One axis on this workload."""

    axis: Axis
    case: AxisCase
    here: str
    """What it is here, in words."""

    @property
    def speaks_for(self) -> ChoiceId | None:
        return self.case.speaks_for


@dataclass(frozen=True, slots=True)
class Modelled:
    """The plan's replica under an engine, at the plan's batch, through the speed model."""

    engine: ChoiceId
    ttft_ms: float
    """Prefill of the mean prompt, nobody waiting before it."""
    tpot_ms: float
    tok_s: float
    """Output of the replica."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine for a workload, and how sure that is."""

    engine: ChoiceId
    rival: ChoiceId
    certainty: Certainty
    """measured: your own A/B says so; leaning: axes speak for it, none against; else measure both."""
    sentence: str
    axes: tuple[AxisVerdict, ...]
    modelled: tuple[Modelled, ...]
    """vLLM first."""

    gap_frac: float
    """By how much the rival's modelled time per token is above the chosen engine's; negative: below."""
    error_frac: float
    """Of the speed model, the median over measured runs left out of its fit. A gap inside it says nothing."""


def choose_engine(
    plan: FleetPlan, inputs: Inputs, schema_frac: Fraction = 0.0, ab_result: ABResult = "not run"
) -> EngineChoice:
    """`schema_frac`: share of requests that must follow a schema. `ab_result`: which engine was faster on own traffic."""
    found = axes(plan, inputs.scenario, schema_frac, ab_result)
    modelled = _modelled(plan, inputs)
    engine = _engine(found, ab_result)
    rival: ChoiceId = "vllm" if engine == "sglang" else "sglang"
    tpot_ms = {m.engine: m.tpot_ms for m in modelled}
    gap_frac = tpot_ms[rival] / tpot_ms[engine] - 1
    error_frac = inputs.catalog.efficiencies.tpot_error_median_frac
    certainty = _certainty(engine, found, ab_result)
    pulls = [v.axis.name.lower() for v in found if v.speaks_for == engine]
    sentence = _sentence(engine, rival, certainty, pulls, _gap_words(ENGINE_NAMES[rival], gap_frac, error_frac))
    return EngineChoice(engine, rival, certainty, sentence, found, modelled, gap_frac, error_frac)


def _engine(found: tuple[AxisVerdict, ...], ab_result: ABResult) -> ChoiceId:
    """vLLM by default; SGLang for very large experts that are spread, or where an A/B has it ahead."""
    if ab_result != "not run":
        return ab_result
    return "sglang" if any(v.case.id == "large_moe_spread" for v in found) else "vllm"


def _certainty(engine: ChoiceId, found: tuple[AxisVerdict, ...], ab_result: ABResult) -> Certainty:
    if ab_result != "not run":
        return "measured"
    ahead = {v.speaks_for for v in found} & {"vllm", "sglang"}
    undecided = any(v.case.id == "high" for v in found)
    return "leaning" if ahead == {engine} and not undecided else "too close to call"


def _gap_words(rival: str, gap_frac: float, error_frac: float) -> str:
    if abs(gap_frac) <= error_frac:
        return f"{rival} is within {percent(abs(gap_frac))} of it per token"
    return f"the speed model has {rival} {percent(abs(gap_frac))} {'behind' if gap_frac > 0 else 'ahead'} per token"


def _sentence(engine: ChoiceId, rival: ChoiceId, certainty: Certainty, pulls: list[str], gap: str) -> str:
    name = ENGINE_NAMES[engine]
    if certainty == "measured":
        return f"{name} fits this workload: it was the faster one on your own traffic"
    if certainty == "leaning":
        return f"{name} fits this workload best on paper, because of {' and '.join(pulls)}; {gap}: measure both before you commit"
    return f"{name} fits this workload, as the default; {gap}: too close to call, measure both"


# --- axes --------------------------------------------------------------------------------------------------------


def axes(plan: FleetPlan, scenario: Scenario, schema_frac: float, ab_result: ABResult) -> tuple[AxisVerdict, ...]:
    """All axes in the order of the file, each with the case that holds."""
    config, techniques = plan.config, scenario.techniques
    cases: dict[AxisId, tuple[str, str]] = {
        "model": _model_case(config, techniques),
        "hardware": _hardware_case(config),
        "prefix": _prefix_case(scenario, ab_result),
        "schema": _schema_case(schema_frac),
        "nodes": _nodes_case(plan),
        "speculation": _speculation_case(config, techniques),
        "disaggregation": ("on", "pools of their own") if techniques.disaggregation else ("off", "together"),
        "latency": _latency_case(config, scenario),
    }
    return tuple(
        AxisVerdict(axis, next(case for case in axis.cases if case.id == cases[axis.id][0]), cases[axis.id][1])
        for axis in stack_file().axes
    )


def _model_case(config: ReplicaConfig, techniques: Techniques) -> tuple[str, str]:
    params_b, experts = config.model.published.total_params_b, config.model.shape.mlp.experts
    if not experts:
        return "dense", f"{params_b:,.0f} B, dense"
    if params_b <= stack_file().rule("moe_params_b"):
        return "moe", f"{params_b:,.0f} B, {experts} experts"
    spread = config.expert_ranks > 1 or config.attention_ranks > 1 or techniques.disaggregation
    where = "spread or in two pools" if spread else "sliced"
    return "large_moe_spread" if spread else "large_moe", f"{params_b:,.0f} B, {experts} experts, {where}"


def _hardware_case(config: ReplicaConfig) -> tuple[str, str]:
    if config.gpu.vendor == "amd":
        return "amd", config.gpu.name
    return "nvidia_new" if config.gpu.generation in ("hopper", "blackwell") else "nvidia_old", config.gpu.name


def shared_prefix_frac(scenario: Scenario) -> float:
    """Share of the prompt that requests have in common, as far as the workload says; 0 without a cache."""
    workload = scenario.workload
    return max(workload.cacheable_frac, workload.self_hit_frac) if scenario.techniques.prefix_caching else 0.0


def _prefix_case(scenario: Scenario, ab_result: ABResult) -> tuple[str, str]:
    share = shared_prefix_frac(scenario)
    if share <= 0:
        return "off", "none, or not cached"
    if share <= stack_file().rule("prefix_frac"):
        return "low", percent(share)
    case = {"not run": "high", "vllm": "high_vllm_won", "sglang": "high_sglang_won"}[ab_result]
    return case, f"{percent(share)}, {'no A/B yet' if ab_result == 'not run' else 'A/B done'}"


def _schema_case(schema_frac: float) -> tuple[str, str]:
    if schema_frac <= 0:
        return "none", "no schemas"
    return "most" if schema_frac >= stack_file().rule("schema_frac") else "some", f"{percent(schema_frac)} of requests"


def _nodes_case(plan: FleetPlan) -> tuple[str, str]:
    gpus = plan.config.gpus_count
    many = gpus > (plan.offer.gpus_per_machine or gpus)
    return ("many", f"{gpus} GPUs on several") if many else ("one", f"{gpus} {'GPU' if gpus == 1 else 'GPUs'} on one")


def _speculation_case(config: ReplicaConfig, techniques: Techniques) -> tuple[str, str]:
    if not techniques.speculation:
        return "off", "off"
    if config.pipeline_stages > 1:
        return "pipeline", f"over {config.pipeline_stages} stages"
    return ("heads", "the model's own heads") if has_heads(config) else ("draft", "a draft of your own")


def has_heads(config: ReplicaConfig) -> bool:
    """Whether the model was released with heads that draft for it."""
    return config.model.id in stack_file().heads.models


def _latency_case(config: ReplicaConfig, scenario: Scenario) -> tuple[str, str]:
    targets, known = scenario.targets, stack_file()
    stated = [
        f"{name} {value:,.0f} ms"
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


def _modelled(plan: FleetPlan, inputs: Inputs) -> tuple[Modelled, ...]:
    """Without speculation and with both phases on one replica: what only the engine changes."""
    engines: list[ChoiceId] = ["vllm", "sglang", *(["tensorrt_llm"] if plan.config.gpu.vendor == "nvidia" else [])]  # type: ignore[list-item]
    m = replica_arrays([replace(plan.config, engine=FITS[engine]) for engine in engines], inputs.catalog)
    batch = np.array([max(plan.capacity.batch, 1.0)])
    prompt, answer = np.array([inputs.demand.input_tok]), np.array([inputs.demand.output_tok])
    fresh = np.maximum(prompt * (1 - inputs.scenario.workload.self_hit_frac), 1.0)
    tpot = tpot_s(m, batch, prompt, answer, fresh)[:, 0]
    first = prefill_s(m, batch - 1, prompt + answer / 2, fresh, prompt)[:, 0] + m.first_token_overhead_ms[:, 0] / 1e3
    return tuple(
        Modelled(engine, float(f) * 1e3, float(t) * 1e3, float(batch[0] / t))
        for engine, f, t in zip(engines, first, tpot, strict=True)
    )
