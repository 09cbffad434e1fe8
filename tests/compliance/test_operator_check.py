"""Which paths compliance leaves: the golden cases, and what must hold whatever the rules and facts say."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support import FIXED_ROOT

from calculators.catalog.compliance_rules import FactName, Operator
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


def operator(given: dict[str, Any]) -> Operator:
    """One with invented sources; what is listed as hearsay has low confidence."""
    hearsay = given.get("hearsay", ())
    owner = {"country": given["owner"], "source": "test", "confidence": "high"} if given.get("owner") else None
    facts = {
        name: {"value": value, "source": "test", "confidence": "low" if name in hearsay else "high"}
        for name, value in given.get("facts", {}).items()
    }
    return Operator.model_validate(
        {"id": "somebody", "name": "Somebody", "path": given["path"], "owner": owner, "facts": facts}
    )


def judged(requirements: list[str], somebody: Operator) -> OperatorPath:
    return judge(somebody, expand(requirements, CATALOG), CATALOG)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_who_may_see_the_prompts(case: dict[str, Any]) -> None:
    path = judged(case["requirements"], operator(case["operator"]))
    assert path.status == case["expected"]["status"]
    by = {f.requirement.id for f in path.deciding}
    assert by == set() if case["expected"]["by"] is None else case["expected"]["by"] in by


def test_there_are_thirty_cases_and_every_requirement_has_one() -> None:
    assert len(CASES) >= 30
    named = {r for case in CASES for r in expand(case["requirements"], CATALOG)}
    assert {r.id for r in named} == set(IDS)


values = st.sampled_from(["yes", "on_request", "no"])
operators = st.builds(
    lambda path, owner, facts, hearsay: operator({"path": path, "owner": owner, "facts": facts, "hearsay": hearsay}),
    st.sampled_from(list(PATH_WORDS)),
    st.sampled_from([None, "US", "FR", "GB", "CN"]),
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
    outside = somebody.path not in ("own_hardware",)
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
    """CMMC leaves government clouds, rented GPUs and own hardware; no third party leaves own hardware only."""
    real = load_catalog()
    rules = [real.requirements["cmmc"], real.requirements["no-third-party"]]
    for order in (rules, rules[::-1]):
        path = judge(api_seller("openai", "OpenAI", real), order, real)
        assert [f.requirement.id for f in path.deciding] == ["no-third-party", "cmmc"]
