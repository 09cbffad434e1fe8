"""Compliance assessment: every operator judged and priced, the cheapest that is allowed, what compliance costs, and what
giving up each requirement would open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import Operator, Requirement
from calculators.compliance.operator_check import STATUS_ORDER, ComplianceStatus, OperatorPath, expand, judge


@dataclass(frozen=True, slots=True)
class PathPrice:
    """The cheapest option through one operator; price None where none is published."""

    operator: Operator
    label: str
    usd_per_month: float | None


@dataclass(frozen=True, slots=True)
class PricedPath:
    """One operator's compliance status and its cheapest option; price None where none is published."""

    path: OperatorPath
    label: str
    usd_per_month: float | None


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The effect of giving up one requirement: how many paths it opens, and the cheapest allowed option then."""

    requirement: Requirement
    opened_count: int
    label: str
    usd_per_month: float | None


@dataclass(frozen=True, slots=True)
class ComplianceAssessment:
    """Every operator under the requirements, and what they cost."""

    requirements: tuple[Requirement, ...]
    """The chosen requirements and all that they imply."""
    paths: tuple[PricedPath, ...]
    """Allowed paths first, then those to ask, then blocked ones; cheapest first within each."""
    cheapest: PricedPath | None
    """The cheapest path without any requirement."""
    cheapest_allowed: PricedPath | None
    """The cheapest that is allowed."""
    relaxations: tuple[Relaxation, ...]

    @property
    def premium_usd_per_month(self) -> float | None:
        """Monthly cost of compliance: cheapest allowed minus cheapest overall; None where no allowed path has a price."""
        if self.cheapest_allowed is None or self.cheapest is None:
            return None
        return _usd(self.cheapest_allowed) - _usd(self.cheapest)

    def with_status(self, status: ComplianceStatus) -> tuple[PricedPath, ...]:
        """The paths with this status, cheapest first."""
        return tuple(p for p in self.paths if p.path.status == status)


def assess(chosen: Sequence[str], offers: Iterable[PathPrice], catalog: Catalog) -> ComplianceAssessment:
    """Compliance assessment of every offer under the chosen requirements and all that they imply."""
    every = list(offers)
    requirements = expand(chosen, catalog)
    paths = _judged(every, requirements, catalog)
    priced = [p for p in paths if p.usd_per_month is not None]
    return ComplianceAssessment(
        requirements=requirements,
        paths=tuple(sorted(paths, key=_order)),
        cheapest=min(priced, key=_usd, default=None),
        cheapest_allowed=min((p for p in priced if p.path.status == "allowed"), key=_usd, default=None),
        relaxations=tuple(_relaxed(dropped, chosen, every, paths, catalog) for dropped in chosen),
    )


def _judged(offers: Iterable[PathPrice], requirements: Sequence[Requirement], catalog: Catalog) -> list[PricedPath]:
    return [PricedPath(judge(o.operator, requirements, catalog), o.label, o.usd_per_month) for o in offers]


def _relaxed(
    dropped: str, chosen: Sequence[str], offers: Sequence[PathPrice], before: Sequence[PricedPath], catalog: Catalog
) -> Relaxation:
    left = expand([c for c in chosen if c != dropped], catalog)
    after = [p for p in _judged(offers, left, catalog) if p.path.status == "allowed"]
    best = min((p for p in after if p.usd_per_month is not None), key=_usd, default=None)
    opened = len(after) - sum(p.path.status == "allowed" for p in before)
    return Relaxation(
        catalog.requirements[dropped], opened, best.label if best else "", best.usd_per_month if best else None
    )


def _order(p: PricedPath) -> tuple[int, bool, float, str]:
    return STATUS_ORDER[p.path.status], p.usd_per_month is None, p.usd_per_month or 0.0, p.label


def _usd(p: PricedPath) -> float:
    assert p.usd_per_month is not None
    return p.usd_per_month
