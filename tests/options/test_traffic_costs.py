"""Costs over the ranges of the traffic: as the options cost when they are ranked there."""

from dataclasses import replace
from datetime import date
from math import exp, hypot, log

import numpy as np
import pytest
from support import scenario

from calculators.catalog.load import ROOT, load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.options.option import Option
from calculators.options.ranking import curves_of
from calculators.options.traffic_costs import TrafficCosts, over_traffic_ranges, traffic_costs
from calculators.options.what_if import allowed_again, ranked_again
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario

CATALOG = load_catalog()
DAY = date(2026, 11, 29)
RANGES = {"requests_basis": "assumed", "peak_basis": "assumed", "source": "log:x.csv"}


def asked(name: str = "azure-conversation", api: dict[str, object] | None = None, **workload: object) -> Scenario:
    """A shipped scenario with a typed traffic, but for the changes."""
    start = read_scenario(ROOT / f"scenarios/{name}.yaml", DAY)
    plain = {"sample_requests": None, "requests_range_per_month": None, "peak_range_ratio": None, **RANGES, **workload}
    return start.model_copy(
        update={
            "workload": start.workload.model_copy(update=plain),
            "api": start.api.model_copy(update=api or {}),
        }
    )


def costs_of(scenario: Scenario) -> TrafficCosts | None:
    inputs = Inputs.of(scenario, CATALOG)
    return traffic_costs(curves_of(allowed_again(inputs), inputs))


def test_without_a_range_nothing_is_computed() -> None:
    assert costs_of(asked()) is None
    assert costs_of(asked(requests_range_per_month=(1e6, 1e8), requests_basis="typed")) is None


def test_a_range_is_walked_in_steps_to_its_ends() -> None:
    now = asked().workload.requests_per_month
    traffic = costs_of(asked(requests_range_per_month=(now * 0.5, now * 2)))
    assert traffic is not None
    assert traffic.token_ratio.tolist() == pytest.approx([0.5, 1 / 1.5, 1.0, 1.5, 2.0])
    assert traffic.peak_ratio.tolist() == [1.0] * 5


def _at(scenario: Scenario, volume: float, peak: float) -> list[Option]:
    w = scenario.workload
    figures = {"requests_per_month": w.requests_per_month * volume, "peak_ratio": w.peak_ratio * peak}
    return ranked_again(Inputs.of(scenario.model_copy(update={"workload": w.model_copy(update=figures)}), CATALOG))


@pytest.mark.parametrize("name", ["azure-conversation", "peaky-at-scale"])
def test_at_each_point_the_cheapest_option_costs_what_ranking_says(name: str) -> None:
    base = asked(name, growth_per_month_frac=0.0)
    now, peak = base.workload.requests_per_month, base.workload.peak_ratio
    ends = {"requests_range_per_month": (now / 2, now * 2), "peak_range_ratio": (peak * 0.8, peak * 1.4)}
    traffic = costs_of(asked(name, growth_per_month_frac=0.0, **ends))
    assert traffic is not None
    for place in (0, traffic.token_ratio.size - 1):
        ranked = _at(base, float(traffic.token_ratio[place]), float(traffic.peak_ratio[place]))
        assert traffic.costs.today_usd[:, place].min() == pytest.approx(ranked[0].usd_per_month, rel=1e-9)


def _by_label(evaluation: Evaluation) -> dict[tuple[str, str], Option]:
    return {(option.kind, option.model): option for option in evaluation.options}


def test_a_bill_goes_with_the_volume_and_a_fleet_with_the_peak() -> None:
    now, peak = asked().workload.requests_per_month, asked().workload.peak_ratio
    volume = evaluate(asked(requests_range_per_month=(now / 2, now * 3)), CATALOG).today
    assert (volume.low_usd_per_month, volume.high_usd_per_month) == pytest.approx(
        (volume.usd_per_month / 2, volume.usd_per_month * 3)
    )
    assert volume.own_low_usd_per_month == volume.own_high_usd_per_month == pytest.approx(volume.usd_per_month)
    peaky = evaluate(asked(peak_range_ratio=(peak / 2, peak * 3)), CATALOG)
    assert peaky.today.low_usd_per_month == peaky.today.high_usd_per_month == pytest.approx(peaky.today.usd_per_month)
    plain = _by_label(evaluate(asked(), CATALOG))
    for key, option in _by_label(peaky).items():
        if option.is_build:
            assert option.high_usd_per_month >= plain[key].high_usd_per_month
    build = peaky.build
    assert build is not None
    assert build.high_usd_per_month > plain[build.kind, build.model].high_usd_per_month


