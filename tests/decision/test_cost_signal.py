"""The cost signal: by hand, its month, and that it follows the API price."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_by_hand import hand_made_build, hand_made_buy
from signals_by_name import quickly, run, signal
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.decision.cost_signal import cost_signal
from calculators.decision.savings import MonthlySavings
from calculators.decision.signal_result import RANK
from calculators.scenario.inputs import Inputs


def test_cost_does_not_fire_where_buying_is_cheaper() -> None:
    found = signal("cost")
    assert (found.status, found.month) == ("not_firing", None)
    assert "/month more than the cheapest API option" in found.value


def test_cost_fires_when_the_pessimistic_case_saves_too() -> None:
    """Two hundred million requests on a model nobody sells: the API costs $1.1M."""
    found = signal(
        "cost", workload={"requests_per_month": 200e6}, candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}]
    )
    assert (found.status, found.month, found.when) == ("firing", 0, "Now.")
    assert "payback within 1 month" in found.value


def test_growth_gives_the_month_in_which_cost_fires() -> None:
    """Without growth never; at 10% a month the first month from which the pessimistic case saves over the horizon."""
    model = {"candidates": [{"model": "llama-3.1-8b", "gate": "accepted"}]}
    still = signal("cost", **model)
    growing = signal("cost", **model, workload={"growth_per_month_frac": 0.1})
    assert still.month is None
    assert growing.month is not None
    there = {"requests_per_month": 2e6 * 1.1**growing.month, "growth_per_month_frac": 0.1}
    before = {"requests_per_month": 2e6 * 1.1 ** (growing.month - 1), "growth_per_month_frac": 0.1}
    assert signal("cost", **model, workload=there).status == "firing"
    assert signal("cost", **model, workload=before).status != "firing"
    assert growing.month_earliest is not None
    assert growing.month_earliest <= growing.month


def test_cost_does_not_fire_where_nothing_can_be_built_or_bought() -> None:
    missed = run(targets={"tpot_ms": 0.1})
    cost = missed.signals.exit_signals[0]
    assert (cost.status, cost.value) == ("not_firing", "No self-hosted option")
    assert cost.why in missed.verdict.reason  # one reason, whoever asks
    assert "rules out every API option" in signal("cost", compliance={"requirements": ["air-gap"]}).why


@quickly
@given(st.floats(1e5, 1e9), st.floats(1.0, 3.0))
def test_a_dearer_api_never_makes_the_cost_signal_weaker(volume: float, ratio: float) -> None:
    """The own discount makes the API dearer or cheaper with everything else the same."""
    discounts = (0.5, 0.5 / ratio)
    weak, strong = (
        signal("cost", workload={"requests_per_month": volume}, api={"discount_frac": d, "hosted_sellers": ["nobody"]})
        for d in discounts
    )
    assert RANK[strong.status] >= RANK[weak.status]


# --- hybrids ---------------------------------------------------------------------------------------------------------


def _savings(central: float, pessimistic: float) -> MonthlySavings:
    """The same in each of sixty-one months."""
    months = np.ones(61)
    return MonthlySavings(central * months, pessimistic * months, central * months, 157_000.0)


@pytest.mark.parametrize(
    ("high", "status", "month"), [(140_000.0, "firing", 0), (170_000.0, "close", None), (inf, "close", None)]
)
def test_a_hybrid_that_wins_is_what_the_signal_compares(
    high: float, status: str, month: int | None, catalog: Catalog
) -> None:
    """A hybrid at $95.6k against $157k for the API saves $61.4k, while a fleet for all of the load would lose $29.4k: "the
    API is cheaper" beside "self-host the base load" would be two answers."""
    build, _ = hand_made_build(catalog, 180_000, 6_400)
    line = replace(build.lines[0], usd_per_month=95_600.0, high_usd_per_month=high)
    hybrid = replace(build, kind="hybrid", lines=(line,))
    buy = hand_made_buy("api_today", 157_000, 150_000)
    inputs = Inputs.of(scenario(), catalog)
    found = cost_signal(inputs, _savings(-29_400, -60_000), (hybrid, buy, build), "")
    assert (found.status, found.month) == (status, month)
    assert found.value.startswith("Self-hosting the base load costs $61.4k/month less than the cheapest API option")
    assert "API is cheaper" not in found.why
    assert found.when == (
        "Now."
        if month == 0
        else "In the optimistic case now; otherwise not within five years at today's prices and your growth rate."
    )


def test_a_hybrid_that_costs_more_than_the_fleet_is_not_compared(catalog: Catalog) -> None:
    build, _ = hand_made_build(catalog, 50_000, 6_400)
    hybrid = replace(build, kind="hybrid", lines=(replace(build.lines[0], usd_per_month=60_000.0),))
    inputs = Inputs.of(scenario(), catalog)
    ranked = (build, hybrid, hand_made_buy("api_today", 157_000))
    found = cost_signal(inputs, _savings(100_600, 50_000), ranked, "")
    assert found.value.startswith("Self-hosting costs $101k/month less")
