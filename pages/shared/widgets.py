"""Inputs bound to scenario fields, and pieces of output that several pages show. An input takes its label and limits from
the schema and its help from the glossary."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
import streamlit as st

from calculators.catalog.base import Source
from calculators.catalog.glossary import help_text
from calculators.options.option import Option
from calculators.scenario.schema import Scenario, label
from calculators.units import usd_column, usd_range
from pages.shared.state import catalog, escape

PERCENT = 100.0


@cache
def limits(key: str) -> tuple[float | None, float | None, type]:
    """Least and greatest value of a scenario field and its type, from the schema itself: one set of limits."""
    section, field = key.split(".")
    schema = Scenario.model_json_schema()["$defs"][section.capitalize()]["properties"][field]
    rule = schema.get("anyOf", [schema])[0]
    kind = int if rule["type"] == "integer" else float
    low, high = rule.get("minimum"), rule.get("maximum")
    return None if low is None else kind(low), None if high is None else kind(high), kind


def number(key: str, basis: str | None = None, **options: Any) -> None:
    """Number input of a scenario field; typing marks it as the user's figure. An emptied field is None.

    `basis`: the session key that says where the value came from, set to 'typed' on an edit.
    """
    low, high, kind = limits(key)
    if st.session_state[key] is not None:
        st.session_state[key] = kind(st.session_state[key])
    options.setdefault("help", help_text(key))
    if kind is float:
        options.setdefault("format", "%.6g")  # no needless ".00"
    st.number_input(
        label(key), low, high, None, key=key, persist_state="session", on_change=_typed, args=(basis,), **options
    )


def optional_number(key: str, is_percent: bool, **options: Any) -> None:
    """Number input of a scenario field that may stay empty; a fraction in percent. The value lives in the scenario; the widget
    only shows it."""
    scale, shown = PERCENT if is_percent else 1.0, f"shown_{key.partition('.')[2]}"
    low, high, _ = limits(key)
    value = st.session_state[key]
    st.session_state[shown] = None if value is None else round(float(value) * scale, 9)
    options.setdefault("help", help_text(key))
    st.number_input(
        f"{label(key)} (%)" if is_percent else label(key),
        None if low is None else low * scale,
        None if high is None else high * scale,
        None,
        key=shown,
        format="%.6g",
        on_change=_take,
        args=(key, shown, scale),
        **options,
    )


def _take(key: str, shown: str, scale: float) -> None:
    value = st.session_state[shown]
    st.session_state[key] = None if value is None else round(value / scale, 9)


RANGE_OF: Mapping[str, str] = {
    "workload.requests_basis": "workload.requests_range_per_month",
    "workload.peak_basis": "workload.peak_range_ratio",
    "workload.growth_basis": "workload.growth_range_frac",
}
"""The range of a figure, by the key of its basis: a typed figure has none."""


LENGTH_BASES = ("workload.lengths_basis", "workload.p95_basis")


def _typed(basis: str | None) -> None:
    if basis:
        st.session_state[basis] = "typed"
    if basis in RANGE_OF:
        st.session_state[RANGE_OF[basis]] = None
    if basis in LENGTH_BASES:
        st.session_state["workload.cells"] = []  # a joint distribution no longer agrees with a typed mean


PERCENT = 100.0


def percent_number(key: str, **options: Any) -> None:
    """Number input of a share that may be empty, in percent. The value lives in the scenario; the widget only shows it."""
    low, high, _ = limits(key)
    value, shown = st.session_state[key], f"shown_{key.rpartition('.')[2]}"
    st.session_state[shown] = None if value is None else round(float(value) * PERCENT, 9)
    st.number_input(
        f"{label(key)} (%)",
        None if low is None else low * PERCENT,
        None if high is None else high * PERCENT,
        None,
        key=shown,
        on_change=_take_percent,
        args=(key, shown),
        **{"help": help_text(key), "format": "%.6g", **options},
    )


def _take_percent(key: str, shown: str) -> None:
    value = st.session_state[shown]
    st.session_state[key] = None if value is None else round(value / PERCENT, 9)


def percent_slider(key: str, basis: str | None = None, **options: Any) -> None:
    """Slider of a share, as a percentage."""
    low, high, _ = limits(key)
    st.session_state[key] = float(st.session_state[key])
    options.setdefault("help", help_text(key))
    st.slider(
        label(key),
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


def choice(options: Sequence[str], key: str, **more: Any) -> None:
    """Select box of a scenario field. A value that is no longer in the list stays, so that the error can name it."""
    known = list(options)
    if st.session_state[key] not in known:
        known.insert(0, st.session_state[key])
    st.selectbox(label(key), known, key=key, persist_state="session", **{"help": help_text(key), **more})


def several(options: Sequence[str], key: str, **more: Any) -> None:
    """Multiselect of a scenario field; values that are no longer in the list stay, as in `choice`."""
    known = [*options, *(value for value in st.session_state[key] if value not in options)]
    st.multiselect(label(key), known, key=key, persist_state="session", **{"help": help_text(key), **more})


def cost_table(option: Option) -> None:
    """Every line of an option's monthly cost, with range, basis and source."""
    costs = usd_column([line.usd_per_month for line in option.lines])
    rows = [
        {
            "Cost": line.name,
            "Per month": cost,
            "Range": usd_range(line.low_usd_per_month, line.high_usd_per_month),
            "Basis": line.basis,
            "As of": line.source.accessed if line.source else None,
            "Source": line.source.title if line.source else "",
            "Link": line.source.url if line.source else None,
            "Calculation": line.note,
        }
        for line, cost in zip(option.lines, costs, strict=True)
    ]
    table = pd.DataFrame(rows).fillna("")
    st.dataframe(table, hide_index=True, column_config={"Link": st.column_config.LinkColumn(display_text="open")})


def cost_range(option: Option) -> str:
    """Optimistic to pessimistic cost of an option; where there is one cost alone, what it rests on."""
    return usd_range(option.low_usd_per_month, option.high_usd_per_month) or option.lines[0].basis


def source_line(source: Source) -> str:
    """A source in a line of Markdown."""
    title = escape(source.title)
    text = f"[{title}]({source.url})" if source.url and source.url.startswith("https://") else title
    return f"{text}, {source.accessed} ({source.kind.replace('_', ' ')})"


BASIS_WORDS = {
    "measured": "measured",
    "bounded": "lower bound (short log)",
    "assumed": "assumed",
    "typed": "your figure",
}


EXAMPLE = "log:azure_conversation_2023.csv"


def workload_line(scenario: Scenario) -> str:
    """Where the traffic figures come from, and that the log which the app opens on is not the reader's."""
    workload = scenario.workload
    example = "Example data, not your traffic. " if workload.source == EXAMPLE else ""
    kind, _, name = workload.source.partition(":")
    preset = catalog().presets.get(name)
    origin = {"log": f"the log {name}", "preset": f"the preset “{preset.name if preset else name}”"}.get(kind)
    if origin is None:
        return "Traffic: your figures."
    typed = "typed" in (workload.requests_basis, workload.lengths_basis, workload.peak_basis)
    repeated = kind == "log" and workload.requests_basis == "assumed"
    month = ", taken as if it repeated all month" if repeated else ""
    return f"{example}Traffic: {origin}{month}{', with your changes' if typed else ''}."
