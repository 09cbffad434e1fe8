"""What the workload may run on: today's API, open models, GPUs, and how a fleet would be run."""

from datetime import date

import pandas as pd
import streamlit as st

from calculators.api.rates import CLOSED_PROVIDERS, provider_name, text_models
from calculators.catalog.glossary import help_text
from calculators.catalog.models import Model
from calculators.options.buy import hosted_options_of
from calculators.report.evaluation_text import lease_terms
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import label
from calculators.units import usd
from pages.shared.benchmark_upload import benchmark_upload
from pages.shared.state import catalog, escape, evaluation
from pages.shared.widgets import choice, number, percent_slider, several, source_line

known, state = catalog(), st.session_state
GATES = {"accepted": "Accepted", "assumed": "Assumed", "not_acceptable": "Not acceptable"}
PRECISIONS = ("bf16", "fp8", "int8", "int4", "nvfp4")
COMMITMENTS = {
    "on_demand": "On demand",
    "1y": "One year",
    "3y": "Three years",
    "5y": "Five years",
    "spot": "Spot (may vanish)",
}


def seller(provider: str) -> str:
    own = known.api_providers.get(provider)
    return own.name if own else provider_name(provider)


def first_model() -> None:
    """A model of the newly chosen provider, in place of one it does not sell."""
    models = text_models(state["api.provider"], date.today())
    if models and state["api.model"] not in models:
        state["api.model"] = models[0]


def public_scores(model: Model | None) -> str:
    """Dated hints from benchmarks: no substitute for an evaluation on your own task."""
    if model is None or not model.quality_hints:
        return "No public score in our data. Evaluate it on your own task."
    hints = [
        f"{hint.benchmark}: {hint.score:g}{f' ({hint.note})' if hint.note else ''}, {source_line(model.sources[hint.source])}"
        for hint in model.quality_hints
    ]
    return "Public hints, not a verdict on your task. " + "; ".join(hints)


st.subheader("What the workload may run on")
api, models = st.columns([2, 3], gap="large")
with api:
    st.markdown("**The API you pay today**")
    choice(CLOSED_PROVIDERS, "api.provider", on_change=first_model, format_func=seller)
    choice(text_models(state["api.provider"], date.today()), "api.model")
    percent_slider("api.discount_frac")
    sellers = sorted({hosted.provider for model in known.models.values() for hosted in model.hosted})
    several(sellers, "api.hosted_sellers", format_func=seller)
with models:
    st.markdown("**Open models that may stand in for it**")
    several(
        list(known.models),
        "candidates",
        format_func=lambda model: known.models[model].name if model in known.models else model,
    )
    st.caption(
        "Accepted: your own evaluation on your hardest task says it is good enough. Assumed: nobody has checked yet. The verdict states which."
    )
    for model in state["candidates"]:
        state.setdefault(f"gate.{model}", "assumed")
        name = known.models[model].name if model in known.models else model
        st.segmented_control(
            escape(name),
            list(GATES),
            format_func=GATES.get,
            key=f"gate.{model}",
            persist_state="session",
            required=True,
            help=public_scores(known.models.get(model)),
        )

st.markdown("**GPUs and who rents them out**")
gpus, terms, limits = st.columns(3, gap="large")
with gpus:
    several(
        list(known.gpus),
        "hardware.gpus",
        format_func=lambda gpu: known.gpus[gpu].name if gpu in known.gpus else gpu,
    )
    several(
        [p.provider for p in known.rent_providers.values() if not p.index],
        "hardware.rent_providers",
        format_func=lambda p: known.rent_providers[p].name if p in known.rent_providers else p,
    )
    st.toggle(
        label("hardware.include_marketplaces"),
        key="hardware.include_marketplaces",
        persist_state="session",
        help=help_text("hardware.include_marketplaces"),
    )
    st.toggle(
        label("hardware.include_owned"),
        key="hardware.include_owned",
        persist_state="session",
        help=help_text("hardware.include_owned"),
    )
with terms:
    several(list(COMMITMENTS), "hardware.commitments", format_func=COMMITMENTS.get)
    choice(("low", "medium", "high"), "hardware.min_confidence")
    several(
        PRECISIONS,
        "hardware.precisions",
        format_func=str.upper,
    )
