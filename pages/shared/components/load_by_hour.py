"""What the page Load by hour shows: the mix of terms with its reasons, and fleets that follow the load."""

import pandas as pd
import streamlit as st

from calculators.report.mix_view import MixView
from calculators.units import count, listed, usd, usd_column
from pages.shared.state import escape


def mix_table(view: MixView) -> None:
    """Every line of the mix, with its reason."""
    rows = view.rows
    table = pd.DataFrame(
        {
            "Term": [escape(row.term) for row in rows],
            "Machines": ["" if row.machines is None else count(row.machines) for row in rows],
            "GPUs": ["" if row.gpus is None else count(row.gpus) for row in rows],
            "Hours per month": [row.on_h for row in rows],
            "Per month": [escape(text) for text in usd_column([row.usd_per_month for row in rows])],
            "Offer": [escape(row.offer) for row in rows],
            "Why": [escape(row.reason) for row in rows],
        }
    )
    st.table(table, hide_index=True, border="horizontal", alt=view.headline)


def single_terms_line(view: MixView) -> None:
    """What each term alone would cost."""
    singles = sorted(view.mix.single_usd.items(), key=lambda item: item[1])
    if len(singles) > 1:
        st.caption(
            escape(f"Everything on one term, per month: {listed([f'{name} {usd(cost)}' for name, cost in singles])}.")
        )


def schedule_table(view: MixView) -> None:
    """Fixed, scheduled, autoscaled and scaled to zero, on demand."""
    if not view.schedules:
        st.markdown("This GPU is not offered on demand, so its machines run all hours.")
        return
    rows = view.schedules
    table = pd.DataFrame(
        {
            "Fleet": [row.name for row in rows],
            "Machines": [row.machines for row in rows],
            "Machine-hours per month": [count(row.machine_h_per_month) for row in rows],
            "Per month": [escape(text) for text in usd_column([row.usd_per_month for row in rows])],
            "What it takes": [escape(row.why) for row in rows],
        }
    )
    st.table(table, hide_index=True, border="horizontal", alt="Cost of a fleet that follows the load, on demand")
    st.caption("All on the cheapest on-demand machines, without staffing and tooling.")
