"""Which layers bear compression and which poison quality; and, for a checkpoint of one's own, what is lost in each."""

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from calculators.quantize_scan import Loss, scan
from calculators.sensitivity import CACHE_FORMATS, WEIGHT_FORMATS, Row, Sensitivity, row_of, sensitivity, verdict, worst
from calculators.yaml_files import DataError
from pages.shared.quantization_figures import sensitivity_chart, sensitivity_takeaway
from pages.shared.state import escape, evaluation
from pages.shared.widgets import source_line

MAX_MB = 200


@st.cache_resource
def known() -> Sensitivity:
    return sensitivity()


def evidence(rows: tuple[Row, ...]) -> None:
    """Every row with what is known of it, and from where."""
    for row in rows:
        sources = "; ".join(source_line(known().sources[key]) for key in row.evidence)
        st.markdown(f"**{escape(row.name)}.** {escape(row.note[:1].upper() + row.note[1:])}.")
        st.caption(sources)


def measured(losses: list[Loss]) -> None:
    """The scan beside the map: tensors that lose most first."""
    rows = [
        {
            "Tensor": t.name,
            "Class": t.kind,
            "Outliers": t.outlier_frac,
            **{name.upper(): min(db, 200.0) for name, db in t.sqnr_db.items()},
            "The map says of 4 bit": worst(verdict(row, "nvfp4")) if (row := row_of(t.kind, known())) else "nothing",
        }
        for t in sorted(losses, key=lambda t: min(t.sqnr_db.values()))
    ]
    weakest = min(losses, key=lambda t: min(t.sqnr_db.values()))
    st.markdown(
        escape(
            f"{weakest.name} loses most: {min(weakest.sqnr_db.values()):.1f} decibels are left in its worst format. Six decibels are one bit."
        )
    )
    numbers = {name.upper(): st.column_config.NumberColumn(format="%.1f dB") for name in WEIGHT_FORMATS}
    outliers = st.column_config.NumberColumn(format="%.1e", help="Share of weights beyond six deviations.")
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=420, column_config={**numbers, "Outliers": outliers})


result = evaluation()
plan = result.build.plan if result.build else None
takeaway = sensitivity_takeaway(known())
st.subheader("Eight bits are safe nearly everywhere; four bits only for some layers")
if plan is not None:
    st.markdown(
        escape(
            f"The cheapest fleet of this scenario runs {plan.setup.model.name} in {plan.setup.precision.upper()}: its column below is what it relies on."
        )
    )
st.markdown(f"**{escape(takeaway)}**")
st.plotly_chart(sensitivity_chart(known().weights, WEIGHT_FORMATS, 620), alt=takeaway, key="weights_map")
caches = "Keys of the cache bear less than values; below eight bits long reasoning suffers first."
st.markdown(f"**{caches}**")
st.plotly_chart(sensitivity_chart(known().caches, CACHE_FORMATS, 220), alt=caches, key="caches_map")
st.caption(
    "Weights of attention bear much; its scores, softmax and cache do not: they are rows of their own. Two words in a cell: "
    "studies disagree. Averages hide failure on one task: evaluate your hardest one before you ship a format."
)
with st.expander("The evidence, row by row"):
    evidence((*known().weights, *known().caches))

st.subheader("Your own checkpoint")
given = st.file_uploader(
    f"A safetensors file, up to {MAX_MB} MB",
    type="safetensors",
    key="scan_file",
    max_upload_size=MAX_MB,
    help="Larger ones on the command line: python -m calculators quantize-scan MODEL.safetensors. Nothing is kept.",
)
if given is not None:
    bar = st.progress(0.0, text="Measuring each tensor …")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(given.getbuffer())
        try:
            found = list(scan(path, lambda share: bar.progress(min(share, 1.0), text="Measuring each tensor …")))
        except DataError as error:
            found = []
            st.error(escape(str(error).replace("model.safetensors", given.name)), icon=":material/error:")
        else:
            if not found:
                st.info("No matrix of 16 or more bits in this file: it may be quantised already.")
        finally:
            bar.empty()
    if found:
        measured(found)
st.caption("Weight error is a proxy: it does not know what the activations do, and an evaluation must gate.")
