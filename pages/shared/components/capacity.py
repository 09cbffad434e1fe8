"""Ways to hold the capacity of a self-hosted model, side by side."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.report.capacity_ways import CapacityWay
from calculators.units import plural, usd_column


def ways_table(ways: Sequence[CapacityWay], months: int) -> None:
    """One row for each way: its cheapest fleet, cost now and over the horizon, and for how long it binds."""
    total = f"{months}-month total"
    table = pd.DataFrame(
        {
            "Way": [way.name for way in ways],
            "Per month now": usd_column([way.usd_per_month for way in ways]),
            total: usd_column([way.tco_usd for way in ways]),
            "Committed for": [plural(w.committed_months, "month") if w.committed_months else "nothing" for w in ways],
            "Cheapest fleet": [way.fleet for way in ways],
            "Note": [way.note for way in ways],
        }
    )
    columns = {total: st.column_config.TextColumn(help=help_text("TCO"))}
    st.dataframe(table, hide_index=True, column_config=columns, height="content")
