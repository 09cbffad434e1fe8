"""GPU prices of the *Prices and profiles* page: what the scenario searches, and prices over time."""

from datetime import date

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.report.rent_view import (
    history_takeaway,
    listed_rents,
    price_history,
    search_counts,
    search_sentence,
    use_words,
)
from pages.shared.components.prices import FIRST, price_table, provenance
from pages.shared.figures.rents import price_history_chart
from pages.shared.state import catalog, escape, scenario


def gpu_price_table() -> None:
    """Price of one GPU over time, what the scenario searches and what it leaves out, and every row."""
    known, asked = catalog(), scenario()
    _history()
    rows = listed_rents(asked, known)
    sentence = search_sentence(rows)
    st.markdown(f"**{escape(sentence)}**")
    counts = pd.DataFrame(search_counts(rows), columns=["Use in your scenario", "GPU prices"])
    st.table(counts, hide_index=True, border="horizontal", alt=sentence)
    price_table(
        (
            {
                "GPU": known.gpus[row.rent.gpu].name,
                "Price ($/GPU-hour)": row.rent.usd_per_gpu_h,
                "Provider": row.provider.name,
                "Commitment": row.rent.commitment.replace("_", "-"),
                "Use": use_words(row),
                **provenance(row.provider.sources[row.rent.source], row.confidence, row.rent.seen),
                "Listings": "one" if row.is_single_listing else "several",
                "Instance": row.rent.instance,
                "GPUs per instance": row.rent.gpus_per_instance,
                "Region": row.rent.region,
                "Kind": "index" if row.provider.index else "marketplace" if row.provider.marketplace else "provider",
                "Note": row.rent.note,
            }
            for row in rows
        ),
        GPU=FIRST,
    )


def _history() -> None:
    """A chart of one GPU's price over time, with what it shows."""
    known = catalog()
    gpus = [gpu.id for gpu in known.gpus.values() if price_history(gpu.id, date.today(), known)]
    gpu = st.selectbox(
        "GPU",
        gpus,
        index=gpus.index("h100-sxm") if "h100-sxm" in gpus else 0,
        format_func=lambda id: known.gpus[id].name,
        key="view_price_gpu",
        help=help_text("data table"),
    )
    points = price_history(gpu, date.today(), known)
    takeaway = history_takeaway(known.gpus[gpu].name, points)
    st.markdown(f"**{escape(takeaway)}**")
    st.plotly_chart(price_history_chart(points), alt=takeaway, key="price_history")
    st.caption("On-demand list prices, one for each provider; which providers are listed changes with the day.")
