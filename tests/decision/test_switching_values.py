"""What flips the answer, by hand."""

import pytest
from options_by_hand import DURABLE, NEVER, hand_made_build, hand_made_buy
from support import TODAY, demand_by_hand, scenario

from calculators.api.bill import monthly_bill
from calculators.api.rates import api_offer
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_catalog
from calculators.decision.switching_values import nearest_switching_values, switching_values
from calculators.evaluate import evaluate
from calculators.fleet.operating_costs import fixed_line
from calculators.fleet.staircase import Staircase
from calculators.options.option import Option
from calculators.scenario.files import read_scenario

REAL = load_catalog()
WORKLOAD = scenario(workload={"requests_per_month": 1_000_000, "peak_ratio": 4}).workload


def _flips(catalog: Catalog, buy: Option, build: Option, stairs: Staircase, pay: float = 120_000) -> dict[str, str]:
    found = switching_values(build, [buy], DURABLE, [stairs], WORKLOAD, pay)
    return {flip.what: flip.flips_at for flip in found}


def test_flips_by_hand_when_buying_wins(catalog: Catalog) -> None:
    """Rent $9,000 (12 machines of $750, $1.03 a GPU-hour), people $1,000 (0.1 of $120,000), buying $5,000.

    Price: $5,000 x 2. Rent: $5,000 - $1,000 = $4,000 for 12 GPUs x 730 h: $0.46, 56% lower. Speed: $4,000 pays for 5
    machines, 3 of them busy: 10/3 of today's, or a peak of 4 x 3/10. Staff: 0.1 - 5,000/10,000 < 0.
    """
    build, stairs = hand_made_build(catalog, 9_000, 1_000)
    found = _flips(catalog, hand_made_buy("api_today", 5_000), build, stairs)
    assert found["Price of api_today option"] == "$10k/month (2 times as much)"
    assert found["GPU price"] == "$0.46/GPU-hour (56% lower)"
    assert found["Throughput per replica"].endswith("requests/s (3.33 times as much)")
    assert found["Peak-to-average ratio"] == "1.2"
    assert found["Staffing (engineers, FTE)"] == "None: costs more even with no staffing"
    assert found["Requests/month"] == "5M"


def test_flips_by_hand_when_building_wins(catalog: Catalog) -> None:
    """Buying $20,000 against $10,000: price to $10,000; rent to $19,000 (2.17 $/h); staff to 0.1 + 1; speed: $19,000
    pays for 25 machines, 23 busy, against 10."""
    build, stairs = hand_made_build(catalog, 9_000, 1_000)
    found = _flips(catalog, hand_made_buy("api_today", 20_000), build, stairs)
    assert found["Price of api_today option"] == "$10k/month (50% lower)"
    assert found["GPU price"] == "$2.17/GPU-hour (2.11 times as much)"
    assert found["Staffing (engineers, FTE)"] == "1.1"
    assert found["Throughput per replica"].endswith("requests/s (57% lower)")


def test_flips_that_no_value_reaches_say_so(catalog: Catalog) -> None:
    build, stairs = hand_made_build(catalog, 9_000, 1_000)
    found = _flips(catalog, hand_made_buy("api_today", 900), build, stairs)
    assert found["GPU price"] == "None: self-hosting costs more even at $0/GPU-hour"
    assert found["Throughput per replica"].startswith("None: one replica plus a spare")
    assert found["Peak-to-average ratio"].startswith("None: costs more")
    dear = Option(
        kind="hosted_open",
        label="host",
        lines=(fixed_line("api", 100, "x"), fixed_line("staffing", 99_900, "x")),
        model="M",
        operator="host",
        gate="assumed",
    )
    bill = monthly_bill(api_offer("testhost", "closed", catalog), demand_by_hand(20), TODAY)  # $0.11
    hosted = Option(
        kind=dear.kind,
        label=dear.label,
        lines=dear.lines,
        model=dear.model,
        operator=dear.operator,
        gate=dear.gate,
        bill=bill,
    )
    assert _flips(catalog, hosted, build, stairs)["Price of host"] == "None: the API costs more even at $0 per token"


