"""What each technique's effect means, and what the chosen set is worth, in words."""

from collections.abc import Mapping, Sequence
from math import inf, isfinite, isinf

import numpy as np

from calculators.catalog.techniques import TechniqueId
from calculators.fleet.plan import FleetPlan
from calculators.performance.replica import replica_arrays
from calculators.performance.speculation import basis_words, drafts, loss_from_batch, speedup_ratio
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Techniques
from calculators.techniques.effects import CumulativeStep, TechniqueEffect, is_on
from calculators.techniques.fleets import FleetState, kv_transfer_ms
from calculators.techniques.fleets_text import SAME_FRAC
from calculators.units import count, milliseconds, multiple_of, percent, plural, significant, usd

SHORT_NAMES: Mapping[TechniqueId, str] = {
    "batching": "Batching",
    "prefix_caching": "Prefix caching",
    "quantization": "Quantization",
    "speculation": "Speculative decoding",
    "parallelism": "Parallelism",
    "disaggregation": "Disaggregation",
}
NO_DECODE = "Not applicable: with one output token per request there is no decode to speed up."
FAR_RATIO = 10.0
"""A higher gain in load means that the other fleet is at the edge of a target."""


def use_text(effect: TechniqueEffect, chosen: Techniques) -> str:
    """Whether the verdict's fleet uses a technique; one that is allowed and not used is not off."""
    if effect.is_used:
        return "used"
    if not is_on(chosen, effect.id):
        return "off"
    return "allowed, not needed" if effect.with_it else "allowed, not possible"


def without_fleet(effects: Sequence[TechniqueEffect], plan: FleetPlan, inputs: Inputs) -> list[str]:
    """Why each technique that has no fleet with it has none, as 'Parallelism: RunPod has no server …'."""
    missing = [effect for effect in effects if effect.with_it is None]
    return [f"{SHORT_NAMES[effect.id]}: {_why_no_fleet(effect, plan, inputs)}" for effect in missing]


def _why_no_fleet(effect: TechniqueEffect, plan: FleetPlan, inputs: Inputs) -> str:
    if effect.id in ("parallelism", "disaggregation"):
        return effect_text(effect, plan, inputs)
    return "With it, no fleet of this model on this GPU meets the targets."


def effect_text(effect: TechniqueEffect, plan: FleetPlan, inputs: Inputs) -> str:
    """What is compared for one technique, and what stands out."""
    made = effect.with_it.plan if effect.with_it else plan
    if effect.id in ("batching", "speculation") and inputs.demand.output_tok <= 1:
        return NO_DECODE
    match effect.id:
        case "batching":
            return (
                f"A batch of up to {plural(max(round(made.capacity.batch), 1), 'request')} shares each read of the weights, "
                "compared with one request at a time and no TTFT target."
            )
        case "prefix_caching":
            hit = percent(inputs.scenario.workload.self_hit_frac)
            return f"At a prefix-cache hit rate of {hit} when self-hosted; see Prompt structure."
        case "quantization":
            return _quantization(effect, plan, inputs)
        case "speculation":
            return _speculation(made, inputs)
        case "parallelism":
            return _parallelism(effect, plan, inputs)
        case _:
            return _disaggregation(effect, inputs)


def _quantization(effect: TechniqueEffect, plan: FleetPlan, inputs: Inputs) -> str:
    released = plan.config.model.published.native_precision
    cache = " with an FP8 KV cache" if inputs.scenario.techniques.kv_cache == "fp8" else ""
    chosen = effect.with_it.plan.config.precision if effect.with_it else released
    if chosen == released and not cache:
        return f"The model is released in {released.upper()}, and Candidates allows no coarser precision."
    text = f"{chosen.upper()}{cache} vs. the released {released.upper()}"
    if effect.without and effect.with_it:
        wide, narrow = (s.plan.config.gpus_count for s in (effect.without, effect.with_it))
        text += f", on {plural(narrow, 'GPU')} per replica instead of {wide}" if wide != narrow else ""
    if not effect.is_used:
        text += "; the verdict keeps the released precision because a coarser one does not lower the rent"
    return f"{text}. Evaluate quality on your hardest task first."


def _parallelism(effect: TechniqueEffect, plan: FleetPlan, inputs: Inputs) -> str:
    experts = " with expert parallelism" if inputs.scenario.techniques.expert_parallelism else ""
    if effect.is_used:
        return f"{plan.config.gpus_count} GPUs per replica{experts} (the verdict) vs. one."
    if effect.with_it is None:
        return f"With {plan.offer.provider}, no server with this GPU holds a larger replica within your maximum number of GPUs."
    return f"{effect.with_it.plan.config.gpus_count} GPUs per replica{experts} vs. one (the verdict)."


def _speculation(plan: FleetPlan, inputs: Inputs) -> str:
    chosen, config, batch = inputs.scenario.techniques, plan.config, max(plan.capacity.batch, 1.0)
    context = inputs.demand.input_tok + inputs.demand.output_tok / 2
    drafted = drafts([config], chosen, inputs.catalog, np.zeros(1))
    arrays = replica_arrays([config], inputs.catalog)
    gain = float(speedup_ratio(arrays, np.array([batch]), np.array([context]), drafted)[0, 0])
    loss = float(loss_from_batch(arrays, context, drafted)[0])
    limit = (
        f"slower from batch {count(round(loss))} on" if isfinite(loss) else "faster at every batch size up to the cap"
    )
    yielded = f"{plural(float(drafted.tokens_per_pass[0, 0]), 'token')} per pass"
    basis = basis_words(config.model, chosen, inputs.catalog)
    return f"{plural(chosen.draft_tok, 'drafted token')}, {yielded}, {basis}: {significant(gain)}x as fast at batch {count(round(batch))}; {limit}."


