import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.comparison.comparison import compare_scenarios
from calculators.errors import DataError
from calculators.evaluate import evaluate


def test_both_answers_are_those_of_each_scenario_alone(catalog: Catalog) -> None:
    a, b = scenario(), scenario(workload={"requests_per_month": 60_000_000}, as_of="2026-12-15")
    comparison = compare_scenarios(a, b, catalog)
    for one, alone in ((comparison.a, evaluate(a, catalog)), (comparison.b, evaluate(b, catalog))):
        assert one.verdict.sentence == alone.verdict.sentence
        assert one.digest == catalog.digest
    months = comparison.b.horizon.of(comparison.b.verdict.winner)
    assert months is not None
    assert comparison.gap.b_usd == round(months.tco_usd, 2)
    assert comparison.today_gap.b_usd == round(comparison.b.horizon.today.tco_usd, 2)
    builds = [one.tco_usd for one in comparison.b.horizon.options if one.option.is_build]
    assert comparison.self_hosted_gap.b_usd == round(min(builds), 2)
    assert [one.label for one in comparison.differing] == ["Price date", "Requests per month"]


def test_no_bill_is_scaled_where_only_volume_differs(catalog: Catalog) -> None:
    comparison = compare_scenarios(scenario(), scenario(workload={"requests_per_month": 3_000_000}), catalog)
    assert not comparison.is_bill_scaled


def test_what_no_catalog_holds_is_refused(catalog: Catalog) -> None:
    with pytest.raises(DataError, match="no-such-model"):
        compare_scenarios(scenario(), scenario(api={"provider": "testhost", "model": "no-such-model"}), catalog)
