"""Which operators the compliance requirements allow, before anything is priced: every requirement against every operator.

A requirement is a set of conditions on whoever would see the prompts (pricing_data/compliance). An operator known to miss
a condition is blocked. One for which a condition is unknown, or known with low confidence only, must be asked. What it
offers under a contract is allowed on that condition. A set of requirements blocks what any of them blocks, so adding one
never opens a path. On-premises hardware has no operator: only a requirement on the kind of path can rule it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from calculators.catalog.base import Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import OWN, FactName, Operator, PathKind, Requirement
from calculators.units import listed

ComplianceStatus = Literal["allowed", "ask", "blocked"]
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


def judge(operator: Operator, requirements: Iterable[Requirement], catalog: Catalog) -> OperatorPath:
    """Compliance status of an operator under a set of requirements: the worst of its findings."""
    findings = [f for r in requirements for f in _findings(operator, r, catalog)]
    findings.sort(key=lambda f: (-STATUS_ORDER[f.status], _paths_left(f.requirement, operator)))
    status = findings[0].status if findings else "allowed"
    return OperatorPath(operator.path, operator.id, operator.name, status, tuple(findings))


def _paths_left(rule: Requirement, operator: Operator) -> float:
    """How many kinds of path a rule leaves that forbids the operator's, so that the strictest comes first; infinite where
    it allows that kind."""
    return len(rule.paths) if rule.paths and operator.path not in rule.paths else inf


def _findings(operator: Operator, rule: Requirement, catalog: Catalog) -> list[RequirementFinding]:
    if rule.paths and operator.path not in rule.paths:
        left = listed([PATH_WORDS[kind] for kind in rule.paths], "or")
        return [RequirementFinding(rule, "blocked", f"“{rule.name}” allows only {left}")]
    if operator.path == "own_hardware" or operator.path in rule.exempt_paths:
        return [RequirementFinding(rule, "allowed", f"{rule.name}: {rule.yours}")]
    findings = [_fact(operator, rule, fact, catalog) for fact in rule.facts]
    if rule.owner_countries:
        findings.append(_owner(operator, rule, catalog))
    return findings or [RequirementFinding(rule, "allowed", f"{rule.name}: no condition on the operator")]


def _fact(operator: Operator, rule: Requirement, fact: FactName, catalog: Catalog) -> RequirementFinding:
    words, known = catalog.requirements_file.fact_words[fact], operator.facts.get(fact)
    if known is None:
        return RequirementFinding(rule, "ask", f"{rule.name} requires {words}: unknown, ask {operator.name}")
    source, note = catalog.operators_file.sources[known.source], f" ({known.note})" if known.note else ""
    if known.confidence == "low":
        words = f"{rule.name} requires {words}: unconfirmed{note}, ask {operator.name}"
        return RequirementFinding(rule, "ask", words, source, known.confidence)
    if known.value == "no":
        return RequirementFinding(
            rule, "blocked", f"{rule.name} requires {words}: not offered{note}", source, known.confidence
        )
    offered = "offered" if known.value == "yes" else "available on request, get it in writing"
    return RequirementFinding(
        rule, "allowed", f"{rule.name} requires {words}: {offered}{note}", source, known.confidence
    )


def _owner(operator: Operator, rule: Requirement, catalog: Catalog) -> RequirementFinding:
    owner = operator.owner
    if owner is None:
        return RequirementFinding(
            rule, "ask", f"{rule.name} depends on who controls {operator.name}: unknown, ask {operator.name}"
        )
    source = catalog.operators_file.sources[owner.source]
    if owner.confidence == "low":
        words = f"{rule.name}: reportedly controlled from {owner.country}, ask {operator.name}"
        return RequirementFinding(rule, "ask", words, source, owner.confidence)
    if owner.country in rule.owner_countries:
        words = f"{rule.name}: controlled from {owner.country}"
        return RequirementFinding(rule, "allowed", words, source, owner.confidence)
    words = f"{rule.name}: controlled from {owner.country}, whose law applies wherever its servers are"
    return RequirementFinding(rule, "blocked", words, source, owner.confidence)


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
