"""Which paths compliance leaves: the golden cases, and what must hold whatever the rules and facts say."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support import FIXED_ROOT, TODAY

from calculators.catalog.compliance_rules import ASK_AGAIN_DAYS, FactName, Operator, PathKind
from calculators.catalog.load import load_catalog
from calculators.compliance.operator_check import (
    PATH_WORDS,
    STATUS_ORDER,
    OperatorPath,
    api_seller,
    expand,
    gpu_cloud,
    judge,
    own_hardware,
)

CATALOG = load_catalog(FIXED_ROOT)
CASES = yaml.safe_load((Path(__file__).parents[1] / "golden/compliance.yaml").read_text())["cases"]
IDS = list(CATALOG.requirements)
FACTS = list(CATALOG.requirements_file.fact_words)
SHOWN_BY = CATALOG.requirements_file.shown_by


def operator(given: dict[str, Any]) -> Operator:
    """One with invented sources; what is listed as hearsay has low confidence."""
    hearsay, known = given.get("hearsay", ()), {"source": "test", "confidence": "high"}
    here = {"value": given["us"], **known} if given.get("us") else None
    owner = {"country": given["owner"], "us_establishment": here, **known} if given.get("owner") else None
    facts = {
        name: {
            "value": value,
            "source": "test",
            "confidence": "low" if name in hearsay else "high",
            "expires": given.get("expires"),
        }
        for name, value in given.get("facts", {}).items()
    }
    return Operator.model_validate(
        {"id": "somebody", "name": "Somebody", "path": given["path"], "owner": owner, "facts": facts}
    )


def judged(requirements: list[str], somebody: Operator, day: date = TODAY) -> OperatorPath:
    return judge(somebody, expand(requirements, CATALOG), CATALOG, day)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_who_may_see_the_prompts(case: dict[str, Any]) -> None:
    path = judged(case["requirements"], operator(case["operator"]), case.get("day", TODAY))
    assert path.status == case["expected"]["status"]
    by = {f.requirement.id for f in path.deciding}
    assert by == set() if case["expected"]["by"] is None else case["expected"]["by"] in by


def test_there_are_thirty_cases_and_every_requirement_has_one() -> None:
    assert len(CASES) >= 30
    named = {r for case in CASES for r in expand(case["requirements"], CATALOG)}
    assert {r.id for r in named} == set(IDS)


values = st.sampled_from(["yes", "on_request", "partly", "no"])
operators = st.builds(
    lambda path, owner, us, facts, hearsay: operator(
        {"path": path, "owner": owner, "us": us, "facts": facts, "hearsay": hearsay}
    ),
    st.sampled_from(list(PATH_WORDS)),
    st.sampled_from([None, "US", "FR", "GB", "CN"]),
    st.sampled_from([None, "yes", "no"]),
    st.dictionaries(st.sampled_from(FACTS), values),
    st.lists(st.sampled_from(FACTS)),
)
chosen = st.lists(st.sampled_from(IDS), unique=True, max_size=6)


@given(operators, chosen, st.sampled_from(IDS))
def test_a_stricter_set_never_opens_a_path(somebody: Operator, some: list[str], more: str) -> None:
    before, after = judged(some, somebody), judged([*some, more], somebody)
    assert STATUS_ORDER[after.status] >= STATUS_ORDER[before.status]


@given(operators, chosen, st.sampled_from(FACTS))
def test_what_is_not_known_never_passes_and_never_blocks(somebody: Operator, some: list[str], fact: FactName) -> None:
    """Forgetting a fact turns a pass into a question, and never a question or a block into a pass."""
    forgotten = somebody.model_copy(update={"facts": {k: v for k, v in somebody.facts.items() if k != fact}})
    before, after = judged(some, somebody), judged(some, forgotten)
    assert not (before.status != "allowed" and after.status == "allowed")
    outside = somebody.path != "own_hardware" and not set(SHOWN_BY.get(fact, ())) & set(somebody.facts)
    needs = any(fact in r.facts and somebody.path not in r.exempt_paths for r in expand(some, CATALOG))
    if outside and needs and after.status != "blocked":
        assert after.status == "ask"


@given(operators, chosen)
def test_every_path_says_why(somebody: Operator, some: list[str]) -> None:
    path = judged(some, somebody)
    assert bool(path.why) is bool(some)
    assert all(f.status == path.status for f in path.deciding)


@given(chosen)
def test_own_hardware_is_never_asked(some: list[str]) -> None:
    assert judged(some, own_hardware()).status in ("allowed", "blocked")


def test_implied_requirements_come_along_once_and_in_the_order_of_the_file() -> None:
    ids = [r.id for r in expand(["eu-sovereignty", "gdpr"], CATALOG)]
    assert ids == ["gdpr", "gdpr-eu-processing", "eu-sovereignty"]


def test_a_seller_or_landlord_without_an_entry_is_unknown_in_every_respect() -> None:
    for somebody in (
        api_seller("nobody", "Nobody", CATALOG),
        gpu_cloud("nobody", "Nobody", CATALOG),
    ):
        assert (somebody.owner, somebody.facts) == (None, {})
        assert judged(["soc2"], somebody).status == "ask"
        assert judged([], somebody).status == "allowed"


def test_the_real_files_know_the_operators_the_prices_name() -> None:
    real = load_catalog()
    landlords = {p.provider for p in real.rent_providers.values() if not p.index}
    sellers = {h.provider for m in real.models.values() for h in m.hosted}
    known = {id for _, id in real.operators}
    assert landlords <= known
    assert sellers <= known


def test_the_strictest_of_the_rules_that_block_is_named_first() -> None:
    """ITAR leaves government clouds, rented GPUs and own hardware; no third party leaves own hardware only."""
    real = load_catalog()
    rules = [real.requirements["itar"], real.requirements["no-third-party"]]
    for order in (rules, rules[::-1]):
        path = judge(api_seller("openai", "OpenAI", real), order, real, TODAY)
        assert [f.requirement.id for f in path.deciding] == ["no-third-party", "itar"]


def real_status(requirement: str, kind: PathKind, id: str) -> str:
    return judge(REAL.operators[kind, id], expand([requirement], REAL), REAL, TODAY).status


REAL = load_catalog()


def test_retention_with_exceptions_is_no_zero_retention() -> None:
    """What the vendors themselves write of debugging samples, error logs and looks into faulty requests."""
    for host in ("deepinfra", "coreweave-wandb", "scaleway", "zai"):
        assert real_status("zero-retention", "hosted_open", host) == "ask", host
    assert real_status("zero-retention", "hosted_open", "together") == "allowed"


def test_european_owners_with_business_in_the_united_states_are_asked() -> None:
    hosts = [
        key for key, o in REAL.operators.items() if o.owner and o.owner.country in ("NL", "FR", "FI", "DE", "IT", "PL")
    ]
    assert len(hosts) >= 10
    assert {real_status("eu-sovereignty", *key) for key in hosts} == {"ask"}
    assert real_status("eu-sovereignty", "resold_api", "aws") == "blocked"


def test_a_service_at_fedramp_high_takes_cui_too() -> None:
    """Whatever is allowed or asked under FedRAMP High is so under CMMC level 2, and no kind of path is ruled out."""
    for kind, id in REAL.operators:
        cui, high = real_status("cmmc", kind, id), real_status("fedramp-high", kind, id)
        assert STATUS_ORDER[cui] <= STATUS_ORDER[high], id  # type: ignore[index]
    assert real_status("cmmc", "hosted_open", "groq") == "ask"


def test_a_fact_counts_for_a_year_and_a_certificate_until_it_expires() -> None:
    held = CATALOG.operators_file.sources["test"].accessed
    last = held + timedelta(days=ASK_AGAIN_DAYS)
    plain = operator({"path": "hosted_open", "facts": {"soc2": "yes"}})
    assert CATALOG.operators_file.ask_again_after(plain.facts["soc2"]) == last
    assert judged(["soc2"], plain, last).status == "allowed"
    assert judged(["soc2"], plain).findings[0].ask_again_after == last
    old = judged(["soc2"], plain, last + timedelta(days=1))
    assert (old.status, f"last confirmed on {held}, ask Somebody" in old.why) == ("ask", True)
    certified = operator({"path": "hosted_open", "facts": {"hds": "yes"}, "expires": date(2026, 5, 16)})
    assert judged(["hds"], certified, date(2026, 5, 16)).status == "allowed"
    assert "expired on 2026-05-16" in judged(["hds"], certified).why


def test_an_old_refusal_is_asked_again_as_well() -> None:
    refused = operator(
        {"path": "hosted_open", "owner": "US", "facts": {"baa": "no", "dpa": "yes", "processing_eu": "yes"}}
    )
    assert judged(["hipaa"], refused).status == "blocked"
    assert judged(["hipaa"], refused, date(2028, 1, 1)).status == "ask"
    assert judged(["eu-sovereignty"], refused, date(2028, 1, 1)).status == "ask"
