"""The whole calculation on the fixed catalog: options, lines, outcomes, notes."""

from typing import Any

import numpy as np
import pytest
from support import BASE, scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError, UnknownId
from calculators.evaluate import Evaluation, evaluate
from calculators.options.option import Option
from calculators.scenario.schema import parse_scenario


def _options(evaluation: Evaluation) -> dict[str, Option]:
    return {option.kind: option for option in evaluation.options}


def test_every_line_adds_up_and_today_comes_first(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    assert found.today.kind == "api_today"
    for option in found.options:
        assert option.usd_per_month == pytest.approx(sum(line.usd_per_month for line in option.lines))
        assert option.low_usd_per_month <= option.usd_per_month <= option.high_usd_per_month
    assert [o.usd_per_month for o in found.options[1:]] == sorted(o.usd_per_month for o in found.options[1:])
    assert found.verdict.winner.usd_per_month == min(o.usd_per_month for o in found.options)
    assert found.digest == catalog.digest


def test_the_optimised_api_uses_caching_and_batch_by_hand(catalog: Catalog) -> None:
    """2 M requests of 2,000 in, 300 out: $8,000 + $4,800 today. Half the input read at 0.2, half written at 2.5:
    $400 + $5,000 + $4,800 = $10,200, and $7,800 in batch, where output costs 4: $9,000 for half and half. Plain: $12,800
    and $6,400 in batch: $9,600. The seller's caching wins."""
    found = evaluate(
        scenario(
            api={"model": "closed-cached"},
            workload={"input_tok": 2_000, "input_p95_tok": 2_000, "cacheable_frac": 0.5, "deferrable_frac": 0.5},
        ),
        catalog,
    )
    options = _options(found)
    assert options["api_today"].usd_per_month == pytest.approx(12_800)
    assert options["api_optimised"].usd_per_month == pytest.approx(9_000)


def test_caching_is_not_advised_where_prompts_are_too_short(catalog: Catalog) -> None:
    """Prompts of 1,000 tokens are below the minimum of 1,024."""
    found = evaluate(scenario(api={"model": "closed-cached"}, workload={"cacheable_frac": 0.9}), catalog)
    assert "api_optimised" not in _options(found)


def test_a_model_nobody_sells_has_no_hosted_option(catalog: Catalog) -> None:
    assert "hosted_open" not in _options(evaluate(scenario(candidates=[{"model": "llama-3.1-8b"}]), catalog))


def test_a_model_that_is_not_acceptable_is_no_option_at_all(catalog: Catalog) -> None:
    found = evaluate(scenario(candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}]), catalog)
    assert [option.kind for option in found.options] == ["api_today"]
    assert found.crossover.kind == "no_fleet"
    assert "No candidate open model is selected" in found.verdict.reason
    assert found.verdict.kind == "stay"


