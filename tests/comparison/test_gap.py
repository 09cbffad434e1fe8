from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import random_scenarios
from support import merged, scenario

import calculators.comparison.gap as gap_module
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.comparison.comparison import compare_scenarios
from calculators.comparison.differing_inputs import differing_inputs, mixed_scenario
from calculators.comparison.gap import MAX_EVALUATIONS, CostGap, totals_of
from calculators.evaluate import evaluate
from calculators.scenario.schema import Scenario

NOT_OPEN = {"candidates": [{"model": "llama-3.3-70b", "gate": "not_acceptable"}]}
"""Only today's API is left: requests x (input x $2.50 + output x $10) a million tokens."""
LONGER = {"output_tok": 500, "output_p95_tok": 500}
LIVE = load_catalog()


def api_only(**changes: Any) -> Scenario:
    return scenario(**merged(NOT_OPEN, changes))


def usd(gap: CostGap) -> dict[str, float]:
    return {share.label: share.usd for share in gap.shares}


def test_volume_and_lengths_of_an_api_by_hand(catalog: Catalog) -> None:
    """12 months of 2M at $0.0055 against 3M at $0.0075: volume 12 x 1M x $0.0065, lengths 12 x 2.5M x $0.002."""
    gap = compare_scenarios(api_only(), api_only(workload={"requests_per_month": 3_000_000, **LONGER}), catalog).gap
    assert (gap.a_usd, gap.b_usd, gap.usd, gap.months) == (132_000, 270_000, 138_000, 12)
    assert usd(gap) == {"Requests per month": 78_000, "Token lengths": 60_000}
    assert gap.words.startswith("Shapley values, exact")


def test_where_horizons_differ_months_are_compared(catalog: Catalog) -> None:
    """$11k a month against 1.5 x $11k; the horizon itself changes no month."""
    gap = compare_scenarios(
        api_only(), api_only(workload={"requests_per_month": 3_000_000}, operations={"horizon_months": 24}), catalog
    ).gap
    assert (gap.a_usd, gap.b_usd, gap.months) == (11_000, 16_500, None)
    assert usd(gap) == {"Requests per month": 5_500, "Horizon (months)": 0}


def test_a_bill_goes_with_the_volume(catalog: Catalog) -> None:
    """Both pay $4 per thousand requests: all of the gap is volume."""
    a = api_only(api={"paid_usd_per_month": 8_000.0})
    b = api_only(workload={"requests_per_month": 5_000_000}, api={"paid_usd_per_month": 20_000.0})
    comparison = compare_scenarios(a, b, catalog)
    assert usd(comparison.today_gap) == {"Requests per month": 144_000, "API bill today (USD/month)": 0}
    assert comparison.is_bill_scaled


def test_the_same_scenario_has_no_gap(catalog: Catalog) -> None:
    a = scenario()
    comparison = compare_scenarios(a, a.model_copy(update={"name": "Another name"}), catalog)
    assert comparison.differing == ()
    assert [(gap.usd, gap.shares) for gap in comparison.gaps] == [(0, ())] * 3


def test_an_input_that_changes_nothing_has_nothing_of_the_gap(catalog: Catalog) -> None:
    b = api_only(workload={"requests_per_month": 3_000_000}, operations={"self_host_fte": 3}, targets={"tpot_ms": 40})
    parts = usd(compare_scenarios(api_only(), b, catalog).gap)
    assert parts == {"Requests per month": 66_000, "TPOT target, mean (ms)": 0, "Staffing, self-hosted (engineers)": 0}


def test_no_total_at_one_end_is_told_with_its_reason(catalog: Catalog) -> None:
    comparison = compare_scenarios(scenario(), scenario(hardware={"max_gpus": 1}), catalog)
    gap = comparison.self_hosted_gap
    assert gap.a_usd is not None
    assert (gap.b_usd, gap.usd, gap.shares) == (None, None, ())
    assert gap.words.startswith("The second has no total: The closest is Llama 3.3 70B")
    assert comparison.gap.usd == 0


def test_nothing_allowed_has_no_total(catalog: Catalog) -> None:
    answer = evaluate(api_only(compliance={"requirements": ["air-gap"]}), catalog)
    assert totals_of(answer)["recommended"] == "no option with a known price is allowed"


