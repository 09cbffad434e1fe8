"""Six techniques on this very fleet: which phase each speeds up, what it does here, what it forces, and a switch for each
that changes the verdict."""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
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
from calculators.units import milliseconds, percent, significant, usd
from pages.shared.state import catalog, escape, evaluation
from pages.shared.technique_figures import (
    change,
    step_chart,
    step_takeaway,
    technique_matrix,
    technique_takeaway,
)
from pages.shared.widgets import number, source_line

SWITCHES = {
    "techniques.prefix_caching": "Prefix caching",
    "techniques.quantization": "Quantization",
    "techniques.speculation": "Speculation",
    "techniques.parallelism": "Parallelism",
    "techniques.disaggregation": "Disaggregation",
}


@st.cache_resource
def known() -> TechniquesFile:
    return techniques()


@st.cache_resource(max_entries=64, show_spinner="Sizing fleets …")
def measured(token: str, digest: str) -> tuple[list[TechniqueEffect], list[CumulativeStep], dict[TechniqueId, float]]:
    """Shared between visitors with the same inputs, as the evaluation is."""
    found = evaluation()
    assert found.build is not None
    assert found.build.plan is not None
    asked = (found.build.plan, Inputs(found.scenario, found.demand, catalog()))
    return technique_effects(*asked), cumulative_steps(*asked), switched_saves_usd(found, catalog())


def switches() -> None:
    """One for each technique that can be off; batching never is."""
    for column, (key, label) in zip(st.columns(len(SWITCHES)), SWITCHES.items(), strict=True):
        column.toggle(label, key=key, persist_state="session", help=help_text(key))
    with st.expander("How each is used", icon=":material/tune:"):
        left, middle, right = st.columns(3, gap="large")
        with left:
            number("Requests decoding at once, at most", "techniques.batch_cap")
            st.segmented_control(
                "KV cache in",
                ["bf16", "fp8"],
                key="techniques.kv_cache",
                persist_state="session",
                required=True,
                format_func={"bf16": "16 bit", "fp8": "FP8"}.get,
                help=help_text("techniques.kv_cache"),
            )
        with middle:
            rule = catalog().technique_rules.acceptance_frac
            number("Tokens drafted for a pass", "techniques.draft_tok")
            number(
                "Share of them accepted",
                "techniques.acceptance_frac",
                step=0.05,
                placeholder=f"published for the model, else {rule.central:g} ({rule.low:g} to {rule.high:g})",
            )
        with right:
            st.toggle(
                "Whole experts on each GPU",
                key="techniques.expert_parallelism",
                persist_state="session",
                help=help_text("techniques.expert_parallelism"),
            )
            st.caption("Weight formats to try are chosen on the Candidates page; cache hits on Prompt structure.")


headline = st.container()
switches()  # first: a value that cannot be used must stay correctable here
result = evaluation()
plan = result.build.plan if result.build else None
if plan is None or result.build is None:
    blamed = "With these switches no" if result.scenario.techniques != Techniques() else "No"
    headline.subheader(f"{blamed} fleet of your own qualifies")
    headline.markdown(escape(result.verdict.reason))
    st.stop()

names = {t.id: t.name for t in known().techniques}
found, made, saved = measured(to_token(result.scenario, catalog().digest), catalog().digest)
sentence = technique_takeaway(found, saved, names, result.scenario.techniques)
headline.subheader(escape(sentence))
st.plotly_chart(
    technique_matrix(found), alt=f"Matrix of technique by phase. {sentence}", key="technique_matrix", theme="streamlit"
)
st.caption(
    escape(
        f"Each technique with against without, all else as it is (format, split, other switches), on {result.build.label}. TTFT (95th percentile) and "
        "TPOT at the load that the verdict's peak puts on each GPU; of disaggregation at the load of its own pools. Speculation and "
        "disaggregation are outside the validated range: computed from step times that are, but checked against no published run."
    )
)
st.markdown(f"**The verdict with these switches.** {escape(result.verdict.sentence)}")

st.subheader("The chosen set, one on top of the other")
st.markdown(escape(step_takeaway(made)))
if all(step.state for step in made):
    st.plotly_chart(step_chart(made), alt=step_takeaway(made), key="technique_steps")
st.caption(
    "Gains do not multiply, nor add: batching uses the idle arithmetic that speculation needs, cached prompts need no prefill "
    "pool, and rent falls only when a whole machine is no longer needed."
)

st.subheader("Without and with each, in figures")
st.table(
    pd.DataFrame(
        [
            {
                "Technique": escape(names[e.id]),
                "Now": "used" if e.is_used else "not used",
                "TTFT": escape(change(e.without, e.with_it, "ttft_ms", milliseconds)),
                "TPOT": escape(change(e.without, e.with_it, "tpot_ms", milliseconds)),
                "Requests/s a GPU": escape(change(e.without, e.with_it, "req_s_per_gpu", significant)),
                "GPUs (busy at the peak)": escape(change(e.without, e.with_it, "gpus_words", str)),
                "Rent a month": escape(change(e.without, e.with_it, "usd_per_month", usd)),
            }
            for e in found
        ]
    ),
    hide_index=True,
    border="horizontal",
)
st.subheader("What was compared, and what each one forces")
here = {e.id: e.words for e in found}
for technique in known().techniques:
    with st.expander(escape(technique.name)):
        for label, words in (
            ("Here", here[technique.id].rstrip(".")),
            ("Acts on", f"{' and '.join(technique.phases)}; moves {', '.join(technique.metrics)}"),
            ("How", technique.mechanism),
            ("Needs", technique.requires),
            ("Forces", technique.forces),
            ("Not when", technique.avoid),
            ("Published, elsewhere", technique.published),
        ):
            st.markdown(f"**{label}.** {escape(words[:1].upper() + words[1:])}.")
        st.caption(f"{source_line(known().sources[technique.source])} · {technique.confidence} confidence")
with st.expander("What is assumed"):
    rules = catalog().technique_rules
    for rule in (rules.acceptance_frac, rules.draft_cost_frac, rules.draft_memory_frac, rules.transfer_gb_s):
        span = f"{rule.central:g} ({rule.low:g} to {rule.high:g}) {rule.unit}: {rule.what}"
        st.markdown(f"{escape(span)}. {source_line(rules.sources[rule.source])} · {rule.confidence} confidence")
    runs = [run for run in rules.acceptance if run.model == plan.config.model.id]
    for run in runs:
        tokens = ", ".join(f"{tok:g}" for tok in run.pass_tok)
        thinking = "thinking" if run.thinking else "not thinking"
        st.markdown(
            f"{escape(f'{plan.config.model.name}, {run.method.upper()}, {thinking}: {tokens} tokens a pass with 1, 2, … drafted.')} "
            f"{source_line(rules.sources[run.source])}"
        )
    if not runs:
        st.caption(
            escape(
                f"No run of {plan.config.model.name} is published here: {percent(rules.acceptance_frac.central)} is assumed unless you type yours."
            )
        )
