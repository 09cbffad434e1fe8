"""The curves cost what the options cost, at every point, and with growth the mean over the horizon."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from support import scenario

from calculators.catalog.load import ROOT, load_catalog
from calculators.fleet.leading_fleets import worth_comparing
from calculators.options.cost_curves import SIDES, OptionCurves
from calculators.options.option import Option
from calculators.options.ranking import curves_of
from calculators.options.shortlist import enumerate_options
from calculators.options.what_if import allowed_again, ranked_again
from calculators.scenario.demand import at_volume
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import parse_scenario

CATALOG = load_catalog()
DAY = date(2026, 11, 29)


def _inputs(name: str, **workload: object) -> Inputs:
    asked = read_scenario(ROOT / f"scenarios/{name}.yaml", DAY)
    return Inputs.of(asked.model_copy(update={"workload": asked.workload.model_copy(update=workload)}), CATALOG)


def _curves(inputs: Inputs) -> OptionCurves:
    return curves_of(allowed_again(inputs), inputs)


def _cheapest_of_each_side(options: list[Option]) -> dict[str, float]:
    best: dict[str, float] = {}
    for option in options:
        best[option.kind] = min(best.get(option.kind, np.inf), option.decisive_usd_per_month)
    return best


@pytest.mark.parametrize("name", ["azure-conversation", "steady-extraction", "peaky-at-scale", "own-servers-at-scale"])
@pytest.mark.parametrize("multiple", [0.05, 1.0, 7.0])
def test_at_any_volume_a_side_costs_what_its_cheapest_option_costs(name: str, multiple: float) -> None:
    base = _inputs(name, growth_per_month_frac=0.0)
    volume = base.demand.requests_per_month * multiple
    curves = _curves(base)
    costs = curves.costs(curves.points(1, requests_per_month=np.array([volume])))
    expected = _cheapest_of_each_side(ranked_again(_inputs(name, growth_per_month_frac=0.0, requests_per_month=volume)))
    kinds = [option.kind for option in curves.buys]
    builds = ["own_hardware" if owned else "self_host" for _, owned in curves.groups]
    for kind, usd in expected.items():
        rows = [row for k, row in zip(kinds, costs.buys_usd[:, 0], strict=True) if k == kind]
        rows += [row for k, row in zip(builds, costs.builds_usd[:, 0], strict=True) if k == kind]
        rows += list(costs.hybrids_usd[:, 0]) if kind == "hybrid" else []
        assert min(rows) == pytest.approx(usd, rel=1e-9), kind
    if "hybrid" not in expected:
        assert np.isinf(costs.hybrids_usd).all()


@pytest.mark.parametrize("name", ["steady-extraction", "peaky-at-scale", "own-servers-at-scale"])
@pytest.mark.parametrize(("share", "months"), [(0.3, 6), (1.0, 60), (5.0, 12)])
def test_with_committed_spend_a_side_costs_what_its_cheapest_option_costs_at_any_volume(
    name: str, share: float, months: int
) -> None:
    plain = _inputs(name, growth_per_month_frac=0.0)
    bill_usd = ranked_again(plain)[-1].usd_per_month
    committed = {"committed_usd_per_month": share * bill_usd, "committed_months": months}
    api = plain.scenario.api.model_copy(update=committed)
    base = plain.scenario.model_copy(update={"api": api})
    curves = _curves(Inputs.of(base, CATALOG))
    now = plain.demand.requests_per_month
    for multiple in (0.02, 0.4, 1.0, 6.0):
        costs = curves.costs(curves.points(1, requests_per_month=np.array([now * multiple])))
        expected = _cheapest_of_each_side(ranked_again(Inputs.of(at_volume(base, now * multiple), CATALOG)))
        least = curves.least_of(costs)[:, 0]
        assert {SIDES[i]: least[i] for i in range(len(SIDES)) if np.isfinite(least[i])} == pytest.approx(expected)


def test_the_peak_changes_capacity_as_sizing_does() -> None:
    base, flatter = _inputs("peaky-at-scale"), _inputs("peaky-at-scale", peak_ratio=1.7)
    curves = _curves(base)
    [side] = curves.sides(curves.peak_points(np.array([1.7])))
    winner = min(ranked_again(flatter), key=lambda option: option.decisive_usd_per_month)
    assert SIDES[side] == winner.kind


def test_with_growth_costs_are_the_mean_of_the_months_to_come() -> None:
    """Three months at 100%, 110% and 121% of today's volume."""
    grows = _inputs("steady-extraction", growth_per_month_frac=0.1)
    operations = grows.scenario.operations.model_copy(update={"horizon_months": 3})
    grows = Inputs.of(grows.scenario.model_copy(update={"operations": operations}), CATALOG)
    curves = _curves(grows)
    mean = curves.costs(curves.points(1))
    now = curves.inputs.demand.requests_per_month
    one_by_one = replace(curves, path=curves.path.today())
    months = one_by_one.costs(one_by_one.points(3, requests_per_month=now * 1.1 ** np.arange(3.0)))
    assert mean.buys_usd[:, 0] == pytest.approx(months.buys_usd.mean(axis=1))
    assert mean.builds_usd[:, 0] == pytest.approx(months.builds_usd.mean(axis=1))


