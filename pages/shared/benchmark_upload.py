"""Dropping a benchmark result: ask what was measured, show how far off the model was, correct it until it is removed."""

from typing import Any

import streamlit as st

from calculators.calibration.own_benchmarks import (
    OwnComparison,
    comparison_sentences,
    fit,
    guess_model,
    guess_precision,
    measurement_conditions,
    own_measurement,
)
from calculators.catalog.base import Precision
from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.logs.benchmark_fields import Measured
from calculators.logs.benchmark_run import read_benchmark
from calculators.scenario.schema import MAX_OWN_MEASUREMENTS, OwnMeasurement, parse_measurement
from pages.shared.state import catalog, escape

KEY = "hardware.own_measurements"
PRECISIONS: tuple[Precision, ...] = ("bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4")


def benchmark_upload() -> None:
    """The uploader with everything that may follow it, and the measurements in use. A bad file changes nothing."""
    file = st.file_uploader(
        "Drop a benchmark result",
        type=["json", "jsonl", "txt"],
        key="benchmark_file",
        max_upload_size=100,
        help=help_text("benchmark"),
    )
    if file is not None and st.session_state.get("benchmark_read") != file.file_id:
        try:
            _ask(read_benchmark(bytes(file.getbuffer()), file.name), file.file_id)
        except DataError as error:
            st.error(escape(str(error)), icon=":material/error:")
            st.caption("Your inputs are unchanged.")
    _show()


def _ask(runs: tuple[Measured, ...], file_id: str) -> None:
    """What the file does not say: guessed where it can be."""
    run = runs[0]
    count = f"{len(runs)} run{'s' * (len(runs) > 1)}"
    st.markdown(escape(f"{count} of {run.tool}, model “{run.model or 'not stated'}”. What was it?"))
    if doubts := sorted({note for r in runs for note in r.notes}):
        st.warning(escape(f"Unlike what the model predicts: {'; '.join(doubts)}. The correction will contain it."))
    with st.form(f"benchmark_{file_id}"):
        model, gpu, precision, tensor = _setup_inputs(run, file_id)
        if not st.form_submit_button("Correct the model by it", type="primary"):
            return
    if model is None or gpu is None:
        raise DataError("Say which model and which GPU were measured: pick both above.")
    _use([own_measurement(r, model, gpu, precision, tensor) for r in runs], file_id)


def _setup_inputs(run: Measured, file_id: str) -> tuple[str | None, str | None, str, int]:
    """Model, GPU, format and GPUs of the replica."""
    known = catalog()
    models, gpus, wanted = list(known.models), list(known.gpus), st.session_state["hardware.gpus"]
    guess = guess_model(run, known)
    native = known.models[guess].published.native_precision if guess else "bf16"
    places = st.columns(4)
    model = places[0].selectbox(
        "Model that was measured",
        models,
        index=models.index(guess) if guess else None,
        format_func=lambda m: known.models[m].name,
        key=f"benchmark_model_{file_id}",
        help=help_text("benchmarked replica"),
    )
    gpu = places[1].selectbox(
        "GPU it ran on",
        gpus,
        index=gpus.index(wanted[0]) if len(wanted) == 1 and wanted[0] in gpus else None,
        format_func=lambda g: known.gpus[g].name,
        key=f"benchmark_gpu_{file_id}",
        help=help_text("benchmarked replica"),
    )
    precision = places[2].selectbox(
        "Weight format",
        PRECISIONS,
        index=PRECISIONS.index(guess_precision(run, native)),
        format_func=str.upper,
        key=f"benchmark_precision_{file_id}",
        help=help_text("benchmarked replica"),
    )
    key, guessed = f"benchmark_gpus_{file_id}", min(run.tensor_parallel or 1, 64)
    tensor = places[3].number_input(
        "GPUs of the one replica measured", 1, 64, guessed, key=key, help=help_text("benchmarked replica")
    )
    return model, gpu, precision, int(tensor)


def _use(measured: list[OwnMeasurement], file_id: str) -> None:
    """Keep what can be compared; the same figures twice count once."""
    problems = [f"{c.measurement.source}: {c.problem}" for c in fit(measured, catalog()).comparisons if c.problem]
    if problems:
        raise DataError(f"{'; '.join(problems[:3])}. Check the model, GPU, format and number of GPUs.")
    before: list[dict[str, Any]] = list(st.session_state[KEY])
    new = [plain for m in measured if (plain := m.model_dump(mode="json")) not in before]
    if len(before) + len(new) > MAX_OWN_MEASUREMENTS:
        raise DataError(
            f"At most {MAX_OWN_MEASUREMENTS} measurements are used, and this would make {len(before) + len(new)}; remove some."
        )
    st.session_state[KEY] = [*before, *new]
    st.session_state["benchmark_read"] = file_id
    st.rerun()


def _show() -> None:
    """Each measurement in use: how far off the model was, and a way out."""
    kept: list[dict[str, Any]] = list(st.session_state[KEY])
    if not kept:
        st.caption("No measurement of your own: speeds are the model's. A benchmark corrects the model on that GPU.")
        return
    if st.session_state["hardware.throughput_factor"] != 1.0:
        st.warning("Your measured speed above is not 1, so it is used instead of these benchmarks.")
    try:
        comparisons = fit([parse_measurement(plain) for plain in kept], catalog()).comparisons
    except DataError as error:
        st.error(escape(str(error)), icon=":material/error:")
        comparisons = ()
    for number, comparison in enumerate(comparisons):
        _show_one(number, comparison)
    st.button("Remove all your measurements", key="benchmark_remove_all", on_click=_remove, args=(None,))


def _show_one(number: int, c: OwnComparison) -> None:
    m, known = c.measurement, catalog()
    text, way_out = st.columns([12, 2], vertical_alignment="center")
    config = f"{known.model(m.model).name} {m.precision.upper()} on {m.tensor_parallel}× {known.gpu(m.gpu).name}"
    text.markdown(f"**Yours: {escape(config)}**, {escape(measurement_conditions(m))}")
    text.markdown("  \n".join(escape(sentence) for sentence in comparison_sentences(c)))
    text.caption(escape(f"From {m.source}. Counts fully at this load, less the further a fleet's load is from it."))
    way_out.button("Remove", key=f"benchmark_remove_{number}", on_click=_remove, args=(number,))


def _remove(number: int | None) -> None:
    kept = list(st.session_state[KEY])
    st.session_state[KEY] = [] if number is None else kept[:number] + kept[number + 1 :]
