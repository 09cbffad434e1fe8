"""Words and sentences of the prefill and decode view."""

from calculators.catalog.glossary import expanded
from calculators.fleet.replica_capacity import Infeasible
from calculators.performance.phases import Bottleneck, Phase, TermKind
from calculators.performance.stated_range import FigureRange
from calculators.report.phase_view import PhaseView, SpeedBasis
from calculators.units import count, milliseconds, percent, plural, significant

BOTTLENECK_WORDS: dict[Bottleneck, str] = {
    "bandwidth": "memory bandwidth",
    "compute": "compute",
    "links": "communication between GPUs",
    "overhead": "kernel launch and scheduling overhead",
}
BOUND_WORDS: dict[Bottleneck, str] = {
    "bandwidth": "memory-bandwidth-bound",
    "compute": "compute-bound",
    "links": "communication-bound",
    "overhead": "overhead-bound",
}
PHASE_REMEDIES: dict[Bottleneck, str] = {
    "bandwidth": "move fewer bytes per token: quantize weights or KV cache, batch more requests per weight read, or "
    "pick a GPU with more memory bandwidth",
    "compute": "do fewer operations: use prefix caching or a smaller active model, or pick a GPU and precision with a "
    "higher peak",
    "links": "use fewer GPUs per replica, or faster links between them",
    "overhead": "use a larger batch, CUDA graphs, or a model with fewer layers",
}
TERM_WORDS: dict[TermKind, str] = {
    "weight_read": "weight reads (memory bandwidth)",
    "weight_multiply": "matrix multiplication (compute)",
    "weight_multiply_exposed": "matrix multiplication not hidden by reads (compute)",
    "expert_gather": "expert gather and scatter (compute)",
    "kv_read": "KV cache reads (memory bandwidth)",
    "prompt_attention": "prompt attention (compute)",
    "communication": BOTTLENECK_WORDS["links"],
    "overhead": BOTTLENECK_WORDS["overhead"],
}
_BASIS_NOTES: dict[SpeedBasis, str] = {
    "modeled": "",
    "extrapolated": "Extrapolated: few published runs used a GPU of this generation, so the ranges are wide.",
    "measured": "Corrected by your own measurement, which the time split spreads evenly over its parts.",
}


def phase_name(phase: Phase) -> str:
    """Label of a phase in figures."""
    return "Prefill, mean prompt" if phase.kind == "prefill" else f"Decode, batch {count(phase.batch)}"


def headline(view: PhaseView) -> str:
    """Which resource bounds each phase, and how long each takes."""
    prefill, decode = view.prefill, view.decode
    if prefill.bottleneck == decode.bottleneck:
        bound = f"Prefill and decode are both {BOUND_WORDS[decode.bottleneck]}"
    else:
        bound = f"Prefill is {BOUND_WORDS[prefill.bottleneck]}; decode is {BOUND_WORDS[decode.bottleneck]}"
    return (
        f"{bound}. The mean prompt alone takes {milliseconds(prefill.total_s * 1e3)}; a decode step of batch "
        f"{count(round(decode.batch))} takes {milliseconds(decode.total_s * 1e3)}."
    )


def load_heading(view: PhaseView) -> str:
    """At which load the key figures are, and what keeps a replica from serving more."""
    if view.capacity is None:
        return "No load meets your latency targets."
    batch = count(round(view.capacity.batch))
    return f"At the highest load within your targets (batch {batch}); the binding constraint is the {view.capacity.limit_words}"


def infeasible_headline(infeasible: Infeasible) -> str:
    """Heading where the model does not fit."""
    return f"{infeasible.config.label} does not fit."


