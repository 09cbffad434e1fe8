"""A checkpoint uploaded on the Quantization page: measured tensor by tensor, shown beside the map, not kept on disk."""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.quantization import Sensitivity
from calculators.errors import DataError
from calculators.logs.containers import unlinked
from calculators.logs.scratch import scratch_folder
from calculators.quantization.checkpoint_scan import (
    CheckpointSurvey,
    TensorLoss,
    scan_checkpoint,
    survey,
    worst_by_class,
    worst_of_row,
)
from calculators.quantization.evidence import FUSED, MAP_FORMATS, class_tolerance
from calculators.quantization.scan_text import damage_text, scan_takeaway, survey_text, worst_first
from pages.shared.figures.quantization import Cells, measured_chart
from pages.shared.state import escape

MAX_MB = 200
MAX_SCAN_S = 60.0
FILE, RESULT = "scan_file", "scan_result"
SHOWN_ROWS = 1_000
"""Of the table: the worst."""


def measured_db(row: str, stored: str) -> float | None:
    """The lowest ratio in dB that the uploaded checkpoint keeps in a cell of the map; None if not measured."""
    losses = st.session_state[RESULT][1] if RESULT in st.session_state and st.session_state.get(FILE) else []
    return worst_of_row(losses, row, stored)


def checkpoint(known: Sensitivity, chosen: Cells) -> None:
    """The uploader and its result."""
    st.subheader("Your checkpoint")
    upload = st.file_uploader(
        f"Safetensors file, up to {MAX_MB} MB",
        type="safetensors",
        key=FILE,
        max_upload_size=MAX_MB,
        on_change=_forget,
        help=help_text("checkpoint"),
    )
    if upload is None:
        _forget()
        return
    if RESULT not in st.session_state:
        scanned = _scanned(upload.name, upload.getbuffer())
        if scanned is None:
            return
        st.session_state[RESULT] = scanned
        st.rerun()  # the map above shows it too
    about, losses = st.session_state[RESULT]
    if skipped := survey_text(about):
        st.info(escape(skipped), icon=":material/info:")
    if losses:
        _show(known, losses, chosen)
    elif not skipped:
        st.info("This file has no weight matrix of 16 or more bits. Upload a shard with BF16, FP16 or FP32 weights.")


def _forget() -> None:
    st.session_state.pop(RESULT, None)


def _scanned(name: str, content: memoryview) -> tuple[CheckpointSurvey, list[TensorLoss]] | None:
    text = "Measuring each tensor …"
    bar = st.progress(0.0, text=text)
    with scratch_folder() as folder:
        path = folder / "model.safetensors"
        try:
            copy, _file = unlinked(iter([content]), name)  # the weights lie in a file without a name
            path.symlink_to(copy)
            return survey(path), list(
                scan_checkpoint(path, lambda share: bar.progress(min(share, 1.0), text=text), MAX_SCAN_S)
            )
        except DataError as error:
            st.error(escape(str(error).replace("model.safetensors", name)), icon=":material/error:")
            return None
        finally:
            bar.empty()


def _show(known: Sensitivity, losses: list[TensorLoss], chosen: Cells) -> None:
    """The worst of each class as a map, and every tensor below it."""
    takeaway = scan_takeaway(losses)
    st.markdown(escape(takeaway))
    if damage := damage_text(losses):
        st.error(escape(damage), icon=":material/error:")
    st.plotly_chart(
        measured_chart(worst_by_class(losses), MAP_FORMATS, _as_scanned(losses, chosen)),
        alt=takeaway,
        key="measured_map",
    )
    st.caption(
        "Lowest signal-to-quantization-noise ratio of each class, outliers excluded; outlined: your recipe. Weights are "
        "rounded without calibration."
    )
    with st.expander("All tensors, worst first"):
        _tensor_table(known, worst_first(losses)[:SHOWN_ROWS])


def _tensor_table(known: Sensitivity, losses: list[TensorLoss]) -> None:
    rows = [
        {
            "Tensor": loss.name,
            "Class": loss.kind,
            "Outliers": loss.outlier_frac,
            **{name.upper(): max(min(db, 200.0), -200.0) for name, db in loss.sqnr_db.items()},
            "Evidence for NVFP4": class_tolerance(loss.kind, "nvfp4", known),
        }
        for loss in losses
    ]
    numbers = {name.upper(): st.column_config.NumberColumn(format="%.1f dB") for name in MAP_FORMATS}
    outliers = st.column_config.NumberColumn(format="percent", help=help_text("outliers"))
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=420, column_config={**numbers, "Outliers": outliers})


def _as_scanned(losses: list[TensorLoss], chosen: Cells) -> Cells:
    """Chosen cells under the names of fused tensors."""
    kinds = {loss.kind for loss in losses}
    return {(kind, stored) for kind in kinds for name, stored in chosen if name in FUSED.get(kind, (kind,))}
