"""Six techniques on the verdict's fleet: which phase each speeds up, what it does here, what it costs, and a switch for
each that changes the verdict."""

import streamlit as st

from calculators.catalog.techniques import TechniqueId, TechniquesFile
from calculators.scenario.inputs import Inputs
from calculators.scenario.link import to_token
from calculators.scenario.schema import Techniques
from calculators.techniques.effects import (
    CumulativeStep,
    TechniqueEffect,
    cumulative_steps,
    switched_saves_usd,
    technique_effects,
    techniques,
)
from calculators.techniques.effects_text import effect_text, step_takeaway, technique_takeaway, use_text, without_fleet
from pages.shared.components.techniques import assumptions, cards, effects_table, switches
from pages.shared.figures.techniques import step_chart, technique_matrix
from pages.shared.state import catalog, escape, evaluation


@st.cache_resource
def known() -> TechniquesFile:
    return techniques()


@st.cache_resource(max_entries=64, show_spinner="Sizing fleets …")
def measured(token: str, digest: str) -> tuple[list[TechniqueEffect], list[CumulativeStep], dict[TechniqueId, float]]:
    """Effects, cumulative steps and savings by switch; shared between visitors with the same inputs."""
    result = evaluation()
    assert result.build is not None
    assert result.build.plan is not None
    inputs = Inputs(result.scenario, result.demand, catalog())
    return (
        technique_effects(result.build.plan, inputs),
        cumulative_steps(result.build.plan, inputs),
        switched_saves_usd(result, catalog()),
    )


headline = st.container()
switches()  # before the evaluation: a value that cannot be used must stay correctable here
result = evaluation()
plan = result.build.plan if result.build else None
if plan is None or result.build is None:
    changed = result.scenario.techniques != Techniques()
    headline.subheader(f"No self-hosted option qualifies{' with these switches' if changed else ''}")
    headline.markdown(escape(result.verdict.reason))
    st.stop()

effects, steps, saved = measured(to_token(result.scenario, catalog().digest), catalog().digest)
sentence = technique_takeaway(effects, saved, result.scenario.techniques)
headline.subheader(escape(sentence))
used = [use_text(effect, result.scenario.techniques) for effect in effects]
inputs = Inputs(result.scenario, result.demand, catalog())
st.plotly_chart(technique_matrix(effects, used), alt=f"Technique by phase. {sentence}", key="technique_matrix")
for reason in without_fleet(effects, plan, inputs):
    st.markdown(escape(reason))
st.caption(
    escape(
        f"Each technique on vs. off on {result.build.label}, all else equal (precision, GPUs per replica, other switches). "
        "TTFT (95th percentile) and TPOT are at the load per GPU of the verdict's peak; with disaggregation, at the load of "
        "each pool. Speculative decoding and disaggregation are outside the validated range: they build on validated step "
        "times, but no published run checks them."
    )
)
st.markdown(f"**The verdict with these switches.** {escape(result.verdict.sentence)}")

st.subheader("The chosen set, step by step")
takeaway = step_takeaway(steps)
st.markdown(escape(takeaway))
if all(step.state for step in steps):
    st.plotly_chart(step_chart(steps), alt=takeaway, key="technique_steps")
st.caption(
    "Gains neither multiply nor add up: batching uses the idle compute that speculative decoding needs, cached prompts need "
    "no prefill pool, and rent falls only when a whole server is no longer needed."
)

st.subheader("Each technique off and on")
effects_table(effects, result.scenario.techniques)

st.subheader("Method and requirements")
cards(known(), {effect.id: effect_text(effect, plan, inputs) for effect in effects})
with st.expander("Assumptions"):
    assumptions(plan.config.model)
