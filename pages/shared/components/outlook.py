"""Inputs of what the months ahead are expected to do: prices, money, hiring and delivery, and steps in volume."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.report.outlook_view import expected_span, expected_words, is_change, rule_source
from calculators.scenario.outlook import VolumeStep
from calculators.scenario.schema import label
from calculators.units import significant
from pages.shared.state import catalog, escape, scenario
from pages.shared.widgets import limits, number, source_line

STEPS = "outlook.volume_steps"
PERCENT = 100.0
PRICES = (
    "api_price_change_per_year_frac",
    "hosted_price_change_per_year_frac",
    "rent_change_per_year_frac",
)


def outlook_inputs() -> None:
    """The horizon, and every expected change; an empty field uses the expected value in gray."""
    money, prices, fleet = st.columns(3, gap="large")
    with money:
        number("operations.horizon_months")
        _expected("discount_per_year_frac", step=1.0)
        field = "outlook.model_generations"
        st.toggle(label(field), key=field, persist_state="session", help=help_text(field))
    with prices:
        for field in PRICES:
            _expected(field, step=5.0)
    with fleet:
        _expected("server_price_change_per_year_frac", step=5.0)
        _expected("server_lead_weeks", step=1.0)
        _expected("hiring_weeks", step=1.0)


def _expected(field: str, step: float) -> None:
    """Number input of a field that has an expected value, in percent where it is a fraction. The value lives in the scenario;
    the widget only shows it."""
    name, rules = f"outlook.{field}", catalog().outlook
    scale, key = PERCENT if is_change(field) else 1.0, f"shown_{field}"
    low, high, _ = limits(name)
    value = st.session_state[name]
    st.session_state[key] = None if value is None else round(float(value) * scale, 9)
    st.number_input(
        f"{label(name)} (%)" if is_change(field) else label(name),
        None if low is None else low * scale,
        None if high is None else high * scale,
        None,
        step=step,
        key=key,
        format="%.6g",
        placeholder=f"expected: {expected_words(field, rules).removesuffix(' per year')}",
        help=f"{help_text(name)}\n\nExpected: {expected_words(field, rules)}, from {expected_span(field, rules)}. Source: {source_line(rule_source(field, rules))}.",
        on_change=_take,
        args=(name, key, scale),
    )


def _take(name: str, key: str, scale: float) -> None:
    value = st.session_state[key]
    st.session_state[name] = None if value is None else round(value / scale, 9)


def volume_steps() -> None:
    """The steps in volume, each with a button that removes it, and a form that adds one."""
    st.markdown(f"**{label(STEPS)}**", help=help_text(STEPS))
    for place, step in enumerate(st.session_state[STEPS]):
        text, remove = st.columns([3, 2], vertical_alignment="center")
        text.caption(escape(_step_words(step)))
        if remove.button("Remove", key=f"remove_step_{place}"):
            st.session_state[STEPS] = [one for n, one in enumerate(st.session_state[STEPS]) if n != place]
            st.rerun()
    day, ratio = st.columns(2)
    start = date.fromisoformat(str(st.session_state["as_of"]))
    begins = day.date_input(
        str(VolumeStep.model_fields["from_day"].title),
        None,
        min_value=start,
        max_value=date(2100, 1, 1),
        key="step_from",
        format="YYYY-MM-DD",
        help=help_text(STEPS),
    )
    times = ratio.number_input(
        str(VolumeStep.model_fields["ratio"].title),
        0.0,
        None,
        None,
        step=0.1,
        key="step_ratio",
        format="%.6g",
        placeholder="1.5",
        help=help_text(STEPS),
    )
    if st.button("Add this step", disabled=begins is None or times is None):
        assert isinstance(begins, date)
        _add({"from_day": begins.isoformat(), "ratio": times})


def _step_words(step: Mapping[str, Any]) -> str:
    return f"From {step['from_day']}: {significant(step['ratio'])} times the volume before."


def _add(step: Mapping[str, Any]) -> None:
    """Takes the step into the scenario, by day; where it cannot be one, says why and leaves everything as it is."""
    before = st.session_state[STEPS]
    st.session_state[STEPS] = sorted([*before, step], key=lambda one: one["from_day"])
    try:
        scenario()
    except DataError as error:
        st.session_state[STEPS] = before
        st.error(escape(str(error)), icon=":material/error:")
        return
    st.rerun()
