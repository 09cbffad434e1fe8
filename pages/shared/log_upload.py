"""Upload of a request log: reads it, asks about columns when unsure, and puts its figures into the inputs."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.logs.request_file import LogError
from calculators.logs.request_log import UsageSummary, read_log
from calculators.logs.request_mapping import ColumnGuess, guess_columns
from calculators.logs.to_workload import log_workload
from calculators.units import count, plural, significant
from pages.shared.state import escape, scenario

ASKED = {
    "time": "Request time",
    "input": "Input tokens",
    "output": "Output tokens",
    "cache_read": "Cached input tokens (optional)",
}
NONE = "not in this log"


def log_upload() -> None:
    """Uploader of a request log. A log that cannot be used changes no input."""
    file = st.file_uploader(
        "Upload a request log",
        type=["csv", "tsv", "txt", "json", "jsonl", "ndjson", "gz"],
        key="log_file",
        max_upload_size=200,
        help=help_text("request log"),
    )
    if file is None or st.session_state.get("log_read") == file.file_id:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"log{''.join(s for s in Path(file.name).suffixes[-2:] if s.isascii() and len(s) < 8)}"
        path.write_bytes(file.getbuffer())
        try:
            guess = guess_columns(path)
            mapping = _mapping(guess, file.file_id)
            if mapping is None:
                return
            _use(_read(path, file.name, mapping))
        except DataError as error:
            st.error(escape(str(error).replace(path.name, file.name)), icon=":material/error:")
            st.caption("Your inputs are kept.")
            return
    st.session_state["log_read"] = file.file_id
    st.rerun()


def _mapping(guess: ColumnGuess, file_id: str) -> dict[str, str] | None:
    """Column of each role: as guessed when sure, else as the user selects; None until then."""
    if guess.sure:
        return dict(guess.role_of)
    st.warning(f"Select the columns. {escape(guess.reason)}", icon=":material/help:")
    options = [NONE, *guess.columns[:200]]
    with st.form(f"map_{file_id}"):
        columns = st.columns(len(ASKED))
        picked = {
            role: place.selectbox(
                label,
                options,
                index=options.index(guess.role_of[role]) if guess.role_of.get(role) in options else 0,
                key=f"map_{role}_{file_id}",
                help=help_text("log column"),
            )
            for place, (role, label) in zip(columns, ASKED.items(), strict=True)
        }
        if not st.form_submit_button("Read the log", type="primary"):
            return None
    missing = [ASKED[role] for role in ("time", "input", "output") if picked[role] == NONE]
    if missing:
        raise LogError(f"Select a column for: {', '.join(missing)}.")
    return {role: column for role, column in picked.items() if column != NONE}


def _read(path: Path, name: str, mapping: dict[str, str]) -> UsageSummary:
    bar = st.progress(0.0, text="Reading the log …")
    try:
        return read_log(
            path,
            name=name,
            role_of=mapping,
            progress=lambda share, what: bar.progress(min(max(share, 0.0), 1.0), text=escape(what)),
        )
    finally:
        bar.empty()


def _use(summary: UsageSummary) -> None:
    """Puts the figures of the log into the workload inputs."""
    after = log_workload(summary, scenario().workload).model_dump(mode="json")
    for field, value in after.items():
        st.session_state[f"workload.{field}"] = value
    st.session_state["name"] = summary.name[:120]
    st.session_state["log_summary"] = _plain(summary)
    st.session_state["notice"] = (
        f"{plural(summary.used_row_count, 'request')} read from {summary.name}: {significant(summary.request_rate_req_s)} "
        f"requests/s, {count(summary.input_tok.mean_tok)} input and {plural(summary.output_tok.mean_tok, 'output token')} on average."
    )


def _plain(summary: UsageSummary) -> dict[str, object]:
    """Plain values of the summary, since records in session state do not survive a hot reload."""
    plain = asdict(summary)
    plain["start"], plain["end"] = summary.start.isoformat(), summary.end.isoformat()
    return plain
