"""Where the memory of a replica's GPUs goes, and how logged figures compare."""

import pandas as pd
import streamlit as st

from calculators.calibration.memory_reports import JudgedReport, errors_by_kind
from calculators.report.memory_text import fits_words
from calculators.report.memory_view import MemoryView
from calculators.units import percent
from pages.shared.figures.memory import memory_figure
from pages.shared.state import escape


def memory_section(view: MemoryView) -> None:
    """The bar, and the KV capacity as vLLM prints it."""
    st.markdown(f"**{escape(view.takeaway)}**")
    st.plotly_chart(memory_figure(view), alt=view.takeaway, key="memory")
    st.markdown(escape(view.window_note))
    st.code(view.vllm_line, language=None, wrap_lines=True)
    st.caption(escape(view.note))


def memory_reports_table(judged: list[JudgedReport]) -> None:
    """Errors of weights and KV capacity by kind of report."""
    kinds = errors_by_kind(judged)
    table = pd.DataFrame(
        {
            "Kind of report": list(kinds),
            "Reports": [errors.reports_count for errors in kinds.values()],
            "Weights, median error": [_known(errors.weights_median_frac) for errors in kinds.values()],
            "Weights, 90th percentile": [_known(errors.weights_p90_frac) for errors in kinds.values()],
            "KV capacity, median error": [_known(errors.room_median_frac) for errors in kinds.values()],
            "KV capacity, 90th percentile": [_known(errors.room_p90_frac) for errors in kinds.values()],
            "Starts told rightly": [fits_words(errors) for errors in kinds.values()],
        }
    )
    st.dataframe(table, hide_index=True)


def memory_reports_list(judged: list[JudgedReport]) -> None:
    """Every report with the logged and the predicted figures."""
    table = pd.DataFrame(
        {
            "Start": [j.report.name for j in judged],
            "Seen": [j.report.seen for j in judged],
            "Weights logged (GiB per GPU)": [j.report.weights_gib for j in judged],
            "Weights predicted (GiB per GPU)": [round(j.told.weights_gib, 2) for j in judged],
            "KV room logged (GiB per GPU)": [j.report.kv_room_gib for j in judged],
            "KV room predicted (GiB per GPU)": [round(j.told.kv_room_gib, 2) for j in judged],
            "Started": [{True: "yes", False: "no", None: "not told"}[j.report.started] for j in judged],
            "Predicted to fit": [j.told.verdict for j in judged],
            "Link": [j.report.url for j in judged],
        }
    )
    st.dataframe(
        table, hide_index=True, height=420, column_config={"Link": st.column_config.LinkColumn(display_text="open")}
    )


def _known(share: float) -> str:
    return percent(share) if share == share else "not logged"
