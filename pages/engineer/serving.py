"""vLLM or SGLang for this workload, why, and the plan as files for either."""

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.serving import ServingEngine
from calculators.scenario.inputs import Inputs
from calculators.serving.engine_choice import ENGINE_NAMES, choose_engine
from calculators.units import percent
from pages.shared.components.serving import axes_table, axes_takeaway, axis_evidence, generated_files, modeled_speeds
from pages.shared.state import catalog, escape, evaluation

AB_RESULTS = {"not run": "not run yet", "vllm": "vLLM was faster", "sglang": "SGLang was faster"}

result = evaluation()
plan = result.build.plan if result.build else None
if plan is None:
    st.subheader("No self-hosted fleet meets the requirements, so there is nothing to deploy")
    st.markdown(escape(result.verdict.reason))
    st.stop()

headline = st.container()
left, right = st.columns(2, gap="large")
schema = left.slider(
    "Requests with structured output",
    0.0,
    1.0,
    0.0,
    0.05,
    format="percent",
    key="serving_schema",
    persist_state="session",
    help=help_text("structured output"),
)
tested = right.segmented_control(
    "A/B test on your own traffic",
    list(AB_RESULTS),
    default="not run",
    format_func=AB_RESULTS.__getitem__,
    key="serving_ab",
    persist_state="session",
    required=True,
    help=help_text("A/B test"),
)
choice = choose_engine(plan, Inputs(result.scenario, result.demand, catalog()), schema, tested or "not run")
with headline:
    st.subheader(escape(choice.sentence))
    st.caption(
        escape(
            f"For {plan.label}: {plan.config.label}, {plan.replicas_words}. "
            f"The speed model's median error on TPOT is {percent(choice.error_frac)}."
        )
    )
    st.markdown(f"**{escape(axes_takeaway(choice))}**")
    axes_table(choice)

with st.expander("Evidence for each axis, with sources"):
    axis_evidence(choice)
with st.expander("Modeled speed of the same replica on each engine"):
    modeled_speeds(choice, plan)

st.subheader("Deployment files")
engines: list[ServingEngine] = ["sglang", "vllm"] if choice.engine == "sglang" else ["vllm", "sglang"]
for tab, engine in zip(st.tabs([ENGINE_NAMES[engine] for engine in engines]), engines, strict=True):
    with tab:
        generated_files(engine, plan, result)
