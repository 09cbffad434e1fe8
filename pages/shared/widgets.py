"""Groups of inputs and pieces of output that more than one page shows. An input bound to a scenario field takes its help
from the glossary."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd
import streamlit as st

from calculators.catalog.base import Source
from calculators.catalog.glossary import help_text
from calculators.options.option import Option
from calculators.scenario.schema import Scenario
from calculators.units import usd
from pages.shared.state import catalog, escape


@cache
def limits(key: str) -> tuple[float | None, float | None, type]:
    """Least and greatest value of a scenario field and its type, from the schema itself: one set of limits."""
    section, field = key.split(".")
    schema = Scenario.model_json_schema()["$defs"][section.capitalize()]["properties"][field]
    rule = schema.get("anyOf", [schema])[0]
    kind = int if rule["type"] == "integer" else float
    low, high = rule.get("minimum"), rule.get("maximum")
    return None if low is None else kind(low), None if high is None else kind(high), kind


def number(label: str, key: str, basis: str | None = None, **options: Any) -> None:
    """A number bound to one scenario field; typing it marks the field as the user's own. An emptied field is None.

    `basis`: the session key that says where the value came from, set to 'typed' on an edit.
    """
    low, high, kind = limits(key)
    if st.session_state[key] is not None:
        st.session_state[key] = kind(st.session_state[key])
    options.setdefault("help", help_text(key))
    st.number_input(
        label, low, high, None, key=key, persist_state="session", on_change=_typed, args=(basis,), **options
    )


def _typed(basis: str | None) -> None:
    if basis:
        st.session_state[basis] = "typed"
    if basis == "workload.lengths_basis":
        st.session_state["workload.cells"] = []  # a joint distribution no longer agrees with a typed mean


def percent_slider(label: str, key: str, basis: str | None = None, **options: Any) -> None:
    """A share, as a percentage."""
    low, high, _ = limits(key)
    st.session_state[key] = float(st.session_state[key])
    options.setdefault("help", help_text(key))
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
    st.selectbox(label, known, key=key, persist_state="session", **{"help": help_text(key), **more})


def several(label: str, options: Sequence[str], key: str, **more: Any) -> None:
    known = [*options, *(value for value in st.session_state[key] if value not in options)]
    st.multiselect(label, known, key=key, persist_state="session", **{"help": help_text(key), **more})


def cost_table(option: Option) -> None:
    """Every line of an option's monthly cost, with range, basis and source."""
    rows = [
        {
            "Line": line.name,
            "USD a month": line.usd_per_month,
            "Range": usd_span(line.low_usd_per_month, line.high_usd_per_month),
            "Basis": line.basis,
            "As of": line.source.accessed if line.source else None,
            "Source": line.source.title if line.source else "",
            "Link": line.source.url if line.source else None,
            "How": line.note,
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
    return usd_span(option.low_usd_per_month, option.high_usd_per_month)


def usd_span(low: float, high: float) -> str:
    """A range of money; an endless one means that the pessimistic case needs more GPUs than are allowed."""
    if high - low < 0.5:
        return "as listed"
    return f"{usd(low)} to {usd(high)}" if high < 1e12 else f"{usd(low)} to no fleet at all"


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
    workload = scenario.workload
    kind, _, name = workload.source.partition(":")
    preset = catalog().presets.get(name)
    origin = {
        "log": f"the log {name}",
        "preset": f"the preset “{preset.name if preset else name}”",
    }.get(kind, "figures you typed")
    typed = "typed" in (workload.requests_basis, workload.lengths_basis, workload.peak_basis)
    return f"Traffic from {origin}{', with figures of your own' if typed and kind != 'typed' else ''}."