def _disaggregation(effect: TechniqueEffect, inputs: Inputs) -> str:
    if effect.with_it is None:
        return "No pair of prefill and decode pools for this model on this GPU meets the targets."
    made = effect.with_it.plan
    rate = inputs.catalog.technique_rules.transfer_gb_s.central
    return (
        f"{plural(made.prefill_workers, 'prefill replica')} and {plural(made.replicas, 'decode replica')}, plus spares for both pools. Transferring the "
        f"KV cache of a long prompt takes {milliseconds(kv_transfer_ms(made.config, inputs))} at {significant(rate)} GB/s "
        "(assumed)."
    )


# --- takeaways ---------------------------------------------------------------------------------------------------


def technique_takeaway(
    effects: Sequence[TechniqueEffect], saved: Mapping[TechniqueId, float], chosen: Techniques
) -> str:
    """Which enabled technique costs money or else saves most, and which disabled one would help. `saved`: USD/month on
    the cheapest self-hosted option, by switch."""
    on = {technique: amount for technique, amount in saved.items() if is_on(chosen, technique)}
    off = {technique: amount for technique, amount in saved.items() if technique not in on}
    return f"{_enabled(on)}; {_best_off([e for e in effects if e.id in off], off)}."


def _enabled(saved: Mapping[TechniqueId, float]) -> str:
    """The enabled technique that costs most; if none costs anything, the one that saves most."""
    worst = min(saved, key=lambda technique: saved[technique], default=None)
    if worst is not None and saved[worst] <= -0.5:
        costs = f"costs {usd(-saved[worst])}/month more: switching it off gives a cheaper fleet"
        return f"{SHORT_NAMES[worst]} {costs}"
    best = max(saved, key=lambda technique: saved[technique], default=None)
    if best is None or saved[best] < 0.5:
        return "Beyond batching, no enabled technique lowers cost: switching any off leaves the cheapest fleet at the same price"
    if isinf(saved[best]):
        return f"Without {SHORT_NAMES[best].lower()} no fleet qualifies"
    return f"{SHORT_NAMES[best]} saves the most: without it the cheapest fleet costs {usd(saved[best])}/month more"


def _best_off(effects: Sequence[TechniqueEffect], saved: Mapping[TechniqueId, float]) -> str:
    best = max(saved, key=lambda technique: saved[technique], default=None)
    if best is not None and 0.5 <= saved[best] < inf:
        return f"{SHORT_NAMES[best].lower()}, now off, would save another {usd(saved[best])}/month"
    for metric in ("TPOT", "TTFT"):
        for e in effects:
            if e.without and e.with_it and e.saves_usd_per_month > -0.5:
                was, now = (s.tpot_ms if metric == "TPOT" else s.ttft_ms for s in (e.without, e.with_it))
                if isfinite(was) and now < 0.9 * was:
                    change = f"{metric} from {milliseconds(was)} to {milliseconds(now)} at the same rent"
                    return f"{SHORT_NAMES[e.id].lower()}, not used now, would cut {change}"
    return "no disabled technique would help"


def step_takeaway(steps: Sequence[CumulativeStep]) -> str:
    """What the chosen set saves together, compared with batching alone."""
    first, last, more = steps[0].state, steps[-1].state, len(steps) - 1
    if last is None:
        return "No fleet of this model on this GPU serves the peak."
    if first is None:
        enabler = next(SHORT_NAMES[step.id].lower() for step in steps if step.state)
        return f"Batching alone cannot serve the peak with this model and GPU; {enabler} makes it possible."
    if more == 0:
        return "The fleet uses batching only; no other technique is in use."
    return f"{_together(more, first, last)}. Each is sized on top of those before it."


def _together(more: int, first: FleetState, last: FleetState) -> str:
    """What lies between two fleets."""
    who, s = (
        (f"Together, {more} techniques on top of batching", "")
        if more > 1
        else ("One technique on top of batching", "s")
    )
    saved, load = first.usd_per_month - last.usd_per_month, last.req_s_per_gpu / first.req_s_per_gpu
    if saved > 0.5:
        return f"{who} save{s} {usd(saved)} of {usd(first.usd_per_month)}/month"
    if saved < -0.5:
        return f"{who} cost{s} {usd(-saved)}/month more"
    if load > FAR_RATIO:
        return (
            f"{who} leave{s} the rent unchanged, but without {'it' if s else 'them'} a replica barely meets its targets"
        )
    unchanged = f"{who} leave{s} the rent unchanged"
    if abs(load - 1) < SAME_FRAC:
        return unchanged
    carries = multiple_of(load, "the load")
    return f"{unchanged}: a GPU carries {carries}, but capacity is added in whole servers"


def rent_moves(steps: Sequence[CumulativeStep]) -> bool:
    """Whether any step changes the rent."""
    rents = [step.state.usd_per_month for step in steps if step.state]
    return max(rents) - min(rents) > 0.5