def test_independent_errors_are_joined_by_their_squared_logarithms() -> None:
    """Of a hosted model: its own range is that of staffing and the move, the traffic's that of its bill."""
    now = asked().workload.requests_per_month
    evaluation = evaluate(asked(requests_range_per_month=(now, now * 3)), CATALOG)
    hosted = next(option for option in evaluation.options if option.kind == "hosted_open")
    assert hosted.bill is not None
    bill, usd = hosted.bill.usd_per_month, hosted.usd_per_month
    own, traffic = log(hosted.own_high_usd_per_month / usd), log((usd + 2 * bill) / usd)
    assert hosted.high_usd_per_month == pytest.approx(usd * exp(hypot(own, traffic)))


def test_what_is_paid_today_is_known_whatever_the_log_says() -> None:
    now = asked().workload.requests_per_month
    ranged = asked(api={"paid_usd_per_month": 50_000.0}, requests_range_per_month=(now / 2, now * 2))
    today = evaluate(ranged, CATALOG).today
    assert (today.low_usd_per_month, today.high_usd_per_month) == pytest.approx((50_000, 50_000))


def test_a_hybrid_keeps_a_finite_range_where_it_no_longer_pays() -> None:
    start = asked("peaky-at-scale")
    now = start.workload.requests_per_month
    evaluation = evaluate(asked("peaky-at-scale", requests_range_per_month=(now / 4, now * 1.2)), CATALOG)
    hybrid = next(option for option in evaluation.options if option.kind == "hybrid")
    assert 0 < hybrid.low_usd_per_month < hybrid.usd_per_month < hybrid.high_usd_per_month < np.inf


def test_without_ranges_the_options_stay_as_they_are() -> None:
    inputs = Inputs.of(asked(), CATALOG)
    allowed = allowed_again(inputs)
    assert over_traffic_ranges(allowed.buys, curves_of(allowed, inputs)) == (allowed.buys, None)


def test_what_costs_nothing_has_no_range() -> None:
    now = asked().workload.requests_per_month
    inputs = Inputs.of(asked(requests_range_per_month=(now / 2, now)), CATALOG)
    allowed = allowed_again(inputs)
    free = replace(allowed.buys[0], lines=())
    assert over_traffic_ranges([free], curves_of(allowed, inputs))[0] == (free,)


def test_a_resellers_price_goes_with_the_traffic_whatever_is_paid_today() -> None:
    now = asked().workload.requests_per_month
    ranged = asked(api={"paid_usd_per_month": 50_000.0}, requests_range_per_month=(now / 2, now * 2))
    ruled = ranged.model_copy(update={"compliance": ranged.compliance.model_copy(update={"requirements": ("hipaa",)})})
    resold = next(option for option in evaluate(ruled, CATALOG).options if option.kind == "resold_api")
    assert resold.low_usd_per_month < 0.6 * resold.usd_per_month
    assert resold.high_usd_per_month > 1.8 * resold.usd_per_month


@pytest.mark.parametrize(
    ("paid_source", "is_known"), [("typed", True), ("log:invoice.csv", True), ("log:usage.csv", False)]
)
def test_a_bill_has_no_range_unless_it_is_the_spend_of_the_log_itself(paid_source: str, is_known: bool) -> None:
    """An hour's spend, extrapolated to a month, is as uncertain as the month's volume."""
    catalog = load_catalog()
    asked = scenario(
        workload={
            "source": "log:usage.csv",
            "requests_basis": "assumed",
            "requests_range_per_month": (1_000_000, 4_000_000),
        },
        api={"provider": "openai", "model": "gpt-5.4", "paid_usd_per_month": 9_000.0, "paid_source": paid_source},
    )
    today = evaluate(asked, catalog).today
    assert (today.high_usd_per_month - today.low_usd_per_month < 1) == is_known
