"""What a hit rate is worth on the API and self-hosted, and a button that takes it into the scenario."""

import pandas as pd
import streamlit as st

from calculators.evaluate import Evaluation
from calculators.prompts.seller_rules import RULES_NOTE, seller_rules
from calculators.prompts.worth import api_usd_per_month, with_own_hit_rate
from calculators.scenario.inputs import Inputs
from calculators.units import percent, usd
from pages.shared.state import catalog, escape, evaluation_of

HitRates = tuple[float, float]
"""Hit rates today and in the best order."""


def worth_table(
    result: Evaluation, api: tuple[HitRates, str], own: tuple[HitRates, str] | None, key: str, example: str = ""
) -> None:
    """Table of both sides (hit rates, TTL), and a button that takes the best rates into the scenario. `example`: why the
    button is off, where the prompt is an example."""
    rows, labels = [_api_row(result, *api)], [("API", result.today.label)]
    if own is not None and result.build is not None:
        rows.append(_own_row(result, *own))
        labels.append(("Self-hosted", result.build.label))
    st.markdown("**What it is worth**")
    if example:
        st.markdown(escape(example))
    plain = [{name: escape(value) for name, value in row.items()} for row in rows]
    st.table(pd.DataFrame(plain), hide_index=True, border="horizontal")
    st.caption(escape(" ".join(f"{name}: {label}." for name, label in labels)))
    best_own = own[0][1] if own else None
    rates = f"{percent(api[0][1])} on the API" + (f", {percent(best_own)} self-hosted" if best_own is not None else "")
    st.button(
        "Use these hit rates",
        key=key,
        icon=":material/input:",
        on_click=_take,
        disabled=bool(example),
        args=(api[0][1], best_own),
        help="Sets the achievable API cache hit rate and the self-hosted prefix-cache hit rate of the scenario.",
    )
    st.caption(
        escape(f"Sets the hit rates of the best order: {rates}. The API and your servers have separate hit rates.")
    )


def _take(api_frac: float, own_frac: float | None) -> None:
    st.session_state["workload.cacheable_frac"] = round(api_frac, 4)
    if own_frac is not None:
        st.session_state["workload.self_hit_frac"] = round(own_frac, 4)
    st.session_state["notice"] = (
        f"The scenario now uses an achievable API cache hit rate of {percent(api_frac)}"
        + (f" and a self-hosted hit rate of {percent(own_frac)}" if own_frac is not None else "")
        + ". Change either on the Workload page."
    )


def _api_row(result: Evaluation, rates: HitRates, ttl: str) -> dict[str, str]:
    inputs = Inputs(result.scenario, result.demand, catalog())
    costs = [usd(api_usd_per_month(inputs, rate)) for rate in rates]
    return _row("API", ttl, rates, costs)


def _own_row(result: Evaluation, rates: HitRates, ttl: str) -> dict[str, str]:
    builds = [evaluation_of(with_own_hit_rate(result.scenario, rate)).build for rate in rates]
    costs = [usd(build.usd_per_month) if build else "infeasible" for build in builds]
    return _row("Self-hosted", ttl, rates, costs)


def _row(side: str, ttl: str, rates: HitRates, costs: list[str]) -> dict[str, str]:
    return {
        "Option": side,
        "TTL": ttl,
        "Hit rate today": percent(rates[0]),
        "Hit rate, best order": percent(rates[1]),
        "Cost/month today": costs[0],
        "Cost/month, best order": costs[1],
    }


def rules_table(result: Evaluation) -> None:
    """Prompt-cache rules of the scenario's API and of every other seller."""
    st.dataframe(pd.DataFrame(seller_rules(result.scenario, catalog())), hide_index=True)
    st.caption(f"{RULES_NOTE} Notes and sources are on the page Prices and profiles.")
