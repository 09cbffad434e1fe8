"""Why one request is two jobs: prefill waits for arithmetic, decode for memory, and each is mended in another way."""

from math import ceil

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.fleet import replica_capacity as sizing
from calculators.performance import phases
from calculators.performance.model_size import LINEAR_BITS
from calculators.scenario.inputs import Inputs
from calculators.units import count, milliseconds, percent, significant
from pages.shared.phase_figures import WALL_NAME, load_figure, roofline, time_shares
from pages.shared.state import catalog, escape, evaluation

known, result = catalog(), evaluation()
scenario, demand = result.scenario, result.demand
best = result.build.plan.config if result.build and result.build.plan else None
models = [known.model(candidate.model) for candidate in scenario.candidates]
gpus = [gpu for gpu in known.gpus.values() if known.rents(gpu.id)]

head = st.container()
with st.expander("Another model, GPU or format", icon=":material/tune:"):
    columns = st.columns(4)
    model_id = columns[0].selectbox(
        "Model",
        [model.id for model in models],
        index=next((i for i, m in enumerate(models) if best and m is best.model), 0),
        format_func=lambda id: known.models[id].name,
        key="view_phase_model",
        help=help_text("compared replica"),
    )
    gpu_id = columns[1].selectbox(
        "GPU",
        [gpu.id for gpu in gpus],
        index=next((i for i, g in enumerate(gpus) if best and g is best.gpu), 0),
        format_func=lambda id: known.gpus[id].name,
        key="view_phase_gpu",
        help=help_text("compared replica"),
    )
    formats = sizing.precisions(known.model(model_id), scenario)
    precision = columns[2].selectbox(
        "Weights in",
        formats,
        index=formats.index(best.precision) if best and best.precision in formats else 0,
        format_func=str.upper,
        key="view_phase_precision",
        help=help_text("compared replica"),
    )
    parallel = columns[3].selectbox(
        "GPUs a replica",
        sizing.TENSOR_PARALLEL,
        index=sizing.TENSOR_PARALLEL.index(best.tensor_parallel) if best else 0,
        key="view_phase_parallel",
        help=help_text("GPUs per replica"),
    )

config = sizing.replica_config(known.model(model_id), known.gpu(gpu_id), precision, parallel, scenario.techniques)
traffic = sizing.traffic(demand, sizing.hit_frac(scenario))
factor, own = sizing.speed_correction(scenario, known)
found, infeasible = sizing.replica_capacities([config], Inputs(scenario, demand, known))
capacity = found[0] if found else None
machine = phases.one_machine(config, known)

ttft_ratio, tpot_ratio = known.range_ratio("ttft_ms", config.gpu), known.range_ratio("tpot_ms", config.gpu)


def likely(value_ms: float, ratio: float) -> str:
    """The range that held 80% of measured runs of models the fit had never seen."""
    return f"80% range {milliseconds(value_ms / ratio)} to {milliseconds(value_ms * ratio)}"


if float(machine.kv_room_bytes[0, 0]) <= 0:
    with head:
        st.subheader(escape(f"{config.label} does not fit."))
        st.markdown(escape(infeasible[0].why))
    st.stop()

batch = capacity.batch if capacity else 1.0
alone = phases.decode_phase(machine, 1.0, traffic.context_tok, "Decode, alone")
decode = phases.decode_phase(machine, max(batch, 1.0), traffic.context_tok, f"Decode, {count(batch)} at once")
prefill = phases.prefill_phase(
    machine, demand.input_tok, demand.input_tok * traffic.hit_frac, "Prefill of a mean prompt"
)

