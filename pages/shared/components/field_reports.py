"""Speeds that others report, and what the model says of the same runs."""

import pandas as pd
import streamlit as st

from calculators.calibration.accuracy_text import FIGURE_WORDS, RIGHT_WORDS
from calculators.calibration.field_reports import JudgedFigure, hits_by_kind
from calculators.units import percent, significant


def field_reports_table(judged: list[JudgedFigure]) -> None:
    """Figures within the stated range by kind of report."""
    kinds = hits_by_kind(judged)
    table = pd.DataFrame(
        {
            "Kind": [kind[:1].upper() + kind[1:] for kind in kinds],
            "Within the stated range": [f"{h.right_count} of {h.told_count}" for h in kinds.values()],
            "Held out": [f"{h.held_out_right_count} of {h.held_out_count}" for h in kinds.values()],
            "Cannot be told": [h.unexpressed_count for h in kinds.values()],
            "Median error": [percent(h.median_error_frac) for h in kinds.values()],
            "Median told over measured": [f"{1 + h.bias_frac:.2f}" for h in kinds.values()],
        }
    )
    st.dataframe(table, hide_index=True)


def field_reports_list(judged: list[JudgedFigure]) -> None:
    """Every reported figure with the predicted one."""
    table = pd.DataFrame(
        {
            "Run": [j.report.name for j in judged],
            "Seen": [j.report.seen for j in judged],
            "Figure": [FIGURE_WORDS[j.report.figure] for j in judged],
            "Reported": [j.report.measured for j in judged],
            "Predicted": [None if j.told is None else significant(j.told) for j in judged],
            "Stated range": [f"÷ {j.range.down:.2f} to × {j.range.up:.2f}" for j in judged],
            "Within it": [RIGHT_WORDS[j.is_right] for j in judged],
            "Held out": ["yes" if j.report.is_held_out else "no" for j in judged],
            "Why in doubt": [j.reason for j in judged],
            "Note": [j.report.note for j in judged],
            "Link": [j.report.url for j in judged],
        }
    )
    st.dataframe(
        table, hide_index=True, height=420, column_config={"Link": st.column_config.LinkColumn(display_text="open")}
    )