def conditions(view: PhaseView) -> list[str]:
    """What the figures are for: replica, request lengths, basis of the speed, and latency at the scenario's peak."""
    demand = view.inputs.demand
    told = [
        f"One replica: {view.config.label}. Mean request: {plural(demand.input_tok, 'input token')}, "
        f"{plural(demand.output_tok, 'output token')}."
    ]
    if note := _BASIS_NOTES[view.speed_basis]:
        told.append(note)
    if launch := view.launch:
        told.append(
            f"The engine runs as it ships: with many requests at once its decode steps take {significant(1 / launch.central)} "
            "times as long as those of a tuned one, and the time split spreads this evenly. The roofline of what engines achieve "
            "is that of a tuned one."
        )
    if peak := view.at_peak:
        told.append(
            f"At your peak ({plural(peak.req_s, 'request')}/s on {plural(peak.replicas_count, 'replica')}), "
            f"{expanded('TTFT')} p95 is {milliseconds(peak.ttft_p95_ms)} and {expanded('TPOT')} is "
            f"{milliseconds(peak.tpot_ms)}."
        )
    return told


def latency_words(value_ms: float | None) -> str:
    """A latency at the highest load; None: the target is missed at any load."""
    return "over target" if value_ms is None else milliseconds(value_ms)


def range_words(value_ms: float | None, within: FigureRange | None) -> str | None:
    """The 80% range of a predicted latency; None where there is none."""
    if value_ms is None or within is None:
        return None
    return f"80%: {milliseconds(value_ms / within.down)} to {milliseconds(value_ms * within.up)}"


def roofline_takeaway(view: PhaseView) -> str:
    """Arithmetic intensity of both phases against the ridge point."""
    return (
        f"Decode does {significant(view.decode.intensity_ratio)} FLOP (floating-point operations) per byte moved, prefill "
        f"{significant(view.prefill.intensity_ratio)}. Left of the ridge point ({significant(view.achieved.ridge_ratio)}) "
        "a phase is memory-bandwidth-bound, right of it compute-bound."
    )


def roofline_note(view: PhaseView) -> str:
    """The batch from which more requests stop being almost free."""
    return (
        f"{_batches(view)}At data-sheet rates, reading {view.config.precision.upper()} weights limits decode up to a batch of "
        f"{count(round(view.full_batch_count))}. Below that, more requests or draft tokens are almost free."
    )


def _batches(view: PhaseView) -> str:
    """Which load each batch of the figures is; empty if only batch 1 is shown."""
    if view.capacity is None or view.decode.batch <= view.decode_alone.batch:
        return ""
    return f"Batch 1: nearly idle. Batch {count(round(view.decode.batch))}: the highest load within your targets. "


def shares_takeaway(view: PhaseView) -> str:
    """Share of the time that each phase's bottleneck takes."""
    decode, prefill = view.decode, view.prefill
    return (
        f"{percent(decode.bottleneck_share_frac)} of decode time goes to {BOTTLENECK_WORDS[decode.bottleneck]}, "
        f"{percent(prefill.bottleneck_share_frac)} of prefill time to {BOTTLENECK_WORDS[prefill.bottleneck]}."
    )


def remedy_sentence(phase: Phase) -> str:
    """What makes a phase faster."""
    what = "prefill (TTFT)" if phase.kind == "prefill" else "decode (TPOT)"
    return f"To speed up {what}, {PHASE_REMEDIES[phase.bottleneck]}."


def load_takeaway(view: PhaseView) -> str:
    """What a larger batch does to both latencies."""
    curve = view.curve
    return (
        f"Load raises TPOT from {milliseconds(curve.tpot_s[0] * 1e3)} (nearly idle) to "
        f"{milliseconds(curve.tpot_s[-1] * 1e3)} (batch {count(round(curve.batch[-1]))}, near the batch limit of "
        f"{count(round(curve.slots_count))}) and queues prompts."
    )


def load_note(view: PhaseView) -> str:
    """How to read the load curves, and which techniques they leave out."""
    techniques = view.inputs.scenario.techniques
    note = (
        "Dotted gray lines: your targets, and the batch of the highest load within them. Modeled in closed form; see Model "
        "accuracy."
    )
    if techniques.speculation or techniques.disaggregation:
        note += (
            " The time split and the curves leave out speculative decoding and prefill/decode disaggregation; the four "
            "figures at the top include them."
        )
    return note
