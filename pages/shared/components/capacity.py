"""Ways to hold the capacity of a self-hosted model, side by side."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.report.capacity_ways import CapacityWay
from calculators.units import plural, usd_column
from pages.shared.components.months import sources_list
from pages.shared.state import escape


def ways_table(ways: Sequence[CapacityWay], months: int) -> None:
    """One row for each way: its cost now and over the horizon, for how long it binds, and its cheapest fleet; then its notes, and where
    its prices come from."""
    table = pd.DataFrame(
        {
            "Way": [way.name for way in ways],
            "Per month now": usd_column([way.usd_per_month for way in ways]),
            f"{months}-month total": usd_column([way.tco_usd for way in ways]),
            "Committed for": [plural(w.committed_months, "month") if w.committed_months else "nothing" for w in ways],
            "Cheapest fleet": [way.fleet for way in ways],
        }
    )
    st.table(table.map(escape), hide_index=True, border="horizontal")
    with st.expander("Notes, and where these prices come from", icon=":material/link:"):
        st.markdown("\n".join(f"- {escape(f'{way.name}: {way.note}.')}" for way in ways if way.note))
        sources_list([(f"{way.name}: {row.what}", row) for way in ways for row in way.rests_on])
