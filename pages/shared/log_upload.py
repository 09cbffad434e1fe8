"""Upload of request logs: reads them, asks what they leave open, and puts their figures into the inputs."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.logs.request_log import UsageSummary
from calculators.logs.request_mapping import ColumnGuess, guess_columns
from calculators.logs.to_workload import api_texts, log_workload
from calculators.logs.usage_files import read_usage, usage_workload
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.logs.usage_reading import UsageReading
from calculators.scenario.files import parse_workload
from calculators.units import count, plural, significant
from pages.shared.state import escape, scenario

ASKED = {
    "time": "Request time",
    "input": "Input tokens",
    "output": "Output tokens",
    "cache_read": "Cached input tokens (optional)",
}
NONE = "not in this log"
FILE_TYPES = (
    *(
        "csv",
        "tsv",
        "txt",
        "log",
        "json",
        "jsonl",
        "ndjson",
        "gz",
        "zst",
        "bz2",
        "zip",
        "tar",
        "tgz",
        "parquet",
        "xlsx",
        "yaml",
        "yml",
    ),
)
MAX_UPLOAD_MB = 200
CACHED = {"As recognized": None, "Input includes them": False, "Input excludes them": True}


def log_upload() -> None:
    """Uploader of request logs, read together. Logs that cannot be used change no input."""
    files = st.file_uploader(
        "Upload a request log",
        type=FILE_TYPES,
        key="log_file",
        max_upload_size=MAX_UPLOAD_MB,
        accept_multiple_files=True,
        help=help_text("request log"),
    )
    st.caption(
        f"Larger than {MAX_UPLOAD_MB} MB: run `python -m calculators workload FILE > workload.yaml` and upload that small file."
    )
    read_id = "+".join(file.file_id for file in files)
    if not files or st.session_state.get("log_read") == read_id:
        return
    if len(files) == 1 and files[0].name.endswith((".yaml", ".yml")):
        _use_workload(files[0], read_id)
    else:
        _use_logs(files, read_id)


def _use_logs(files: Sequence[Any], read_id: str) -> None:
    """Reads the logs, asks what they leave open, and puts their figures into the inputs."""
    answers = UsageAnswers(**st.session_state.get(f"log_answers_{read_id}", {}))
    with tempfile.TemporaryDirectory() as folder:
        paths = [_saved(Path(folder), number, file) for number, file in enumerate(files)]
        names = [file.name for file in files]
        try:
            reading = _read(paths, names, answers)
        except DataError as error:
            _refuse(error, _guess(paths[0]), answers, read_id)
            return
        if any(question.field == "column_of" and question.values[0][0] in ASKED for question in reading.questions):
            _ask_columns(guess_columns(paths[0]), answers, read_id)
            return
        if reading.questions:
            _ask(reading.questions, answers, read_id)
            return
    if reading.summary is None:
        _use_sums(reading, answers)
    else:
        _use(reading.summary)
    st.session_state["log_lists"] = {
        "Read": reading.read,
        "Inferred": reading.inferred,
        "Assumed": reading.assumed,
        "Not in the file": reading.missing,
    }
    st.session_state["log_read"] = read_id
    st.rerun()


def _saved(folder: Path, number: int, file: Any) -> Path:
    suffixes = "".join(suffix for suffix in Path(file.name).suffixes[-2:] if suffix.isascii() and len(suffix) < 9)
    path = folder / f"log{number}{suffixes}"
    path.write_bytes(file.getbuffer())
    return path


def _guess(path: Path) -> ColumnGuess | None:
    """The columns as recognized; None for a file of which nothing can be recognized."""
    try:
        return guess_columns(path)
    except DataError:
        return None


def _refuse(error: DataError, guess: ColumnGuess | None, answers: UsageAnswers, read_id: str) -> None:
    """Asks for the columns where that helps; says why the log was not read unless it was not asked before."""
    can_ask = guess is not None and (not guess.sure or bool(answers.column_of))
    if not can_ask or answers.column_of:
        st.error(escape(str(error)), icon=":material/error:")
        st.caption("Your inputs are kept.")
    if guess is not None and can_ask:
        _ask_columns(guess, answers, read_id)


def _read(paths: Sequence[Path], names: Sequence[str], answers: UsageAnswers) -> UsageReading:
    bar = st.progress(0.0, text="Reading the log …")
    try:
        return read_usage(
            paths,
            answers,
            names=names,
            progress=lambda share, what: bar.progress(min(max(share, 0.0), 1.0), text=escape(what)),
        )
    finally:
        bar.empty()


# --- what a log leaves open ----------------------------------------------------------------------------------------


def _answer(answers: UsageAnswers, read_id: str) -> None:
    st.session_state[f"log_answers_{read_id}"] = asdict(answers)
    st.rerun()


def _ask(questions: Sequence[UsageQuestion], answers: UsageAnswers, read_id: str) -> None:
    """One choice for each question, with what each answer means."""
    if elsewhere := next((question for question in questions if not question.field), None):
        st.error(f"{escape(elsewhere.text)} {escape('; '.join(elsewhere.answers))}.", icon=":material/error:")
        st.caption("Your inputs are kept.")
        return
    with st.form(f"ask_{read_id}"):
        picked = [_ask_one(question, f"ask_{number}_{read_id}") for number, question in enumerate(questions)]
        if not st.form_submit_button("Read the log", type="primary"):
            return
    if any(answer is None for answer in picked):
        st.error("Answer every question.", icon=":material/error:")
        return
    for question, answer in zip(questions, picked, strict=True):
        value = question.values[question.answers.index(answer)] if question.values else answer
        answers = answers.with_answer(question, value)
    _answer(answers, read_id)


def _ask_one(question: UsageQuestion, key: str) -> Any:
    """The answer picked, or the number typed; None as long as there is none."""
    said = help_text("request log")
    if question.values:
        return st.radio(escape(question.text), question.answers, index=None, key=key, help=said)
    number = st.number_input(escape(question.text), min_value=1.0, value=None, key=key, help=said)
    st.caption(escape("; ".join(question.answers)))
    return number


def _ask_columns(guess: ColumnGuess, answers: UsageAnswers, read_id: str) -> None:
    """The columns of the first log to pick from, where they are in doubt. Roles that are not asked stay as recognized."""
    st.warning(f"Select the columns. {escape(guess.reason)}", icon=":material/help:")
    options = [NONE, *guess.columns[:200]]
    with st.form(f"map_{read_id}"):
        columns = st.columns(len(ASKED) + 1)
        picked = {
            role: place.selectbox(
                label,
                options,
                index=options.index(guess.role_of[role]) if guess.role_of.get(role) in options else 0,
                key=f"map_{role}_{read_id}",
                help=help_text("log column"),
            )
            for place, (role, label) in zip(columns, ASKED.items(), strict=False)
        }
        cached = columns[-1].selectbox(
            "Cached tokens", list(CACHED), key=f"map_excludes_{read_id}", help=help_text("log column")
        )
        if not st.form_submit_button("Read the log", type="primary"):
            return
    missing = [ASKED[role] for role in ("time", "input", "output") if picked[role] == NONE]
    if missing:
        st.error(f"Select a column for: {', '.join(missing)}.", icon=":material/error:")
        return
    column_of = {role: "" if column == NONE else column for role, column in picked.items()}
    _answer(replace(answers, column_of=column_of, input_excludes_cache=CACHED[cached]), read_id)


def _use_workload(file: Any, read_id: str) -> None:
    """Puts a workload that the command line wrote into the inputs."""
    try:
        workload = parse_workload(file.getvalue(), file.name)
    except DataError as error:
        _refuse(error, None, UsageAnswers(), read_id)
        return
    for field, value in workload.model_dump(mode="json").items():
        st.session_state[f"workload.{field}"] = value
    for earlier in ("log_summary", "log_lists"):
        st.session_state.pop(earlier, None)
    st.session_state["name"] = file.name[:120]
    st.session_state["notice"] = f"Workload read from {file.name}: {count(workload.requests_per_month)} requests/month."
    st.session_state["log_read"] = read_id
    st.rerun()


def _use(summary: UsageSummary) -> None:
    """Puts the figures of the log into the workload inputs."""
    after = log_workload(summary, scenario().workload).model_dump(mode="json")
    for field, value in after.items():
        st.session_state[f"workload.{field}"] = value
    st.session_state["name"] = summary.name[:120]
    st.session_state["log_summary"] = _plain(summary)
    st.session_state["notice"] = (
        f"{plural(summary.used_row_count, 'request')} read from {summary.name}: {significant(summary.request_rate_req_s)} "
        f"requests/s, {count(summary.input_tok.mean_tok)} input and {plural(summary.output_tok.mean_tok, 'output token')} on average. "
        + " ".join(api_texts(summary))
    ).rstrip()


def _use_sums(reading: UsageReading, answers: UsageAnswers) -> None:
    """Puts the figures of a file of sums, lengths or rates into the workload inputs."""
    after = usage_workload(reading, scenario().workload, answers).model_dump(mode="json")
    for field, value in after.items():
        st.session_state[f"workload.{field}"] = value
    st.session_state["name"] = reading.name[:120]
    st.session_state.pop("log_summary", None)
    said = " ".join((*reading.read, *reading.assumed))
    st.session_state["notice"] = f"{reading.name} read. {said}"


def _plain(summary: UsageSummary) -> dict[str, object]:
    """Plain values of the summary, since records in session state do not survive a hot reload."""
    plain = asdict(summary)
    plain["start"], plain["end"] = summary.start.isoformat(), summary.end.isoformat()
    return plain
