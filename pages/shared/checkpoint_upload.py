"""A checkpoint dropped on the page: measured tensor by tensor, shown beside the map, and not kept on disk."""

import tempfile
from math import inf
from pathlib import Path

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.quantization import Sensitivity
from calculators.errors import DataError
from calculators.quantization.checkpoint_scan import Loss, Survey, scan_checkpoint, survey, worst_by_class
from calculators.quantization.evidence import FUSED, WEIGHT_FORMATS, cell_tolerance, rows_of, worst_tolerance
from pages.shared.quantization_figures import Cells, measured_chart
from pages.shared.state import escape

MAX_MB = 200
KEY, FOUND = "scan_file", "scan_found"
LEAST_SHOWN = 1_000
"""Rows of the table: the worst."""


def measured_db(name: str, weight_format: str) -> float | None:
    """What the scanned checkpoint keeps of a row of the map at worst; None: not measured."""
    losses = st.session_state[FOUND][1] if FOUND in st.session_state and st.session_state.get(KEY) else []
    found = worst_by_class(losses)
    kinds = [kind for kind in found if name in FUSED.get(kind, (kind,))]
    return min((found[kind][weight_format] for kind in kinds if weight_format in found[kind]), default=None)


def checkpoint(known: Sensitivity, chosen: Cells) -> None:
    """The uploader and what it found."""
    st.subheader("Your own checkpoint")
    given = st.file_uploader(
        f"A safetensors file, up to {MAX_MB} MB",
        type="safetensors",
        key=KEY,
        max_upload_size=MAX_MB,
        on_change=_forget,
        help=help_text("checkpoint"),
    )
    if given is None:
        _forget()
        return
    if FOUND not in st.session_state:
        found = _scanned(given.name, given.getbuffer())
        if found is None:
            return
        st.session_state[FOUND] = found
        st.rerun()  # the map above shows it too
    about, losses = st.session_state[FOUND]
    if about.words:
        st.info(escape(about.words), icon=":material/info:")
    if losses:
        _show(known, losses, chosen)
    elif not about.words:
        st.info("No matrix of 16 or more bits in this file.")


def _forget() -> None:
    st.session_state.pop(FOUND, None)


def _scanned(name: str, content: memoryview) -> tuple[Survey, list[Loss]] | None:
    text = "Measuring each tensor …"
    bar = st.progress(0.0, text=text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(content)
        try:
            return survey(path), list(scan_checkpoint(path, lambda share: bar.progress(min(share, 1.0), text=text)))
        except DataError as error:
            st.error(escape(str(error).replace("model.safetensors", name)), icon=":material/error:")
            return None
        finally:
            bar.empty()


def _show(known: Sensitivity, losses: list[Loss], chosen: Cells) -> None:
    """The worst of each class as a map, and every tensor below it."""
    losses = sorted(losses, key=lambda t: min(t.sqnr_db.values()))
    weakest = losses[0]
    takeaway = _takeaway(weakest)
    st.markdown(escape(takeaway))
    if broken := [t for t in losses if t.not_finite_count]:
        words = f"{len(broken)} tensors hold weights that are no number, counted as zero, first {broken[0].name}: the checkpoint is broken."
        st.error(escape(words), icon=":material/error:")
    st.plotly_chart(
        measured_chart(worst_by_class(losses), WEIGHT_FORMATS, _as_scanned(losses, chosen)),
        alt=takeaway,
        key="measured_map",
    )
    st.caption(
        "The least signal over quantisation noise of each class, without outliers; outlined: your recipe. Formats are rounded without calibration."
    )
    rows = [
        {
            "Tensor": t.name,
            "Class": t.kind,
            "Outliers": t.outlier_frac,
            **{name.upper(): max(min(db, 200.0), -200.0) for name, db in t.sqnr_db.items()},
            "The map says of NVFP4": _said(t.kind, known),
        }
        for t in losses[:LEAST_SHOWN]
    ]
    numbers = {name.upper(): st.column_config.NumberColumn(format="%.1f dB") for name in WEIGHT_FORMATS}
    outliers = st.column_config.NumberColumn(format="%.1e", help=help_text("outliers"))
    with st.expander("Every tensor, the worst first"):
        st.dataframe(pd.DataFrame(rows), hide_index=True, height=420, column_config={**numbers, "Outliers": outliers})


def _takeaway(weakest: Loss) -> str:
    least = min(weakest.sqnr_db.values())
    if least == inf:
        return "No tensor loses anything: each value is one that every format holds."
    if least == -inf:
        return f"{weakest.name} loses everything in its worst format."
    return f"{weakest.name} loses most: {least:.1f} decibels are left in its worst format. Six decibels are one bit."


def _as_scanned(losses: list[Loss], chosen: Cells) -> Cells:
    """Chosen cells under the names of fused tensors."""
    kinds = {t.kind for t in losses}
    return {(kind, stored) for kind in kinds for name, stored in chosen if name in FUSED.get(kind, (kind,))}


def _said(kind: str, known: Sensitivity) -> str:
    """The strictest verdict of a tensor's rows."""
    verdicts = [word for row in rows_of(kind, known) for word in cell_tolerance(row, "nvfp4")]
    return worst_tolerance(tuple(verdicts)) if verdicts else "nothing"
