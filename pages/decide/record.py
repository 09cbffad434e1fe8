"""One page to keep: what was decided, on which figures, who disagreed, and when to look again."""

from datetime import date

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.report.decision_record import (
    MAX_DISSENT_CHARS,
    DecisionRecord,
    freeze,
    read_record,
    record_changes,
    to_json_text,
)
from calculators.report.record_page import sections, to_html, to_markdown
from pages.shared.state import escape, evaluation, evaluation_of


def show(record: DecisionRecord) -> None:
    """The same sections as in the files."""
    for section in sections(record):
        st.markdown(f"**{escape(section.title)}**")
        for paragraph in section.paragraphs:
            st.markdown(escape(paragraph))
        if section.rows:
            rows = [[escape(cell) for cell in row] for row in section.rows]
            st.table(pd.DataFrame(rows, columns=list(section.header)), hide_index=True, border="horizontal")


def compare(frozen: DecisionRecord) -> None:
    """What today's prices and profiles make of the same inputs."""
    again = evaluation_of(frozen.scenario.model_copy(update={"as_of": date.today()}))
    found = record_changes(frozen, freeze(again, date.today(), frozen.dissent))
    if not found:
        st.success("Run again on today's prices it says the same, to the dollar.", icon=":material/check:")
        return
    same = not {change.what for change in found} & {"Kind of verdict", "Winner"}
    st.markdown(f"**Run again on today's prices, {'the choice stands' if same else 'the choice is another'}.**")
    rows = [[escape(c.what), escape(c.then), escape(c.now)] for c in found]
    st.table(pd.DataFrame(rows, columns=["What", "Then", "Today"]), hide_index=True, border="horizontal")


result = evaluation()
st.subheader(escape(result.verdict.sentence))
dissent = st.text_area(
    "Dissent, or what speaks against it",
    key="record_dissent",
    persist_state="session",
    max_chars=MAX_DISSENT_CHARS,
    help=help_text("dissenting views"),
    placeholder="Who disagrees, and why. It is kept in the record, not in the link.",
)
record = freeze(result, date.today(), dissent or "")
stem = f"decision-{record.made_on}"
files = st.columns(3)
files[0].download_button(
    "Markdown", to_markdown(record), f"{stem}.md", "text/markdown", icon=":material/download:", width="stretch"
)
files[1].download_button(
    "Page to print", to_html(record), f"{stem}.html", "text/html", icon=":material/print:", width="stretch"
)
files[2].download_button(
    "JSON, to open here again",
    to_json_text(record),
    f"{stem}.json",
    "application/json",
    icon=":material/download:",
    width="stretch",
)
kept, fresh = st.tabs(["The record", "Open a kept record"])
with kept:
    show(record)
with fresh:
    given = st.file_uploader(
        "A record's JSON file", type="json", key="record_file", max_upload_size=2, help=help_text("decision record")
    )
    if given is None:
        st.caption("It shows what it said then, whatever prices do, and beside it what today's prices say.")
    else:
        try:
            frozen = read_record(given.getvalue(), given.name)
        except DataError as error:
            st.error(escape(str(error)), icon=":material/error:")
        else:
            st.caption(escape(f"Made on {frozen.made_on} with prices and profiles {frozen.digest}."))
            try:
                compare(frozen)
            except DataError as error:
                st.warning(escape(f"It cannot be run again: {error}"), icon=":material/error:")
            show(frozen)
