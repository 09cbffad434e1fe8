"""The advice as a headline, its baseline, and what the user's own choices change, in words."""

from calculators.fleet.plan import FleetPlan
from calculators.scenario.schema import Techniques
from calculators.techniques.advice import TechniqueAdvice
from calculators.techniques.fleets import FleetState
from calculators.units import milliseconds, plural, usd


def advice_takeaway(advice: TechniqueAdvice) -> str:
    """The list of techniques and what it gains, in one sentence without a full stop."""
    names = [_inline(trial.move.name) for trial in advice.kept]
    start, end = advice.baseline, advice.state
    if not names:
        if advice.metric in (None, "cost") and end is not None:
            return "All targets are met and no technique lowers the rent: add none"
        return "No technique fixes this with this model and GPU"
    listed = ", then ".join(names)
    if start is None or end is None:
        return f"To serve this at all, add {listed}"
    return f"Add {listed}: {_gain(advice, start, end)}"


def _inline(name: str) -> str:
    """A technique's name within a sentence: lower case unless it begins with an abbreviation."""
    return name if name[:2].isupper() else f"{name[0].lower()}{name[1:]}"


def _gain(advice: TechniqueAdvice, start: FleetState, end: FleetState) -> str:
    """The failing metric and the rent, from the baseline to the advised fleet."""
    fell = abs(start.usd_per_month - end.usd_per_month) > 0.5
    rent = f"rent {usd(start.usd_per_month)} → {usd(end.usd_per_month)}/month" if fell else "rent unchanged"
    if advice.metric == "tpot":
        return f"TPOT {milliseconds(start.tpot_ms)} → {milliseconds(end.tpot_ms)}, {rent}"
    if advice.metric == "ttft":
        return f"TTFT {milliseconds(start.ttft_ms)} → {milliseconds(end.ttft_ms)}, {rent}"
    return f"{start.gpus} → {plural(end.gpus, 'GPU')}, {rent}"


def baseline_text(advice: TechniqueAdvice) -> str:
    """Why this metric, and what the baseline is."""
    start = advice.baseline
    figures = "infeasible"
    if start is not None:
        figures = (
            f"TTFT p95 {milliseconds(start.ttft_ms)}, TPOT {milliseconds(start.tpot_ms)}, {plural(start.gpus, 'GPU')} at "
            f"{usd(start.usd_per_month)}/month"
        )
    return f"{advice.why} Baseline (continuous batching, prefix caching, released weights): {figures}."


def verdict_costs_less(plan: FleetPlan, advice: TechniqueAdvice) -> str:
    """A sentence if the verdict's fleet has a lower rent than the advised one; empty otherwise."""
    if advice.state is None or plan.rent_usd_per_month >= advice.state.usd_per_month - 0.5:
        return ""
    what = f"{plan.label} in {plan.config.precision.upper()} at {usd(plan.rent_usd_per_month)}/month"
    return f"The verdict's fleet has a lower rent: {what}."


def not_kept_text(advice: TechniqueAdvice, chosen: Techniques) -> str:
    """The techniques that the scenario switches on and the advice does not add; empty if there are none."""
    design = advice.design
    switches = {
        "speculative decoding": (chosen.speculation, design.techniques.speculation),
        "an FP8 KV cache": (chosen.kv_cache == "fp8", design.techniques.kv_cache == "fp8"),
        "expert parallelism": (chosen.expert_parallelism, design.techniques.expert_parallelism),
        "prefill/decode disaggregation": (chosen.disaggregation, design.techniques.disaggregation),
    }
    extra = [name for name, (is_on, is_kept) in switches.items() if is_on and not is_kept]
    if not extra:
        return ""
    return f"Your scenario has switched on what this advice does not add: {', '.join(extra)}. See Six techniques."


def pins_text(advised: FleetState, pinned: FleetState) -> str:
    """What the user's choices change: the rent and latencies of `pinned` against the fleet as `advised`."""
    more_usd = pinned.usd_per_month - advised.usd_per_month
    rent = "do not change the rent"
    if abs(more_usd) > 0.5:
        rent = f"{'cost' if more_usd > 0 else 'save'} {usd(abs(more_usd))}/month compared with the advice"
    tpot, ttft = (
        f"{name} {milliseconds(was)} → {milliseconds(now)}"
        for name, was, now in (
            ("TPOT", advised.tpot_ms, pinned.tpot_ms),
            ("TTFT", advised.ttft_ms, pinned.ttft_ms),
        )
    )
    return f"Your choices {rent}; {tpot}, {ttft}."
