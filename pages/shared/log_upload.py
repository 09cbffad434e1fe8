"""Upload of files of usage: reads them, asks what they leave open, and puts their figures into the inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from calculators.api.usage_api import api_of_usage
from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.logs.containers import unlinked
from calculators.logs.request_log import UsageSummary
from calculators.logs.request_mapping import ColumnGuess, guess_columns
from calculators.logs.shown import shown_name
from calculators.logs.to_workload import log_workload
from calculators.logs.usage_files import read_usage, usage_workload
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import OTHERS, UsageShare
from calculators.logs.workload_file import usage_block
from calculators.scenario.files import parse_usage_file
from calculators.scenario.schema import Api
from calculators.units import count, plural, significant, usd
from pages.shared.log_state import keep_copy, keep_figures
from pages.shared.state import catalog, escape, scenario
from pages.shared.upload_limits import READS

ASKED = {
    "time": "Request time",
    "input": "Input tokens",
    "output": "Output tokens",
    "cache_read": "Cached input tokens (optional)",
}
NONE = "not in this file"
NUMBERS = {"requests": "Number of requests", "input_tok_per_request": "Or: mean input tokens per request"}
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


KINDS = (
    f"Request logs, usage reports, bills and metrics: CSV, JSON, Parquet, Excel, also packed, up to {MAX_UPLOAD_MB} MB. For larger "
    "files run `python -m calculators workload FILE > workload.yaml`, then upload that small file here: it brings the same "
    "figures, lists and charts."
)


def log_upload() -> None:
    """Uploader of files of usage, read together. Files that cannot be used change no input."""
    files = st.file_uploader(
        "Upload usage",
        type=FILE_TYPES,
        key="log_file",
        max_upload_size=MAX_UPLOAD_MB,
        accept_multiple_files=True,
        help=help_text("usage file"),
    )
    st.caption(KINDS)
    read_id = uploaded_id()
    if not files or st.session_state.get("log_read") == read_id:
        return
    if len(files) == 1 and files[0].name.endswith((".yaml", ".yml")):
        _use_workload(files[0], read_id)
    else:
        _use_logs(files, read_id)


def _use_logs(files: Sequence[Any], read_id: str) -> None:
    """Reads the logs, asks what they leave open, and puts their figures into the inputs."""
    answers = UsageAnswers(**st.session_state.get(f"log_answers_{read_id}", {}))
    outcome = _outcome(files, answers, read_id)
    reading, guess = outcome.reading, outcome.guess
    if reading is None:
        _refuse(outcome.refusal, guess, answers, read_id)
    elif reading.is_bill:
        _use_bill(reading, read_id)
    elif guess is not None:
        _ask_columns(guess, answers, read_id)
    elif reading.questions:
        _ask(reading.questions, answers, read_id)
    else:
        _use_reading(reading, answers, read_id)


def _use_reading(reading: UsageReading, answers: UsageAnswers, read_id: str) -> None:
    """Puts everything that the files say into the inputs, and draws the page again."""
    charts = _charts(reading, answers, read_id)
    try:
        if reading.summary is None:
            _use_sums(reading, answers)
        else:
            _use(reading.summary)
    except DataError as error:  # a figure that no scenario may hold
        st.error(escape(str(error)), icon=":material/error:")
        st.caption("Your inputs are kept.")
        return
    said = use_api_of(reading)
    st.session_state["notice"] += " " + " ".join(said)
    _show(charts | usage_block(reading, said).model_dump(mode="json"), read_id)
    del st.session_state["log_outcome"]
    st.rerun()


def _show(charts: Mapping[str, Any], read_id: str) -> None:
    """Has the page show what was read, as long as the figures are those of this file."""
    st.session_state["log_charts"] = {**charts, "source": st.session_state["workload.source"]}
    st.session_state["log_read"] = read_id


@dataclass(frozen=True)
class _Outcome:
    """What the files gave with certain answers: a reading, or why there is none; and the columns, where they are asked."""

    of: tuple[str, UsageAnswers]
    reading: UsageReading | None = None
    refusal: str = ""
    guess: ColumnGuess | None = None


def _outcome(files: Sequence[Any], answers: UsageAnswers, read_id: str) -> _Outcome:
    """Files are read once for each set of answers, refused ones too, however often the page is drawn."""
    before = st.session_state.get("log_outcome")
    if before is None or before.of != (read_id, answers):
        before = st.session_state["log_outcome"] = _new_outcome(files, answers, read_id)
    return before


def _new_outcome(files: Sequence[Any], answers: UsageAnswers, read_id: str) -> _Outcome:
    of, copies = (read_id, answers), list[Any]()
    try:
        copies += [unlinked(iter([file.getbuffer()]), file.name) for file in files]  # no name on disk: gone if killed
        paths = [path for path, _ in copies]
        reading = _read(paths, [file.name for file in files], answers)
        asked = [question.values[0][0] for question in reading.questions if question.field == "column_of"]
        return _Outcome(of, reading, guess=guess_columns(paths[0]) if {*asked} & {*ASKED} else None)
    except DataError as error:
        return _Outcome(of, refusal=str(error), guess=_guess(copies[0][0]) if copies else None)


def uploaded_id() -> str:
    """Which files are in the uploader; "" for none."""
    return "+".join(file.file_id for file in st.session_state.get("log_file") or ())


def read_only(only: Mapping[str, Sequence[str]]) -> None:
    """Has the files in the uploader read again in the next run, with this traffic alone; empty: all of it."""
    state, read_id = st.session_state, uploaded_id()
    state[f"log_answers_{read_id}"] = state.get(f"log_answers_{read_id}", {}) | {"only": only}
    state.pop("log_read", None)


def _charts(reading: UsageReading, answers: UsageAnswers, read_id: str) -> dict[str, Any]:
    """Which traffic of the files is used, and what can be picked: that of the whole. Plain values, since records in session
    state do not survive a hot reload."""
    before = st.session_state.get("log_charts") or {}
    models, groups = reading.models, reading.groups
    choices = {group: _token_fracs(shares) for group, shares in {"model": models, **groups}.items()}
    if answers.only and before.get("read_id") == read_id:
        choices = before["choices"]
    return {
        "read_id": read_id,
        "only": dict(answers.only),
        "choices": choices,
    }


def _token_fracs(shares: Sequence[UsageShare]) -> dict[str, float]:
    total_tok = sum(share.total_tok for share in shares) or 1
    return {share.value: share.total_tok / total_tok for share in shares if share.value != OTHERS}


def _guess(path: Path) -> ColumnGuess | None:
    """The columns as recognized; None for a file of which nothing can be recognized."""
    try:
        return guess_columns(path)
    except DataError:
        return None


def _refuse(refusal: str, guess: ColumnGuess | None, answers: UsageAnswers, read_id: str) -> None:
    """Asks for the columns where that helps; says why the log was not read unless it was not asked before."""
    can_ask = guess is not None and (not guess.sure or bool(answers.column_of))
    if not can_ask or answers.column_of:
        st.error(escape(refusal), icon=":material/error:")
        st.caption("Your inputs are kept.")
    if guess is not None and can_ask:
        _ask_columns(guess, answers, read_id)


def _read(paths: Sequence[Path], names: Sequence[str], answers: UsageAnswers) -> UsageReading:
    bar = st.progress(0.0, text="Waiting for other files to be read …")
    try:
        with READS:
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
        if not st.form_submit_button("Read the file", type="primary"):
            return
    if any(answer is None for answer in picked):
        st.error("Answer every question; of two fields fill in one.", icon=":material/error:")
        return
    for question, answer in zip(questions, picked, strict=True):
        if question.instead:
            answers = replace(answers, **answer)
            continue
        value = question.values[question.answers.index(answer)] if question.values else answer
        answers = answers.with_answer(question, value)
    _answer(answers, read_id)


def _ask_one(question: UsageQuestion, key: str) -> Any:
    """The answer picked, or the number typed; None as long as there is none. Where either of two numbers will do, the one
    typed by its field."""
    said = help_text("usage file")
    if question.instead:
        st.markdown(escape(question.text))
        places = zip(st.columns(2), (question.field, question.instead), strict=True)
        typed = {
            field: place.number_input(NUMBERS[field], min_value=1.0, value=None, key=f"{key}_{field}", help=said)
            for place, field in places
        }
        st.caption(escape("; ".join(question.answers)))
        given = {field: number for field, number in typed.items() if number is not None}
        return given if len(given) == 1 else None
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
                format_func=shown_name,
                help=help_text("log column"),
            )
            for place, (role, label) in zip(columns, ASKED.items(), strict=False)
        }
        cached = columns[-1].selectbox(
            "Cached tokens", list(CACHED), key=f"map_excludes_{read_id}", help=help_text("log column")
        )
        if not st.form_submit_button("Read the file", type="primary"):
            return
    missing = [ASKED[role] for role in ("time", "input", "output") if picked[role] == NONE]
    if missing:
        st.error(f"Select a column for: {', '.join(missing)}.", icon=":material/error:")
        return
    column_of = {role: "" if column == NONE else column for role, column in picked.items()}
    _answer(replace(answers, column_of=column_of, input_excludes_cache=CACHED[cached]), read_id)


def _use_workload(file: Any, read_id: str) -> None:
    """Puts the workload and the API that the command line wrote into the inputs."""
    try:
        given = parse_usage_file(file.getvalue(), file.name)
    except DataError as error:
        _refuse(str(error), None, UsageAnswers(), read_id)
        return
    keep_figures()
    st.session_state["workload.p95_basis"] = None
    for section, record in (("workload", given.workload), *((("api", given.api),) if given.api else ())):
        for field, value in record.model_dump(mode="json", exclude_unset=True).items():
            st.session_state[f"{section}.{field}"] = value
    st.session_state["name"] = file.name[:120]
    st.session_state["notice"] = (
        f"Workload read from {file.name}: {count(given.workload.requests_per_month)} requests/month. {_api_words(given.api)}"
    )
    st.session_state["log_read"] = read_id
    if given.usage is not None:
        whole = {"read_id": read_id, "only": {}, "choices": {}}
        _show(whole | given.usage.model_dump(mode="json"), read_id)
    st.rerun()


def _api_words(api: Api | None) -> str:
    """What a workload file says of the API in use."""
    if api is None:
        return "It names no API model; select it on the Candidates page."
    paid = f", {usd(api.paid_usd_per_month)}/month by the file" if api.paid_usd_per_month is not None else ""
    return f"API models in use: {len(api.mix) or 1}{paid}; see Candidates."


def _use(summary: UsageSummary) -> None:
    """Puts the figures of the log into the workload inputs."""
    after = log_workload(summary, scenario().workload).model_dump(mode="json")
    keep_figures()
    for field, value in after.items():
        st.session_state[f"workload.{field}"] = value
    st.session_state["name"] = summary.name[:120]
    st.session_state["notice"] = (
        f"{plural(summary.used_row_count, 'request')} read from {summary.name}: {significant(summary.request_rate_req_s)} "
        f"requests/s, {count(summary.input_tok.mean_tok)} input and {plural(summary.output_tok.mean_tok, 'output token')} on average."
    )


def _use_sums(reading: UsageReading, answers: UsageAnswers) -> None:
    """Puts the figures of a file of sums, lengths or rates into the workload inputs."""
    after = usage_workload(reading, scenario().workload, answers).model_dump(mode="json")
    keep_figures()
    for field, value in after.items():
        st.session_state[f"workload.{field}"] = value
    st.session_state["name"] = reading.name[:120]
    st.session_state["notice"] = (
        f"{reading.name} read: {plural(after['requests_per_month'], 'request')}/month, {count(after['input_tok'])} input and "
        f"{plural(after['output_tok'], 'output token')} on average."
    )


def use_api_of(reading: UsageReading) -> tuple[str, ...]:
    """Puts models and spend of the file into the inputs; says what was taken from it."""
    usage = api_of_usage(reading, scenario().api, date.today(), catalog())
    for field, value in usage.api.model_dump(mode="json").items():
        st.session_state[f"api.{field}"] = value
    return usage.texts


def _use_bill(reading: UsageReading, read_id: str) -> None:
    """Puts the spend of an invoice into the inputs; the traffic stays as it is."""
    keep_copy()
    said = use_api_of(reading)
    st.session_state["log_read"] = read_id
    st.session_state["notice"] = f"{reading.name} read. {' '.join(said)} The workload is unchanged."
    st.rerun()
