"""Figures of a server that the user measured, typed in the words of the fields; and how a measurement joins the scenario."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.catalog.base import Precision
from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.scenario.measurement import OwnMeasurement, parse_measurement
from calculators.scenario.schema import MAX_OWN_MEASUREMENTS
from pages.shared.state import catalog, escape

KEY = "hardware.own_measurements"
PRECISIONS: tuple[Precision, ...] = ("bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4")
_LOADS = ("concurrency_count", "request_rate_req_s")
_HELP = {"output_tok_s": "throughput", "output_tok_s_per_gpu": "throughput", "tpot_ms": "TPOT", "ttft_ms": "TTFT"}
_FIGURES = ("output_tok_s", "output_tok_s_per_gpu", "served_req_s", "tpot_ms", "ttft_ms")


def typed_measurement() -> None:
    """A form for one measurement. Figures that cannot be are refused with the reason, and change nothing."""
    with st.expander("Type what you measured"):
        st.caption(
            "One load at a time: concurrency, or requests per second sent; both empty: as much as the replica carries. Leave "
            "empty what you did not measure. One figure is enough."
        )
        row = _replica() | _numbers()
        if st.button("Add this measurement", disabled=not (row["model"] and row["gpu"])):
            try:
                keep_measurements([parse_measurement(row)])
            except DataError as error:
                st.error(escape(str(error)), icon=":material/error:")
                st.caption("Your inputs are unchanged.")
                return
            st.rerun()


def _replica() -> dict[str, Any]:
    """Model, GPU, weight precision and number of GPUs of the measured replica."""
    known, help_ = catalog(), help_text("benchmarked replica")
    candidates, wanted = st.session_state["candidates"], st.session_state["hardware.gpus"]
    models, gpus = list(known.models), list(known.offered_gpus)
    cells = st.columns(4)
    model = cells[0].selectbox(
        _title("model"),
        models,
        index=models.index(candidates[0]) if len(candidates) == 1 and candidates[0] in models else None,
        format_func=lambda m: known.models[m].name,
        key="typed_model",
        help=help_,
    )
    gpu = cells[1].selectbox(
        _title("gpu"),
        gpus,
        index=gpus.index(wanted[0]) if len(wanted) == 1 and wanted[0] in gpus else None,
        format_func=lambda g: known.gpus[g].name,
        key="typed_gpu",
        help=help_,
    )
    native = known.models[model].published.native_precision if model else "bf16"
    precision = cells[2].selectbox(
        _title("precision"),
        PRECISIONS,
        index=PRECISIONS.index(native),
        format_func=str.upper,
        key=f"typed_precision_{model}",
        help=help_,
    )
    tensor = cells[3].number_input(_title("tensor_parallel"), 1, 64, 1, key="typed_tensor_parallel", help=help_)
    return {"model": model, "gpu": gpu, "precision": precision, "tensor_parallel": int(tensor)}


def _numbers() -> dict[str, Any]:
    """Lengths, load and figures; None where empty."""
    cells, state = st.columns(4), st.session_state
    row: dict[str, Any] = {
        name: _number(cell, name, float(state[f"workload.{name}"]))
        for cell, name in zip(cells, ("input_tok", "output_tok"), strict=False)
    }
    row |= {name: _number(cell, name, None, "empty") for cell, name in zip(cells[2:], _LOADS, strict=True)}
    figures = zip(st.columns(len(_FIGURES), vertical_alignment="bottom"), _FIGURES, strict=True)
    return row | {name: _number(cell, name, None, "not measured") for cell, name in figures}


def _number(cell: Any, name: str, value: float | None, hint: str | None = None) -> float | None:
    typed: float | None = cell.number_input(
        _title(name),
        min_value=0.0,
        value=value,
        key=f"typed_{name}",
        format="%.6g",
        placeholder=hint,
        help=help_text(_HELP.get(name, "measured figure")),
    )
    return typed


def _title(name: str) -> str:
    return str(OwnMeasurement.model_fields[name].title)


def keep_measurements(measured: Sequence[OwnMeasurement]) -> None:
    """Adds measurements to the scenario; identical ones count once. Raises DataError for one that cannot be compared."""
    compared = fit_own_benchmarks(measured, catalog(), st.session_state["hardware.launch"]).comparisons
    problems = [f"{c.measurement.name}: {c.problem}" for c in compared if c.problem]
    if problems:
        raise DataError(
            f"{'; '.join(problems[:3])}. Check model, GPU, weight precision, GPUs per replica and the load."
        )
    before: list[dict[str, Any]] = list(st.session_state[KEY])
    new = [plain for m in measured if (plain := m.model_dump(mode="json")) not in before]
    if len(before) + len(new) > MAX_OWN_MEASUREMENTS:
        raise DataError(
            f"At most {MAX_OWN_MEASUREMENTS} benchmarks can be used; with these there are {len(before) + len(new)}. Remove some."
        )
    st.session_state[KEY] = [*before, *new]
