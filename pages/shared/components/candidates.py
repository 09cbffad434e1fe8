"""Inputs and tables of the *Candidates* page: quality of a model, negotiated GPU prices, offers and configurations."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from calculators.catalog.base import Range
from calculators.catalog.glossary import help_text
from calculators.catalog.models import Model
from calculators.evaluate import Evaluation
from calculators.options.feasibility import Feasibility
from calculators.options.option import Option
from calculators.report.catalog_view import (
    api_models,
    api_provider_label,
    lifetime_words,
    offer_cut_words,
    why_no_option,
)
from calculators.report.evaluation_text import configurations_takeaway, offer_terms
from calculators.scenario.schema import label
from calculators.units import plural, significant, usd, usd_column
from pages.shared.state import catalog, escape
from pages.shared.widgets import source_line

GATES = {
    "accepted": "Accepted",
    "assumed": "Assumed",
    "easy_only": "Easy only",
    "not_acceptable": "Not acceptable",
}
TARGET_WORDS = {"meets": "met", "misses": "missed", "not_known": "not known"}
NEGOTIATED = "hardware.rent_usd_per_gpu_h"


def provider_label(provider: str) -> str:
    """Display name of an API provider."""
    return api_provider_label(provider, catalog())


def model_label(model: str) -> str:
    """Display name of an open model, marked where a newer one took its place; its id where the catalog does not hold it."""
    known = catalog().models.get(model)
    if known is None:
        return model
    newer = catalog().newer_model(known)
    return f"{known.name} (superseded by {newer.model.name})" if newer else known.name


def gpu_label(gpu: str) -> str:
    """Display name of a GPU; its id where the catalog does not hold it."""
    known = catalog().gpus
    return known[gpu].name if gpu in known else gpu


def cloud_label(provider: str) -> str:
    """Display name of a GPU cloud; its id where the catalog does not hold it."""
    known = catalog().rent_providers
    return known[provider].name if provider in known else provider


def first_model() -> None:
    """Selects a model of the newly chosen provider in place of one that it does not sell."""
    models = api_models(st.session_state["api.provider"], date.today(), catalog())
    if models and st.session_state["api.model"] not in models:
        st.session_state["api.model"] = models[0]


def lifetime_note() -> None:
    """That the API model has a successor, or an end."""
    state = st.session_state
    words = lifetime_words(state["api.provider"], state["api.model"], date.today(), catalog())
    if words:
        st.caption(escape(words))


def toggle(key: str) -> None:
    """Toggle of a scenario field."""
    st.toggle(label(key), key=key, persist_state="session", help=help_text(key))


def rule_of_thumb(value: Range) -> str:
    """Placeholder of an empty cost input: the estimate that is used instead."""
    if value.unit.startswith("USD"):
        return f"estimate: {usd(value.central)}"
    return f"estimate: {significant(value.central)} ({significant(value.low)} to {significant(value.high)})"


def quality_gates(models: Sequence[str]) -> None:
    """For each candidate model, whether the user's evaluation accepts it."""
    st.caption(
        "Accepted: it passed your evals. Assumed: not evaluated yet. Easy only: good enough for the share of easy requests on the "
        "Workload page. Not acceptable: left out."
    )
    for model in models:
        st.session_state.setdefault(f"gate.{model}", "assumed")
        st.segmented_control(
            escape(model_label(model)),
            list(GATES),
            format_func=GATES.get,
            key=f"gate.{model}",
            persist_state="session",
            required=True,
            help=_public_scores(catalog().models.get(model)),
        )


def _public_scores(model: Model | None) -> str:
    if model is None or not model.quality_hints:
        return "No public benchmark score on record. Run your own evals."
    scores = [
        f"{hint.benchmark}: {significant(hint.score)}{f' ({hint.note})' if hint.note else ''}, "
        f"{source_line(model.sources[hint.source])}"
        for hint in model.quality_hints
    ]
    return f"Public benchmark scores, no substitute for your own evals. {'; '.join(scores)}"


