"""One option and its lines."""

import numpy as np

from calculators.fleet.operating_costs import CostLine, fixed_line
from calculators.options.option import LinearCost, Option, with_range


def test_an_option_costs_what_its_lines_sum_to() -> None:
    lines = (fixed_line("api", 100.0, "list price"), CostLine("staffing", 10.0, 5.0, 20.0, basis="rule of thumb"))
    option = with_range(Option(kind="hosted_open", label="an option", lines=lines, model="some model"))
    assert (option.low_usd_per_month, option.usd_per_month, option.high_usd_per_month) == (105.0, 110.0, 120.0)


def test_an_option_buys_builds_or_does_both() -> None:
    kinds = ("api_today", "api_optimised", "resold_api", "hosted_open", "self_host", "own_hardware", "hybrid")
    options = [Option(kind=kind, label=kind, lines=(), model="some model") for kind in kinds]  # type: ignore[arg-type]
    assert [o.is_buy for o in options] == [True] * 4 + [False] * 3
    assert [o.is_build for o in options] == [False] * 4 + [True] * 2 + [False]


def test_a_linear_cost_by_hand() -> None:
    assert LinearCost(0.01, 50.0).usd_per_month(np.array([0.0, 1_000.0])).tolist() == [50.0, 60.0]
