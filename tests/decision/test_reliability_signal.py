"""The reliability signal: availability, a second vendor, rate limits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals_by_name import quickly, run, signal
from support import merged, scenario

from calculators.catalog.load import load_catalog
from calculators.decision.reliability_signal import with_failover
from calculators.decision.signal_result import RANK, Signal
from calculators.evaluate import Evaluation, evaluate
from calculators.units import SECONDS_PER_MONTH, percent


def test_failover_by_hand() -> None:
    """1% down, a tenth of it shared: 0.01 x (0.1 + 0.9 x 0.01) = 0.00109."""
    assert with_failover(0.99, 0.1) == pytest.approx(1 - 0.00109)
    assert with_failover(1.0, 0.1) == 1
    assert with_failover(0.99, 1.0) == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("needed", "seen", "status"),
    [
        (None, None, "unknown"),
        (0.98, None, "unknown"),  # 99% promised: enough, but not measured
        (0.999, None, "firing"),  # 99% promised: not enough even if it is kept
        (0.9901, 0.99, "close"),  # a second vendor makes it 99.89%
        (0.999, 0.99, "firing"),  # it does not, one own region is taken to keep 99.9%
        (0.9999, 0.99, "firing"),  # two regions
        (0.99999, 0.99, "not_firing"),  # nothing that is known reaches it
        (0.99, 0.9905, "close"),  # 0.95% down of 1% allowed
        (0.99, 0.999, "not_firing"),
    ],
)
def test_reliability_prices_a_second_vendor_first(needed: float | None, seen: float | None, status: str) -> None:
    found = signal("reliability", evidence={"needed_uptime_frac": needed, "api_uptime_frac": seen})
    assert found.status == status
    if status == "firing":
        assert "a second vendor would raise it" in found.why


def test_an_availability_that_nothing_known_reaches_is_not_close() -> None:
    """Two regions reach 99.99%."""
    found = signal("reliability", evidence={"needed_uptime_frac": 0.99999, "api_uptime_frac": 0.99})
    assert "Nothing that is known reaches 99.999%." in found.why
    assert found.remedy == "Relax the target to 99.99%."
    relaxed = signal("reliability", evidence={"needed_uptime_frac": 0.9999, "api_uptime_frac": 0.99})
    assert relaxed.status == "firing"


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


def test_what_others_saw_is_shown_and_decides_nothing() -> None:
    real = load_catalog()
    asked = scenario(api={"provider": "openai", "model": "gpt-5.4"}, hardware={"rent_usd_per_gpu_h": {}})
    [reliability] = [s for s in evaluate(asked, real).signals.exit_signals if s.id == "reliability"]
    assert reliability.status == "unknown"
    assert [words.split(" (")[0] for words in reliability.context] == ["Published uptime: 99.4%"]


def _live(**changes: Any) -> Evaluation:
    """A 27B model at 60 M requests against an API that answered 90% of them."""
    plain: dict[str, Any] = {
        "workload": {"requests_per_month": 60_000_000},
        "api": {"provider": "openai", "model": "gpt-5.4"},
        "candidates": [{"model": "qwen3.5-27b", "gate": "accepted"}],
        "hardware": {"gpus": [], "rent_usd_per_gpu_h": {}, "include_marketplaces": True},
        "evidence": {"needed_uptime_frac": 0.999, "api_uptime_frac": 0.9},
    }
    return evaluate(scenario(**merged(plain, changes)), load_catalog())


def _reliability(result: Evaluation) -> Signal:
    return next(s for s in result.signals.exit_signals if s.id == "reliability")


@pytest.mark.parametrize("needed", [0.999, 0.9999])
def test_without_a_spare_no_availability_is_assumed_in_any_number_of_regions(needed: float) -> None:
    """One region is assumed to keep 99.9% and two 99.99%, but with N+1 replicas."""
    evidence = {"needed_uptime_frac": needed}
    without = _live(operations={"spare_replicas": 0}, evidence=evidence)
    assert _reliability(without).status == "close"
    assert "no spare replica, without which no availability is assumed" in _reliability(without).why
    assert f"although you need {percent(needed)}" in " ".join(without.caveats)
    assert _reliability(without).remedy == "Set at least one spare replica."
    assert _reliability(_live(operations={"spare_replicas": 1}, evidence=evidence)).status == "firing"


@pytest.mark.parametrize(
    ("before", "remedy", "after"),
    [
        (["spot", "on_demand"], "Leave out spot GPUs.", ["on_demand"]),
        (["spot"], "Replace spot by on-demand GPUs.", ["on_demand"]),
    ],
)
def test_spot_carries_no_availability(before: list[str], remedy: str, after: list[str]) -> None:
    found = _reliability(_live(hardware={"commitments": before}))
    assert (found.status, found.remedy) == ("close", remedy)
    assert "no availability is assumed" in found.why
    assert _reliability(_live(hardware={"commitments": after})).status == "firing"


def test_a_remedy_that_does_not_work_is_not_said() -> None:
    """This provider lists its H100 as spot only: on demand nothing is left."""
    only_spot = {"commitments": ["spot", "on_demand"], "rent_providers": ["sfcompute"], "gpus": ["h100-sxm"]}
    found = _reliability(_live(hardware=only_spot))
    assert "self-hosting is cheapest on spot GPUs" in found.why
    assert found.remedy == "Relax the availability target: nothing compared here is assumed to keep it."


def test_two_regions_are_the_remedy_where_one_is_not_enough() -> None:
    evidence = {"needed_uptime_frac": 0.9999}
    found = _reliability(_live(operations={"regions": 1, "spare_replicas": 0}, evidence=evidence))
    assert found.remedy == "Set at least one spare replica and serve from 2 regions."
    assert _reliability(_live(operations={"regions": 2, "spare_replicas": 1}, evidence=evidence)).status == "firing"


def test_five_nines_have_no_remedy_but_a_lower_target() -> None:
    found = _reliability(_live(evidence={"needed_uptime_frac": 0.99999}))
    assert found.status == "not_firing"
    assert found.remedy.startswith("Relax the target to 99.99%")


def test_of_several_sellers_it_says_who_promises_what() -> None:
    half = {"requests_frac": 0.5, "input_frac": 0.5, "output_frac": 0.5}
    sellers = (("openai", "gpt-5.4"), ("aws", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"))
    mix = [{"provider": provider, "model": model, **half} for provider, model in sellers]
    asked = scenario(api={"provider": "openai", "model": "gpt-5.4", "mix": mix}, evidence={"needed_uptime_frac": 0.9})
    found = evaluate(asked, load_catalog())
    [reliability] = [one for one in found.signals.exit_signals if one.id == "reliability"]
    assert reliability.value == "99.9% promised by AWS Bedrock on Bedrock, per Region; No promise known of OpenAI"
