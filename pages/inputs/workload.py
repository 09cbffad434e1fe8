"""The traffic: from a file of usage, from a preset, or typed."""

import streamlit as st

from calculators.errors import DataError
from calculators.scenario.defaults import preset_targets, preset_workload
from calculators.scenario.demand import demand_of
from calculators.scenario.traffic_range_text import RangeWords, in_brackets, traffic_range_words
from calculators.units import count, plural
from pages.shared.components.outlook import growth_inputs
from pages.shared.components.usage import usage_charts, use_only, workload_download
from pages.shared.components.workload import length_distribution, log_details, reading_lists
from pages.shared.log_state import back_buttons, keep_figures, log_charts
from pages.shared.log_upload import log_upload
from pages.shared.state import catalog, escape, scenario
from pages.shared.widgets import BASIS_WORDS, number, percent_number, percent_slider, workload_line

presets, state = catalog().presets, st.session_state


def use_preset(preset_id: str) -> None:
    """Puts the figures of a preset into the inputs; those of a log are kept."""
    keep_figures()
    preset = presets[preset_id]
    for section, record in (("workload", preset_workload(preset)), ("targets", preset_targets(preset))):
        for field, value in record.model_dump(mode="json").items():
            state[f"{section}.{field}"] = value
    state["name"] = preset.name


def basis(field: str, span: str = "") -> None:
    st.caption(f"Basis: {BASIS_WORDS[state[f'workload.{field}']]}{in_brackets(span)}.")


demand, spans = None, RangeWords()
try:
    workload = scenario().workload
    demand, spans = demand_of(workload), traffic_range_words(workload)
    st.subheader(
        escape(
            f"{plural(demand.requests_per_month, 'request')}/month, {count(demand.input_tok)} input and "
            f"{plural(demand.output_tok, 'output token')} each, {plural(demand.peak_req_s, 'request')}/s at the peak"
        )
    )
    st.caption(escape(workload_line(scenario())))
except DataError as error:
    st.error(escape(str(error)), icon=":material/error:")

log, typical = st.columns([3, 2], gap="large")
with log:
    st.markdown("**Start from your usage**")
    log_upload()
with typical:
    st.markdown("**Start from a preset**")
    with st.container(horizontal=True):
        for preset in presets.values():
            st.button(preset.name, key=f"preset_{preset.id}", help=preset.what, on_click=use_preset, args=(preset.id,))
    st.caption(
        "Replaces the inputs below; a log can be brought back. Presets are assumptions, except the measured token lengths "
        "of the chat preset."
    )
back_buttons()

charts = log_charts()
if charts:
    name = charts["source"].removeprefix("log:")
    st.subheader(escape(f"What was read of {name}"))
    reading_lists(charts, name)
    use_only(charts)
    if demand is not None:
        workload_download(charts)

st.subheader("Traffic")
st.caption("Edit any value to use your own figure.")
volume, size, cache = st.columns(3, gap="large")
with volume:
    st.markdown("**Volume**")
    number("workload.requests_per_month", "workload.requests_basis", step=1000.0, format="%.0f")
    basis("requests_basis", spans.volume)
    number("workload.peak_ratio", "workload.peak_basis", step=0.1)
    basis("peak_basis", spans.peak)
    number("workload.active_h_per_month", step=10.0)
    if state["workload.hourly_frac"]:
        st.caption("Tokens by hour of day (UTC): measured, for prices that differ by hour.")
    growth_inputs(spans.growth)
with size:
    st.markdown("**Token lengths**")
    for field in ("input_tok", "input_p95_tok", "output_tok", "output_p95_tok"):
        of = "p95_basis" if "p95" in field else "lengths_basis"
        number(f"workload.{field}", f"workload.{of}", step=10.0, format="%.0f")
    basis("lengths_basis", spans.lengths)
    if state["workload.p95_basis"] not in (None, state["workload.lengths_basis"]):
        st.caption(f"Basis of the p95: {BASIS_WORDS[state['workload.p95_basis']]}.")
with cache:
    st.markdown("**Caching, batching and routing**")
    percent_slider("workload.cached_frac", "workload.cached_basis")
    basis("cached_basis")
    for field in ("batch_frac", "deferrable_frac", "cacheable_frac", "self_hit_frac", "shared_hit_frac"):
        percent_slider(f"workload.{field}")
    number("workload.shared_prefixes")
    percent_number("workload.easy_frac", step=5.0, placeholder="empty: not known, nothing is routed")
    st.caption("All but the first two are assumptions until you set them.")

st.subheader("Latency targets (SLOs)")
st.caption("Assumptions until you set them. They apply at the peak; clear a field for no target.")
first, token, _ = st.columns(3, gap="large")
with first:
    number("targets.ttft_p95_ms", step=100.0, format="%.0f")
with token:
    number("targets.tpot_ms", step=5.0)

if charts:
    st.subheader("Load, spend and who uses what")
    usage_charts(charts)
if demand is not None and state["workload.cells"]:
    length_distribution(demand.lengths)
if charts and charts["peaks"] and charts["input_lengths"] and charts["output_lengths"]:
    log_details(charts)
