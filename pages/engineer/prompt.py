"""Which part of the prompt kills the cache, the order that saves it, and what that is worth on the API and on own GPUs."""

import numpy as np
import pandas as pd
import streamlit as st

from calculators import api_cost
from calculators.fleet import Plan
from calculators.machine import machine
from calculators.prompt_order import (
    RANK,
    Block,
    Cache,
    Traffic,
    best_order,
    break_even_hit_frac,
    breaker,
    check,
    hit_frac,
    own_cache,
)
from calculators.throughput import cache_bytes
from calculators.units import percent, usd
from calculators.yaml_files import DataError
from pages.shared.prompt_figures import prompt_chart
from pages.shared.state import catalog, escape, evaluation, evaluation_of

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
KNOWN_FOR_S = 300.0  # where a provider does not say: the five minutes of most that do
STEP_TOK = 128.0  # in which an API's cache counts: OpenAI's, taken for all


def table(blocks: list[Block]) -> pd.DataFrame:
    return pd.DataFrame([(b.name, b.tok, b.changes) for b in blocks], columns=["Block", "Tokens", "Changes"])


def edited(frame: pd.DataFrame) -> list[Block]:
    """What the table says; a row without a length or a change is left out until it has both."""
    rows = frame.dropna(subset=["Tokens", "Changes"]).itertuples(index=False)
    return [Block(str(name or "block"), float(tok), changes) for name, tok, changes in rows]


def sort() -> None:
    state["prompt_blocks"] = [(b.name, b.tok, b.changes) for b in best_order(edited(state["prompt_now"]))]
    state["prompt_round"] = state.get("prompt_round", 0) + 1


def capacity_tok(plan: Plan) -> float:
    """Tokens of cache that one replica keeps beside the requests in flight: half of its room is taken to be theirs."""
    m = machine([plan.setup], catalog())
    per_tok = float(cache_bytes(m, np.ones(1))[0, 0])
    return float(m.kv_room_bytes[0, 0]) / per_tok / 2 if per_tok > 0 else 0.0


result = evaluation()
scenario, need = result.scenario, result.demand
state.setdefault("prompt_blocks", START)

headline = st.container()
left, right = st.columns([3, 2], gap="large")
with left:
    st.markdown("**The prompt, first block first**")
    frame = st.data_editor(
        table([Block(*row) for row in state["prompt_blocks"]]),
        key=f"prompt_table_{state.get('prompt_round', 0)}",
        num_rows="dynamic",
        hide_index=True,
        column_config={
            "Tokens": st.column_config.NumberColumn(min_value=0, max_value=10_000_000, format="%d"),
            "Changes": st.column_config.SelectboxColumn(options=list(RANK), help="How often it is another."),
        },
    )
    state["prompt_now"] = frame
    st.button("Put them in the best order", icon=":material/sort:", on_click=sort)
with right:
    st.markdown("**Who sends it**")
    tenants = st.number_input("Tenants", 1, 1_000_000, 50, key="prompt_tenants", persist_state="session")
    per_session = st.number_input(
        "Requests in a session", 1.0, 10_000.0, 6.0, key="prompt_session", persist_state="session"
    )
    gap_s = st.number_input(
        "Seconds between two of them", 0.1, 86_400.0, 40.0, key="prompt_gap", persist_state="session"
    )
    routed = st.toggle("Own replicas are chosen by prefix", key="prompt_routed", persist_state="session")
    st.caption("Of this page only: not part of the scenario or its link.")

blocks = edited(frame)
try:
    check(blocks)
except DataError as error:
    st.error(escape(str(error)), icon=":material/error:")
    st.stop()

