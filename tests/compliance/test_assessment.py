"""What compliance leaves of a whole scenario, and what it costs."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, NO_GPT_STEP, TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import OWN, Operator
from calculators.catalog.load import load_catalog
from calculators.compliance.assessment import PathPrice, assess
from calculators.compliance.operator_check import own_hardware
from calculators.evaluate import Evaluation, evaluate, sensitivity_of

CATALOG = load_catalog(FIXED_ROOT)
LISTED = {"hardware": {"rent_usd_per_gpu_h": {}}}


def found(*requirements: str, **changes: Any) -> Evaluation:
    return evaluate(scenario(**{**LISTED, **changes}, compliance={"requirements": list(requirements)}), CATALOG)


def test_without_requirements_every_path_is_allowed_and_nothing_is_paid_for_it() -> None:
    assessment = found().assessment
    assert not assessment.with_status("ask")
    assert not assessment.with_status("blocked")
    assert assessment.premium_usd_per_month == 0
    assert assessment.cheapest_allowed is assessment.cheapest


def test_the_premium_is_the_cheapest_survivor_minus_the_cheapest_of_all() -> None:
    assessment = found("gdpr-eu-processing").assessment
    assert assessment.cheapest_allowed is not None
    assert assessment.cheapest is not None
    assert assessment.cheapest_allowed.usd_per_month is not None
    assert assessment.cheapest.usd_per_month is not None
    assert assessment.cheapest.path.operator == "testhost"
    assert (
        assessment.premium_usd_per_month
        == assessment.cheapest_allowed.usd_per_month - assessment.cheapest.usd_per_month
        > 0
    )


def test_a_barred_api_is_still_what_is_paid_today_but_never_the_winner() -> None:
    plain, ruled = found(), found("gdpr-eu-processing")
    assert plain.today_allowed
    assert not ruled.today_allowed
    assert ruled.today.usd_per_month == plain.today.usd_per_month
    assert ruled.verdict.kind == "forced_by_compliance"
    assert ruled.verdict.winner is not ruled.today
    assert ruled.verdict.winner in ruled.allowed
    assert ruled.verdict.sentence.startswith("Compliance decides: ")
    assert ruled.verdict.sentence.endswith("at $4.04k/month, is cheaper but not allowed.")


def test_the_same_model_through_a_european_cloud_costs_its_regional_price() -> None:
    """1.5 times the list in a region, 1.2 times elsewhere, and the move of a week."""
    regional = next(o for o in found("gdpr-eu-processing").options if o.kind == "resold_api")
    plain = next(o for o in found("hipaa").options if o.kind == "resold_api")
    assert regional.bill is not None
    assert plain.bill is not None
    assert regional.bill.usd_per_month == pytest.approx(11_000 * 1.5)
    assert plain.bill.usd_per_month == pytest.approx(11_000 * 1.2)
    assert [line.name for line in plain.lines] == ["API spend", "Migration"]


def test_an_air_gap_leaves_own_servers_only_and_shows_what_it_costs() -> None:
    ruled = found("air-gap")
    assert [p.path.kind for p in ruled.assessment.with_status("allowed")] == ["own_hardware"]
    assert ruled.verdict.winner.kind == "own_hardware"
    assert ruled.verdict.kind == "forced_by_compliance"
    assert ruled.assessment.premium_usd_per_month is not None
    assert ruled.assessment.premium_usd_per_month > 0
    assert {value.becomes for value in sensitivity_of(ruled, CATALOG).values} <= {None, "cannot_tell"}


def test_where_nothing_is_known_to_be_allowed_it_cannot_be_told_and_says_whom_to_ask() -> None:
    ruled = found("soc2", candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}])
    assert ruled.verdict.kind == "cannot_tell"
    assert ruled.verdict.sentence.startswith("Cannot tell yet: ask Test host")
    assert ruled.assessment.premium_usd_per_month is None


def test_giving_up_a_requirement_says_what_it_opens() -> None:
    assessment = found("gdpr-eu-processing", "soc2").assessment
    by_id = {r.requirement.id: r for r in assessment.relaxations}
    assert by_id["gdpr-eu-processing"].usd_per_month is not None
    assert by_id["soc2"].opened_count >= 1
    without = assess(["gdpr-eu-processing"], _offers(assessment), CATALOG, TODAY)
    assert len(without.with_status("allowed")) == len(assessment.with_status("allowed")) + by_id["soc2"].opened_count


def _offers(assessment: Any) -> list[PathPrice]:
    kinds = {**CATALOG.operators, ("own_hardware", OWN): own_hardware()}
    return [
        PathPrice(
            kinds.get((p.path.kind, p.path.operator), Operator(id=p.path.operator, name=p.path.name, path=p.path.kind)),
            p.label,
            p.usd_per_month,
        )
        for p in assessment.paths
    ]


ids = st.lists(st.sampled_from(list(CATALOG.requirements)), unique=True, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ids, st.sampled_from(list(CATALOG.requirements)))
def test_a_stricter_set_never_adds_a_path_nor_lowers_the_cost(some: list[str], more: str) -> None:
    before, after = found(*some).assessment, found(*dict.fromkeys([*some, more])).assessment
    left = {(p.path.kind, p.path.operator) for p in before.with_status("allowed")}
    still = {(p.path.kind, p.path.operator) for p in after.with_status("allowed")}
    resold = {("resold_api", "eu-cloud")}  # looked at only where rules apply
    assert still - resold <= left
    if before.cheapest_allowed and after.cheapest_allowed and after.cheapest_allowed.path.kind != "own_hardware":
        assert (after.cheapest_allowed.usd_per_month or 0) >= (before.cheapest_allowed.usd_per_month or 0) - 1e-6


def test_the_real_rules_leave_something_for_each_requirement_alone() -> None:
    """No rule of the app rules out everything: own hardware is always left."""
    for id in CATALOG.requirements:
        assert any(p.path.kind == "own_hardware" for p in found(id).assessment.with_status("allowed")), id


def test_own_quotes_are_asked_about(catalog: Catalog) -> None:
    quoted = evaluate(scenario(compliance={"requirements": ["soc2"]}), catalog)
    [path] = [p for p in quoted.assessment.paths if p.path.operator == "your-quote"]
    assert path.path.status == "ask"


def real(**changes: Any) -> Evaluation:
    """On the real catalog, of a fixed day."""
    given = {"hardware": {"gpus": [], "rent_usd_per_gpu_h": {}}, **changes}
    return evaluate(scenario(**given), REAL)


REAL = load_catalog()
CLOSED = {"candidates": [{"model": "gpt-oss-120b", "gate": "not_acceptable"}]}


def test_a_region_is_priced_as_a_region() -> None:
    """OpenAI's endpoints in the EU cost 1.1 times the list: the plain ones are then no answer."""
    api = {"api": {"provider": "openai", "model": "gpt-5.4", **NO_GPT_STEP}}
    plain, eu = real(**api, **CLOSED), real(**api, **CLOSED, compliance={"requirements": ["residency-eu"]})
    assert plain.today_allowed
    assert not eu.today_allowed
    regional = next(o for o in eu.options if o.operator == "openai" and o.kind == "resold_api")
    assert regional.usd_per_month == pytest.approx(plain.buy.usd_per_month * 1.1)
    assert eu.verdict.winner.usd_per_month >= regional.usd_per_month - 1e-6
    assert eu.assessment.cheapest_allowed is not None
    assert eu.assessment.cheapest_allowed.usd_per_month == pytest.approx(eu.verdict.winner.usd_per_month)


