"""Groups of inputs and pieces of output that more than one page shows."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from calculators.decision import Option
from calculators.records import Source
from calculators.scenario import Scenario
from calculators.units import usd
from pages.shared.state import catalog, escape


def number(
    label: str, key: str, low: float | None = None, high: float | None = None, basis: str | None = None, **options: Any
) -> None:
    """A number bound to one scenario field; typing it marks the field as the user's own.

    `basis`: the session key that says where the value came from, set to 'typed' on an edit.
    """
    if low is not None and not isinstance(st.session_state[key], type(None)):
        st.session_state[key] = type(low)(st.session_state[key])
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        key=key,
        persist_state="session",
        on_change=_typed,
        args=(basis,),
        **options,
    )


def _typed(basis: str | None) -> None:
    if basis:
        st.session_state[basis] = "typed"
    if basis == "workload.lengths_basis":
        st.session_state["workload.cells"] = []  # a joint distribution no longer agrees with a typed mean


def percent_slider(
    label: str, key: str, basis: str | None = None, low: float = 0.0, high: float = 1.0, **options: Any
) -> None:
    """A share, between 0 and 1 unless told otherwise."""
    st.session_state[key] = float(st.session_state[key])
    st.slider(
        label,
        low,
        high,
        step=0.01,
        format="percent",
        key=key,
        persist_state="session",
        on_change=_typed,
        args=(basis,),
        **options,
    )


def choice(label: str, options: Sequence[str], key: str, **more: Any) -> None:
    """One of a list; a value that the list lost is kept so that the page can complain about it by name."""
    known = list(options)
    if st.session_state[key] not in known:
        known.insert(0, st.session_state[key])
    st.selectbox(label, known, key=key, persist_state="session", **more)


def several(label: str, options: Sequence[str], key: str, **more: Any) -> None:
    known = [*options, *(value for value in st.session_state[key] if value not in options)]
    st.multiselect(label, known, key=key, persist_state="session", **more)


def cost_table(option: Option) -> None:
    """Every line of an option's monthly cost, with range, basis and source."""
    rows = [
        {
            "Line": line.name,
            "USD a month": line.usd_per_month,
            "Low": line.low_usd_per_month,
            "High": line.high_usd_per_month if line.high_usd_per_month < 1e12 else None,
            "Basis": line.basis,
            "How": line.note,
            "Source": line.source.title if line.source else "",
            "Date": line.source.accessed if line.source else None,
            "Link": line.source.url if line.source else None,
        }
        for line in option.lines
    ]
    money = st.column_config.NumberColumn(format="$%,.0f")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "USD a month": money,
            "Low": money,
            "High": money,
            "Link": st.column_config.LinkColumn(display_text="open"),
        },
    )


def usd_range(option: Option) -> str:
    """The pessimistic and optimistic case of an option's cost."""
    high = usd(option.high_usd_per_month) if option.high_usd_per_month < 1e12 else "no fleet in the pessimistic case"
    return f"{usd(option.low_usd_per_month)} to {high}"


def source_line(source: Source) -> str:
    """A source in a line of Markdown."""
    title = escape(source.title)
    text = f"[{title}]({source.url})" if source.url and source.url.startswith("https://") else title
    return f"{text}, {source.accessed} ({source.kind.replace('_', ' ')})"


BASIS_WORDS = {
    "measured": "measured",
    "bounded": "a lower bound: the log is short",
    "assumed": "assumed",
    "typed": "typed by you",
}


def workload_line(scenario: Scenario) -> str:
    """Where the traffic figures come from, in a line."""
    kind, _, name = scenario.workload.source.partition(":")
    preset = catalog().presets.get(name)
    origin = {"log": f"the log {name}", "preset": f"the preset “{preset.name if preset else name}”"}.get(
        kind, "figures you typed"
    )
    return f"Traffic from {origin}."