traffic = Traffic(need.mean_req_s, float(tenants), float(per_session), float(gap_s))
rule = catalog().rules.get(scenario.api.provider)
kept_s = float(rule.cache_ttl_s) if rule and rule.cache_ttl_s else KNOWN_FOR_S
api = Cache(kept_s, float(rule.cache_min_tok or 0) if rule else 0.0, STEP_TOK)
better = best_order(blocks)
now, after = (hit_frac(order, traffic, api) for order in (blocks, better))
spoiler = breaker(blocks)
if spoiler is None:
    sentence = f"The order is right: the API finds {percent(now)} of the input cached."
else:
    sentence = (
        f"“{blocks[spoiler].name}” spoils what stands behind it: in the best order the API finds {percent(after)} of the "
        f"input cached instead of {percent(now)}."
    )
headline.subheader(escape(sentence))
headline.plotly_chart(prompt_chart(blocks, better, traffic, api), alt=sentence, key="prompt_chart")

offer = api_cost.offer(scenario.api.provider, scenario.api.model, catalog())
price = api_cost.rates(offer, scenario.as_of)[0]
write_ratio = price.cache_write_usd_per_mtok / price.input_usd_per_mtok
read_ratio = price.cache_read_usd_per_mtok / price.input_usd_per_mtok


def bill(hit: float) -> float:
    written = (1 - hit) if write_ratio > 1 else 0.0
    found = api_cost.monthly_bill(offer, need, scenario.as_of, hit, written, discount_frac=scenario.api.discount_frac)
    return found.usd_per_month


pays_from = break_even_hit_frac(read_ratio, write_ratio)
rows = [
    {
        "Side": f"API: {offer.label}",
        "Kept for": f"{kept_s / 60:.0f} min",
        "Found now": percent(now),
        "In the best order": percent(after),
        "A month now": usd(bill(now)),
        "Then": usd(bill(after)),
    }
]
plan = result.build.plan if result.build else None
if plan is not None and result.build is not None:
    room, replicas = capacity_tok(plan), float(plan.replicas + plan.spare_replicas)
    own_now, own_after = (
        hit_frac(order, traffic, own_cache(order, traffic, room, replicas, bool(routed))) for order in (blocks, better)
    )
    cost = []
    for hit in (own_now, own_after):
        other = scenario.workload.model_copy(update={"self_hit_frac": round(hit, 4)})
        build = evaluation_of(scenario.model_copy(update={"workload": other})).build
        cost.append(usd(build.usd_per_month) if build else "no fleet")
    seconds = own_cache(better, traffic, room, replicas, bool(routed)).kept_s
    rows.append(
        {
            "Side": f"Own: {result.build.label}",
            "Kept for": "as long as the log" if seconds > 86_400 else f"{seconds / 60:.0f} min",
            "Found now": percent(own_now),
            "In the best order": percent(own_after),
            "A month now": cost[0],
            "Then": cost[1],
        }
    )
st.markdown("**What it is worth**")
st.table(pd.DataFrame([{k: escape(v) for k, v in row.items()} for row in rows]), hide_index=True, border="horizontal")
words = f"The API forgets a prefix {kept_s / 60:.0f} minutes after its last use" + (
    "" if rule and rule.cache_ttl_s else ", assumed: it does not say"
)
words += f"; it is taken to count in steps of {STEP_TOK:.0f} tokens"
words += (
    f" and from {rule.cache_min_tok:,} on"
    if rule and rule.cache_min_tok
    else "; its shortest prefix is unknown, so short prompts may find less"
)
if write_ratio > 1:
    words += (
        f"; its writes cost {write_ratio:g} times the input, so caching pays from a hit rate of {percent(pays_from)}"
    )
st.caption(
    escape(
        f"{words}. Own servers forget the prefix used longest ago when memory is full; half of it is taken to hold requests in "
        "flight. Requests of a tenant come at random, those of a session one after another. "
        f"Lengths are {'an example' if [(b.name, b.tok, b.changes) for b in blocks] == [tuple(row) for row in START] else 'yours'}; "
        f"the shares are applied to the {need.input_tok:,.0f} input tokens of the workload."
    )
)
