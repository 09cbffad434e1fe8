"""What a hit rate is worth on the API and on own servers, a way to take it into the scenario, and what every seller asks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from calculators.api.bill import Usage, monthly_bill
from calculators.api.cache_terms import (
    CacheTerms,
    PriceRatios,
    applies_to_model,
    break_even_hit_frac,
    cache_terms,
    cached_ratios,
    every_terms,
    price_ratios,
)
from calculators.api.rates import api_offer, provider_name
from calculators.catalog.prices import CacheLifetime
from calculators.evaluate import Evaluation
from calculators.fleet.plan import FleetPlan
from calculators.performance.replica import replica_arrays
from calculators.performance.step_time import cache_bytes
from calculators.units import percent, usd
from pages.shared.state import catalog, escape, evaluation_of

Pair = tuple[float, float]
"""Hit rates: as it is now, and in the best order."""


@dataclass(frozen=True, slots=True)
class Own:
    """The cache of the scenario's fleet."""

    capacity_tok: float
    """Of one replica, beside the requests in flight."""
    replicas: int
    by_prefix: bool
    block_tok: int


def own_of(result: Evaluation, by_prefix: bool, block_tok: int) -> Own | None:
    """None where no fleet was found."""
    plan = result.build.plan if result.build else None
    if plan is None:
        return None
    return Own(_capacity_tok(plan), plan.replicas + plan.spare_replicas, by_prefix, block_tok)


def _capacity_tok(plan: FleetPlan) -> float:
    m = replica_arrays([plan.config], catalog())
    per_tok = float(cache_bytes(m, np.ones(1))[0, 0])
    free_frac = 1 - catalog().rules_file.assumed.in_flight_frac
    return float(m.kv_room_bytes[0, 0]) / per_tok * free_frac if per_tok > 0 else 0.0


def worth(
    result: Evaluation, api: Pair, api_kept: str, own: Pair | None, own_kept: str, key: str, example: bool = False
) -> None:
    """The table of both sides, and a button that takes the better rates into the scenario; not of an example."""
    rows = [_api_row(result, api, api_kept)]
    if own is not None and result.build is not None:
        rows.append(_own_row(result, own, own_kept))
    st.markdown("**What it is worth**")
    plain = [{name: escape(value) for name, value in row.items()} for row in rows]
    st.table(pd.DataFrame(plain), hide_index=True, border="horizontal")
    rates = f"{percent(api[1])} on the API" + (f", {percent(own[1])} on own servers" if own else "")
    st.button(
        "Use these hit rates",
        key=key,
        icon=":material/input:",
        on_click=_take,
        disabled=example,
        args=(api[1], own[1] if own else None),
        help="Puts the rates of the best order into the scenario: the share an API could cache, and the share own servers find.",
    )
    st.caption(
        escape(
            f"Sets inputs of the scenario to the rates of the best order, {rates}: the share of input that could be read from "
            "the API's cache, and the share that own servers find. They are two, for one hit rate cannot serve both sides."
        )
    )


def _take(api: float, own: float | None) -> None:
    st.session_state["workload.cacheable_frac"] = round(api, 4)
    if own is not None:
        st.session_state["workload.self_hit_frac"] = round(own, 4)
    st.session_state["notice"] = (
        f"The scenario now takes {percent(api)} of the input as cacheable on the API"
        + (f" and {percent(own)} as found on own servers" if own is not None else "")
        + ". Change either on the Workload page."
    )


def ratios_of(result: Evaluation) -> PriceRatios:
    scenario = result.scenario
    return price_ratios(scenario.api.provider, scenario.api.model, scenario.as_of, catalog())


def _api_row(result: Evaluation, hits: Pair, kept: str) -> dict[str, str]:
    scenario = result.scenario
    offer = api_offer(scenario.api.provider, scenario.api.model, catalog())
    writes = ratios_of(result).write_ratio > 1

    def bill(hit: float) -> str:
        found = monthly_bill(
            offer,
            result.demand,
            scenario.as_of,
            Usage(cached_frac=hit, write_frac=1 - hit if writes else 0.0, discount_frac=scenario.api.discount_frac),
        )
        return usd(found.usd_per_month)

    return _row(f"API: {offer.label}", kept, hits, (bill(hits[0]), bill(hits[1])))


