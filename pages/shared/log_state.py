"""What was read of a log, and the way back to it when other figures take its place.

`log_summary`, `log_lists` and `log_charts` in session state belong to the log that `workload.source` names; figures that were
in use before lie in `earlier_logs` and `earlier_figures`.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

MAX_EARLIER_LOGS = 3
LOG_KEYS = ("log_summary", "log_lists", "log_charts")
SECTIONS = ("workload.", "targets.")
API_KEYS = ("api.provider", "api.model", "api.mix", "api.paid_usd_per_month", "api.paid_source")
"""What a file of usage says of the API."""
LOG = "log:"

Figures = Mapping[str, Any]


def log_charts() -> dict[str, Any] | None:
    """What the charts show of the log in use; None where the figures come from elsewhere."""
    charts: dict[str, Any] | None = st.session_state.get("log_charts")
    return charts if charts and charts["source"] == st.session_state["workload.source"] else None


def keep_figures() -> None:
    """Keeps the figures in use, and what was read of their log, before others take their place."""
    state = st.session_state
    now = {
        key: state[key] for key in map(str, state) if key.startswith(SECTIONS) or key in ("name", *LOG_KEYS, *API_KEYS)
    }
    if now["workload.source"].startswith(LOG):
        state["earlier_logs"] = [*state.get("earlier_logs", ()), now][-MAX_EARLIER_LOGS:]
    else:
        state["earlier_figures"] = now
    forget_log()


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
    now = state["workload.source"]
    logs = [figures for figures in state.get("earlier_logs", ()) if _differ(figures)]
    ways = {f"Back to {figures['workload.source'].removeprefix(LOG)}": figures for figures in logs}
    if now.startswith(LOG) and "earlier_figures" in state:
        ways["Back to the figures before"] = state["earlier_figures"]
    return dict(reversed(ways.items()))


def _differ(figures: Figures) -> bool:
    return any(st.session_state.get(key) != value for key, value in figures.items() if key.startswith("workload."))


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