with head:
    st.subheader(
        escape(
            f"Prefill waits for {WALL_NAME[prefill.wall]}, decode for {WALL_NAME[decode.wall]}: the mean prompt takes "
            f"{milliseconds(prefill.total_s * 1e3)} and each token {milliseconds(decode.total_s * 1e3)}."
        )
    )
    st.caption(escape(f"{config.label}, {demand.input_tok:,.0f} tokens in, {demand.output_tok:,.0f} out. One replica."))
    corrected = factor != 1.0 or (own is not None and own.applies_to(config))
    if corrected:
        st.caption("Corrected by your own measurement; the split and the curves below are the model's, uncorrected.")
    elif known.is_extrapolated(config.gpu):
        st.caption(
            escape(f"Extrapolated: few runs were measured on GPUs like {config.gpu.name}, so the ranges are wide.")
        )
    if capacity and not scenario.techniques.disaggregation:
        replicas = ceil(demand.peak_req_s / capacity.req_s)
        first_ms, each_ms = sizing.at_load_ms(config, traffic, demand.peak_req_s / replicas, scenario, known)
        st.markdown(
            escape(
                f"At the peak of this scenario, {significant(demand.peak_req_s)} requests a second on {replicas} "
                f"{'replica' if replicas == 1 else 'replicas'}: TTFT p95 {milliseconds(first_ms)}, TPOT {milliseconds(each_ms)}. "
                "Below, the same at the most that one replica can carry."
            )
        )
    cells = st.columns(4)
    for cell, name, value_ms, ratio, what in (
        (
            cells[0],
            "TTFT p95 at its limit",
            capacity and capacity.ttft_p95_ms,
            ttft_ratio,
            help_text("TTFT"),
        ),
        (
            cells[1],
            "TPOT at its limit",
            capacity and capacity.tpot_ms,
            tpot_ratio,
            help_text("TPOT"),
        ),
    ):
        shown, spread = milliseconds(value_ms) if value_ms else "missed", likely(value_ms, ratio) if value_ms else None
        spread = None if corrected else spread  # the model's range does not hold for a measured speed
        cell.metric(
            name, shown, delta=spread, delta_color="off", delta_arrow="off", border=True, height="stretch", help=what
        )
    cells[2].metric(
        "Requests a second",
        significant(capacity.req_s) if capacity else "none",
        border=True,
        help=help_text("requests per second per replica"),
    )
    cells[3].metric(
        "What stops it",
        capacity.limit if capacity else "the targets",
        border=True,
        help=help_text("binding constraint"),
    )

takeaway = (
    f"A decoding step does {significant(decode.intensity_ratio)} operations for each byte it moves, the prefill "
    f"{significant(prefill.intensity_ratio)}; left of the ridge the GPU waits for memory, right of it for arithmetic."
)
st.markdown(f"**{escape(takeaway)}**")
sheet, reached = phases.rooflines(machine)
st.plotly_chart(roofline([alone, decode, prefill], sheet, reached), alt=takeaway, key="roofline")
full_batch = sheet.full_batch_count(LINEAR_BITS[config.precision] / 8)
st.caption(
    escape(
        f"By the data sheet, {config.precision.upper()} weights stop being what decoding waits for at {count(full_batch)} requests at "
        "once: before that more requests, or a draft's tokens, are nearly free."
    )
)

shares = (
    f"{percent(decode.wall_share_frac)} of a decoding step goes to {WALL_NAME[decode.wall]}, "
    f"{percent(prefill.wall_share_frac)} of the prefill to {WALL_NAME[prefill.wall]}."
)
st.markdown(f"**{escape(shares)}**")
st.plotly_chart(time_shares([prefill, decode, alone]), alt=shares, key="shares")
left, right = st.columns(2, gap="large")
left.markdown(escape(f"To speed up the prefill, and so the first token: {phases.REMEDIES[prefill.wall]}."))
right.markdown(escape(f"To speed up decoding, and so every token after it: {phases.REMEDIES[decode.wall]}."))

curve = phases.load_curve(machine, traffic)
targets = scenario.targets
load = (
    f"More requests at once make each token slower ({milliseconds(curve.tpot_s[0] * 1e3)} nearly idle, "
    f"{milliseconds(curve.tpot_s[-1] * 1e3)} when full) and queue the prompts: at most {count(curve.slots_count)} run at once."
)
st.markdown(f"**{escape(load)}**")
st.plotly_chart(
    load_figure(curve, targets.ttft_p95_ms, targets.tpot_ms, capacity.batch if capacity else None), alt=load, key="load"
)
st.caption(
    "Dotted grey: your targets, and the load at which the first of them, or memory, stops a replica. Modelled, in closed form; see Model accuracy."
    + (
        " Split and curves are of a replica that does both phases without drafts; the four figures on top are with your switches."
        if scenario.techniques.speculation or scenario.techniques.disaggregation
        else ""
    )
)
