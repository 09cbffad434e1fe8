"""What compliance leaves of a whole scenario, and what it costs."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, scenario

from calculators import compliance
from calculators.catalog import Catalog, load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.rule_records import Operator
from calculators.ruling import Offer, rule

CATALOG = load_catalog(FIXED_ROOT)
LISTED = {"hardware": {"rent_usd_per_gpu_h": {}}}


def found(*requirements: str, **changes: Any) -> Evaluation:
    return evaluate(scenario(**{**LISTED, **changes}, compliance={"requirements": list(requirements)}), CATALOG)


def test_without_requirements_every_path_is_allowed_and_nothing_is_paid_for_it() -> None:
    ruling = found().ruling
    assert not ruling.of("ask")
    assert not ruling.of("blocked")
    assert ruling.premium_usd_per_month == 0
    assert ruling.survivor is ruling.cheapest


def test_the_premium_is_the_cheapest_survivor_minus_the_cheapest_of_all() -> None:
    ruling = found("gdpr-eu-processing").ruling
    assert ruling.survivor is not None
    assert ruling.cheapest is not None
    assert ruling.survivor.usd_per_month is not None
    assert ruling.cheapest.usd_per_month is not None
    assert ruling.cheapest.path.operator == "testhost"
    assert ruling.premium_usd_per_month == ruling.survivor.usd_per_month - ruling.cheapest.usd_per_month > 0


def test_a_barred_api_is_still_what_is_paid_today_but_never_the_winner() -> None:
    plain, ruled = found(), found("gdpr-eu-processing")
    assert plain.today_allowed
    assert not ruled.today_allowed
    assert ruled.today.usd_per_month == plain.today.usd_per_month
    assert ruled.verdict.kind == "forced_by_compliance"
    assert ruled.verdict.winner is not ruled.today
    assert ruled.verdict.winner in ruled.allowed
    assert "which is not allowed" in ruled.verdict.sentence


def test_the_same_model_through_a_european_cloud_costs_its_regional_price() -> None:
    """1.5 times the list in a region, 1.2 times elsewhere, and the move of a week."""
    regional = next(o for o in found("gdpr-eu-processing").options if o.kind == "resold_api")
    plain = next(o for o in found("hipaa").options if o.kind == "resold_api")
    assert regional.bill is not None
    assert plain.bill is not None
    assert regional.bill.usd_per_month == pytest.approx(11_000 * 1.5)
    assert plain.bill.usd_per_month == pytest.approx(11_000 * 1.2)
    assert [line.name for line in plain.lines] == ["API bill", "Evaluation and migration"]


def test_an_air_gap_leaves_own_servers_only_and_shows_what_it_costs() -> None:
    ruled = found("air-gap")
    assert [p.path.kind for p in ruled.ruling.of("allowed")] == ["own_hardware"]
    assert ruled.verdict.winner.kind == "own_hardware"
    assert ruled.verdict.kind == "forced_by_compliance"
    assert ruled.ruling.premium_usd_per_month is not None
    assert ruled.ruling.premium_usd_per_month > 0
    assert ruled.flips == ()


def test_where_nothing_is_known_to_be_allowed_it_cannot_be_told_and_says_whom_to_ask() -> None:
    ruled = found("soc2", candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}])
    assert ruled.verdict.kind == "cannot_tell"
    assert ruled.verdict.sentence.startswith("Cannot tell yet: ask Test host")
    assert ruled.ruling.premium_usd_per_month is None


def test_giving_up_a_requirement_says_what_it_opens() -> None:
    ruling = found("gdpr-eu-processing", "soc2").ruling
    by_id = {r.requirement.id: r for r in ruling.relaxations}
    assert by_id["gdpr-eu-processing"].usd_per_month is not None
    assert by_id["soc2"].opened_count >= 1
    without = rule(["gdpr-eu-processing"], _offers(ruling), CATALOG)
    assert len(without.of("allowed")) == len(ruling.of("allowed")) + by_id["soc2"].opened_count


def _offers(ruling: Any) -> list[Offer]:
    kinds = {**CATALOG.operators, ("own_hardware", compliance.OWN): compliance.own_hardware()}
    return [
        Offer(
            kinds.get((p.path.kind, p.path.operator), Operator(id=p.path.operator, name=p.path.name, path=p.path.kind)),
            p.label,
            p.usd_per_month,
        )
        for p in ruling.paths
    ]


ids = st.lists(st.sampled_from(list(CATALOG.requirements)), unique=True, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ids, st.sampled_from(list(CATALOG.requirements)))
def test_a_stricter_set_never_adds_a_path_nor_lowers_the_cost(some: list[str], more: str) -> None:
    before, after = found(*some).ruling, found(*some, more).ruling
    left = {(p.path.kind, p.path.operator) for p in before.of("allowed")}
    still = {(p.path.kind, p.path.operator) for p in after.of("allowed")}
    resold = {("resold_api", "eu-cloud"), ("own_hardware", compliance.OWN)}  # looked at only where rules apply
    assert still - resold <= left
    if before.survivor and after.survivor and some:
        assert (after.survivor.usd_per_month or 0) >= (before.survivor.usd_per_month or 0) - 1e-6


def test_the_real_rules_leave_something_for_each_requirement_alone() -> None:
    """No rule of the app rules out everything: own hardware is always left."""
    for id in CATALOG.requirements:
        assert any(p.path.kind == "own_hardware" for p in found(id).ruling.of("allowed")), id


def test_own_quotes_are_asked_about(catalog: Catalog) -> None:
    quoted = evaluate(scenario(compliance={"requirements": ["soc2"]}), catalog)
    [path] = [p for p in quoted.ruling.paths if p.path.operator == "your-quote"]
    assert path.path.status == "ask"
