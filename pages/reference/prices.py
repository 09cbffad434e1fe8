"""Every price and profile that the verdict rests on, with source, date and age; stale ones are marked."""

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.price_library import price_library_version
from calculators.units import count
from pages.shared.components import prices, rents
from pages.shared.state import catalog, escape

known = catalog()
VIEWS = {
    "GPU prices": rents.gpu_price_table,
    "API prices": prices.api_price_table,
    "Hosted open models": prices.hosted_price_table,
    "Speed of API sellers": prices.seller_speed_table,
    "Uptime of API sellers": prices.seller_uptime_table,
    "GPUs": prices.gpu_table,
    "Open models": prices.model_table,
    "Cost estimates": prices.estimate_table,
    "Provider rules": prices.provider_rule_table,
}

st.subheader(
    escape(
        f"{len(known.gpus)} GPUs, {len(known.models)} open models, {count(sum(len(p.rents) for p in known.rent_providers.values()))} GPU prices, "
        f"API prices from {price_library_version()}"
    )
)
st.caption(
    "List prices, not quotes. They can change by half within a year: check the ones your decision depends on. Standard and "
    "batch prices only: other service tiers (flex, priority, fast) are not compared."
)
view = st.segmented_control(
    "Table", list(VIEWS), default="GPU prices", key="view_prices", help=help_text("data table"), required=True
)
VIEWS[view]()
