"""One fleet compared with another, in words."""

from dataclasses import replace
from math import inf

from technique_cases import fleet

from calculators.techniques.fleets import FleetState, refit
from calculators.techniques.fleets_text import STATE_FORMATS, change_text, gpus_text, side_by_side


def state(**changes: float) -> FleetState:
    plan, inputs = fleet("steady-extraction")
    same = refit(plan, plan.config, inputs)
    assert same is not None
    return replace(same, **{"ttft_ms": 350.0, "tpot_ms": 30.0, "usd_per_month": 3_499.0, "gpus": 4, **changes})  # type: ignore[arg-type]


def test_a_figure_without_and_with_it_stands_in_one_cell() -> None:
    assert side_by_side(state(), state(tpot_ms=12.0), "tpot_ms") == "30 ms → 12 ms"
    assert side_by_side(state(), state(), "usd_per_month") == "$3.5k"
    assert side_by_side(None, state(ttft_ms=inf), "ttft_ms") == "infeasible → over capacity"
    assert side_by_side(None, None, "gpus") == "infeasible"
    assert all(side_by_side(state(), state(), field) for field in STATE_FORMATS)


def test_gpus_in_brackets_are_those_that_are_busy_at_the_peak() -> None:
    plan, inputs = fleet("steady-extraction")
    same = refit(plan, plan.config, inputs)
    assert same is not None
    rented, busy = gpus_text(same).removesuffix(")").split(" (")
    assert int(rented) == plan.gpus
    assert int(busy) == plan.gpus - plan.spare_replicas * plan.config.gpus_count


def test_a_change_names_what_moves_and_the_rent() -> None:
    assert change_text(state(), state(tpot_ms=15.0)) == "TPOT −50%, rent unchanged"
    assert change_text(state(), state(ttft_ms=420.0, usd_per_month=1_499.0)) == "TTFT +20%, rent $2k/month less"
    assert change_text(state(), state(ttft_ms=inf)) == "TTFT over capacity at this load, rent unchanged"
    assert change_text(state(), state(ttft_ms=inf, tpot_ms=inf)) == "Over capacity at this load, rent unchanged"
    assert change_text(state(), state(tpot_ms=30.1)) == "Rent unchanged"
    assert change_text(None, state()) == "All targets are met with 4 GPUs at $3.5k/month"