def test_orders_through_a_mix_without_a_result_are_left_out(catalog: Catalog) -> None:
    """A seller that is not in the data has a price only with the user's own: first the price, then the seller. The way to
    $2 and $5 a million tokens saves 2M x $0.002 x 12."""
    own = {"provider": "Acme", "model": "closed", "is_new_seller": True}
    prices = [own | {"input_usd_per_mtok": 2, "output_usd_per_mtok": 5}]
    gap = compare_scenarios(
        api_only(), api_only(api={"provider": "your-acme", "own_prices": prices}), catalog
    ).today_gap
    assert usd(gap) == {"API provider": -48_000, "Your API prices": 0}
    assert gap.words.startswith(
        "Over the 1 of 2 orders in which every step has a result (some mixes of the two have none: API"
    )


def test_inputs_that_only_have_a_result_together_are_told_together(catalog: Catalog) -> None:
    """Each seller is known only with its own prices: neither order has a result on its way."""

    def at(name: str, output_usd: float) -> Scenario:
        own = {"provider": name, "model": "closed", "is_new_seller": True, "input_usd_per_mtok": 2}
        return api_only(
            api={"provider": f"your-{name.lower()}", "own_prices": [own | {"output_usd_per_mtok": output_usd}]}
        )

    gap = compare_scenarios(at("Acme", 5), at("Zenith", 10), catalog).today_gap
    assert usd(gap) == {"API provider and Your API prices": 36_000}
    assert gap.words.startswith("In the order of the pages")


NINE = {
    "workload": {"requests_per_month": 9e6, "peak_ratio": 3, "growth_per_month_frac": 0.04, "deferrable_frac": 0.3},
    "targets": {"ttft_p95_ms": 900},
    "operations": {"self_host_fte": 1.0, "spare_replicas": 2, "platform_usd_per_month": 900.0},
    "outlook": {"rent_change_per_year_frac": -0.2},
}


def test_many_inputs_are_estimated_and_add_up_to_the_cent(catalog: Catalog) -> None:
    there = compare_scenarios(scenario(), scenario(**NINE), catalog)
    back = compare_scenarios(scenario(**NINE), scenario(), catalog)
    assert len(there.differing) == 9
    for gap, reverse in zip(there.gaps, back.gaps, strict=True):
        assert gap.words.startswith("Shapley values, estimated: over 6 orders")
        assert sum(round(share.usd * 100) for share in gap.shares) == round((gap.usd or 0) * 100)
        assert usd(gap) == {label: -amount for label, amount in usd(reverse).items()}


@pytest.mark.parametrize("count", [1, 4, 6, 7, 9])
def test_the_number_of_evaluations_is_bounded(catalog: Catalog, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    mixes = []

    def counted(mixed: Scenario, catalog: Catalog) -> Any:
        mixes.append(mixed)
        return evaluate(mixed, catalog)

    flat = [(section, name, value) for section, values in NINE.items() for name, value in values.items()]
    changes: dict[str, Any] = {}
    for section, name, value in flat[:count]:
        changes.setdefault(section, {})[name] = value
    monkeypatch.setattr(gap_module, "evaluate", counted)
    compare_scenarios(scenario(), scenario(**changes), catalog)
    assert len(mixes) <= MAX_EVALUATIONS - 2
    assert count > 6 or len(mixes) == 2**count - 2


@settings(max_examples=6)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_any_two_scenarios_add_up_and_the_way_back_is_the_negative(seed: int, count: int) -> None:
    """Of two random scenarios on the live catalog, which share all but some inputs."""
    a, other = random_scenarios(2, LIVE, seed=seed)
    moved = [field for one in differing_inputs(a, other)[:: max(seed % 7, 1)][:count] for field in one.fields]
    b = mixed_scenario(a, other, moved)
    there, back = compare_scenarios(a, b, LIVE), compare_scenarios(b, a, LIVE)
    for gap, reverse in zip(there.gaps, back.gaps, strict=True):
        assert (gap.usd is None) == (reverse.usd is None)
        if gap.usd is not None:
            assert sum(round(share.usd * 100) for share in gap.shares) == round(gap.usd * 100)
            if "order of the pages" not in gap.words:
                assert usd(gap) == pytest.approx({label: -amount for label, amount in usd(reverse).items()}, abs=0.011)
