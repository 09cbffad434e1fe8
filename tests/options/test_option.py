"""One option and its lines."""

from dataclasses import replace

import numpy as np

from calculators.fleet.operating_costs import CostLine, fixed_line
from calculators.options.option import LinearCost, Option, best_self_hosted, self_hosting_words, with_range


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


def test_an_option_names_its_models_and_those_that_are_assumed_once() -> None:
    one = Option(kind="self_host", label="a", lines=(), model="A", gate="assumed")
    both = replace(one, kind="hybrid", also_model="B", also_gate="assumed")
    same = replace(one, kind="hybrid", also_model="A", also_gate="assumed")
    in_use = replace(one, kind="hybrid", gate="accepted", also_model="gpt-5.4")
    assert [o.models for o in (one, both, same, in_use)] == [("A",), ("A", "B"), ("A",), ("A", "gpt-5.4")]
    assert [o.assumed_models for o in (one, both, same, in_use)] == [("A",), ("A", "B"), ("A",), ()]


def test_the_cheapest_option_on_a_fleet_may_be_a_hybrid() -> None:
    api, fleet, hybrid = (
        Option(kind=kind, label=kind, lines=(fixed_line("api", usd, "list price"),), model="A")  # type: ignore[arg-type]
        for kind, usd in (("api_today", 5.0), ("self_host", 20.0), ("hybrid", 10.0))
    )
    assert best_self_hosted([api]) is None
    assert best_self_hosted([api, fleet, hybrid]) is hybrid
    assert [self_hosting_words(o) for o in (fleet, hybrid)] == ["self-hosting", "self-hosting the base load"]
