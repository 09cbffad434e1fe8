"""Is it time to leave the API, what would make it time, and what are we allowed to do at all?"""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.compliance.assessment import PricedPath
from calculators.compliance.operator_check import PATH_WORDS
from calculators.decision.signal_result import Precondition, Signal
from calculators.errors import DataError
from calculators.logs.latency_list import read_latencies
from calculators.units import usd
from pages.shared.figures.compliance import path_chart, path_takeaway
from pages.shared.state import catalog, escape, evaluation
from pages.shared.widgets import choice, number, several, source_line

known, state = catalog(), st.session_state
GROUPS = {
    "data": "Data",
    "regime": "Regime",
    "clause": "Contract",
    "residency": "Where processed",
    "attestation": "Attestation",
}
STATUS = {
    "firing": (":material/notifications_active:", "Firing"),
    "close": (":material/notifications:", "Close"),
    "unknown": (":material/help:", "Unknown"),
    "not_firing": (":material/notifications_off:", "Not firing"),
}
WRAPPED_ROWS = 15
UPTIMES = (None, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999)
ANSWERS = {None: "Not said", True: "Yes", False: "No"}


def requirement(id: str) -> str:
    found = known.requirements.get(id)
    return f"{GROUPS[found.group]}: {found.name}" if found else id


def card(signal: Signal) -> None:
    icon, word = STATUS[signal.status]
    st.markdown(f"**{signal.name}** · {icon} {word}")
    st.markdown(escape(signal.value[:1].upper() + signal.value[1:] + "."))
    st.caption(f"{escape(f'Fires {signal.threshold}.')} {source_line(signal.source)}, {signal.confidence} confidence")
    st.markdown(escape(signal.why))
    if signal.remedy:
        st.markdown(escape(signal.remedy))
    st.markdown(f"**{escape(signal.when)}**")
    if signal.context:
        with st.expander("What others say"):
            for words in signal.context:
                st.caption(escape(f"{words[:1].upper()}{words[1:]}."))


def told(items: tuple[Precondition, ...]) -> None:
    for item in items:
        icon = {True: ":material/check:", False: ":material/close:", None: ":material/help:"}[item.holds]
        st.markdown(f"{icon} **{item.name}.** {escape(item.words)}")


def path_table(paths: tuple[PricedPath, ...], because: str) -> None:
    """Short lists wrap, so that every reason can be read; long ones scroll."""
    if not paths:
        st.caption("None.")
        return
    rows = [
        {
            "Who": p.path.name,
            "A month": usd(p.usd_per_month) if p.usd_per_month is not None else "no public price",
            because: p.path.why,
            "Cheapest there": f"{p.label} ({PATH_WORDS[p.path.kind]})",
            "Source": "; ".join(
                dict.fromkeys(
                    f"{f.source.title}, {f.source.accessed}, {f.confidence} confidence"
                    for f in p.path.deciding
                    if f.source
                )
            ),
        }
        for p in paths
    ]
    if len(rows) <= WRAPPED_ROWS:
        wrapped = [{name: escape(cell) for name, cell in row.items()} for row in rows]
        st.table(pd.DataFrame(wrapped), hide_index=True, border="horizontal")
    else:
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            column_config={
                "Who": st.column_config.TextColumn(width="medium"),
                because: st.column_config.TextColumn(width="large"),
            },
        )


