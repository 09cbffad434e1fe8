"""Which operators the compliance requirements allow, before anything is priced: every requirement against every operator.

A requirement is a set of conditions on whoever would see the prompts (pricing_data/compliance). An operator known to miss
a condition is blocked. One for which a condition is unknown, known with low confidence only, met with exceptions, or known
from too long ago, must be asked. What it offers under a contract is allowed on that condition. A set of requirements blocks what any of them blocks, so adding one
never opens a path. On-premises hardware has no operator: only a requirement on the kind of path can rule it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Literal

from calculators.catalog.base import Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import (
    OWN,
    Fact,
    FactName,
    Operator,
    Owner,
    PathKind,
    Requirement,
    UsEstablishment,
)
from calculators.units import listed

ComplianceStatus = Literal["allowed", "ask", "blocked"]
KnownFact = Fact | Owner | UsEstablishment
STATUS_ORDER: Mapping[ComplianceStatus, int] = {"allowed": 0, "ask": 1, "blocked": 2}
PATH_WORDS: Mapping[PathKind, str] = {
    "direct_api": "the model provider's own API",
    "resold_api": "a cloud's API",
    "government_cloud": "government cloud",
    "hosted_open": "a hosted open model",
    "dedicated": "a dedicated deployment",
    "rented_gpus": "rented GPUs",
    "own_hardware": "own hardware",
}


@dataclass(frozen=True, slots=True)
class RequirementFinding:
    """One condition of a requirement on one operator, and whether it is met."""

    requirement: Requirement
    status: ComplianceStatus
    words: str
    source: Source | None = None
    """Source of the fact about the operator; None where nothing is known, or the requirement itself decides."""
    confidence: Confidence | None = None
    ask_again_after: date | None = None
    """Last day on which the fact counts; None without one."""


@dataclass(frozen=True, slots=True)
class OperatorPath:
    """One operator on one kind of path, with its compliance status."""

    kind: PathKind
    operator: str
    name: str
    status: ComplianceStatus
    findings: tuple[RequirementFinding, ...]
    """Findings on all conditions, those that decide the status first, the strictest of them before the others."""

    @property
    def deciding(self) -> tuple[RequirementFinding, ...]:
        """The findings with the same status as the path: what blocks it, what must be asked, or why it is allowed."""
        return tuple(f for f in self.findings if f.status == self.status)

    @property
    def why(self) -> str:
        """The deciding findings in words."""
        return "; ".join(dict.fromkeys(f.words.rstrip(".") for f in self.deciding))


def expand(ids: Sequence[str], catalog: Catalog) -> tuple[Requirement, ...]:
    """The requirements and all that they imply, each once, in the order of the data file."""
    known, reached = catalog.requirements, set[str]()
    wanted = list(ids)
    while wanted:
        one = wanted.pop()
        if one not in reached:
            reached.add(one)
            wanted += known[one].implies
    return tuple(r for id, r in known.items() if id in reached)


def judge(operator: Operator, requirements: Iterable[Requirement], catalog: Catalog, day: date) -> OperatorPath:
    """Compliance status of an operator under a set of requirements on a day: the worst of its findings."""
    findings = [f for r in requirements for f in _findings(_Case(operator, r, catalog, day))]
    findings.sort(key=lambda f: (-STATUS_ORDER[f.status], _paths_left(f.requirement, operator)))
    status = findings[0].status if findings else "allowed"
    return OperatorPath(operator.path, operator.id, operator.name, status, tuple(findings))


def _paths_left(rule: Requirement, operator: Operator) -> float:
    """How many kinds of path a rule leaves that forbids the operator's, so that the strictest comes first; infinite where
    it allows that kind."""
    return len(rule.paths) if rule.paths and operator.path not in rule.paths else inf


@dataclass(frozen=True, slots=True)
class _Case:
    """One operator under one requirement on a day."""

    operator: Operator
    rule: Requirement
    catalog: Catalog
    day: date

    def finding(self, status: ComplianceStatus, words: str, known: KnownFact | None = None) -> RequirementFinding:
        """A finding in words; an operator to ask is named at their end."""
        words = f"{words}, ask {self.operator.name}" if status == "ask" else words
        if known is None:
            return RequirementFinding(self.rule, status, words)
        file = self.catalog.operators_file
        return RequirementFinding(
            requirement=self.rule,
            status=status,
            words=words,
            source=file.sources[known.source],
            confidence=known.confidence,
            ask_again_after=file.ask_again_after(known),
        )

    def doubt(self, known: KnownFact) -> str:
        """Why a fact does not count, in words; empty where it does."""
        file = self.catalog.operators_file
        if self.day > (last := file.ask_again_after(known)):
            return (
                f"expired on {last}" if _expires(known) else f"last confirmed on {file.sources[known.source].accessed}"
            )
        return "unconfirmed" if known.confidence == "low" else ""


def _expires(known: KnownFact) -> bool:
    return isinstance(known, Fact) and known.expires is not None


def _findings(case: _Case) -> list[RequirementFinding]:
    operator, rule = case.operator, case.rule
    if rule.paths and operator.path not in rule.paths:
        left = listed([PATH_WORDS[kind] for kind in rule.paths], "or")
        return [case.finding("blocked", f"“{rule.name}” allows only {left}")]
    if operator.path == "own_hardware" or operator.path in rule.exempt_paths:
        return [case.finding("allowed", f"{rule.name}: {rule.yours}")]
    findings = [_fact(case, fact) for fact in rule.facts]
    if rule.owner_countries:
        findings.append(_owner(case))
    return findings or [case.finding("allowed", f"{rule.name}: no condition on the operator")]


def _fact(case: _Case, fact: FactName) -> RequirementFinding:
    """The finding on a fact: the best that is known of it and of stricter facts that show it too."""
    file, facts = case.catalog.requirements_file, case.operator.facts
    needs = f"{case.rule.name} requires {file.fact_words[fact]}"
    findings = [_known(case, needs, facts[fact])] if fact in facts else []
    for other in file.shown_by.get(fact, ()):
        if other in facts and facts[other].value != "no":
            findings.append(_known(case, needs, facts[other], f" as {file.fact_words[other]}"))
    return min(findings, key=_order, default=case.finding("ask", f"{needs}: unknown"))


def _order(finding: RequirementFinding) -> int:
    return STATUS_ORDER[finding.status]


def _known(case: _Case, needs: str, known: Fact, shown_as: str = "") -> RequirementFinding:
    note = f" ({known.note})" if known.note else ""
    if doubt := case.doubt(known):
        return case.finding("ask", f"{needs}: {doubt}{shown_as}{note}", known)
    if known.value == "partly":
        return case.finding("ask", f"{needs}: offered with exceptions{shown_as}{note}", known)
    if known.value == "no":
        return case.finding("blocked", f"{needs}: not offered{note}", known)
    offered = f"offered{shown_as}" if known.value == "yes" else f"available on request{shown_as}, get it in writing"
    return case.finding("allowed", f"{needs}: {offered}{note}", known)


def _owner(case: _Case) -> RequirementFinding:
    """The finding on who controls the operator: barred is an owner under foreign law; one at home is asked unless it has no
    establishment in the United States, because US law reaches every provider that US courts can reach."""
    owner, rule = case.operator.owner, case.rule
    if owner is None:
        return case.finding("ask", f"{rule.name} depends on who controls {case.operator.name}: unknown")
    if doubt := case.doubt(owner):
        return case.finding("ask", f"{rule.name}: controlled from {owner.country}, {doubt}", owner)
    if owner.country not in rule.owner_countries:
        words = f"{rule.name}: controlled from {owner.country}, whose law applies wherever its servers are"
        return case.finding("blocked", words, owner)
    return _us_reach(case, owner)


def _us_reach(case: _Case, owner: Owner) -> RequirementFinding:
    home, known = f"{case.rule.name}: controlled from {owner.country}", owner.us_establishment
    if known is None or case.doubt(known):
        return case.finding("ask", f"{home}, but whether US courts can reach it is not confirmed", known or owner)
    if known.value == "yes":
        return case.finding(
            "ask", f"{home}, but it operates in the United States, where the CLOUD Act can reach it", known
        )
    return case.finding("allowed", f"{home}, with no establishment in the United States", known)


def own_hardware() -> Operator:
    """The user as operator: no third party sees a prompt."""
    return Operator(id=OWN, name="Own hardware", path="own_hardware")


def api_seller(provider: str, name: str, catalog: Catalog) -> Operator:
    """The operator who sells tokens under this provider id; without facts where the data file has no entry."""
    kinds: tuple[PathKind, ...] = ("direct_api", "resold_api", "hosted_open", "dedicated")
    known = (catalog.operators.get((kind, provider)) for kind in kinds)
    return next((o for o in known if o is not None), Operator(id=provider, name=name, path="hosted_open"))


def gpu_cloud(provider: str, name: str, catalog: Catalog) -> Operator:
    """The operator who rents out GPUs under this provider id; without facts where the data file has no entry."""
    known = catalog.operators.get(("rented_gpus", provider)) or catalog.operators.get(("dedicated", provider))
    return known or Operator(id=provider, name=name, path="rented_gpus")
