"""The right few techniques for this product, not all of them: from the failing metric to the shortest list."""

from typing import get_args

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.techniques import Framework, MetricId, MoveId
from calculators.scenario.inputs import Inputs
from calculators.scenario.link import to_token
from calculators.techniques.advice import Pin, TechniqueAdvice, advise, framework
from calculators.techniques.quick_wins import gate, quick_wins
from calculators.units import milliseconds, usd
from pages.shared.state import catalog, escape, evaluation
from pages.shared.technique_figures import list_chart
from pages.shared.widgets import source_line

state = st.session_state
PINS = {"auto": "As advised", "in": "In", "out": "Out"}


@st.cache_resource
def known() -> Framework:
    return framework()


@st.cache_resource(max_entries=64, show_spinner="Trying one technique after the other …")
def advised(
    token: str, digest: str, metric: MetricId | None, pinned: tuple[tuple[MoveId, Pin], ...]
) -> TechniqueAdvice:
    """Shared between visitors with the same inputs, as the evaluation is."""
    found = evaluation()
    assert found.build is not None
    assert found.build.plan is not None
    return advise(found.build.plan, Inputs(found.scenario, found.demand, catalog()), metric, dict(pinned))


def adopt(advice: TechniqueAdvice) -> None:
    """Put the advised set into the scenario: every page follows."""
    for field, value in advice.design.techniques.model_dump(mode="json").items():
        state[f"techniques.{field}"] = value
    released = advice.state.plan.config.model.published.native_precision if advice.state else None
    coarser = [precision for precision in advice.design.precisions if precision != released]
    state["hardware.precisions"] = list(dict.fromkeys([*state["hardware.precisions"], *coarser]))
    state["workload.self_hit_frac"] = round(advice.design.hit_frac, 4)


def headline(advice: TechniqueAdvice) -> str:
    names = [t.move.name for t in advice.kept]
    if not names:
        if advice.metric in (None, "cost") and advice.state is not None:
            return "Every target holds and no technique lowers the rent: add none"
        return "No technique mends it on this model and GPU"
    listed = ", then ".join(name[0].lower() + name[1:] for name in names)
    start, end = advice.baseline, advice.state
    if start is None or end is None:
        return f"To serve this at all: {listed}"
    fell = start.usd_per_month - end.usd_per_month
    rent = f"rent {usd(start.usd_per_month)} → {usd(end.usd_per_month)}/month" if abs(fell) > 0.5 else "rent as before"
    what = f"{end.gpus} GPUs in place of {start.gpus}"
    if advice.metric == "tpot":
        what = f"TPOT {milliseconds(start.tpot_ms)} → {milliseconds(end.tpot_ms)}"
    if advice.metric == "ttft":
        what = f"TTFT {milliseconds(start.ttft_ms)} → {milliseconds(end.ttft_ms)}"
    return f"In this order: {listed}. {what}, {rent}"


result = evaluation()
plan = result.build.plan if result.build else None
top = st.container()
st.subheader("First, without any technique")
st.markdown(escape(" ".join(gate(result))))
wins = quick_wins(result, catalog())
for win in wins:
    amount = f"saves {usd(win.saves_usd_per_month)}/month" if win.saves_usd_per_month > 0.5 else "saves nothing yet"
    st.markdown(f"- **{escape(win.name)}**: {escape(amount)}; {escape(win.words)}.")
if wins:
    st.caption("Each alone, on the API you pay today; together they save less than their sum.")
if plan is None or result.build is None:
    top.subheader("No fleet of your own qualifies: the free wins are all there is to do")
    top.markdown(escape(result.verdict.reason))
    st.stop()

with top:
    answer = st.container()
    options = [None, *(m.id for m in known().metrics)]
    left, _ = st.columns([2, 3])
    metric = left.selectbox(
        "What fails",
        options,
        format_func=lambda m: "As diagnosed from the base line" if m is None else known().metric(m).name,
        key="view_framework_metric",
        help=help_text("failing metric"),
    )
pinned = tuple(
    (move.id, pin) for move in known().moves if (pin := state.get(f"framework.{move.id}", "auto")) in get_args(Pin)
)
token = to_token(result.scenario, catalog().digest)
advice = advised(token, catalog().digest, metric, pinned)
sentence = headline(advice)
answer.subheader(escape(sentence))
start = advice.baseline
answer.markdown(
    escape(
        f"{advice.why} The base line is batching and prefix caching with the weights as released"
        + (
            f": TTFT p95 {milliseconds(start.ttft_ms)}, TPOT {milliseconds(start.tpot_ms)}, {start.gpus} GPUs at {usd(start.usd_per_month)}."
            if start
            else "; it has no fleet."
        )
    )
)
with top:
    if advice.kept:
        st.plotly_chart(list_chart(advice), alt=sentence, key="framework_list")
        st.caption("Each bar at the load of its own fleet; the gains below at the load of the fleet before it.")
    if advice.state and plan.rent_usd_per_month < advice.state.usd_per_month - 0.5:
        words = f"The verdict's own fleet costs less: {plan.label} in {plan.config.precision.upper()} at {usd(plan.rent_usd_per_month)}."
        st.markdown(escape(words))
    if pinned:
        plain = advised(token, catalog().digest, metric, ())
        if plain.state and advice.state:
            more = advice.state.usd_per_month - plain.state.usd_per_month
            words = (
                f"cost {usd(more)}/month more than"
                if more > 0.5
                else f"save {usd(-more)}/month over"
                if more < -0.5
                else "cost as much as"
            )
            st.markdown(
                escape(
                    f"Your pins {words} what is advised; TPOT {milliseconds(plain.state.tpot_ms)} → {milliseconds(advice.state.tpot_ms)}, "
                    f"TTFT {milliseconds(plain.state.ttft_ms)} → {milliseconds(advice.state.ttft_ms)}."
                )
            )
    st.button(
        "Use this set in the scenario",
        icon=":material/check:",
        on_click=adopt,
        args=(advice,),
        help="Sets the switches of Six techniques, the weight formats and the cache hits of your own servers.",
    )

st.subheader("Every technique, and why it is in or out")
for tried in advice.tried:
    move = tried.move
    mark = ":material/check_circle:" if tried.kept else ":material/cancel:"
    text, choice = st.columns([4, 2], vertical_alignment="center")
    text.markdown(
        f"{mark} **{escape(move.name)}.** {escape(tried.reason)} " + escape(f"Takes {move.work}; forces {move.forces}.")
    )
    choice.segmented_control(
        f"Pin {move.name}",
        list(PINS),
        format_func=PINS.get,
        key=f"framework.{move.id}",
        default="auto" if f"framework.{move.id}" not in state else None,
        persist_state="session",
        required=True,
        label_visibility="collapsed",
        help=help_text("serving technique"),
    )
with st.expander("Where the thresholds come from"):
    limits = known().thresholds
    for name in type(limits).model_fields:
        rule = getattr(limits, name)
        span = f"{rule.central:,g} ({rule.low:,g} to {rule.high:,g}) {rule.unit}: {rule.what}"
        st.markdown(f"{escape(span)}. {source_line(known().sources[rule.source])} · {rule.confidence} confidence")
    st.caption("Pins are of this page only, until you use the set in the scenario.")
