"""Ways to hold the capacity of a self-hosted model, side by side."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.report.capacity_ways import CapacityWay
from calculators.units import plural, usd_column
from pages.shared.components.months import sources_list
from pages.shared.state import escape


def ways_table(ways: Sequence[CapacityWay], months: int) -> None:
    """One row for each way: its cost now and over the horizon, and for how long it binds; then its cheapest fleet with its notes, and where
    its prices come from. Four columns: more do not fit on a phone."""
    table = pd.DataFrame(
        {
            "Way": [way.name for way in ways],
            "Per month now": usd_column([way.usd_per_month for way in ways]),
            f"{months}-month total": usd_column([way.tco_usd for way in ways]),
            "Committed for": [plural(w.committed_months, "month") if w.committed_months else "nothing" for w in ways],
        }
    )
    st.table(table.map(escape), hide_index=True, border="horizontal")
    with st.expander("The fleet of each way, and where its prices come from", icon=":material/link:"):
        st.markdown("\n".join(f"- **{escape(way.name)}.** {escape(_fleet_and_note(way))}" for way in ways))
        sources_list([(f"{way.name}: {row.what}", row) for way in ways for row in way.rests_on])


def _fleet_and_note(way: CapacityWay) -> str:
    return "; ".join(filter(None, (way.fleet, way.note))) + "."