def test_a_global_profile_does_not_stay_in_a_region() -> None:
    bedrock = {"api": {"provider": "aws", "model": "global.anthropic.claude-sonnet-5-5"}}
    assert real(**bedrock, **CLOSED).today_allowed
    assert not real(**bedrock, **CLOSED, compliance={"requirements": ["residency-eu"]}).today_allowed


def test_government_clouds_are_asked_for_a_price_before_servers_are_bought() -> None:
    """The list prices of public regions do not count for what is authorized on request or in a government region only."""
    cui = real(api={"provider": "openai", "model": "gpt-5.4"}, compliance={"requirements": ["data-cui"]})
    assert cui.verdict.winner.kind == "own_hardware"
    assert "Also ask for a quote: " in cui.verdict.sentence
    assert cui.verdict.sureness != "clear"
    kinds = {p.path.kind for p in cui.assessment.with_status("allowed")}
    assert {"own_hardware", "government_cloud", "rented_gpus"} <= kinds
    assert all(p.usd_per_month is None for p in cui.assessment.with_status("allowed") if p.path.kind != "own_hardware")


def test_what_is_not_known_is_asked_and_not_called_forced() -> None:
    hds = real(
        api={"provider": "openai", "model": "gpt-5.4"},
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
        compliance={"requirements": ["hds"]},
    )
    assert not hds.assessment.with_status("blocked")
    assert hds.verdict.kind != "forced_by_compliance"
    assert " first: if allowed, up to $" in hds.verdict.sentence


def test_bought_servers_are_chosen_only_where_they_are_wanted_or_nothing_else_is_left() -> None:
    """They are priced as a path in any case, so that what compliance costs does not depend on the wish."""
    for requirements in ([], ["gdpr"]):
        some = found(*requirements)
        assert not [o for o in some.options if o.kind == "own_hardware"]
        [own] = [p for p in some.assessment.paths if p.path.kind == "own_hardware"]
        assert own.usd_per_month is not None


def test_the_ranges_of_rented_and_bought_fleets_are_their_own() -> None:
    both = found(hardware={"include_owned": True, "rent_usd_per_gpu_h": {}})
    rented, bought = (next(o for o in both.options if o.kind == kind) for kind in ("self_host", "own_hardware"))
    alone = next(o for o in found().options if o.kind == "self_host")
    assert (rented.low_usd_per_month, rented.high_usd_per_month) == (alone.low_usd_per_month, alone.high_usd_per_month)
    assert bought.low_usd_per_month != rented.low_usd_per_month


def test_a_signal_that_fires_is_said_beside_a_verdict_that_stays() -> None:
    slow = found(evidence={"api_ttft_p95_ms": 60_000.0})
    assert slow.verdict.winner.is_buy
    assert "But the latency trigger is met" in slow.verdict.sentence
    assert "But the" not in found().verdict.sentence


def test_a_price_that_needs_another_seller_is_not_had_where_that_one_is_barred() -> None:
    """The test host is allowed under "hipaa", a machine renter without facts must be asked: only through it is the price
    of both an open question."""
    host, other = CATALOG.operators["direct_api", "testhost"], Operator(id="other", name="Other", path="direct_api")
    both = [PathPrice(host, "both", 100.0, (other,)), PathPrice(other, "both", 100.0, (host,))]
    assessment = assess(["hipaa"], both, CATALOG, TODAY)
    by_name = {path.path.operator: path for path in assessment.paths}
    assert (by_name["testhost"].path.status, by_name["testhost"].usd_per_month) == ("allowed", None)
    assert by_name["testhost"].barred_by == "Other"
    assert (by_name["other"].path.status, by_name["other"].usd_per_month) == ("ask", 100.0)
    assert assessment.allowed_usd_per_month is None
