"""What the Decision record page shows: a record, its downloads, and what changed since it was saved."""

from datetime import date

import pandas as pd
import streamlit as st

from calculators.errors import DataError
from calculators.report.decision_record import DecisionRecord, freeze, to_json_text
from calculators.report.record_changes import changes_choice, record_changes
from calculators.report.record_page import sections, to_html, to_markdown
from pages.shared.state import escape, evaluation_of, sensitivity

FILES = (
    ("Markdown", to_markdown, "md", "text/markdown", ":material/download:"),
    ("Printable page (HTML)", to_html, "html", "text/html", ":material/print:"),
    ("JSON (can be reopened)", to_json_text, "json", "application/json", ":material/download:"),
)


def downloads(record: DecisionRecord) -> None:
    """The record as files."""
    for column, (label, write, ending, kind, icon) in zip(st.columns(len(FILES)), FILES, strict=True):
        name = f"decision-{record.made_on}.{ending}"
        column.download_button(label, write(record), name, kind, icon=icon, width="stretch")


def record_sections(record: DecisionRecord) -> None:
    """The same sections as in the files."""
    for section in sections(record):
        st.markdown(f"**{escape(section.title)}**")
        for paragraph in section.paragraphs:
            st.markdown(escape(paragraph))
        if section.rows:
            rows = [[escape(cell) for cell in row] for row in section.rows]
            st.table(pd.DataFrame(rows, columns=list(section.header)), hide_index=True, border="horizontal")


def saved_record(record: DecisionRecord) -> None:
    """A saved record, and what today's prices make of the same inputs."""
    st.caption(escape(f"Created on {record.made_on} with data version {record.digest}."))
    try:
        _comparison(record)
    except DataError as error:
        st.warning(escape(f"Today's prices cannot be applied to this record: {error}"), icon=":material/error:")
    record_sections(record)


def _comparison(record: DecisionRecord) -> None:
    today = date.today()
    again = evaluation_of(record.scenario.model_copy(update={"as_of": today}))
    changes = record_changes(record, freeze(again, sensitivity(again), today, record.dissent))
    if not changes:
        st.success("Nothing changes at today's prices.", icon=":material/check:")
        return
    change = "the recommendation has changed" if changes_choice(changes) else "the recommendation still holds"
    st.markdown(f"**At today's prices, {change}.**")
    rows = [[escape(c.what), escape(c.then), escape(c.now)] for c in changes]
    st.table(pd.DataFrame(rows, columns=["Item", "Then", "Today"]), hide_index=True, border="horizontal")
