"""Which ways to serve are allowed, before anything is priced: every requirement against every operator.

A requirement is a list of conditions on whoever would see the prompts (pricing_data/compliance). An operator that is
known to lack one is blocked; one of which it is not known, or known from hearsay only, must be asked; what it offers
under a contract is allowed on that condition. A set of requirements blocks what any of them blocks, so a stricter set never opens a path. On hardware
of one's own there is no operator: only a requirement's kinds of path can rule it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from calculators.catalog.base import Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import OWN, FactName, Operator, PathKind, Requirement

ComplianceStatus = Literal["allowed", "ask", "blocked"]
RANK: Mapping[ComplianceStatus, int] = {"allowed": 0, "ask": 1, "blocked": 2}
PATH_WORDS: Mapping[PathKind, str] = {
    "direct_api": "the maker's own API",
    "resold_api": "a cloud's API",
    "government_cloud": "government cloud",
    "hosted_open": "an open model by the token",
    "dedicated": "a dedicated deployment",
    "rented_gpus": "rented GPUs",
    "own_hardware": "own hardware",
}


@dataclass(frozen=True, slots=True)
class RequirementFinding:
    """One condition on one path, and what is known of it."""

    requirement: Requirement
    status: ComplianceStatus
    words: str
    source: Source | None = None
    """Of the fact about the operator; None: nothing is known, or the rule itself decides."""
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class OperatorPath:
    """One operator on one kind of path, judged."""

    kind: PathKind
    operator: str
    name: str
    status: ComplianceStatus
    findings: tuple[RequirementFinding, ...]
    """All conditions; those that decide first."""

    @property
    def deciding(self) -> tuple[RequirementFinding, ...]:
        """What blocks it, or else what must be asked, or else what it is allowed under."""
        return tuple(f for f in self.findings if f.status == self.status)

    @property
    def why(self) -> str:
        return "; ".join(dict.fromkeys(f.words.rstrip(".") for f in self.deciding))


def expand(ids: Sequence[str], catalog: Catalog) -> tuple[Requirement, ...]:
    """The requirements and all they imply, each once, in the order of the file."""
    known, found = catalog.requirements, set[str]()
    wanted = list(ids)
    while wanted:
        one = wanted.pop()
        if one not in found:
            found.add(one)
            wanted += known[one].implies
    return tuple(r for id, r in known.items() if id in found)


def judge(operator: Operator, requirements: Iterable[Requirement], catalog: Catalog) -> OperatorPath:
    """One operator under a set of requirements."""
    findings = [f for r in requirements for f in _findings(operator, r, catalog)]
    findings.sort(key=lambda f: -RANK[f.status])
    status = findings[0].status if findings else "allowed"
    return OperatorPath(operator.path, operator.id, operator.name, status, tuple(findings))


def _findings(operator: Operator, rule: Requirement, catalog: Catalog) -> list[RequirementFinding]:
    if rule.paths and operator.path not in rule.paths:
        left = " or ".join(PATH_WORDS[kind] for kind in rule.paths)
        return [RequirementFinding(rule, "blocked", f"{rule.name} leaves only {left}")]
    if operator.path == "own_hardware" or operator.path in rule.exempt_paths:
        return [RequirementFinding(rule, "allowed", f"{rule.name}: {rule.yours}")]
    found = [_fact(operator, rule, fact, catalog) for fact in rule.facts]
    if rule.owner_countries:
        found.append(_owner(operator, rule, catalog))
    return found or [RequirementFinding(rule, "allowed", f"{rule.name}: no condition on the operator")]


def _fact(operator: Operator, rule: Requirement, fact: FactName, catalog: Catalog) -> RequirementFinding:
    words, known = catalog.requirements_file.fact_words[fact], operator.facts.get(fact)
    if known is None:
        return RequirementFinding(rule, "ask", f"{rule.name} needs {words}: not known, ask {operator.name}")
    source, note = catalog.operators_file.sources[known.source], f" ({known.note})" if known.note else ""
    if known.confidence == "low":
        words = f"{rule.name} needs {words}: only hearsay{note}, ask {operator.name}"
        return RequirementFinding(rule, "ask", words, source, known.confidence)
    if known.value == "no":
        return RequirementFinding(
            rule, "blocked", f"{rule.name} needs {words}: not offered{note}", source, known.confidence
        )
    offered = "offered" if known.value == "yes" else "on request: get it in writing"
    return RequirementFinding(rule, "allowed", f"{rule.name} needs {words}: {offered}{note}", source, known.confidence)


def _owner(operator: Operator, rule: Requirement, catalog: Catalog) -> RequirementFinding:
    owner = operator.owner
    if owner is None:
        return RequirementFinding(
            rule, "ask", f"{rule.name} depends on who controls {operator.name}: not known, ask {operator.name}"
        )
    source = catalog.operators_file.sources[owner.source]
    if owner.confidence == "low":
        words = f"{rule.name}: said to be controlled from {owner.country}, ask {operator.name}"
        return RequirementFinding(rule, "ask", words, source, owner.confidence)
    if owner.country in rule.owner_countries:
        words = f"{rule.name}: controlled from {owner.country}"
        return RequirementFinding(rule, "allowed", words, source, owner.confidence)
    words = f"{rule.name}: controlled from {owner.country}, whose law binds it wherever its servers stand"
    return RequirementFinding(rule, "blocked", words, source, owner.confidence)


def own_hardware() -> Operator:
    """Yourself: nobody outside sees a prompt."""
    return Operator(id=OWN, name="Own hardware", path="own_hardware")


def api_seller(provider: str, name: str, catalog: Catalog) -> Operator:
    """Whoever sells tokens under this id in the price tables; nothing known where the file has no entry."""
    kinds: tuple[PathKind, ...] = ("direct_api", "resold_api", "hosted_open", "dedicated")
    found = (catalog.operators.get((kind, provider)) for kind in kinds)
    return next((o for o in found if o is not None), Operator(id=provider, name=name, path="hosted_open"))


def gpu_cloud(provider: str, name: str, catalog: Catalog) -> Operator:
    """Whoever rents out GPUs under this id in the price tables."""
    found = catalog.operators.get(("rented_gpus", provider)) or catalog.operators.get(("dedicated", provider))
    return found or Operator(id=provider, name=name, path="rented_gpus")
