"""The prompt as a table of blocks, who sends it, and the servers that cache it: the inputs of *Prompt structure*."""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.evaluate import Evaluation
from calculators.prompts.order import CHANGE_ORDER, Block, FleetCache, Traffic, best_order, moved_up
from calculators.prompts.worth import fleet_cache
from calculators.units import plural
from pages.shared.components.prompt_upload import plain
from pages.shared.state import catalog

state = st.session_state
EXAMPLE = [
    ("Timestamp", 20.0, "request"),
    ("Tool schemas", 1_500, "release"),
    ("System prompt", 800, "release"),
    ("Customer profile", 300, "tenant"),
    ("Shared documents", 2_000, "tenant"),
    ("History", 1_200, "session"),
    ("This turn", 200, "request"),
]


def _edited(frame: pd.DataFrame) -> list[Block]:
    """Blocks of the table; rows without a length or a change frequency are left out until they have both."""
    rows = frame.dropna(subset=["Tokens", "Changes"]).itertuples(index=False)
    return [Block(str(name or "block"), float(tok), changes) for name, tok, changes in rows]


def _arrange(blocks: list[Block]) -> None:
    """Replaces the table with these blocks: a data editor cannot be changed from outside."""
    state["prompt_blocks"] = plain(blocks)
    state["prompt_round"] = state.get("prompt_round", 0) + 1
    state.pop("prompt_now", None)


def _move(number: int) -> None:
    """Moves a block one place up; the picker follows it."""
    blocks = [Block(*row) for row in state["prompt_now"]]
    _arrange(moved_up(blocks, number))
    state["prompt_picked"] = max(number - 1, 0)


def block_editor() -> list[Block]:
    """Blocks as edited in the table, with buttons that change their order."""
    key = f"prompt_table_{state.get('prompt_round', 0)}"
    if key not in state:  # the table was not on the page: its edits are in prompt_now
        state["prompt_blocks"] = state.get("prompt_now") or state.get("prompt_blocks") or EXAMPLE
    st.markdown("**Prompt blocks, in order**")
    frame = st.data_editor(
        pd.DataFrame(state["prompt_blocks"], columns=["Block", "Tokens", "Changes"]),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        column_config={
            "Tokens": st.column_config.NumberColumn(min_value=0, max_value=10_000_000, format="%d"),
            "Changes": st.column_config.SelectboxColumn(options=list(CHANGE_ORDER), help=help_text("change frequency")),
        },
    )
    blocks = _edited(frame)
    state["prompt_now"] = plain(blocks)
    st.button(
        "Sort into the best order",
        icon=":material/sort:",
        on_click=lambda: _arrange(best_order(blocks)),
        type="primary",
    )
    pick, up = st.columns([3, 2], vertical_alignment="bottom")
    names = [f"{number}. {block.name}" for number, block in enumerate(blocks, 1)]
    chosen = pick.selectbox(
        "Block to move",
        names,
        index=min(state.get("prompt_picked", 0), max(len(names) - 1, 0)),
        key=f"prompt_pick_{state.get('prompt_round', 0)}_{len(names)}",
        help=help_text("prompt block"),
    )
    number = names.index(chosen) if chosen in names else 0
    up.button("Move up", icon=":material/arrow_upward:", on_click=_move, args=(number,), disabled=number == 0)
    return blocks


def traffic_inputs(req_s: float) -> Traffic:
    """Who sends the prompts: tenants, sessions and the time between requests."""
    st.markdown("**Traffic**")
    for key, value in (("prompt_tenants", 50), ("prompt_session", 6.0), ("prompt_gap", 40.0)):
        state.setdefault(key, value)
    tenants = st.number_input(
        "Tenants", 1, 1_000_000, key="prompt_tenants", persist_state="session", help=help_text("tenants")
    )
    session = st.number_input(
        "Requests per session",
        1.0,
        10_000.0,
        format="%.6g",
        key="prompt_session",
        persist_state="session",
        help=help_text("requests per session"),
    )
    gap_s = st.number_input(
        "Time between requests (s)",
        0.1,
        86_400.0,
        format="%.6g",
        key="prompt_gap",
        persist_state="session",
        help=help_text("time between requests"),
    )
    st.caption("These inputs stay on this page. They are not saved in the scenario or its link.")
    return Traffic(req_s, float(tenants), float(session), float(gap_s))


def server_inputs(result: Evaluation) -> FleetCache | None:
    """Prefix cache of the self-hosted fleet for the chosen engine and routing; None without a fleet."""
    engines = {one.engine: one for one in catalog().rules_file.engines}
    plan = result.build.plan if result.build else None
    if plan is not None and plan.config.engine in engines:
        state.setdefault("prompt_engine", plan.config.engine)
    left, right = st.columns(2, vertical_alignment="bottom")
    engine = left.selectbox(
        "Serving engine (self-hosted)",
        list(engines),
        format_func=lambda id: f"{engines[id].name}, blocks of {plural(engines[id].block_tok, 'token')}",
        key="prompt_engine",
        help=help_text("serving engine"),
        persist_state="session",
    )
    routed = right.toggle(
        "Prefix-aware routing (self-hosted)",
        key="prompt_routed",
        persist_state="session",
        help=help_text("prefix-aware routing"),
    )
    return fleet_cache(plan, bool(routed), engines[engine].block_tok, catalog()) if plan else None