with limits:
    number("hardware.max_gpus")
    number(
        "hardware.throughput_factor",
        step=0.05,
    )
    quoted = st.selectbox(
        "Your own rent quote for",
        ["none", *known.gpus],
        key="quote_gpu",
        help=help_text("hardware.rent_usd_per_gpu_h"),
        persist_state="session",
        format_func=lambda gpu: known.gpus[gpu].name if gpu in known.gpus else "no GPU",
    )
    quotes = dict(state["hardware.rent_usd_per_gpu_h"])
    if quoted != "none":
        price = st.number_input(
            "USD per GPU-hour",
            min_value=0.0,
            max_value=1_000.0,
            value=quotes.get(quoted, 0.0),
            step=0.05,
            key=f"quote_{quoted}",
            help=help_text("hardware.rent_usd_per_gpu_h"),
        )
        quotes = {
            **{gpu: usd_h for gpu, usd_h in quotes.items() if gpu != quoted},
            **({quoted: price} if price > 0 else {}),
        }
        state["hardware.rent_usd_per_gpu_h"] = quotes
    for gpu, usd_h in quotes.items():
        st.caption(escape(f"Your quote: {gpu} at ${usd_h:.2f} per GPU-hour; listed rents of it are not used."))

st.markdown("**How fast your own servers are**")
benchmark_upload()

st.markdown("**Running it**")
own = known.ownership
people, platform, moving = st.columns(3, gap="large")
with people:
    number(
        "operations.self_host_fte",
        step=0.1,
        placeholder=f"rule of thumb: {own.self_host_fte.central:g} ({own.self_host_fte.low:g} to {own.self_host_fte.high:g})",
    )
    number(
        "operations.engineer_usd_per_year",
        step=10_000.0,
        format="%.0f",
        placeholder=f"rule of thumb: {usd(own.engineer_usd_per_year.central)}",
    )
with platform:
    number(
        "operations.platform_usd_per_month",
        step=100.0,
        format="%.0f",
        placeholder=f"rule of thumb: {usd(own.platform_usd_per_month.central)}",
    )
    number(
        "operations.spare_replicas",
    )
with moving:
    number(
        "operations.migration_weeks",
        step=0.5,
        placeholder=f"rule of thumb: {own.migration_weeks.central:g}",
    )
    number("operations.horizon_months")
st.caption("And if an open model is bought by the token instead:")
hosted_people, hosted_moving, _ = st.columns(3, gap="large")
with hosted_people:
    number(
        "operations.hosted_fte",
        step=0.05,
        placeholder=f"rule of thumb: {own.hosted_open_fte.central:g} ({own.hosted_open_fte.low:g} to {own.hosted_open_fte.high:g})",
    )
with hosted_moving:
    number(
        "operations.hosted_migration_weeks",
        step=0.5,
        placeholder=f"rule of thumb: {own.hosted_open_migration_weeks.central:g}",
    )

result = evaluation()
st.subheader("Who sells these models by the token")
sold = [
    option
    for candidate in result.scenario.candidates
    if candidate.gate != "not_acceptable"
    for option in hosted_options_of(candidate, Inputs(result.scenario, result.demand, known))
]
if sold:
    cheapest = min(sold, key=lambda option: option.usd_per_month)
    st.markdown(
        f"**{escape(f'The cheapest of {len(sold)} offers is {cheapest.label}, {usd(cheapest.bill.usd_per_month)}/month before people.')}**"
    )
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Offer": option.label,
                    "Bill, USD a month": option.bill.usd_per_month,
                    "Input, USD/Mtok": option.bill.rates[0].input_usd_per_mtok,
                    "Output, USD/Mtok": option.bill.rates[0].output_usd_per_mtok,
                    "Note": option.bill.offer.note or "",
                    "As of": option.bill.offer.source.accessed,
                    "Confidence": option.bill.offer.confidence,
                    "Source": option.bill.offer.source.title,
                }
                for option in sorted(sold, key=lambda option: option.usd_per_month)
            ]
        ),
        hide_index=True,
        height=300,
        column_config={
            "Bill, USD a month": st.column_config.NumberColumn(format="$%,.0f"),
            "Input, USD/Mtok": st.column_config.NumberColumn(format="$%.3f"),
            "Output, USD/Mtok": st.column_config.NumberColumn(format="$%.3f"),
        },
    )
else:
    st.info("No allowed seller is known for these models.")

st.subheader("Every model on every GPU, and why it lost")
rows = [
    {
        "Model": outcome.model,
        "GPU": outcome.gpu,
        "USD a month, all in": outcome.usd_per_month,
        "Outcome": outcome.why,
        "GPUs": outcome.plan.gpus if outcome.plan else None,
        "Format": outcome.plan.config.precision.upper() if outcome.plan else "",
        "GPUs a replica": outcome.plan.config.tensor_parallel if outcome.plan else None,
        "Machine": lease_terms(outcome.plan.offer) if outcome.plan else "",
    }
    for outcome in result.feasibility
]
st.dataframe(
    pd.DataFrame(rows),
    hide_index=True,
    column_config={"USD a month, all in": st.column_config.NumberColumn(format="$%,.0f")},
    height=420,
)
