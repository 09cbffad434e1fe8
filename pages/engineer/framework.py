"""The few techniques worth adding for this product: from the failing metric to the shortest list."""

from typing import get_args

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.techniques import Framework, MetricId, MoveId
from calculators.scenario.inputs import Inputs
from calculators.scenario.link import to_token
from calculators.techniques.advice import Pin, TechniqueAdvice, advise, framework
from calculators.techniques.advice_text import (
    advice_takeaway,
    baseline_text,
    not_kept_text,
    pins_text,
    verdict_costs_less,
)
from calculators.techniques.exclusions import is_possible
from calculators.techniques.quick_wins import gate, quick_wins
from pages.shared.components.framework import quick_win_list, thresholds, trial_row
from pages.shared.figures.techniques import list_chart
from pages.shared.state import catalog, escape, evaluation

state = st.session_state


@st.cache_resource
def known() -> Framework:
    return framework()


@st.cache_resource(max_entries=64, show_spinner="Trying one technique after the other …")
def advised(
    token: str, digest: str, metric: MetricId | None, pinned: tuple[tuple[MoveId, Pin], ...]
) -> TechniqueAdvice:
    """Shared between visitors with the same inputs, as the evaluation is."""
    result = evaluation()
    assert result.build is not None
    assert result.build.plan is not None
    return advise(result.build.plan, Inputs(result.scenario, result.demand, catalog()), metric, dict(pinned))


def adopt(advice: TechniqueAdvice) -> None:
    """Put the advised set into the scenario: every page follows."""
    for field, value in advice.design.techniques.model_dump(mode="json").items():
        state[f"techniques.{field}"] = value
    released = advice.state.plan.config.model.published.native_precision if advice.state else None
    coarser = [precision for precision in advice.design.precisions if precision != released]
    state["hardware.precisions"] = list(dict.fromkeys([*state["hardware.precisions"], *coarser]))
    state["workload.self_hit_frac"] = round(advice.design.hit_frac, 4)


result = evaluation()
plan = result.build.plan if result.build else None
top = st.container()
st.subheader("Before any technique")
st.markdown(escape(" ".join(gate(result))))
quick_win_list(quick_wins(result, catalog()))
if plan is None:
    top.subheader("No self-hosted option qualifies: only the quick wins apply")
    top.markdown(escape(result.verdict.reason))
    st.stop()

token = to_token(result.scenario, catalog().digest)
diagnosed = advised(token, catalog().digest, None, ()).metric
automatic = f"Automatic: {known().metric(diagnosed).name if diagnosed else 'none failing'}"
with top:
    answer = st.container()
    left, _ = st.columns([2, 3])
    metric = left.selectbox(
        "Metric to improve",
        [None, *(m.id for m in known().metrics)],
        format_func=lambda m: automatic if m is None else known().metric(m).name,
        key="view_framework_metric",
        help=help_text("metric to improve"),
    )
pinned = tuple(
    (move.id, pin)
    for move in known().moves
    if (pin := state.get(f"framework.{move.id}", "auto")) in get_args(Pin) and is_possible(move.id, plan.config.model)
)
advice = advised(token, catalog().digest, metric, pinned)
sentence = advice_takeaway(advice)
answer.subheader(escape(sentence))
answer.markdown(escape(baseline_text(advice)))
with top:
    if advice.kept:
        st.plotly_chart(list_chart(advice), alt=sentence, key="framework_list")
        st.caption(
            "Each bar is measured at the load of the fleet sized with it; the gains below at the load of the fleet before it."
        )
    for note in (not_kept_text(advice, result.scenario.techniques), verdict_costs_less(plan, advice)):
        if note:
            st.markdown(escape(note))
    if pinned:
        plain = advised(token, catalog().digest, metric, ())
        if plain.state and advice.state:
            st.markdown(escape(pins_text(plain.state, advice.state)))
    st.button(
        "Use this set in the scenario",
        icon=":material/check:",
        on_click=adopt,
        args=(advice,),
        help="Sets the switches of Six techniques, the weight precisions and the self-hosted prefix-cache hit rate.",
    )

st.subheader("All techniques: in or out, and why")
for trial in advice.tried:
    trial_row(trial, is_possible(trial.move.id, plan.config.model))
with st.expander("Sources of the thresholds"):
    thresholds(known())
    st.caption("Your choices apply to this page until you use the set in the scenario.")
