"""The three signals: each rule by hand, what is unknown, and that each follows what it measures."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.decision.reliability_signal import promised, with_failover
from calculators.decision.savings import first_month, lasting_from_month
from calculators.decision.signal_result import RANK, Signal
from calculators.evaluate import Evaluation, evaluate
from calculators.units import SECONDS_PER_MONTH

CATALOG = load_catalog(FIXED_ROOT)
quickly = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FREE = {"self_host_fte": 0.0, "platform_usd_per_month": 0.0, "migration_weeks": 0.0}


def run(**changes: Any) -> Evaluation:
    return evaluate(scenario(**changes), CATALOG)


def signal(name: str, **changes: Any) -> Signal:
    return next(s for s in run(**changes).signals.exit_signals if s.id == name)


# --- cost ----------------------------------------------------------------------------------------------------------


def test_cost_does_not_fire_where_buying_is_cheaper() -> None:
    found = signal("cost")
    assert (found.status, found.month) == ("not_firing", None)
    assert "/month more than the cheapest API option" in found.value


def test_cost_fires_when_the_pessimistic_case_saves_too() -> None:
    """Two hundred million requests on a model nobody sells: the API costs $1.1M."""
    found = signal(
        "cost", workload={"requests_per_month": 200e6}, candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}]
    )
    assert (found.status, found.month, found.when) == ("firing", 0, "Now.")
    assert "payback within 1 month" in found.value


def test_growth_gives_the_month_in_which_cost_fires() -> None:
    """Without growth never; at 10% a month the first month whose volume makes the pessimistic case save."""
    model = {"candidates": [{"model": "llama-3.1-8b", "gate": "accepted"}]}
    still = signal("cost", **model)
    growing = signal("cost", **model, workload={"growth_per_month_frac": 0.1})
    assert still.month is None
    assert growing.month is not None
    there = {"requests_per_month": 2e6 * 1.1**growing.month}
    before = {"requests_per_month": 2e6 * 1.1 ** (growing.month - 1)}
    assert signal("cost", **model, workload=there).status == "firing"
    assert signal("cost", **model, workload=before).status != "firing"
    assert growing.month_earliest is not None
    assert growing.month_earliest <= growing.month


def test_cost_does_not_fire_where_nothing_can_be_built_or_bought() -> None:
    assert signal("cost", targets={"tpot_ms": 0.1}).status == "not_firing"
    assert "rules out every API option" in signal("cost", compliance={"requirements": ["air-gap"]}).why


@quickly
@given(st.floats(1e5, 1e9), st.floats(1.0, 3.0))
def test_a_dearer_api_never_makes_the_cost_signal_weaker(volume: float, ratio: float) -> None:
    """The own discount makes the API dearer or cheaper with everything else the same."""
    discounts = (0.5, 0.5 / ratio)
    weak, strong = (
        signal("cost", workload={"requests_per_month": volume}, api={"discount_frac": d, "hosted_sellers": ["nobody"]})
        for d in discounts
    )
    assert RANK[strong.status] >= RANK[weak.status]


def test_first_and_lasting_month() -> None:
    holds = np.array([False, True, False, True, True])
    assert (first_month(holds), lasting_from_month(holds)) == (1, 3)
    assert (first_month(~holds), lasting_from_month(~holds)) == (0, None)
    assert (first_month(np.zeros(3, bool)), lasting_from_month(np.ones(3, bool))) == (None, 0)


# --- latency -------------------------------------------------------------------------------------------------------

TARGETS = {"ttft_p95_ms": 2_000.0, "tpot_ms": 50.0}


@pytest.mark.parametrize(
    ("ttft", "tpot", "status"),
    [
        (None, None, "unknown"),
        (2_500.0, None, "firing"),
        (2_500.0, 20.0, "firing"),
        (1_000.0, 60.0, "firing"),
        (1_000.0, None, "unknown"),
        (1_000.0, 20.0, "not_firing"),
        (1_900.0, 20.0, "close"),
        (1_000.0, 46.0, "close"),
    ],
)
def test_latency_needs_a_missed_target_and_a_fleet_that_meets_it(
    ttft: float | None, tpot: float | None, status: str
) -> None:
    evidence = {"api_ttft_p95_ms": ttft, "api_tpot_p95_ms": tpot}
    found = signal("latency", targets=TARGETS, evidence=evidence)
    assert found.status == status
    assert bool(found.remedy) is (status == "unknown")
    assert found.month == (0 if status == "firing" else None)


def test_a_missed_target_that_no_fleet_meets_does_not_fire() -> None:
    found = signal("latency", targets={"ttft_p95_ms": 2_000.0, "tpot_ms": 0.1}, evidence={"api_tpot_p95_ms": 60})
    assert found.status == "not_firing"
    assert "no allowed fleet" in found.why


def test_without_a_target_latency_is_unknown() -> None:
    found = signal("latency", targets={"ttft_p95_ms": None, "tpot_ms": None}, evidence={"api_ttft_p95_ms": 10})
    assert found.status == "unknown"
    assert "Workload page" in found.remedy


@quickly
@given(st.floats(1, 1e5), st.floats(1, 3))
def test_a_slower_api_never_makes_the_latency_signal_weaker(ttft: float, ratio: float) -> None:
    fast, slow = (
        signal("latency", targets=TARGETS, evidence={"api_ttft_p95_ms": t, "api_tpot_p95_ms": 10.0})
        for t in (ttft, ttft * ratio)
    )
    assert RANK[slow.status] >= RANK[fast.status]


# --- reliability ---------------------------------------------------------------------------------------------------


def test_failover_by_hand() -> None:
    """1% down, a tenth of it shared: 0.01 x (0.1 + 0.9 x 0.01) = 0.00109."""
    assert with_failover(0.99, 0.1) == pytest.approx(1 - 0.00109)
    assert with_failover(1.0, 0.1) == 1
    assert with_failover(0.99, 1.0) == pytest.approx(0.99)


def test_the_promise_that_counts_is_that_of_the_tier_priced(catalog: Catalog) -> None:
    found = promised("testhost", catalog)
    assert found is not None
    assert (found.tier, found.uptime_frac) == ("pay as you go", 0.99)
    assert promised("nobody", catalog) is None


@pytest.mark.parametrize(
    ("needed", "seen", "status"),
    [
        (None, None, "unknown"),
        (0.98, None, "unknown"),  # 99% promised: enough, but not measured
        (0.999, None, "firing"),  # 99% promised: not enough even if it is kept
        (0.9901, 0.99, "close"),  # a second vendor makes it 99.89%
        (0.999, 0.99, "firing"),  # it does not, one own region is taken to keep 99.9%
        (0.9999, 0.99, "firing"),  # two regions
        (0.99999, 0.99, "close"),  # unmet, but nobody here keeps it
        (0.99, 0.9905, "close"),  # 0.95% down of 1% allowed
        (0.99, 0.999, "not_firing"),
    ],
)
def test_reliability_prices_a_second_vendor_first(needed: float | None, seen: float | None, status: str) -> None:
    found = signal("reliability", evidence={"needed_uptime_frac": needed, "api_uptime_frac": seen})
    assert found.status == status
    if status == "firing":
        assert "a second vendor would raise it" in found.why


def test_what_the_api_keeps_is_unknown_without_a_promise_or_a_count() -> None:
    real = load_catalog()
    asked = scenario(api={"provider": "cohere", "model": "command-r"}, evidence={"needed_uptime_frac": 0.99})
    [reliability] = [s for s in evaluate(asked, real).signals.exit_signals if s.id == "reliability"]
    assert reliability.status == "unknown"
    assert "enter the share answered" in reliability.remedy


def test_four_nines_of_ones_own_take_two_regions_and_twice_the_rent() -> None:
    one, two = run(evidence={"needed_uptime_frac": 0.999}), run(evidence={"needed_uptime_frac": 0.9999})
    assert one.build is not None
    assert two.build is not None
    assert one.build.plan is not None
    assert two.build.plan is not None
    assert (one.build.plan.regions, two.build.plan.regions) == (1, 2)
    assert two.build.plan.rent_usd_per_month == 2 * one.build.plan.rent_usd_per_month
    assert two.build.plan.gpus == 2 * one.build.plan.gpus
    assert "2 regions" in two.build.label
    kept = run(evidence={"needed_uptime_frac": 0.9999}, operations={"regions": 1})
    assert kept.build is not None
    assert kept.build.plan is not None
    assert kept.build.plan.regions == 1


def test_the_limit_of_the_account_fires_beyond_what_two_vendors_carry() -> None:
    """2 M requests of 1,300 tokens, four times the mean: 4 x 2e6 x 1,300 / 43,800 minutes = 237 k a minute."""
    peak = 4 * 2e6 * 1_300 / (SECONDS_PER_MONTH / 60)
    for limit, status in (
        (peak * 2, "not_firing"),
        (peak * 1.05, "close"),
        (peak * 0.9, "close"),
        (peak * 0.4, "firing"),
    ):
        assert signal("reliability", evidence={"api_limit_tok_per_minute": limit}).status == status
    growing = signal(
        "reliability", evidence={"api_limit_tok_per_minute": peak}, workload={"growth_per_month_frac": 0.1}
    )
    assert growing.month == 8  # 1.1^7 = 1.95, 1.1^8 = 2.14


@quickly
@given(st.floats(0.9, 0.9999), st.floats(0, 1))
def test_a_less_reliable_api_never_makes_the_signal_weaker(seen: float, part: float) -> None:
    worse = 1 - (1 - seen) * (1 + part)
    before, after = (
        signal("reliability", evidence={"needed_uptime_frac": 0.999, "api_uptime_frac": u}) for u in (seen, worse)
    )
    assert RANK[after.status] >= RANK[before.status]


# --- around them ---------------------------------------------------------------------------------------------------


def test_preconditions_and_support_are_unknown_until_somebody_says_so() -> None:
    found = run(candidates=[{"model": "llama-3.3-70b", "gate": "assumed"}]).signals
    assert {k.name: k.holds for k in found.preconditions} == {
        "Model quality": None,
        "Prompt and schema stability": None,
        "Latency targets": True,
        "Value per request": None,
        "Usage pattern": True,
    }
    said = run(
        evidence={
            "interface_settled": False,
            "value_usd_per_request": 0.0,
            "own_weights": True,
            "chained_models": False,
        }
    ).signals
    assert {k.name: k.holds for k in said.preconditions}["Prompt and schema stability"] is False
    assert {k.name: k.holds for k in said.supporting} == {
        "Scale": False,
        "Specialization": True,
        "Orchestration": False,
    }
    assert not any(s.status == "firing" for s in said.exit_signals)


def test_the_review_names_a_volume_and_a_month() -> None:
    assert run().review == "Revisit by May 2027."
    near = run(
        workload={"requests_per_month": 5e6, "growth_per_month_frac": 0.3},
        candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}],
    )
    assert near.review.startswith("Revisit at ")


def test_what_others_saw_is_shown_and_decides_nothing() -> None:
    real = load_catalog()
    asked = scenario(api={"provider": "openai", "model": "gpt-5.4"}, hardware={"rent_usd_per_gpu_h": {}})
    [reliability] = [s for s in evaluate(asked, real).signals.exit_signals if s.id == "reliability"]
    assert reliability.status == "unknown"
    assert any("measured by others" in words for words in reliability.context)