def _own_row(result: Evaluation, hits: Pair, kept: str) -> dict[str, str]:
    scenario, costs = result.scenario, []
    for hit in hits:
        other = scenario.workload.model_copy(update={"self_hit_frac": round(hit, 4)})
        build = evaluation_of(scenario.model_copy(update={"workload": other})).build
        costs.append(usd(build.usd_per_month) if build else "no fleet")
    label = result.build.label if result.build else ""
    return _row(f"Own: {label}", kept, hits, (costs[0], costs[1]))


def _row(side: str, kept: str, hits: Pair, costs: tuple[str, str]) -> dict[str, str]:
    return {
        "Side": side,
        "Kept for": kept,
        "Found now": percent(hits[0]),
        "In the best order": percent(hits[1]),
        "A month now": costs[0],
        "Then": costs[1],
    }


def rules_table(result: Evaluation) -> None:
    """Minimum, step, lifetime and prices of the scenario's seller for its model, and of all others over their models."""
    scenario, known = result.scenario, catalog()
    api = scenario.api
    rows = [_rules_row(api.provider, api.model, (cache_terms(api.provider, api.model, known),), (ratios_of(result),))]
    rows += [
        _rules_row(provider, "", every_terms(provider, known), cached_ratios(provider, scenario.as_of, known))
        for provider in known.rules
        if provider != api.provider
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(
        "Prices are multiples of plain input. Pays from: the hit rate above which caching pays where every miss is written. "
        "Where no model is named, values span all of the seller's models that list a cached price. Unknown: not published. "
        "Notes and sources are on the page Prices and profiles."
    )


def _rules_row(provider: str, model: str, rules: Sequence[CacheTerms], ratios: Sequence[PriceRatios]) -> dict[str, str]:
    steps = [f"{r.step_tok}" if r.step_tok else f"to {r.breakpoints_count} marks" for r in rules if _says_step(r)]
    return {
        "Seller": f"{provider_name(provider)}{f', {model}' if model else ''}",
        "From, tokens": _ends([f"{m:,}" for m in sorted({r.minimum_tok for r in rules if r.minimum_tok})]),
        "In steps of, tokens": _known(list(dict.fromkeys(steps))),
        "Kept for": _known([_time(kept) for kept in sorted({r.kept_s for r in rules if r.kept_s})]),
        "Read": _span([r.read_ratio for r in ratios], "×"),
        "Write": _span([r.write_ratio for r in ratios], "×"),
        "Pays from": _span([100 * r.pays_from_frac for r in ratios], "%"),
        "Kept longer": "; ".join(_longer(life, ratios) for life in rules[0].lifetimes),
    }


def _longer(life: CacheLifetime, ratios: Sequence[PriceRatios]) -> str:
    """A longer life, its price, and from which hit rate that pays for the models it is for."""
    pays = [
        100 * break_even_hit_frac(r.read_ratio, life.write_ratio) for r in ratios if applies_to_model(life, r.model)
    ]
    text = f"{_time(life.ttl_s)}, written at {life.write_ratio:g}×"
    return f"{text}, pays from {_span(pays, '%')}" if pays else text


def _says_step(rules: CacheTerms) -> bool:
    return bool(rules.step_tok or rules.breakpoints_count)


def _known(values: Sequence[str]) -> str:
    """Values that differ by model; what nobody publishes is unknown."""
    return " or ".join(values) if values else "unknown"


def _ends(values: Sequence[str]) -> str:
    return f"{values[0]} to {values[-1]}" if len(values) > 1 else _known(values)


def _time(seconds: int) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 3_600 else f"{seconds / 3_600:g} h"


def _span(values: Sequence[float], unit: str) -> str:
    if not values:
        return "unknown"
    low, high = (f"{value:.3g}" for value in (min(values), max(values)))
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
