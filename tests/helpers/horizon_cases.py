"""Scenarios by chance whose months differ: growth, steps, drift, newer models, hiring by role, delivery, committed spend."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from random_scenarios import random_scenarios
from scenario_strategies import roles

from calculators.catalog.load import load_catalog
from calculators.scenario.schema import Scenario, parse_scenario

LIVE = load_catalog()
CHANGES = st.sampled_from([None, None, -0.5, -0.25, 0.3])
WEEKS = st.floats(0, 60)


@st.composite
def horizon_scenarios(draw: st.DrawFn, is_flat: bool = False) -> Scenario:
    """A random scenario on the live catalog with an outlook; `is_flat`: one in which only waiting and commitments remain."""
    [base] = random_scenarios(1, LIVE, seed=draw(st.integers(0, 100_000)))
    days = draw(st.lists(st.integers(-400, 1_200), max_size=2, unique=True))
    steps = [{"from_day": base.as_of + timedelta(days=d), "ratio": draw(st.sampled_from([0.5, 1.4, 3]))} for d in days]
    outlook: dict[str, Any] = {
        "api_price_change_per_year_frac": draw(CHANGES),
        "hosted_price_change_per_year_frac": draw(CHANGES),
        "rent_change_per_year_frac": draw(CHANGES),
        "server_price_change_per_year_frac": draw(CHANGES),
        "model_generations": draw(st.booleans()),
        "volume_steps": steps,
    }
    waiting = {"hiring_weeks": draw(st.sampled_from([None, 0.0]) | WEEKS), "server_lead_weeks": draw(st.none() | WEEKS)}
    plain = base.model_dump()
    plain["outlook"] |= waiting if is_flat else outlook | waiting
    if team := draw(st.just({}) | roles()):
        plain["operations"] |= team | {"self_host_fte": None}
        plain["outlook"] |= {
            "ramp_up_weeks": draw(st.none() | WEEKS),
            "hiring_cost_frac": draw(st.sampled_from([None, 0, 0.3])),
        }
    plain["operations"]["horizon_months"] = draw(st.sampled_from([1, 6, 12, 36, 60]))
    if is_flat:
        plain["workload"]["growth_per_month_frac"] = 0.0
    return parse_scenario(plain)