def latency_upload() -> None:
    """A list of measured latencies becomes their 95th percentiles; one that cannot be read changes nothing."""
    given = st.file_uploader(
        "Drop a list, one request a line (CSV with ttft_ms, tpot_ms), or type",
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


headline = st.container()
several(
    [r.id for group in GROUPS for r in known.requirements.values() if r.group == group],
    "compliance.requirements",
    format_func=requirement,
    placeholder="Nothing stated: data, regimes, contract clauses, places, attestations",
)

answer, inputs = st.container(), st.container()
with inputs:  # drawn before the evaluation, so that a value it refuses can be corrected here
    st.subheader("What you measured and need")
    api, demand, more = st.columns(3, gap="large")
    with api:
        st.markdown("**The API today, as you measured it**")
        latency_upload()
        source = "evidence.api_latency_source"
        number("evidence.api_ttft_p95_ms", source, step=50.0, format="%.0f")
        number("evidence.api_tpot_p95_ms", source, step=5.0)
        number(
            "evidence.api_uptime_frac",
            step=0.0005,
            format="%.4f",
        )
        measured = state["evidence.api_ttft_p95_ms"] is not None or state["evidence.api_tpot_p95_ms"] is not None
        if measured:
            st.caption(escape(f"Source of the latencies: {state['evidence.api_latency_source']}."))
    with demand:
        st.markdown("**What the product needs of it**")
        choice(
            UPTIMES,
            "evidence.needed_uptime_frac",
            placeholder="Not stated",
            format_func=lambda u: (
                "not stated" if u is None else f"{u:.3%}".replace("0%", " %").replace("%", " %").replace("  ", " ")
            ),
        )
        number(
            "evidence.api_limit_tok_per_minute",
            step=100_000.0,
            format="%.0f",
        )
        number(
            "operations.regions",
            placeholder="one or two, by availability",
        )
        st.caption("Latency targets are on the Workload page.")
    with more:
        st.markdown("**What else is known**")
        for key in ("evidence.interface_settled", "evidence.own_weights", "evidence.chained_models"):
            choice((None, True, False), key, format_func=ANSWERS.get, placeholder="Not said")
        number("evidence.value_usd_per_request", step=0.001, format="%.4f")

result = evaluation()
assessment, judged = result.assessment, result.signals
premium, allowed = assessment.premium_usd_per_month, assessment.with_status("allowed")
firing = [s.name.lower() for s in judged.exit_signals if s.status == "firing"]
count_words = (
    f"{' and '.join(firing)} {'says' if len(firing) == 1 else 'say'} leave off-the-shelf APIs"
    if firing
    else "no signal says leave off-the-shelf APIs"
)
sentence = f"{count_words[:1].upper()}{count_words[1:]}."
if assessment.requirements:
    cost = (
        f"costs {usd(premium)}/month" if premium else "costs nothing" if premium == 0 else "leaves nothing with a price"
    )
    sentence += f" Compliance leaves {len(allowed)} of {len(assessment.paths)} paths and {cost}."
headline.subheader(escape(sentence))

with answer:
    missing = [item.name.lower() for item in judged.preconditions if item.holds is not True]
    if missing:
        st.markdown(
            escape(
                f"Before any signal counts: {', '.join(missing)} not settled."
                + (" Until then the safe answer is to stay on an API." if result.today_allowed else "")
            )
        )
    for column, signal in zip(st.columns(3), judged.exit_signals, strict=True):
        with column, st.container(border=True, height="stretch"):
            card(signal)

    if assessment.requirements:
        st.subheader("What compliance leaves")
        cells = st.columns(4)
        cells[0].metric("Paths allowed", f"{len(allowed)}", border=True, help=help_text("paths allowed"))
        cells[1].metric("To ask", f"{len(assessment.with_status('ask'))}", border=True, help=help_text("paths to ask"))
        cells[2].metric(
            "Blocked", f"{len(assessment.with_status('blocked'))}", border=True, help=help_text("paths blocked")
        )
        cells[3].metric(
            "Compliance premium",
            "no price" if premium is None else usd(premium),
            border=True,
            help=help_text("compliance premium"),
        )
        takeaway = path_takeaway(assessment)
        st.markdown(f"**{escape(takeaway)}**")
        st.plotly_chart(path_chart(assessment), alt=takeaway, key="path_chart")
        st.markdown(
            "A requirement usually removes one vendor's path, seldom all of them: the same open model on another host, or the "
            "same closed model through a cloud, often stays. Not legal advice."
        )
        tabs = st.tabs(
            [
                f"Allowed ({len(allowed)})",
                f"To ask ({len(assessment.with_status('ask'))})",
                f"Blocked ({len(assessment.with_status('blocked'))})",
            ]
        )
        for tab, status, because in zip(
            tabs, ("allowed", "ask", "blocked"), ("Under which condition", "What to ask", "Why"), strict=True
        ):
            with tab:
                path_table(assessment.with_status(status), because)
        if assessment.relaxations:
            st.markdown("**If one of them could be given up**")
            st.table(
                pd.DataFrame(
                    [
                        {
                            "Without": escape(r.requirement.name),
                            "Opens": f"{r.opened_count} paths",
                            "Cheapest then": escape(f"{r.label}, {usd(r.usd_per_month)}/month")
                            if r.usd_per_month is not None
                            else "none with a price",
                        }
                        for r in assessment.relaxations
                    ]
                ),
                hide_index=True,
                border="horizontal",
            )
        with st.expander("What each requirement means here"):
            for r in assessment.requirements:
                st.markdown(escape(f"{r.name}: {r.meaning} On your own hardware: {r.yours}"))
                st.caption(f"{source_line(known.requirements_file.sources[r.source])} · {r.confidence} confidence")
    else:
        st.info(
            "No requirement stated, so every path is open. Pick what applies above; it is looked at before any price."
        )

left, right = st.columns(2, gap="large")
with left:
    st.markdown("**Must be known first**")
    told(judged.preconditions)
with right:
    st.markdown("**Speaks for leaving, but is no signal**")
    told(judged.supporting)
