"""The cheapest mix over all configurations: the same as of trying every one, and a single term costs what the months say."""

from typing import Any

import pytest
from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.capacity_mix import ApiPrices
from calculators.fleet.replica_capacity import Capacity
from calculators.horizon import mix_configs
from calculators.horizon.mix_configs import Machines, cheapest_mix, config_mix
from calculators.horizon.mix_search import MixCase, best_mix
from calculators.options.build import size_candidates
from calculators.report.mix_view import beside_machines_usd, mix_api_prices
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario

GROWING = {"workload": {"growth_per_month_frac": 0.05}, "operations": {"horizon_months": 24}}
FALLING = {"workload": {"growth_per_month_frac": -0.04}, "outlook": {"rent_change_per_year_frac": -0.3}}
HELD = {"gpu": "h100-sxm", "gpus_count": 8, "gpus_per_machine": 8, "usd_per_gpu_h": 1.0, "paid_until": "2027-11-23"}


def _found(asked: Scenario, catalog: Catalog) -> tuple[Evaluation, Inputs, Capacity]:
    found = evaluate(asked, catalog)
    plan = next(option.plan for option in found.options if option.plan is not None)
    return found, Inputs.of(asked, catalog), plan.capacity


def _case(found: Evaluation, inputs: Inputs, has_api: bool) -> MixCase:
    return MixCase(inputs, mix_api_prices(found, inputs) if has_api else None, beside_machines_usd(found))


def _changed(name: str, changes: dict[str, Any]) -> Scenario:
    asked = read_scenario(ROOT / "scenarios" / name, TODAY)
    parts = {part: getattr(asked, part).model_copy(update=values) for part, values in changes.items()}
    return asked.model_copy(update=parts)


@pytest.mark.parametrize("has_api", [True, False])
@pytest.mark.parametrize("changes", [{}, GROWING, FALLING, {"workload": {"deferrable_frac": 0.5}}], ids=str)
@pytest.mark.parametrize("name", ["near-the-crossover.yaml", "steady-extraction.yaml"])
def test_the_mix_is_that_of_trying_every_configuration(
    live_catalog: Catalog, name: str, changes: dict[str, Any], has_api: bool
) -> None:
    found, inputs, first = _found(_changed(name, changes), live_catalog)
    case, machines, every = _case(found, inputs, has_api), Machines(inputs), size_candidates(inputs)[0]
    mixes = [best_mix(machines.stairs(one), case) for one in every if machines.stairs(one)]
    least = min(mix.usd_per_month for mix in mixes if mix is not None)
    best = cheapest_mix(case, machines, first)
    assert best is not None
    assert best.is_exact
    assert best.mix.usd_per_month == pytest.approx(least)
    assert best.tried_count < best.config_count == len(every)


@pytest.mark.parametrize("lens", ["sunk", "full"])
def test_no_mix_with_a_machine_costs_less_than_its_bound(catalog: Catalog, lens: str) -> None:
    asked = scenario(as_of="2026-11-23", hardware={"existing_gpus": [HELD], "existing_lens": lens}, **GROWING)
    found, inputs, _ = _found(asked, catalog)
    for has_api in (True, False):
        case, machines = _case(found, inputs, has_api), Machines(inputs)
        bound = mix_configs._Bound.of(case)
        every = [one for one in size_candidates(inputs)[0] if machines.stairs(one)]
        mixes = [(one, best_mix(machines.stairs(one), case)) for one in every]
        with_machines = [(one, mix.usd_per_month) for one, mix in mixes if mix is not None and mix.shares]
        assert with_machines or has_api
        assert all(bound.usd(one, machines) <= usd * (1 + 1e-9) for one, usd in with_machines)


def test_more_configurations_and_an_api_never_raise_the_cost(live_catalog: Catalog) -> None:
    asked = _changed("near-the-crossover.yaml", {})
    costs = []
    for gpus in (("h100-sxm",), ("h100-sxm", "h200"), ("h100-sxm", "h200", "b200", "mi300x")):
        hardware = asked.hardware.model_copy(update={"gpus": gpus})
        found, inputs, first = _found(asked.model_copy(update={"hardware": hardware}), live_catalog)
        mixes = [cheapest_mix(_case(found, inputs, has_api), Machines(inputs), first) for has_api in (True, False)]
        with_api, own = (one.mix.usd_per_month for one in mixes if one is not None)
        assert with_api <= own + 1e-6
        costs.append(own)
    assert costs == sorted(costs, reverse=True)


