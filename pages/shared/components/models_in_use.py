"""The API models in use, each with its part of the traffic, and the steps from their list price to the bill."""

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.short_names import short_model_name
from calculators.evaluate import Evaluation
from calculators.report.catalog_view import api_models, api_providers, listed_price
from calculators.scenario.mix import main_model
from calculators.scenario.schema import ModelTraffic, label
from calculators.units import percent, plural, usd, usd_column
from pages.shared.components.candidates import provider_label
from pages.shared.state import catalog, escape

BASES = {"matched": "by its name", "assumed": "assumed", "typed": "selected by you"}


def change_models() -> None:
    """A way to correct which listed model each name of the file is, or to price everything as one."""
    mix = st.session_state["api.mix"]
    st.caption(
        escape(f"{plural(len(mix), 'model')} in use, each with its part of the traffic and its price: see below.")
    )
    with st.popover("Change a model", icon=":material/edit:"):
        _change(mix)
    st.button("Price all traffic as one model", key="one_model", on_click=_one_model, help=help_text("api.mix"))


def models_in_use() -> None:
    """The models in use, each with its shares and what it is priced as; nothing where one model answers everything."""
    mix = st.session_state["api.mix"]
    if not mix:
        return
    largest = _largest(mix)
    name = short_model_name(largest["name"] or largest["model"])
    st.markdown(f"**{escape(f'API models in use: {len(mix)}, {name} has the most tokens')}**")
    rows = [
        {
            "Model": f"{short_model_name(part['model'])} on {provider_label(part['provider'])}",
            "Basis": BASES[part["basis"]],
            "Requests": percent(part["requests_frac"]),
            "Input": percent(part["input_frac"]),
            "Output": percent(part["output_frac"]),
            **_price(part),
            "Name in the file": part["name"],
            "Name in the price list": part["model"],
        }
        for part in mix
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def _price(part: dict[str, Any]) -> dict[str, str]:
    """What the model costs by the list, and how good that is."""
    price = listed_price(part["provider"], part["model"], date.fromisoformat(st.session_state["as_of"]), catalog())
    if price is None:
        return {}
    offer, rates = price.offer, price.rates[0]
    return {
        "Input per Mtok": usd(rates.input_usd_per_mtok),
        "Output per Mtok": usd(rates.output_usd_per_mtok),
        "Price as of": str(offer.source.accessed),
        "Confidence": offer.confidence,
        "Price source": offer.source.title,
    }


def _change(mix: list[dict[str, Any]]) -> None:
    place = st.selectbox(
        "Name in the file",
        range(len(mix)),
        format_func=lambda at: mix[at]["name"] or mix[at]["model"],
        key="mix_name",
        help=help_text("api.mix"),
    )
    known = api_providers()
    part = mix[place]
    at = known.index(part["provider"]) if part["provider"] in known else 0
    provider = st.selectbox(
        label("api.provider"),
        known,
        at,
        format_func=provider_label,
        key=f"mix_provider_{place}",
        help=help_text("api.provider"),
    )
    models = api_models(provider, date.today(), catalog())
    now = models.index(part["model"]) if part["model"] in models else 0
    key = f"mix_model_{place}_{provider}"
    model = st.selectbox(label("api.model"), models, now, key=key, help=help_text("api.model"))
    if st.button("Use this price", key="mix_use", type="primary"):
        _price_as(place, provider, model)
        st.rerun()


def _price_as(at: int, provider: str, model: str) -> None:
    """Sets the listed model of one name; the largest model in use stands for all where one is shown."""
    mix = [dict(part) for part in st.session_state["api.mix"]]
    mix[at] |= {"provider": provider, "model": model, "basis": "typed"}
    st.session_state["api.mix"] = mix
    main = _largest(mix)
    st.session_state["api.provider"], st.session_state["api.model"] = main["provider"], main["model"]


def _largest(mix: list[dict[str, Any]]) -> dict[str, Any]:
    """The model with the most tokens of the workload."""
    state = st.session_state
    parts = [ModelTraffic.model_validate(part) for part in mix]
    return mix[parts.index(main_model(parts, state["workload.input_tok"], state["workload.output_tok"]))]


def _one_model() -> None:
    st.session_state["api.mix"] = []


def bill_table(result: Evaluation) -> None:
    """From the list price of today's traffic to what is paid, a line for each reason."""
    lines = result.bill_lines
    if len(lines) < 3:
        return
    total = lines[-1]
    st.markdown(f"**{escape(f'From list price to API bill: {usd(total.usd_per_month)}/month')}**")
    costs = usd_column([line.usd_per_month for line in lines])
    rows = [
        {"Line": line.name, "USD per month": escape(cost), "Why": escape(line.note)}
        for line, cost in zip(lines, costs, strict=True)
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")