def test_many_points_are_computed_in_parts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    curves = _curves(_inputs("steady-extraction"))
    points = curves.points(40, requests_per_month=np.geomspace(1e5, 1e9, 40))
    whole = curves.sides(points)
    monkeypatch.setattr("calculators.options.cost_curves.MAX_CELLS", 3 * len(curves.staircases))
    assert (curves.sides(points) == whole).all()


def _shrinking(hardware: dict[str, object]) -> list[Option]:
    """300 million requests a month, 12% fewer each month, over three years."""
    plain = {
        "as_of": DAY,
        "workload": {
            "requests_per_month": 300_000_000,
            "input_tok": 1_500,
            "output_tok": 300,
            "input_p95_tok": 3_750,
            "output_p95_tok": 660,
            "peak_ratio": 2,
            "growth_per_month_frac": -0.12,
        },
        "api": {"provider": "openai", "model": "gpt-5.4"},
        "candidates": [{"model": "qwen3.5-27b", "gate": "accepted"}],
        "hardware": {"max_gpus": 5_000, **hardware},
        "operations": {"horizon_months": 36},
        "outlook": {"server_lead_weeks": 0},
    }
    return ranked_again(Inputs.of(parse_scenario(plain), CATALOG))


@pytest.mark.parametrize("hardware", [{"include_owned": True}, {"commitments": ["3y"]}])
def test_machines_that_are_bought_or_committed_are_paid_for_after_volume_has_fallen(
    hardware: dict[str, object],
) -> None:
    """Their mean over the horizon is today's cost but for egress; rented on demand, a fleet shrinks with the load."""
    for option in _shrinking(hardware):
        if option.is_build and option.plan is not None:
            mean = option.decisive_usd_per_month
            if option.plan.offer.is_committed:
                assert mean == pytest.approx(option.usd_per_month, rel=0.01)
            else:
                assert mean < 0.8 * option.usd_per_month


def test_a_hybrid_is_not_bound_by_the_gpus_that_the_whole_peak_would_need() -> None:
    """Within eight GPUs no fleet carries 300 million requests; a base load runs on them, the rest goes to the API."""
    options = _shrinking({"max_gpus": 8})
    assert not any(option.is_build for option in options)
    [hybrid] = [option for option in options if option.kind == "hybrid"]
    assert hybrid.plan is not None
    assert hybrid.plan.gpus <= 8
    assert hybrid is min(options, key=lambda option: option.decisive_usd_per_month)


@pytest.mark.parametrize("techniques", [{}, {"disaggregation": True}])
@pytest.mark.parametrize("spares", [0, 1, 3])
def test_what_is_left_out_is_the_cheapest_at_no_volume(techniques: dict[str, bool], spares: int) -> None:
    """Among rented machines of one model, at a thousand volumes."""
    asked = scenario(
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}, "commitments": ["on_demand", "1y"]},
        techniques=techniques,
        operations={"spare_replicas": spares},
        api={"provider": "openai", "model": "gpt-5.4"},
    )
    inputs = Inputs.of(asked, load_catalog())
    every = [one for one in enumerate_options(inputs).stairs if not one.offer.is_owned]
    kept = [every[i] for i in worth_comparing(every)]
    assert 0 < len(kept) < len(every)
    volumes = np.geomspace(1e3, 1e11, 1_000)
    for committed in (False, True):
        everything, few = (
            np.min([s.rent_usd_per_month(volumes) for s in stairs if s.offer.is_committed is committed], axis=0)
            for stairs in (every, kept)
        )
        assert few == pytest.approx(everything)