def test_a_free_api_has_a_break_even_price_but_no_ratio(catalog: Catalog) -> None:
    build, stairs = hand_made_build(catalog, 9_000, 1_000)
    bill = monthly_bill(api_offer("testhost", "free", catalog), demand_by_hand(), TODAY)
    free = Option(
        kind="api_today",
        label="free",
        lines=(fixed_line("api", 0.0, "list"),),
        model="free",
        operator="free",
        gate=None,
        bill=bill,
    )
    assert _flips(catalog, free, build, stairs)["Price of free"] == "$10k/month"


def test_unpaid_engineers_have_no_flip(catalog: Catalog) -> None:
    build, stairs = hand_made_build(catalog, 9_000, 0)
    assert (
        "Not applicable"
        in _flips(catalog, hand_made_buy("api_today", 500), build, stairs, pay=0)["Staffing (engineers, FTE)"]
    )


def test_speed_may_not_fall_below_what_the_allowed_machines_can_make_good(catalog: Catalog) -> None:
    """50 machines are allowed, 48 busy: 10/48 of today's speed is the end, however dear buying is."""
    build, stairs = hand_made_build(catalog, 9_000, 1_000)
    assert _flips(catalog, hand_made_buy("api_today", 1e9), build, stairs)["Throughput per replica"].endswith(
        "requests/s (79% lower)"
    )


def test_no_volume_flips_what_never_crosses(catalog: Catalog) -> None:
    build, stairs = hand_made_build(catalog, 9_000, 1_000)
    [volume, *_] = switching_values(build, [hand_made_buy("api_today", 1)], NEVER, [stairs], WORKLOAD, 1.0)
    assert volume.flips_at == "None: a request costs more"


SCENARIOS = ("azure-conversation", "near-the-crossover", "steady-extraction", "eu-public-sector")


@pytest.mark.parametrize("name", SCENARIOS[:3])
def test_the_volume_that_flips_it_put_back_in_flips_it(name: str) -> None:
    """On the real catalog: just beyond it the other side is cheaper, just before it is not."""
    asked = read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY)
    found = evaluate(asked, REAL)
    flip = next(f for f in found.switching_values if f.field == "volume")
    assert flip.value_at is not None
    up = flip.value_at > flip.value_now

    def gap(volume: float) -> float:
        workload = asked.workload.model_copy(update={"requests_per_month": volume})
        there = evaluate(asked.model_copy(update={"workload": workload}), REAL)
        assert there.build is not None
        return there.buy.usd_per_month - there.build.usd_per_month

    before, beyond = (gap(flip.value_at * (1 + (step if up else -step))) for step in (-1e-6, 1e-6))
    assert before * beyond < 0
    assert (beyond > 0) is up


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_nearest_flips_are_sorted_and_within_reach(name: str) -> None:
    found = evaluate(read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY), REAL)
    nearest = nearest_switching_values(found.switching_values)
    assert 1 <= len(nearest) <= 3
    assert [f.distance for f in nearest] == sorted(f.distance for f in found.switching_values)[: len(nearest)]
    assert not any(value.flips_at.startswith("None") for value in nearest)


def test_the_price_at_which_todays_api_ties_is_the_cost_of_the_best_other_way() -> None:
    found = evaluate(read_scenario(ROOT / "scenarios/azure-conversation.yaml", TODAY), REAL)
    flip = next(f for f in found.switching_values if f.field == "today_price")
    assert flip.value_at is not None
    cheaper = found.scenario.api.model_copy(update={"discount_frac": 1 - flip.value_at * 0.99})
    again = evaluate(found.scenario.model_copy(update={"api": cheaper}), REAL)
    assert again.verdict.winner.kind in ("api_today", "api_optimised")
