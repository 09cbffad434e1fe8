"""Inputs of staffing, as one number or by role: who runs a fleet, what they cost, and who is still to be hired."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from calculators.catalog.glossary import expanded, help_text
from calculators.errors import DataError
from calculators.report.catalog_view import estimates
from calculators.scenario.operations import MAX_ROLES, StaffRole
from calculators.scenario.schema import label
from calculators.units import significant, usd
from pages.shared.components.candidates import rule_of_thumb
from pages.shared.entries import entry_list
from pages.shared.state import catalog, escape, scenario
from pages.shared.widgets import number, source_line

ROLES, PLAIN = "operations.roles", "operations.self_host_fte"
OTHER = "Another role"


def staffing_inputs(column: DeltaGenerator) -> None:
    """People and their cost in `column`, and the roles below, which are drawn first: the first role replaces the plain figure."""
    _roles()
    estimate = catalog().ownership
    with column:
        if st.session_state[ROLES]:
            st.caption(f"{label(PLAIN)}: the roles below.")
        else:
            number(PLAIN, step=0.1, placeholder=rule_of_thumb(estimate.self_host_fte))
        pay = rule_of_thumb(estimate.engineer_usd_per_year)
        number("operations.engineer_usd_per_year", step=10_000.0, format="%.0f", placeholder=pay)
        number("operations.hosted_fte", step=0.05, placeholder=rule_of_thumb(estimate.hosted_open_fte))


def _roles() -> None:
    """The roles, each with a button that removes it, and a form that adds one."""
    with st.expander(label(ROLES), expanded=bool(st.session_state[ROLES])):
        entry_list(ROLES, _words, "role")
        if not st.session_state[ROLES]:
            st.caption(escape(_rule_words()))
        if len(st.session_state[ROLES]) < MAX_ROLES:
            _form()


def _words(role: Mapping[str, Any]) -> str:
    """One role in a line."""
    pay = "the engineer cost" if role["usd_per_year"] is None else f"{usd(role['usd_per_year'])}/year"
    hired = f", {significant(role['hires_fte'])} of them still to be hired" if role["hires_fte"] else ""
    return f"{role['name']}: {significant(role['fte'])} at {pay}{hired}."


def _rule_words() -> str:
    """The rule of thumb that counts without roles, and the sources that name roles."""
    rule = catalog().ownership.self_host_fte
    said = next(row.by_source for row in estimates(catalog()) if row.value is rule)
    return f"No role is entered: the staffing figure counts, or its {rule_of_thumb(rule)}. By source: {said}."


def _form() -> None:
    known = catalog().ownership.role_usd_per_year
    name, fte, hires, pay = st.columns([3, 2, 2, 3], vertical_alignment="bottom")
    role = name.selectbox(_title("name"), [*known, OTHER], key="role_name", help=help_text(ROLES))
    if role == OTHER:
        role = name.text_input("Name of the role", key="role_other", max_chars=60, help=help_text(ROLES)).strip()
    people = fte.number_input(
        _title("fte"),
        0.0,
        1_000.0,
        None,
        step=0.5,
        key="role_fte",
        format="%.6g",
        help=f"{expanded('FTE')}. {help_text(ROLES)}",
    )
    to_hire = hires.number_input(
        _title("hires_fte"), 0.0, 1_000.0, 0.0, step=0.5, key="role_hires_fte", format="%.6g", help=help_text(ROLES)
    )
    cost = pay.number_input(
        _title("usd_per_year"),
        0.0,
        1e7,
        None,
        step=10_000.0,
        key="role_usd_per_year",
        format="%.6g",
        placeholder="empty: the engineer cost",
        help=help_text(ROLES),
    )
    if role in known:
        rule = known[role]
        source = source_line(catalog().ownership.sources[rule.source])
        st.caption(
            f"{escape(f'Published loaded cost: {usd(rule.central)}/year ({usd(rule.low)} to {usd(rule.high)}; {rule.what}; {rule.confidence} confidence).')} "
            f"Source: {source}."
        )
    if st.button("Add this role", disabled=not role or not people):
        _add({"name": role, "fte": people, "hires_fte": to_hire or 0.0, "usd_per_year": cost})


def _title(name: str) -> str:
    return str(StaffRole.model_fields[name].title)


def _add(role: Mapping[str, Any]) -> None:
    """Takes the role into the scenario in place of the plain figure; where it cannot be one, says why and leaves everything as it
    is."""
    before = st.session_state[ROLES], st.session_state[PLAIN]
    st.session_state[ROLES], st.session_state[PLAIN] = [*before[0], role], None
    try:
        scenario()
    except DataError as error:
        st.session_state[ROLES], st.session_state[PLAIN] = before
        st.error(escape(str(error)), icon=":material/error:")
        return
    st.rerun()
