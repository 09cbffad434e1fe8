"""What the page Load by hour shows: the mix of terms with its reasons, and fleets that follow the load."""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.report.mix_text import MixRow
from calculators.report.mix_view import MixView
from calculators.units import capital, count, listed, usd, usd_column
from pages.shared.state import escape

BEST_OF_ALL = "Cheapest of all configurations"


def fleet_choice(result: Evaluation) -> Option | None:
    """The self-hosted option whose machines are looked at; None: the configuration whose mix costs least."""
    fleets = sorted((o for o in result.options if o.is_build), key=lambda option: option.usd_per_month)
    fleets = fleets or [option for option in result.options if option.plan is not None]
    if not fleets:
        return None
    labels = [BEST_OF_ALL, *(option.label for option in fleets)]
    label = st.selectbox("Self-hosted option", labels, key="view_mix_option", help=help_text("replica"))
    return None if label == BEST_OF_ALL else fleets[labels.index(label) - 1]


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
        }
    )
    st.table(table, hide_index=True, border="horizontal", alt=view.headline)
    st.markdown("\n".join(f"- **{escape(_named(row))}.** {escape(row.reason)}" for row in rows))


def _named(row: MixRow) -> str:
    """The term with its offer, which a table has no room for on a phone."""
    return capital(f"{row.term} ({row.offer})" if row.offer else row.term)


def single_terms_line(view: MixView) -> None:
    """What each term alone would cost."""
    singles = sorted(view.mix.single_usd.items(), key=lambda item: item[1])
    if len(singles) > 1:
        costs = listed([f"{name} {usd(cost)}" for name, cost in singles])
        of = ", on the cheapest configuration compared" if view.compared else ""
        st.caption(escape(f"Everything on one term{of}, per month: {costs}."))


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
        }
    )
    st.table(table, hide_index=True, border="horizontal", alt="Cost of a fleet that follows the load, on demand")
    st.markdown("\n".join(f"- **{row.name}.** {escape(row.why)}" for row in rows))
    st.caption("All on the cheapest on-demand machines, without staffing and tooling.")