def negotiated_prices() -> None:
    """Input of a negotiated price for one GPU, and the prices entered so far."""
    prices = dict(st.session_state[NEGOTIATED])
    gpu = st.selectbox(
        "Your negotiated GPU price",
        ["none", *catalog().offered_gpus],
        key="quote_gpu",
        help=help_text(NEGOTIATED),
        persist_state="session",
        format_func=lambda id: "none" if id == "none" else gpu_label(id),
    )
    if gpu != "none":
        price = st.number_input(
            "USD/GPU-hour",
            min_value=0.0,
            max_value=1_000.0,
            value=prices.pop(gpu, 0.0),
            step=0.05,
            key=f"quote_{gpu}",
            help=help_text(NEGOTIATED),
        )
        if price > 0:
            prices[gpu] = price
        st.session_state[NEGOTIATED] = prices
    for id, usd_per_gpu_h in prices.items():
        text = f"{gpu_label(id)}: {usd(usd_per_gpu_h)}/GPU-hour negotiated; list prices for this GPU are ignored."
        st.caption(escape(text))


def hosted_table(options: Sequence[Option], result: Evaluation) -> None:
    """Every offer of a hosted open model, cheapest first, under the sentence that names the cheapest; those that miss a
    latency target behind them, and those that cannot serve the workload last, with the reason."""
    bills = [(option, option.bill, why_no_option(option, result)) for option in options if option.bill is not None]
    if not bills:
        st.info("No allowed provider hosts these models.")
        return
    able = [(option, bill) for option, bill, why_not in bills if not why_not]
    words = "No allowed provider offers a context window that holds your requests."
    if able:
        first, bill = able[0]
        words = (
            f"Cheapest of {plural(len(able), 'offer')}: {first.label}, {usd(bill.usd_per_month)}/month before staffing."
        )
    st.markdown(f"**{escape(words)}**")
    spends = usd_column([bill.usd_per_month for _, bill, _ in bills])
    rows = [
        {
            "Offer": option.label,
            "API spend per month": spend,
            "Input per Mtok": usd(bill.rates[0].input_usd_per_mtok),
            "Output per Mtok": usd(bill.rates[0].output_usd_per_mtok),
            "Latency targets": TARGET_WORDS[option.target_check.status],
            "Note": f"Not an option: {why_not}." if why_not else _offer_note(option, bill.offer.note, result),
            "As of": bill.offer.source.accessed,
            "Confidence": bill.offer.confidence,
            "Source": bill.offer.source.title,
        }
        for (option, bill, why_not), spend in zip(bills, spends, strict=True)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=300)


def _offer_note(option: Option, note: str | None, result: Evaluation) -> str:
    """Which requests an offer cuts, what it misses, what others measured at it, and what its price list says."""
    check = option.target_check
    missed = f"Ranked behind the others: it {check.missed}." if check.missed else ""
    measured = f"Published: {check.measured}." if check.measured else ""
    cut = offer_cut_words(option, result)
    return " ".join(filter(None, (f"It {cut}." if cut else "", missed, measured, check.uptime, note or "")))


def feasibility_table(rows: Sequence[Feasibility], why_none: str = "") -> None:
    """Every model on every GPU: cost and distance from the cheapest, or why it is infeasible; under the sentence that
    names the cheapest. `why_none`: why none is feasible, and what would help."""
    st.markdown(f"**{escape(configurations_takeaway(rows))}** {escape(why_none)}")
    totals = usd_column([row.usd_per_month for row in rows])
    table = [
        {
            "Model": row.model,
            "GPU": row.gpu,
            "Provider": row.plan.offer.provider if row.plan else "",
            "Total per month": total,
            "Result": row.why,
            "GPUs": row.plan.gpus if row.plan else None,
            "Precision": row.plan.config.precision.upper() if row.plan else "",
            "GPUs per replica": row.plan.config.gpus_count if row.plan else None,
            "Server": offer_terms(row.plan.offer) if row.plan else "",
        }
        for row, total in zip(rows, totals, strict=True)
    ]
    st.dataframe(pd.DataFrame(table), hide_index=True, height=420)
