"""Lists of the scenario that are filled entry by entry: each entry in words, with a button that removes it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import label
from pages.shared.state import catalog, escape, scenario

Entry = Mapping[str, Any]


def entry_list(field: str, words: Callable[[Entry], str], short: str) -> None:
    """The entries of a list under its label. `field`: as 'outlook.volume_steps', or 'hardware.purchase.servers' where a group
    holds the list. `short`: what the keys of its buttons call an entry."""
    st.markdown(f"**{label(field)}**", help=help_text(_key(field)))
    entries = _entries(field)
    for place, entry in enumerate(entries):
        text, remove = st.columns([2, 1], vertical_alignment="center")
        text.caption(escape(words(entry)))
        if remove.button("Remove", key=f"remove_{short}_{place}"):
            st.session_state[_key(field)] = _with(field, [*entries[:place], *entries[place + 1 :]])
            st.rerun()


def add_entry(field: str, entry: Entry, sort_by: str | None = None) -> None:
    """Takes an entry into the scenario, after the others or by the key `sort_by`; where it cannot be used, says why and leaves
    everything as it is."""
    key, entries = _key(field), [*_entries(field), entry]
    before = st.session_state[key]
    st.session_state[key] = _with(field, sorted(entries, key=lambda one: one[sort_by]) if sort_by else entries)
    try:
        Inputs.of(scenario(), catalog())
    except DataError as error:
        st.session_state[key] = before
        st.error(escape(str(error)), icon=":material/error:")
        return
    st.rerun()


def _key(field: str) -> str:
    """The scenario field in session state: the list itself, or the group that holds it."""
    return ".".join(field.split(".")[:2])


def _entries(field: str) -> Sequence[Entry]:
    held = st.session_state[_key(field)]
    return list(held if field == _key(field) else held[field.rpartition(".")[2]])


def _with(field: str, entries: Sequence[Entry]) -> Any:
    """The value of the scenario field with these entries."""
    key, name = _key(field), field.rpartition(".")[2]
    return entries if field == key else {**st.session_state[key], name: entries}
