"""Months of the plan where today's API is ruled out, hybrids wait, machines are held, and what a purchase returns."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from random_scenarios import random_scenarios
from support import FIXED_ROOT, scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.horizon.months import OptionMonths
from calculators.options.fleet_costs import due_usd
from calculators.options.month_path import due_ratios
from calculators.options.option import Option
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog(FIXED_ROOT)
LIVE = load_catalog()


def found(**changes: Any) -> Evaluation:
    return evaluate(scenario(**changes), CATALOG)


def of_kind(evaluation: Evaluation, kind: str) -> OptionMonths:
    return next(one for one in evaluation.horizon.options if one.option.kind == kind)


# --- today's API as what the others are measured against -----------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": {"growth_per_month_frac": 0.1}},
        {"outlook": {"api_price_change_per_year_frac": -0.25}},
        {"api": {"model": "closed-dated"}},
        {"api": {"committed_usd_per_month": 15_000, "committed_months": 3}},
        {
            "workload": {"growth_per_month_frac": 0.1},
            "api": {"committed_usd_per_month": 15_000, "committed_months": 5},
            "outlook": {"api_price_change_per_year_frac": -0.5},
        },
    ],
    ids=["growth", "drift", "an announced price", "a commitment", "all of it"],
)
def test_todays_api_moves_on_where_a_requirement_rules_it_out(changes: dict[str, Any]) -> None:
    free, ruled_out = found(**changes), found(**changes, compliance={"requirements": ["zero-retention"]})
    assert free.today_allowed
    assert not ruled_out.today_allowed
    assert len(np.unique(free.horizon.today.cost_usd)) > 1
    assert ruled_out.horizon.today.cost_usd == pytest.approx(free.horizon.today.cost_usd)
    assert ruled_out.horizon.today.cash_usd == pytest.approx(free.horizon.today.cash_usd)
    assert of_kind(ruled_out, "self_host").npv_usd == pytest.approx(of_kind(free, "self_host").npv_usd)


# --- waiting -------------------------------------------------------------------------------------------------------------


def test_a_fleet_that_waits_for_the_whole_horizon_costs_todays_api_and_its_migration() -> None:
    late = of_kind(found(api={"hosted_sellers": ["nobody"]}, outlook={"hiring_weeks": 60}), "self_host")
    assert late.tco_usd == pytest.approx(12 * 11_000 + 3 * 240_000 / 52)
    assert late.payback_month is None


def with_hybrid(places: Sequence[int], growth: float) -> Evaluation:
    """The first of some scenarios by chance in which a fleet for the base load is clearly cheaper, over two years: speeds and prices
    move with the data, so one alone would not stay."""
    for asked in [next(islice(random_scenarios(place + 1, LIVE), place, place + 1)) for place in places]:
        changes = {
            "workload": asked.workload.model_copy(update={"growth_per_month_frac": growth}),
            "operations": asked.operations.model_copy(update={"horizon_months": 24}),
            "outlook": asked.outlook.model_copy(update={"server_lead_weeks": 13.0}),
            "api": asked.api.model_copy(update={"hosted_sellers": ("nobody",)}),
        }
        evaluation = evaluate(asked.model_copy(update=changes), LIVE)
        if any(one.option.kind == "hybrid" for one in evaluation.horizon.options):
            return evaluation
    raise AssertionError("none of these scenarios has a hybrid any more; choose others")


@pytest.mark.parametrize(
    ("places", "waits"), [((194, 460, 488), True), ((369, 411, 512), False)], ids=["purchased", "rented"]
)
def test_a_hybrid_waits_for_the_servers_that_it_purchases(places: Sequence[int], waits: bool) -> None:
    evaluation = with_hybrid(places, -0.05)
    hybrid, today = of_kind(evaluation, "hybrid"), evaluation.horizon.today
    assert hybrid.option.plan is not None
    assert hybrid.option.plan.offer.is_owned is waits
    assert (hybrid.serves_from_month >= 3) is waits
    assert (
        hybrid.cash_usd[1:3] == pytest.approx(today.cash_usd[1:3])
    ) is waits  # no rented fleet costs less until then
    assert bool(hybrid.cash_usd[3] > 3 * today.cash_usd[3]) is waits  # the servers come, and are paid
    assert (hybrid.cash_usd[4:] < today.cash_usd[4:]).all()


def test_a_falling_price_of_a_barred_api_is_paid_until_servers_come() -> None:
    """Nothing else changes from month to month, but its months are told apart all the same."""
    evaluation = found(
        api={"hosted_sellers": ["nobody"]},
        compliance={"requirements": ["air-gap"]},
        outlook={"api_price_change_per_year_frac": -0.5, "server_lead_weeks": 26},
        operations={"horizon_months": 12},
    )
    own = of_kind(evaluation, "own_hardware")
    assert own.tco_usd == pytest.approx(12 * own.option.decisive_usd_per_month)
    assert own.cash_usd[1:6] == pytest.approx(11_000 * 0.5 ** (np.arange(5) / 12))


def test_a_hybrid_stays_an_option_when_the_whole_fleet_costs_less_in_the_end() -> None:
    """At a fifth less each month a fleet for the base load has no fewer machines than one for the peak."""
    evaluation = with_hybrid((52,), -0.2)
    hybrid, whole = of_kind(evaluation, "hybrid"), of_kind(evaluation, "self_host")
    assert hybrid.option.model == whole.option.model
    assert hybrid.cost_usd[0] < whole.cost_usd[0]
    assert hybrid.cost_usd[-1] == pytest.approx(whole.cost_usd[-1])


# --- purchases -----------------------------------------------------------------------------------------------------------


CHEAP_TO_RUN = {"horizon_months": 48, "self_host_fte": 0, "platform_usd_per_month": 0, "migration_weeks": 0}


def test_only_a_purchase_has_a_return_and_its_present_value_is_nothing_at_that_rate() -> None:
    evaluation = found(
        hardware={"include_owned": True}, operations=CHEAP_TO_RUN, outlook={"server_lead_weeks": 0}
    ).horizon
    returns = {one.option.kind: one.return_per_year_frac for one in evaluation.options}
    rate = returns.pop("own_hardware")
    assert set(returns.values()) == {None}
    assert rate is not None
    own = next(one for one in evaluation.options if one.option.kind == "own_hardware")
    assert replace(own, discount_per_year_frac=rate).npv_usd == pytest.approx(0, abs=0.01)
    assert own.npv_usd * (rate - own.discount_per_year_frac) > 0


def test_growth_buys_servers_when_they_are_needed_and_never_gives_one_back() -> None:
    grows, falls = (
        of_kind(
            found(
                workload={"requests_per_month": 30_000_000, "growth_per_month_frac": growth},
                hardware={"include_owned": True, "max_gpus": 2_000},
                operations={"horizon_months": 24, "migration_weeks": 0},
                outlook={"server_lead_weeks": 0},
            ),
            "own_hardware",
        )
        for growth in (0.1, -0.1)
    )
    server = 8 * 44_000 * 1.03
    assert grows.option.plan is not None
    assert grows.cash_usd[0] == pytest.approx(server * grows.option.plan.machines)
    assert (grows.cash_usd[1:-1] > server / 2).any()
    assert (falls.cash_usd[1:-1] < server / 2).all()
    running = grows.option.plan.gpus * 182.5 + 20_000 + 1_000
    assert falls.cash_usd[11] == pytest.approx(running, rel=0.001)


# --- totals --------------------------------------------------------------------------------------------------------------


def months(cash: list[float], today: list[float], rate: float = 0.0) -> OptionMonths:
    return OptionMonths(
        option=Option(kind="own_hardware", label="servers", lines=(), model="any"),
        cost_usd=np.array(cash[1:]),
        cash_usd=np.array(cash),
        tok_per_month=np.full(len(cash) - 1, 5e6),
        today_cash_usd=np.array(today),
        discount_per_year_frac=rate,
    )


def test_totals_of_four_months_by_hand() -> None:
    """Paid 100 and four times 10, against four times 40: saved -100, 30, 30, 30, 30, so 20 in all, back in month 4."""
    one = months([100.0, 10, 10, 10, 10], [0.0, 40, 40, 40, 40])
    assert one.tco_usd == one.present_cost_usd == 140
    assert one.npv_usd == 20
    assert (one.payback_month, one.discounted_payback_month) == (4, 4)
    assert one.peak_cash_usd == 100
    assert one.usd_per_mtok == 7  # 140 over 20 million tokens
    assert one.return_per_year_frac is not None
    assert one.return_per_year_frac > 0


def test_discounting_can_put_a_payback_off_beyond_the_horizon() -> None:
    """At 100% a year month 4 is worth 2 ^ (-4 / 12) = 0.794: 30 x (0.944 + 0.891 + 0.841 + 0.794) = 104.1 against 104.5."""
    one = months([104.5, 10, 10, 10, 10], [0.0, 40, 40, 40, 40], rate=1.0)
    assert one.payback_month == 4
    assert one.discounted_payback_month is None
    assert one.npv_usd == pytest.approx(-0.4, abs=0.05)
    assert not one.is_payback_undone


def test_self_hosting_lasts_from_the_month_after_the_last_in_which_an_api_costs_less() -> None:
    """Two GPUs cost 3,650.30 a month, less than 11,000 from the start or once hiring is over, unless the API soon costs a tenth."""
    no_host = {
        "candidates": [{"model": "llama-3.1-8b", "gate": "accepted"}],
        "operations": CHEAP_TO_RUN,
        "api": {"hosted_sellers": ["nobody"]},
    }
    assert found(**no_host).horizon.durable_month == 1
    assert found(**no_host, outlook={"hiring_weeks": 13}).horizon.durable_month == 4
    assert found(**no_host, outlook={"hiring_weeks": 150}).horizon.durable_month == 35  # 34.6 months
    assert (
        found(
            **no_host | {"operations": CHEAP_TO_RUN | {"horizon_months": 12}}, outlook={"hiring_weeks": 52}
        ).horizon.durable_month
        is None
    )
    cheaper = found(**no_host, outlook={"api_price_change_per_year_frac": -0.9})
    assert cheaper.horizon.durable_month is None


# --- what is left of commitments ----------------------------------------------------------------------------------------


def test_machines_are_paid_to_the_end_of_the_term_that_they_are_in(catalog: Catalog) -> None:
    """Two for a year, a third from month 9 on: after 18 months the two have 6 months left, the third 2 (18 - 8 = 10 of 12). Two that
    the user has cost 90 a month and have no term."""
    plain = staircase(catalog, 1_000, 100)
    usd = 100 * np.array([2.0] * 8 + [3.0] * 10)
    ahead = Inputs.of(scenario(operations={"horizon_months": 18}), CATALOG)
    none = np.zeros(18)
    year = replace(plain, offer=replace(plain.offer, commitment="1y"))
    hourly_ratio, year_ratio = due_ratios([plain, year], none, none, ahead)
    assert due_usd(usd, hourly_ratio, none, 1.0) == pytest.approx(usd)
    assert due_usd(usd, year_ratio, none, 1.0).sum() == pytest.approx(usd.sum() + 100 * (2 * 6 + 2))
    assert due_usd(usd[:1] * np.ones(12), year_ratio[6:], none[6:], 1.0).sum() == pytest.approx(200 * 12)
    yours = np.array([180.0] * 8 + [280.0] * 10)
    assert due_usd(yours, year_ratio, none + 180, 1.0).sum() == pytest.approx(yours.sum() + 100 * 2)
