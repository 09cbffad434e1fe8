"""Inputs of prices of one's own: what a seller charges for a model, and what a GPU cloud charges for a machine."""

from datetime import date

import streamlit as st

from calculators.catalog.base import COMMITMENT_LABELS
from calculators.catalog.glossary import help_text
from calculators.catalog.price_library import library_sellers
from calculators.report.catalog_view import api_models
from calculators.scenario.typed_prices import OwnApiPrice, OwnRent
from calculators.units import usd
from pages.shared.components.candidates import cloud_label, gpu_label, provider_label
from pages.shared.entries import Entry, add_entry, entry_list
from pages.shared.state import catalog

TOKENS, MACHINES = "api.own_prices", "hardware.own_rents"


def own_prices() -> None:
    """Both lists, each with a form that adds a price."""
    with st.expander("Your own prices"):
        tokens, machines = st.columns(2, gap="large")
        with tokens:
            entry_list(TOKENS, _token_words, "own_prices")
            _token_form()
        with machines:
            entry_list(MACHINES, _machine_words, "own_rents")
            _machine_form()


def _token_words(price: Entry) -> str:
    seller = price["provider"] if price["is_new_seller"] else provider_label(price["provider"])
    prices = f"{usd(price['input_usd_per_mtok'])} input, {usd(price['output_usd_per_mtok'])} output per million tokens"
    return f"{price['model']} on {seller}: {prices}. Its list price is not used."


def _machine_words(rent: Entry) -> str:
    cloud = rent["provider"] if rent["is_new_provider"] else cloud_label(rent["provider"])
    per_gpu = rent["usd_per_gpu_h"]
    price = f"{usd(per_gpu)}/GPU-hour" if per_gpu else f"{usd(rent['usd_per_machine_h'])}/machine-hour"
    return f"{rent['gpus_per_machine']}x {gpu_label(rent['gpu'])} at {cloud}: {price} ({COMMITMENT_LABELS[rent['commitment']].lower()})."


def _token_form() -> None:
    known = sorted({*catalog().api_providers, *library_sellers()})
    seller = st.selectbox(
        _title(OwnApiPrice, "provider"),
        known,
        None,
        format_func=_seller_name,
        key="own_seller",
        accept_new_options=True,
        help=help_text(TOKENS),
    )
    models = api_models(seller, date.today(), catalog()) if seller in known else list(catalog().models)
    model = st.selectbox(
        _title(OwnApiPrice, "model"), models, None, key="own_model", accept_new_options=True, help=help_text(TOKENS)
    )
    names = [name for name in OwnApiPrice.model_fields if name.endswith("_usd_per_mtok")]
    prices = {name: _price(TOKENS, OwnApiPrice, name) for name in names}
    if st.button("Add this API price", disabled=not (seller and model)):
        new = {"provider": seller, "model": model, "is_new_seller": seller not in known, **prices}
        add_entry(TOKENS, new)


def _seller_name(seller: str) -> str:
    known = seller in catalog().api_providers or seller in library_sellers()
    return provider_label(seller) if known else seller


def _machine_form() -> None:
    clouds = [id for id, cloud in catalog().rent_providers.items() if not cloud.index]
    cloud = st.selectbox(
        _title(OwnRent, "provider"),
        clouds,
        None,
        format_func=cloud_label,
        key="own_cloud",
        accept_new_options=True,
        help=help_text(MACHINES),
    )
    gpu = st.selectbox(
        _title(OwnRent, "gpu"),
        list(catalog().offered_gpus),
        format_func=gpu_label,
        key="own_gpu",
        help=help_text(MACHINES),
    )
    count = st.number_input(
        _title(OwnRent, "gpus_per_machine"), 1, 144, 8, key="own_gpus_per_machine", help=help_text(MACHINES)
    )
    term = st.selectbox(
        _title(OwnRent, "commitment"),
        list(COMMITMENT_LABELS),
        format_func=COMMITMENT_LABELS.get,
        key="own_term",
        help=help_text(MACHINES),
    )
    prices = {name: _price(MACHINES, OwnRent, name) for name in ("usd_per_gpu_h", "usd_per_machine_h")}
    if st.button("Add this machine price", disabled=not cloud):
        row = {"provider": cloud, "gpu": gpu, "gpus_per_machine": count, "commitment": term, **prices}
        add_entry(MACHINES, {**row, "is_new_provider": cloud not in clouds})


def _title(record: type[OwnApiPrice | OwnRent], name: str) -> str:
    return str(record.model_fields[name].title)


def _price(field: str, record: type[OwnApiPrice | OwnRent], name: str) -> float | None:
    return st.number_input(
        _title(record, name),
        0.0,
        None,
        None,
        key=f"own_{name}",
        format="%.6g",
        placeholder="empty: none",
        help=help_text(field),
    )
