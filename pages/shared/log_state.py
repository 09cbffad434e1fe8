"""What was read of a log, and the way back to it when other figures take its place.

`log_charts` in session state belongs to the log that `workload.source` names; figures that were in use before lie in `earlier_logs` and `earlier_figures`.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

Figures = Mapping[str, Any]

MAX_EARLIER_LOGS = 3
LOG_KEYS = ("log_charts",)
SECTIONS = ("workload.", "targets.")
SOURCES = ("workload.source", "api.paid_source")
API_KEYS = ("api.provider", "api.model", "api.mix", "api.paid_usd_per_month", "api.paid_source")
"""What a file of usage says of the API."""
LOG = "log:"


def log_charts() -> dict[str, Any] | None:
    """What the charts show of the log in use; None where the figures come from elsewhere."""
    charts: dict[str, Any] | None = st.session_state.get("log_charts")
    return charts if charts and charts["source"] == st.session_state["workload.source"] else None


def keep_figures() -> None:
    """Keeps the figures in use, and what was read of their log, before others take their place."""
    keep_copy()
    forget_log()


def keep_copy() -> None:
    """Keeps the figures in use as a way back, and leaves them in use."""
    state = st.session_state
    now = {
        key: state[key] for key in map(str, state) if key.startswith(SECTIONS) or key in ("name", *LOG_KEYS, *API_KEYS)
    }
    if _is_of_a_file(now):
        state["earlier_logs"] = [*state.get("earlier_logs", ()), now][-MAX_EARLIER_LOGS:]
    else:
        state["earlier_figures"] = now


def _is_of_a_file(figures: Figures) -> bool:
    """Whether traffic or bill are those of a file."""
    return any(figures[key].startswith(LOG) for key in SOURCES)


def _name(figures: Figures) -> str:
    """The file of the traffic, and that of the bill where it is another."""
    traffic, bill = (figures[key].removeprefix(LOG) if figures[key].startswith(LOG) else "" for key in SOURCES)
    names = [traffic or "the figures", *([f"the bill {bill}"] if bill and bill != traffic else [])]
    return " with ".join(names)


def forget_log() -> None:
    """No log is in use any more: what was said of it, its models and its spend are out of date."""
    state = st.session_state
    for key in (*LOG_KEYS, "notice"):
        state.pop(key, None)
    state["api.mix"] = []
    if state["api.paid_source"] != "typed":
        state["api.paid_usd_per_month"], state["api.paid_source"] = None, "typed"


def ways_back() -> dict[str, Figures]:
    """Figures to go back to by what the button says: the last logs, and what was there before a log."""
    state = st.session_state
    logs = [figures for figures in state.get("earlier_logs", ()) if _differ(figures)]
    ways = {f"Back to {_name(figures)}": figures for figures in logs}
    if "earlier_figures" in state and _is_of_a_file({key: state[key] for key in SOURCES}):
        ways["Back to the figures before"] = state["earlier_figures"]
    return dict(reversed(ways.items()))


def _differ(figures: Figures) -> bool:
    keys = [key for key in figures if key.startswith("workload.") or key in API_KEYS]
    return any(st.session_state.get(key) != figures[key] for key in keys)


def go_back(figures: Figures) -> None:
    """Puts earlier figures into use again, and keeps those that they replace."""
    state = st.session_state
    state["earlier_logs"] = [earlier for earlier in state.get("earlier_logs", ()) if earlier != figures]
    keep_figures()
    for key, value in figures.items():
        state[key] = value


def back_buttons() -> None:
    """A button for each way back."""
    ways = ways_back()
    if not ways:
        return
    with st.container(horizontal=True):
        for number, (label, figures) in enumerate(ways.items()):
            st.button(
                label.replace("[", "\\["),
                key=f"back_{number}",
                icon=":material/undo:",
                help="Restores these figures and what was read of them. The figures now in use are kept as well.",
                on_click=go_back,
                args=(figures,),
            )
