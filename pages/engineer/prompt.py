"""Which part of the prompt kills the cache, the order that saves it, and what that is worth on the API and on own GPUs."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from calculators.api.cache_terms import CacheTerms, cache_terms
from calculators.catalog.glossary import help_text
from calculators.errors import DataError
from calculators.evaluate import Evaluation
from calculators.prompts.order import (
    CHANGE_ORDER,
    Block,
    Traffic,
    best_order,
    check_blocks,
    expected_hit_frac,
    first_breaker,
    moved_up,
    own_cache,
)
from calculators.units import percent
from pages.shared.prompt_figures import prompt_chart
from pages.shared.prompt_upload import TAB, plain, prompt_upload
from pages.shared.prompt_worth import Own, own_of, ratios_of, rules_table, worth
from pages.shared.state import catalog, escape, evaluation

state = st.session_state
START = [
    ("Time stamp", 20.0, "request"),
    ("Tool schemas", 1_500, "release"),
    ("System prompt", 800, "release"),
    ("Customer profile", 300, "tenant"),
    ("Shared documents", 2_000, "tenant"),
    ("History", 1_200, "session"),
    ("This turn", 200, "request"),
]


def edited(frame: pd.DataFrame) -> list[Block]:
    """What the table says; a row without a length or a change is left out until it has both."""
    rows = frame.dropna(subset=["Tokens", "Changes"]).itertuples(index=False)
    return [Block(str(name or "block"), float(tok), changes) for name, tok, changes in rows]


def arrange(blocks: list[Block]) -> None:
    """The table anew: it cannot be changed from outside, only replaced."""
    state["prompt_blocks"] = plain(blocks)
    state["prompt_round"] = state.get("prompt_round", 0) + 1
    state.pop("prompt_now", None)


def move(number: int) -> None:
    """The block one place up; the picker follows it."""
    blocks = [Block(*row) for row in state["prompt_now"]]
    arrange(moved_up(blocks, number))
    state["prompt_picked"] = max(number - 1, 0)


def editor() -> list[Block]:
    """The blocks as a table, and two ways to change their order."""
    key = f"prompt_table_{state.get('prompt_round', 0)}"
    if key not in state:  # something else was shown meanwhile: its edits are in prompt_now
        state["prompt_blocks"] = state.get("prompt_now") or state.get("prompt_blocks") or START
    st.markdown("**The prompt, first block first**")
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
    blocks = edited(frame)
    state["prompt_now"] = plain(blocks)
    st.button(
        "Put them in the best order",
        icon=":material/sort:",
        on_click=lambda: arrange(best_order(blocks)),
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
    up.button("Move up", icon=":material/arrow_upward:", on_click=move, args=(number,), disabled=number == 0)
    return blocks


def traffic(req_s: float) -> Traffic:
    st.markdown("**Who sends it**")
    for key, value in (("prompt_tenants", 50), ("prompt_session", 6.0), ("prompt_gap", 40.0)):
        state.setdefault(key, value)
    tenants = st.number_input(
        "Tenants", 1, 1_000_000, key="prompt_tenants", persist_state="session", help=help_text("tenants")
    )
    session = st.number_input(
        "Requests in a session",
        1.0,
        10_000.0,
        key="prompt_session",
        persist_state="session",
        help=help_text("requests per session"),
    )
    gap_s = st.number_input(
        "Seconds between two of them",
        0.1,
        86_400.0,
        key="prompt_gap",
        persist_state="session",
        help=help_text("time between requests"),
    )
    st.caption("Of this page only: not part of the scenario or its link.")
    return Traffic(req_s, float(tenants), float(session), float(gap_s))


def own_servers(result: Evaluation) -> Own | None:
    engines = {one.engine: one for one in catalog().rules_file.engines}
    plan = result.build.plan if result.build else None
    if plan is not None and plan.config.engine in engines:
        state.setdefault("prompt_engine", plan.config.engine)
    left, right = st.columns(2, vertical_alignment="bottom")
    engine = left.selectbox(
        "Engine of own servers",
        list(engines),
        format_func=lambda id: (
            f"{engines[id].name}, blocks of {engines[id].block_tok} token{'s' * (engines[id].block_tok > 1)}"
        ),
        key="prompt_engine",
        help=help_text("serving engine"),
        persist_state="session",
    )
    routed = right.toggle(
        "Own replicas are chosen by prefix",
        key="prompt_routed",
        persist_state="session",
        help=help_text("prefix-aware routing"),
    )
    return own_of(result, bool(routed), engines[engine].block_tok)


def sentence_of(blocks: list[Block], now: float, after: float) -> str:
    breaker = first_breaker(blocks)
    if breaker is None:
        return f"The order is right: the API finds {percent(now)} of the input cached."
    return (
        f"“{blocks[breaker].name}” spoils what stands behind it: in the best order the API finds {percent(after)} of the "
        f"input cached instead of {percent(now)}."
    )


def own_hits(blocks: list[Block], who: Traffic, own: Own | None) -> tuple[tuple[float, float] | None, str]:
    """Found now and in the best order, and for how long a prefix is kept then."""
    if own is None:
        return None, ""
    better = best_order(blocks)
    caches = [
        own_cache(order, who, own.capacity_tok, float(own.replicas), own.by_prefix, own.block_tok)
        for order in (blocks, better)
    ]
    seconds = caches[1].kept_s
    kept = "always" if seconds > 86_400 else f"{seconds / 60:.0f} min"
    return (expected_hit_frac(blocks, who, caches[0]), expected_hit_frac(better, who, caches[1])), kept


def terms_words(api: CacheTerms, result: Evaluation) -> str:
    """What was calculated with, and what of it is not published."""
    cache, ratios = api.cache, ratios_of(result)
    marks = "up to marks in the request" if api.breakpoints_count else f"in steps of {cache.granularity_tok:.0f} tokens"
    words = (
        f"The API keeps a prefix for {cache.kept_s / 60:.0f} minutes after its last use, finds it {marks} and from "
        f"{cache.minimum_tok:,.0f} tokens on."
    )
    if api.assumed_rules:
        words += f" Not all its cache rules are published. Assumed: {', '.join(api.assumed_rules)}."
    if ratios.write_ratio > 1:
        words += f" Its writes cost {ratios.write_ratio:g} times the input: caching pays from a hit rate of {percent(ratios.pays_from_frac)}."
    return words


def describe(result: Evaluation, api_terms: CacheTerms, own: Own | None, headline: DeltaGenerator) -> None:
    """Blocks as typed: the sentence and the chart, and what their order is worth."""
    demand, api = result.demand, api_terms.cache
    left, right = st.columns([3, 2], gap="large")
    with left:
        blocks = editor()
    with right:
        who = traffic(demand.mean_req_s)
    try:
        check_blocks(blocks)
    except DataError as error:
        st.error(escape(str(error)), icon=":material/error:")
        return
    better = best_order(blocks)
    now, after = (expected_hit_frac(order, who, api) for order in (blocks, better))
    example = state["prompt_now"] == plain([Block(*row) for row in START])
    sentence = sentence_of(blocks, now, after)
    sentence = f"In this example, {sentence[:1].lower()}{sentence[1:]}" if example else sentence
    headline.subheader(escape(sentence))
    headline.plotly_chart(prompt_chart(blocks, better, who, api), alt=sentence, key="prompt_chart")
    pair, kept = own_hits(blocks, who, own)
    worth(result, (now, after), f"{api.kept_s / 60:.0f} min", pair, kept, "use_described_rates", example)
    lengths = "an example" if example else "yours"
    st.caption(
        escape(
            f"{terms_words(api_terms, result)} Own servers forget the prefix used longest ago when memory is full; "
            f"{percent(catalog().rules_file.assumed.in_flight_frac)} of it is taken to hold requests in flight. Requests of a "
            f"tenant come at random, those of a session one after another. Lengths are {lengths}; the shares are applied to "
            f"the {demand.input_tok:,.0f} input tokens of the workload."
        )
    )


result = evaluation()
try:
    ratios_of(result)
except DataError as error:  # a model that costs nothing
    st.error(escape(str(error)), icon=":material/error:")
    st.stop()
api_terms = cache_terms(result.scenario.api.provider, result.scenario.api.model, catalog())
headline = st.container()
own = own_servers(result)
described, real = st.tabs(["Describe it", "From real prompts"], key=TAB, on_change="rerun")
if real.open:
    with real:
        prompt_upload(result, api_terms, own, headline)
else:
    with described:
        describe(result, api_terms, own, headline)
with st.expander("What each seller's cache asks for and costs"):
    rules_table(result)