def test_the_own_fleet_is_compared_with_every_way_to_buy(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    assert [option.kind for option, _ in found.crossovers] == ["api_today", "hosted_open"]
    assert found.buy.kind == "hosted_open"


def test_a_fleet_beyond_the_gpu_limit_is_said_to_be_so(catalog: Catalog) -> None:
    found = evaluate(scenario(workload={"requests_per_month": 1e11}, hardware={"max_gpus": 16}), catalog)
    assert found.build is None
    assert any(o.why.endswith(" GPUs; the maximum is 16") for o in found.feasibility)
    assert "GPUs; the maximum is 16" in found.verdict.reason


def test_one_gpu_cannot_hold_a_replica_and_its_spare(catalog: Catalog) -> None:
    found = evaluate(scenario(hardware={"max_gpus": 1}), catalog)
    assert found.build is None
    assert "the maximum is 1" in found.verdict.reason
    alone = evaluate(
        scenario(
            hardware={"max_gpus": 1},
            operations={"spare_replicas": 0},
            targets={"ttft_p95_ms": None, "tpot_ms": None},
            workload={"requests_per_month": 1_000},
        ),
        catalog,
    )
    assert alone.build is not None


def test_every_gpu_gets_one_row_and_losers_a_reason(catalog: Catalog) -> None:
    found = evaluate(
        parse_scenario({**BASE, "hardware": {}, "candidates": [{"model": "llama-3.3-70b"}, {"model": "gpt-oss-120b"}]}),
        catalog,
    )
    assert len({(o.model, o.gpu) for o in found.feasibility}) == len(found.feasibility) == 2 * 3
    assert all(o.why for o in found.feasibility)
    assert found.feasibility[0].why == "cheapest"
    prices = [o.usd_per_month for o in found.feasibility if o.usd_per_month is not None]
    assert prices == sorted(prices)


def test_bought_servers_are_an_option_of_their_own(catalog: Catalog) -> None:
    found = evaluate(scenario(hardware={"include_owned": True}), catalog)
    owned = _options(found)["own_hardware"]
    assert owned.plan is not None
    assert owned.plan.gpus % 8 == 0
    assert "purchased servers" in owned.label


@pytest.mark.parametrize(
    "workload",
    [
        {},
        {"growth_per_month_frac": 0.05},
        {"requests_basis": "assumed", "source": "log:x.csv", "requests_range_per_month": (1e6, 4e6)},
    ],
)
def test_the_options_of_the_chart_are_those_of_the_ranking(catalog: Catalog, workload: dict[str, Any]) -> None:
    """Each once: a copy of an option would be drawn beside it, or not at all."""
    found = evaluate(scenario(workload=workload), catalog)
    drawn = [option for option, _ in found.crossovers]
    assert len({id(option) for option in drawn}) == len(drawn)
    assert {id(option) for option in drawn} == {id(option) for option in found.options if option.is_buy}


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {"api": {"model": "closed-dated"}},
            "closed-dated on Test Host changes price on 2026-12-01 to $4 (input) and $12 (output)",
        ),
        ({"workload": {"peak_basis": "bounded"}}, "The peak-to-average ratio of 4 is a lower bound from a short log"),
        ({"workload": {"requests_basis": "assumed"}}, "2M requests/month (1M to 4M) is a typical value"),
        ({"workload": {"requests_basis": "assumed", "source": "log:x.csv"}}, "extrapolated from a short log"),
        ({"hardware": {"rent_usd_per_gpu_h": {}}}, "one provider's list price"),
    ],
)
def test_what_a_careful_reader_should_know_is_noted(catalog: Catalog, changes: dict[str, Any], note: str) -> None:
    assert any(note in text for text in evaluate(scenario(**changes), catalog).caveats)


def test_an_api_without_a_price_is_no_starting_point(catalog: Catalog) -> None:
    with pytest.raises(DataError, match="'free' has no price for text tokens"):
        evaluate(scenario(api={"model": "free"}), catalog)


def test_an_unknown_id_stops_before_any_number(catalog: Catalog) -> None:
    with pytest.raises(UnknownId):
        evaluate(scenario(candidates=[{"model": "llama-9"}]), catalog)


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": {"requests_per_month": 1e12}},
        {"workload": {"requests_per_month": 1}},
        {"workload": {"input_tok": 1e7, "output_tok": 1e6, "input_p95_tok": 1e7, "output_p95_tok": 1e6}},
        {"workload": {"active_h_per_month": 1}},
        {"workload": {"peak_ratio": 10_000}},
        {"hardware": {"max_gpus": 10_000}},
        {"hardware": {"rent_usd_per_gpu_h": {"h100-sxm": 1_000}}},
        {"hardware": {"rent_usd_per_gpu_h": {"h100-sxm": 1e-300}}},
        {"operations": {"platform_usd_per_month": 1e7}},
        {"operations": {"engineer_usd_per_year": 0}},
        {"operations": {"spare_replicas": 20}},
        {"operations": {"horizon_months": 120}},
        {"as_of": "2020-01-01"},
        {"as_of": "2100-01-01"},
    ],
)
@pytest.mark.filterwarnings("error")
def test_extreme_but_allowed_inputs_give_a_verdict(catalog: Catalog, changes: dict[str, Any]) -> None:
    found = evaluate(scenario(**changes), catalog)
    assert np.isfinite(found.verdict.winner.usd_per_month)
    assert "nan" not in (found.verdict.sentence + found.verdict.reason).lower().split()


@pytest.mark.parametrize("growth", [1e-17, 1e-9, -0.5, 1.0])
def test_any_growth_of_the_schema_gives_a_verdict(catalog: Catalog, growth: float) -> None:
    found = evaluate(scenario(workload={"growth_per_month_frac": growth}), catalog)
    assert found.verdict.sentence
