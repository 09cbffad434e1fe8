"""Inputs of prices of one's own: what a seller charges for a model, and what a GPU cloud charges for a machine."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from calculators.catalog.base import COMMITMENT_LABELS
from calculators.catalog.glossary import help_text
from calculators.catalog.price_library import library_sellers
from calculators.errors import DataError
from calculators.report.catalog_view import api_models
from calculators.scenario.own_prices import with_own_prices
from calculators.scenario.schema import label
from calculators.scenario.typed_prices import OwnApiPrice, OwnRent
from calculators.units import usd
from pages.shared.components.candidates import cloud_label, gpu_label, provider_label
from pages.shared.state import catalog, escape, scenario

TOKENS, MACHINES = "api.own_prices", "hardware.own_rents"


def own_prices() -> None:
    """Both lists, each with a form that adds a price."""
    with st.expander("Your own prices"):
        tokens, machines = st.columns(2, gap="large")
        with tokens:
            _listed(TOKENS, _token_words)
            _token_form()
        with machines:
            _listed(MACHINES, _machine_words)
            _machine_form()


def _listed(field: str, words: Callable[[Mapping[str, Any]], str]) -> None:
    st.markdown(f"**{label(field)}**", help=help_text(field))
    for place, price in enumerate(st.session_state[field]):
        text, remove = st.columns([5, 1], vertical_alignment="center")
        text.caption(escape(words(price)))
        if remove.button("Remove", key=f"remove_{field.partition('.')[2]}_{place}"):
            st.session_state[field] = [one for n, one in enumerate(st.session_state[field]) if n != place]
            st.rerun()


def _token_words(price: Mapping[str, Any]) -> str:
    seller = price["provider"] if price["is_new_seller"] else provider_label(price["provider"])
    prices = f"{usd(price['input_usd_per_mtok'])} input, {usd(price['output_usd_per_mtok'])} output per million tokens"
    return f"{price['model']} on {seller}: {prices}. Its list price is not used."


def _machine_words(rent: Mapping[str, Any]) -> str:
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
        _add(TOKENS, OwnApiPrice, new)


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
        _add(MACHINES, OwnRent, {**row, "is_new_provider": cloud not in clouds})


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


def _add(field: str, record: type[OwnApiPrice | OwnRent], new: Mapping[str, Any]) -> None:
    """Takes the price into the scenario; where it cannot be one, says why and leaves everything as it is."""
    before = st.session_state[field]
    st.session_state[field] = [*before, {**{name: of.default for name, of in record.model_fields.items()}, **new}]
    try:
        with_own_prices(scenario(), catalog())
    except DataError as error:
        st.session_state[field] = before
        st.error(escape(str(error)), icon=":material/error:")
        return
    st.rerun()
