"""Options to compare: today's API, open models, GPUs and their providers, and how a fleet would be operated."""

from datetime import date

import streamlit as st

from calculators.catalog.base import COMMITMENT_LABELS
from calculators.catalog.launches import LAUNCH_LABELS
from calculators.report.catalog_view import (
    api_models,
    api_providers,
    hosted_candidates,
    hosting_providers,
    models_by_hosting,
)
from pages.shared.benchmark_upload import benchmark_upload
from pages.shared.components.candidates import (
    cloud_label,
    feasibility_table,
    first_model,
    gpu_label,
    hosted_table,
    lifetime_note,
    model_label,
    negotiated_prices,
    provider_label,
    quality_gates,
    rule_of_thumb,
    toggle,
)
from pages.shared.components.models_in_use import bill_table, change_models, models_in_use
from pages.shared.components.outlook import outlook_inputs
from pages.shared.components.own_prices import own_prices
from pages.shared.components.owned import own_gpus
from pages.shared.components.roles import staffing_inputs
from pages.shared.components.step_downs import step_downs
from pages.shared.state import catalog, evaluation
from pages.shared.widgets import choice, number, percent_slider, several

known, state = catalog(), st.session_state
PRECISIONS = ("bf16", "fp8", "int8", "int4", "nvfp4")

st.subheader("Options to compare")
api, models = st.columns([2, 3], gap="large")
with api:
    st.markdown("**Current API**")
    if state["api.mix"]:
        change_models()
    else:
        choice(api_providers(), "api.provider", on_change=first_model, format_func=provider_label)
        choice(api_models(state["api.provider"], date.today(), known), "api.model")
        lifetime_note()
    percent_slider("api.discount_frac")
    number(
        "api.paid_usd_per_month", "api.paid_source", format="%.6g", placeholder="empty: estimated from the list price"
    )
    number("api.committed_usd_per_month", placeholder="empty: no commitment")
    number("api.committed_months")
    several(hosting_providers(known), "api.hosted_sellers", format_func=provider_label)
    step_downs()
with models:
    st.markdown("**Open models**")
    several(models_by_hosting(known), "candidates", format_func=model_label)
    quality_gates(state["candidates"])

bill = st.container()  # filled last, by the evaluation
st.markdown("**GPUs and cloud providers**")
gpus, terms, limits = st.columns(3, gap="large")
with gpus:
    several(list(known.offered_gpus), "hardware.gpus", format_func=gpu_label)
    clouds = [provider.provider for provider in known.rent_providers.values() if not provider.index]
    several(clouds, "hardware.rent_providers", format_func=cloud_label)
    toggle("hardware.include_marketplaces")
    toggle("hardware.include_owned")
with terms:
    several(list(COMMITMENT_LABELS), "hardware.commitments", format_func=COMMITMENT_LABELS.get)
    choice(("low", "medium", "high"), "hardware.min_confidence")
    number("hardware.max_rent_age_days")
    several(PRECISIONS, "hardware.precisions", format_func=str.upper)
with limits:
    number("hardware.max_gpus")
    choice(tuple(LAUNCH_LABELS), "hardware.launch", format_func=LAUNCH_LABELS.get)
    number("hardware.throughput_factor", step=0.05)
    negotiated_prices()
own_prices()
own_gpus()

st.markdown("**Your benchmarks**")
benchmark_upload()

st.markdown("**Operations**")
st.caption("An empty field uses the estimate in gray.")
estimate = known.ownership
staffing, platform, migration = st.container().columns(3, gap="large")
staffing_inputs(staffing)
with platform:
    tooling = rule_of_thumb(estimate.platform_usd_per_month)
    number("operations.platform_usd_per_month", step=100.0, format="%.0f", placeholder=tooling)
    number("operations.spare_replicas")
with migration:
    number("operations.migration_weeks", step=0.5, placeholder=rule_of_thumb(estimate.migration_weeks))
    hosted_weeks = rule_of_thumb(estimate.hosted_open_migration_weeks)
    number("operations.hosted_migration_weeks", step=0.5, placeholder=hosted_weeks)

st.markdown("**Outlook**")
st.caption("An empty field uses the expected value in gray; growth and steps in volume are on the Workload page.")
outlook_inputs()

result = evaluation()
with bill:
    models_in_use()
    bill_table(result)
st.subheader("Hosted open models")
hosted_table(hosted_candidates(result, known), result)
st.subheader("All self-hosted configurations")
feasibility_table(result.feasibility, result.no_fleet.words if result.no_fleet is not None else "")