def test_a_search_that_is_cut_short_says_so(live_catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    found, inputs, first = _found(_changed("near-the-crossover.yaml", {}), live_catalog)
    case = _case(found, inputs, has_api=True)
    whole = cheapest_mix(case, Machines(inputs), first)
    monkeypatch.setattr(mix_configs, "MOST_TRIED", 2)
    cut = cheapest_mix(case, Machines(inputs), first)
    monkeypatch.setattr(mix_configs, "MOST_CELLS", 0)
    one = cheapest_mix(case, Machines(inputs), first)
    assert whole is not None
    assert cut is not None
    assert one is not None
    assert (whole.is_exact, cut.is_exact, one.is_exact) == (True, False, False)
    assert whole.mix.usd_per_month <= cut.mix.usd_per_month <= one.mix.usd_per_month + 1e-6
    assert (cut.tried_count, one.tried_count) <= (3, 2)


def test_an_api_that_costs_less_than_any_machines_needs_no_further_configuration(live_catalog: Catalog) -> None:
    found, inputs, first = _found(_changed("near-the-crossover.yaml", {}), live_catalog)
    best = cheapest_mix(
        MixCase(inputs, ApiPrices("API", 1.0, 0.5), beside_machines_usd(found)), Machines(inputs), first
    )
    assert best is not None
    assert (best.mix.shares, best.tried_count, best.is_exact) == ((), 1, True)


HORIZONS = [
    ({}, 36, True),
    ({"outlook": {"rent_change_per_year_frac": -0.3}}, 36, True),
    ({}, 12, True),
    ({"workload": {"growth_per_month_frac": 0.06}}, 36, True),
    ({"workload": {"growth_per_month_frac": -0.03}}, 36, False),
    ({"workload": {"growth_per_month_frac": 0.04}, "outlook": {"rent_change_per_year_frac": -0.2}}, 24, False),
]


@pytest.mark.parametrize(("term", "name"), [("1y", "1-year reserved"), ("3y", "3-year reserved"), ("", "purchased")])
@pytest.mark.parametrize(("changes", "months", "is_same"), HORIZONS, ids=str)
def test_a_single_term_costs_what_the_months_of_the_plan_say(
    live_catalog: Catalog, changes: dict[str, Any], months: int, is_same: bool, term: str, name: str
) -> None:
    """Everything on one term is one of the ways to hold capacity: the total of its months is the mix's, all renewals, drift, resale and
    what is left of a term counted. Where volume or rents move, the mix may begin a term earlier, or let it end where it is not needed."""
    asked = {
        "workload": {"requests_per_month": 30_000_000.0, **changes.get("workload", {})},
        "operations": {"horizon_months": months},
        "outlook": {"server_lead_weeks": 0.0, "hiring_weeks": 0.0, **changes.get("outlook", {})},
        "api": {"provider": "openai", "model": "gpt-5.4"},
        "hardware": {
            "gpus": ["h100-sxm"],
            "rent_usd_per_gpu_h": {},
            "min_confidence": "low",
            "commitments": [term or "on_demand"],
            "include_owned": not term,
        },
    }
    found = evaluate(scenario(**asked), live_catalog)
    way = next(one for one in found.horizon.options if one.option.kind == ("self_host" if term else "own_hardware"))
    inputs = Inputs.of(found.scenario, live_catalog)
    assert way.option.plan is not None
    mix = config_mix(way.option.plan.capacity, _case(found, inputs, has_api=False), Machines(inputs))
    assert mix is not None
    usd = mix.mix.single_usd[name]
    assert usd <= way.tco_usd / months * (1 + 1e-9)
    assert usd == pytest.approx(way.tco_usd / months, rel=1e-9 if is_same else 0.03)


@pytest.mark.parametrize("lens", ["sunk", "full"])
def test_gpus_that_one_has_cost_what_is_counted_for_them_until_their_end(catalog: Catalog, lens: str) -> None:
    """8 H100 at $1 an hour until a year from now: nothing as sunk cost for 12 of 24 months, $5,840 a month after and as full cost."""
    asked = scenario(
        as_of="2026-11-23",
        workload={"peak_ratio": 1, "requests_per_month": 100_000},
        operations={"horizon_months": 24, "spare_replicas": 0},
        hardware={"gpus": ["l40s"], "existing_gpus": [HELD], "existing_lens": lens, "rent_usd_per_gpu_h": {}},
    )
    found, inputs, _ = _found(asked, catalog)
    every = [c for c in size_candidates(inputs)[0] if c.config.gpu.id == "h100-sxm"]
    mix = config_mix(every[0], MixCase(inputs), Machines(inputs))
    assert found.options
    assert mix is not None
    [share] = mix.mix.shares
    assert (share.term.name, share.machines) == ("already yours", 1)
    assert mix.mix.usd_per_month == pytest.approx(5_840 * (0.5 if lens == "sunk" else 1), rel=1e-6)
