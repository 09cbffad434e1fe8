"""What the page Six techniques shows: the switches, the table of figures, the cards and the assumptions."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.models import Model
from calculators.catalog.techniques import AcceptedTokens, Technique, TechniqueId, TechniquesFile
from calculators.scenario.schema import Techniques, label
from calculators.techniques.effects import TechniqueEffect
from calculators.techniques.effects_text import SHORT_NAMES, use_text
from calculators.techniques.fleets_text import side_by_side
from calculators.units import percent, significant
from pages.shared.state import catalog, escape
from pages.shared.widgets import number, source_line

SWITCHES: tuple[TechniqueId, ...] = (
    *("prefix_caching", "quantization", "speculation", "parallelism", "disaggregation"),
)
WIDTHS = (4, 4, 5.5, 4, 4)
"""Of the switches: the longest label needs most."""
FIGURES = {
    "Rent per month": "usd_per_month",
    "GPUs (busy at the peak)": "gpus",
    "TTFT p95": "ttft_ms",
    "TPOT": "tpot_ms",
    "Requests/s per GPU": "req_s_per_gpu",
}
"""The most important first: a telephone shows two or three, the others by swiping."""
METHOD_NAMES = {"mtp": "MTP", "eagle3": "EAGLE3", "dspark": "DSpark"}


def switches() -> None:
    """A switch for each technique that can be off (batching never is), and the settings of each."""
    for column, technique in zip(st.columns(WIDTHS), SWITCHES, strict=True):
        key = f"techniques.{technique}"
        column.toggle(SHORT_NAMES[technique], key=key, persist_state="session", help=help_text(key))
    st.caption("Continuous batching is always on: it is part of every engine.")
    with st.expander("Settings of each technique", icon=":material/tune:"):
        left, middle, right = st.columns(3, gap="large")
        with left:
            number("techniques.batch_cap")
            st.segmented_control(
                label("techniques.kv_cache"),
                ["bf16", "fp8"],
                key="techniques.kv_cache",
                persist_state="session",
                required=True,
                format_func={"bf16": "16 bit", "fp8": "FP8"}.get,
                help=help_text("techniques.kv_cache"),
            )
        with middle:
            rule = catalog().technique_rules.acceptance_frac
            span = f"{percent(rule.central)} ({percent(rule.low)} to {percent(rule.high)})"
            number("techniques.draft_tok")
            number(
                "techniques.acceptance_frac",
                step=0.05,
                placeholder=f"published for the model, else {span}",
            )
        with right:
            st.toggle(
                label("techniques.expert_parallelism"),
                key="techniques.expert_parallelism",
                persist_state="session",
                help=help_text("techniques.expert_parallelism"),
            )
            st.caption("Set the weight precisions on Candidates and the cache hit rates on Prompt structure.")


def effects_table(effects: Sequence[TechniqueEffect], chosen: Techniques) -> None:
    """Every figure without and with each technique."""
    rows = [
        {"Technique": SHORT_NAMES[e.id], "In this fleet": use_text(e, chosen)}
        | {name: escape(side_by_side(e.without, e.with_it, field)) for name, field in FIGURES.items()}
        for e in effects
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")


def cards(known: TechniquesFile, here: Mapping[TechniqueId, str]) -> None:
    """Each technique with what was compared here, how it works, what it needs and costs, and its source."""
    for technique in known.techniques:
        with st.expander(escape(technique.name)):
            for label, text in _card(technique, here[technique.id]):
                st.markdown(f"**{label}.** {escape(text[:1].upper() + text[1:])}.")
            keys = dict.fromkeys((technique.source, *technique.published_sources))
            lines = "; ".join(source_line(known.sources[key]) for key in keys)
            st.caption(f"{lines} · {technique.confidence} confidence")
            for setting in technique.related:
                st.markdown(
                    f"**Related: {escape(setting.name)}.** {escape(setting.text[:1].upper() + setting.text[1:])}."
                )
                st.caption("; ".join(source_line(known.sources[key]) for key in setting.sources))


def _card(technique: Technique, here: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Compared here", here.rstrip(".")),
        ("Acts on", f"{' and '.join(technique.phases)}; changes {', '.join(technique.metrics)}"),
        ("How it works", technique.mechanism),
        ("Requires", technique.requires),
        ("Trade-offs", technique.trade_offs),
        ("Avoid for", technique.avoid),
        ("Published gains on other workloads", technique.published),
    )


def assumptions(model: Model) -> None:
    """The rules of thumb, and the published acceptance of this model's drafts."""
    rules = catalog().technique_rules
    for rule in (rules.acceptance_frac, rules.draft_memory_frac, rules.transfer_gb_s):
        low, central, high = (significant(value) for value in (rule.low, rule.central, rule.high))
        text = escape(f"{central} ({low} to {high}) {rule.unit}: {rule.what}.")
        st.markdown(f"{text} {source_line(rules.sources[rule.source])} · {rule.confidence} confidence")
    runs = [run for run in rules.acceptance if run.model == model.id]
    shown = [(model.name, run) for run in runs] if runs else [(run.name, run) for run in rules.elsewhere]
    for name, run in shown:
        st.markdown(f"{escape(_run_text(name, run))} {source_line(rules.sources[run.source])}")
    st.caption("All published runs are of coding prompts. Other text is accepted less: measure your own.")
    if not runs:
        assumed = percent(rules.acceptance_frac.central)
        st.caption(
            escape(
                f"No published run for {model.name}: {assumed} is assumed unless you set the acceptance rate. The runs above "
                "are of other models, for comparison."
            )
        )


def _run_text(name: str, run: AcceptedTokens) -> str:
    tokens = ", ".join(significant(tok) for tok in run.pass_tok)
    thinking = "thinking" if run.thinking else "not thinking"
    return f"{name}, {METHOD_NAMES[run.method]}, {thinking}: {tokens} tokens per pass with 1, 2, … draft tokens."
