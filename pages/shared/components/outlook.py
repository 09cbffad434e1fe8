"""Inputs of what the months ahead are expected to do: prices, money, hiring and delivery, and steps in volume."""

from datetime import date

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.report.outlook_view import (
    NOBODY,
    OF_HIRES,
    expected_span,
    expected_words,
    is_change,
    rule_source,
)
from calculators.scenario.outlook import VolumeStep
from calculators.scenario.schema import label
from calculators.scenario.traffic_range_text import in_brackets
from calculators.units import significant
from pages.shared.entries import Entry, add_entry, entry_list
from pages.shared.state import catalog
from pages.shared.widgets import BASIS_WORDS, number, optional_number, percent_slider, source_line

STEPS = "outlook.volume_steps"
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
        if any(role["hires_fte"] for role in st.session_state["operations.roles"]):
            for field in OF_HIRES:
                _expected(field, step=1.0)
        else:
            _expected("hiring_weeks", step=1.0, placeholder=f"empty: {NOBODY}")


def _expected(field: str, step: float, placeholder: str = "") -> None:
    """Number input of a field that has an expected value."""
    name, rules = f"outlook.{field}", catalog().outlook
    words = expected_words(field, rules)
    optional_number(
        name,
        is_percent=is_change(field),
        step=step,
        placeholder=placeholder or f"expected: {words.removesuffix(' per year')}",
        help=f"{help_text(name)}\n\nExpected: {words}, from {expected_span(field, rules)}. Source: {source_line(rule_source(field, rules))}.",
    )


def growth_inputs(span: str) -> None:
    """Monthly growth, whose it is with its range `span`, its ends, and the steps in volume."""
    percent_slider("workload.growth_per_month_frac", "workload.growth_basis")
    if span:
        st.caption(f"Basis: {BASIS_WORDS[st.session_state['workload.growth_basis']]}{in_brackets(span)}.")
    lowest, highest = st.columns(2)
    with lowest:
        optional_number("workload.growth_low_frac", is_percent=True, step=1.0, placeholder="none")
    with highest:
        optional_number("workload.growth_high_frac", is_percent=True, step=1.0, placeholder="none")
    volume_steps()


def volume_steps() -> None:
    """The steps in volume, each with a button that removes it, and a form that adds one."""
    entry_list(STEPS, _step_words, "step")
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
        add_entry(STEPS, {"from_day": begins.isoformat(), "ratio": times}, sort_by="from_day")


def _step_words(step: Entry) -> str:
    return f"From {step['from_day']}: {significant(step['ratio'])} times the volume before."
