"""What the user measured, uploaded or typed: what was measured, how far off the model was, and a correction until it is removed."""

from typing import Any

import streamlit as st

from calculators.calibration.own_benchmarks import OwnComparison, fit_own_benchmarks
from calculators.calibration.own_benchmarks_text import (
    comparison_sentences,
    contradiction_sentence,
    correction_note,
    measured_replica,
    measurement_conditions,
)
from calculators.calibration.own_contradictions import contradictions
from calculators.calibration.own_measurement import guess_model, guess_precision, own_measurement
from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.logs.benchmark_fields import BenchmarkRun
from calculators.logs.benchmark_run import read_benchmark
from calculators.scenario.measurement import parse_measurement
from calculators.units import plural
from pages.shared.measurement_form import KEY, PRECISIONS, keep_measurements, typed_measurement
from pages.shared.state import catalog, escape


def benchmark_upload() -> None:
    """The uploader, its form, and the benchmarks in use. A bad file changes nothing."""
    file = st.file_uploader(
        "Upload a benchmark result",
        type=["json", "jsonl", "txt"],
        key="benchmark_file",
        max_upload_size=100,
        help=help_text("benchmark"),
    )
    if file is not None and st.session_state.get("benchmark_read") != file.file_id:
        try:
            _ask(_runs(file), file.file_id)
        except DataError as error:
            st.error(escape(str(error)), icon=":material/error:")
            st.caption("Your inputs are unchanged.")
    typed_measurement()
    _show()


def _runs(file: Any) -> tuple[BenchmarkRun, ...]:
    """The runs in the file, which is read once however often the page is drawn. Raises DataError."""
    of, outcome = st.session_state.get("benchmark_runs", ("", None))
    if of != file.file_id:
        try:
            outcome = read_benchmark(bytes(file.getbuffer()), file.name)
        except DataError as error:
            outcome = error
        st.session_state["benchmark_runs"] = (file.file_id, outcome)
    if isinstance(outcome, DataError):
        raise outcome
    return outcome


def _ask(runs: tuple[BenchmarkRun, ...], file_id: str) -> None:
    """The form for what the file does not say, with guesses where they are certain."""
    run = runs[0]
    named = f"model “{run.model}”" if run.model else "model not stated"
    st.markdown(escape(f"{plural(len(runs), 'run')} of {run.tool}, {named}. Complete what the file does not say:"))
    if doubts := sorted({note for r in runs for note in r.notes}):
        st.warning(escape(f"The model does not predict this: {'; '.join(doubts)}. The correction will include it."))
    with st.form(f"benchmark_{file_id}"):
        model, gpu, precision, tensor = _replica_inputs(run, file_id)
        if not st.form_submit_button("Calibrate with this benchmark", type="primary"):
            return
    if model is None or gpu is None:
        raise DataError("Benchmarked model and benchmarked GPU are required: choose both above.")
    keep_measurements([own_measurement(r, model, gpu, precision, tensor) for r in runs])
    st.session_state["benchmark_read"] = file_id
    st.rerun()


def _replica_inputs(run: BenchmarkRun, file_id: str) -> tuple[str | None, str | None, str, int]:
    """Model, GPU, weight precision and number of GPUs of the benchmarked replica."""
    known = catalog()
    models, gpus, wanted = list(known.models), list(known.offered_gpus), st.session_state["hardware.gpus"]
    guess = guess_model(run, known)
    native = known.models[guess].published.native_precision if guess else "bf16"
    cells = st.columns(4)
    model = cells[0].selectbox(
        "Benchmarked model",
        models,
        index=models.index(guess) if guess else None,
        format_func=lambda m: known.models[m].name,
        key=f"benchmark_model_{file_id}",
        help=help_text("benchmarked replica"),
    )
    gpu = cells[1].selectbox(
        "Benchmarked GPU",
        gpus,
        index=gpus.index(wanted[0]) if len(wanted) == 1 and wanted[0] in gpus else None,
        format_func=lambda g: known.gpus[g].name,
        key=f"benchmark_gpu_{file_id}",
        help=help_text("benchmarked replica"),
    )
    precision = cells[2].selectbox(
        "Weight precision",
        PRECISIONS,
        index=PRECISIONS.index(guess_precision(run, native)),
        format_func=str.upper,
        key=f"benchmark_precision_{file_id}",
        help=help_text("benchmarked replica"),
    )
    key, guessed = f"benchmark_gpus_{file_id}", min(run.tensor_parallel or 1, 64)
    tensor = cells[3].number_input("GPUs per replica", 1, 64, guessed, key=key, help=help_text("benchmarked replica"))
    return model, gpu, precision, int(tensor)


def _show() -> None:
    """Each benchmark in use, how far off the model was, and a button that removes it."""
    kept: list[dict[str, Any]] = list(st.session_state[KEY])
    if not kept:
        st.caption(
            "No benchmark uploaded or typed: throughput and latency are modeled. What you measured takes their place, and "
            "corrects what is like it."
        )
        return
    if st.session_state["hardware.throughput_factor"] != 1.0:
        st.warning("The throughput override is not 1, so it replaces these benchmarks. Set it to 1 to use them.")
    try:
        own = [parse_measurement(plain) for plain in kept]
        fitted = fit_own_benchmarks(own, catalog(), st.session_state["hardware.launch"])
    except DataError as error:
        st.error(escape(str(error)), icon=":material/error:")
    else:
        for one in contradictions(fitted):
            st.warning(escape(contradiction_sentence(one, fitted)))
        for number, comparison in enumerate(fitted.comparisons):
            _show_one(number, comparison)
    st.button("Remove all benchmarks", key="benchmark_remove_all", on_click=_remove, args=(None,))


def _show_one(number: int, c: OwnComparison) -> None:
    m = c.measurement
    text, way_out = st.columns([12, 2], vertical_alignment="center")
    text.markdown(f"**{number + 1}. {escape(measured_replica(m, catalog()))}**: {escape(measurement_conditions(m))}")
    text.markdown("  \n".join(escape(sentence) for sentence in comparison_sentences(c)))
    text.caption(escape(correction_note(m)))
    way_out.button("Remove", key=f"benchmark_remove_{number}", on_click=_remove, args=(number,))


def _remove(number: int | None) -> None:
    kept = list(st.session_state[KEY])
    st.session_state[KEY] = [] if number is None else kept[:number] + kept[number + 1 :]
