"""One page to keep: what was decided, on which figures, who disagreed, and when to revisit it."""

from datetime import date

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.report.decision_record import MAX_DISSENT_CHARS, freeze, read_record
from pages.shared.components.record import downloads, record_sections, saved_record
from pages.shared.state import escape, evaluation, sensitivity

result = evaluation()
st.subheader(escape(result.verdict.sentence))
dissent = st.text_area(
    "Dissenting views",
    key="record_dissent",
    persist_state="session",
    max_chars=MAX_DISSENT_CHARS,
    help=help_text("dissenting views"),
    placeholder="Who disagrees, and why? Saved in the record, not in the URL.",
)
record = freeze(result, sensitivity(result), date.today(), dissent or "")
downloads(record)
current, saved = st.tabs(["Record", "Open a saved record"])
with current:
    record_sections(record)
with saved:
    given = st.file_uploader(
        "Record (JSON file)", type="json", key="record_file", max_upload_size=2, help=help_text("decision record")
    )
    if given is None:
        st.caption("A saved record shows what it said then, and what has changed at today's prices.")
    else:
        try:
            opened = read_record(given.getvalue(), given.name)
        except DataError as error:
            st.error(escape(str(error)), icon=":material/error:")
        else:
            saved_record(opened)
