"""Cheaper models of the maker in use: which are compared, and whether they passed the user's evals."""

from datetime import date

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.catalog.short_names import short_model_name
from calculators.errors import DataError
from calculators.report.catalog_view import api_models, listed_step_downs
from calculators.scenario.schema import Gate, StepDown, label
from pages.shared.components.candidates import GATES, provider_label
from pages.shared.state import catalog, escape, scenario

FIELD, ADDED = "api.step_downs", "added_step_down"


def step_downs() -> None:
    """The quality of each cheaper model, and a list to add others of the same seller."""
    try:
        compared = listed_step_downs(scenario(), catalog())
    except DataError:
        return  # the evaluation below names what is wrong
    st.markdown(f"**{label(FIELD)}**")
    if not compared:
        st.caption("Nothing cheaper of this maker is listed. Add another model of this seller to compare it.")
    for one in compared:
        _quality(one)
    provider = st.session_state["api.provider"]
    named = {one.model for one in compared} | {st.session_state["api.model"]}
    more = [model for model in api_models(provider, date.today(), catalog()) if model not in named]
    st.selectbox(
        f"Compare another model of {provider_label(provider)}",
        more,
        index=None,
        key=ADDED,
        format_func=short_model_name,
        placeholder="Choose a model",
        help=help_text(FIELD),
        on_change=_add,
        args=(provider,),
    )


def _quality(one: StepDown) -> None:
    key = f"gate.{one.provider} {one.model}"
    st.session_state[key] = one.gate
    st.segmented_control(
        escape(f"{short_model_name(one.model)} on {provider_label(one.provider)}"),
        list(GATES),
        format_func=GATES.get,
        key=key,
        required=True,
        help=f"Run your own evals on it first. {help_text(FIELD)}",
        on_change=lambda: _say(one.provider, one.model, st.session_state[key]),
    )


def _add(provider: str) -> None:
    if st.session_state[ADDED] is not None:
        _say(provider, st.session_state[ADDED], "assumed")
        st.session_state[ADDED] = None


def _say(provider: str, model: str, gate: Gate) -> None:
    """Puts what the user says of a model into the scenario."""
    others = [one for one in st.session_state[FIELD] if (one["provider"], one["model"]) != (provider, model)]
    st.session_state[FIELD] = [*others, {"provider": provider, "model": model, "gate": gate}]
