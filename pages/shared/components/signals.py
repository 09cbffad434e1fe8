"""What the Signals and compliance page shows: the inputs, a card for each signal, and what compliance leaves."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.compliance.assessment import ComplianceAssessment, PricedPath
from calculators.compliance.assessment_text import price_words, relaxation_words, shared_condition, without_condition
from calculators.compliance.operator_check import PATH_WORDS, ComplianceStatus
from calculators.decision.signal_result import SIGNAL_STATUS_WORDS, Precondition, Signal, SupportingFact
from calculators.errors import DataError
from calculators.logs.latency_list import read_latencies
from calculators.units import capital, count, percent, plural_or_no, usd
from pages.shared.state import catalog, escape
from pages.shared.widgets import choice, number, several, source_line

GROUPS = {
    "data": "Data",
    "regime": "Regulation",
    "clause": "Contract",
    "residency": "Data residency",
    "attestation": "Attestation",
}
STATUS_ICON = {
    "firing": ":material/notifications_active:",
    "close": ":material/notifications:",
    "unknown": ":material/help:",
    "not_firing": ":material/notifications_off:",
}
HOLDS_ICON = {True: ":material/check:", False: ":material/close:", None: ":material/help:"}
STATUSES: dict[ComplianceStatus, tuple[str, str]] = {
    "allowed": ("Allowed", "Condition"),
    "ask": ("To ask", "What to ask"),
    "blocked": ("Blocked", "Why"),
}
WRAPPED_ROWS = 15
UPTIMES = (None, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999)
ANSWERS = {None: "Not answered", True: "Yes", False: "No"}
QUESTIONS = ("evidence.interface_settled", "evidence.own_weights", "evidence.chained_models")


# --- inputs --------------------------------------------------------------------------------------------------------


def requirements_input() -> None:
    """The compliance requirements, by group."""
    known = catalog().requirements

    def words(id: str) -> str:
        return f"{GROUPS[known[id].group]}: {known[id].name}" if id in known else id

    several(
        [r.id for group in GROUPS for r in known.values() if r.group == group],
        "compliance.requirements",
        format_func=words,
        placeholder="None: pick data types, regulations, contract clauses, regions, attestations",
    )


def api_inputs() -> None:
    """What was measured at the API today."""
    st.markdown("**Measured at your API**")
    _latency_upload()
    source = "evidence.api_latency_source"
    number("evidence.api_ttft_p95_ms", source, step=50.0, format="%.0f")
    number("evidence.api_tpot_p95_ms", source, step=5.0)
    number("evidence.api_uptime_frac", step=0.0005, format="%.4f")
    values = (st.session_state[f"evidence.api_{name}_p95_ms"] for name in ("ttft", "tpot"))
    if any(value is not None for value in values):
        st.caption(escape(f"Source of the latencies: {st.session_state[source]}."))


def need_inputs() -> None:
    """What the product needs of the API."""
    st.markdown("**Required by your product**")
    choice(
        UPTIMES,
        "evidence.needed_uptime_frac",
        placeholder="Not set",
        format_func=lambda uptime: "Not set" if uptime is None else percent(uptime),
    )
    number("evidence.api_limit_tok_per_minute", step=100_000.0, format="%.0f")
    number("operations.regions", placeholder="1, or 2 for high availability")
    st.caption("Latency targets are on the Workload page.")


def fact_inputs() -> None:
    """Preconditions and supporting facts that only the user knows."""
    st.markdown("**Preconditions and supporting factors**")
    for key in QUESTIONS:
        choice((None, True, False), key, format_func=ANSWERS.get, placeholder=ANSWERS[None])
    number("evidence.value_usd_per_request", step=0.001, format="%.4f")


def _latency_upload() -> None:
    """A list of measured latencies becomes their 95th percentiles; one that cannot be read changes nothing."""
    state = st.session_state
    given = st.file_uploader(
        "Upload measured latencies (CSV with ttft_ms, tpot_ms, one request per line)",
        type="csv",
        key="latency_file",
        help=help_text("measured API latency"),
        max_upload_size=20,
    )
    if given is None or state.get("latency_read") == given.file_id:
        return
    try:
        sample = read_latencies(given.getvalue(), given.name)
    except DataError as error:
        st.error(escape(str(error)), icon=":material/error:")
        st.caption("Your inputs are unchanged.")
        return
    state["latency_read"] = given.file_id
    if sample.ttft_p95_ms is not None:
        state["evidence.api_ttft_p95_ms"] = sample.ttft_p95_ms
    if sample.tpot_p95_ms is not None:
        state["evidence.api_tpot_p95_ms"] = sample.tpot_p95_ms
    state["evidence.api_latency_source"] = f"{given.name[:120]}, {sample.words}"
    st.rerun()


# --- signals -------------------------------------------------------------------------------------------------------


def signal_cards(signals: Sequence[Signal]) -> None:
    """One card for each exit signal, side by side."""
    for column, signal in zip(st.columns(3), signals, strict=True):
        with column, st.container(border=True, height="stretch"):
            _card(signal)


def _card(signal: Signal) -> None:
    st.markdown(f"**{signal.name}** · {STATUS_ICON[signal.status]} {SIGNAL_STATUS_WORDS[signal.status].capitalize()}")
    st.markdown(escape(f"{signal.value}."))
    source = f"{source_line(signal.source)}, {signal.confidence} confidence"
    st.caption(f"{escape(f'Met {signal.threshold}.')} {source}")
    for words in (signal.why, signal.remedy):
        if words:
            st.markdown(escape(words))
    st.markdown(f"**{escape(signal.when)}**")
    if signal.context:
        with st.expander("Published thresholds and measurements"):
            for words in signal.context:
                st.caption(escape(f"{capital(words)}."))


def fact_list(title: str, facts: Sequence[Precondition | SupportingFact]) -> None:
    """Preconditions or supporting facts, each with whether it holds."""
    st.markdown(f"**{title}**")
    for fact in facts:
        st.markdown(f"{HOLDS_ICON[fact.holds]} **{fact.name}.** {escape(fact.words)}")


# --- compliance ----------------------------------------------------------------------------------------------------


def compliance_metrics(assessment: ComplianceAssessment) -> None:
    """How many options are allowed, to be asked and blocked, and what compliance costs."""
    cells, premium = st.columns(4), assessment.premium_usd_per_month
    for cell, (status, (name, _)) in zip(cells, STATUSES.items(), strict=False):
        cell.metric(
            name,
            count(len(assessment.with_status(status))),
            border=True,
            height="stretch",
            help=help_text(name.lower()),
        )
    words, unit = ("none", "no public price") if premium is None else (usd(premium), "per month")
    style = {"delta_color": "off", "delta_arrow": "off", "border": True}
    cells[3].metric("Compliance premium", words, unit, help=help_text("compliance premium"), **style)


def path_tabs(assessment: ComplianceAssessment) -> None:
    """The options of each status in a tab."""
    tabs = st.tabs([f"{name} ({len(assessment.with_status(status))})" for status, (name, _) in STATUSES.items()])
    for tab, (status, (_, because)) in zip(tabs, STATUSES.items(), strict=True):
        with tab:
            _path_table(assessment.with_status(status), because)


def _path_table(paths: Sequence[PricedPath], because: str) -> None:
    """Short lists wrap, so that every reason can be read; long ones scroll."""
    if not paths:
        st.caption("None.")
        return
    condition = shared_condition([p.path.why for p in paths])
    if condition:
        st.markdown(f"**{escape(condition)}**")
    rows = [
        {
            "Operator": p.path.name,
            "USD/month": price_words(p),
            because: without_condition(p.path.why, condition),
            "Cheapest option": f"{p.label} ({PATH_WORDS[p.path.kind]})",
            "Source": _sources(p),
        }
        for p in paths
    ]
    if len(rows) <= WRAPPED_ROWS:
        wrapped = [{name: escape(cell) for name, cell in row.items()} for row in rows]
        st.table(pd.DataFrame(wrapped), hide_index=True, border="horizontal")
        return
    columns = {
        "Operator": st.column_config.TextColumn(width="medium"),
        because: st.column_config.TextColumn(width="large"),
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns)


def _sources(path: PricedPath) -> str:
    words = (
        f"{f.source.title}, {f.source.accessed}, {f.confidence} confidence, ask again after {f.ask_again_after}"
        for f in path.path.deciding
        if f.source
    )
    return "; ".join(dict.fromkeys(words))


def relaxation_table(assessment: ComplianceAssessment) -> None:
    """What dropping each requirement opens."""
    rows = [
        {
            "Without": escape(r.requirement.name),
            "Opens": plural_or_no(r.opened_count, "option"),
            "Cheapest allowed option then": escape(relaxation_words(r)),
        }
        for r in assessment.relaxations
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")


def requirement_meanings(assessment: ComplianceAssessment) -> None:
    """What each requirement means, with its source."""
    sources = catalog().requirements_file.sources
    for r in assessment.requirements:
        st.markdown(escape(f"{r.name}: {r.meaning} On your own hardware: {r.yours}"))
        st.caption(f"{source_line(sources[r.source])} · {r.confidence} confidence")
