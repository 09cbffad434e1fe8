"""What the requirements leave: every path judged and priced, the cheapest survivor, what compliance costs, and which
requirement would open what if it were given up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import Operator, Requirement
from calculators.compliance.operator_check import RANK, ComplianceStatus, OperatorPath, expand, judge


@dataclass(frozen=True, slots=True)
class PathPrice:
    """The cheapest way found to serve through one operator; no price: it is not published."""

    operator: Operator
    label: str
    usd_per_month: float | None


@dataclass(frozen=True, slots=True)
class PricedPath:
    path: OperatorPath
    label: str
    usd_per_month: float | None


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One requirement given up: how many paths that opens, and the cheapest way there is then."""

    requirement: Requirement
    opened_count: int
    label: str
    usd_per_month: float | None


@dataclass(frozen=True, slots=True)
class ComplianceAssessment:
    requirements: tuple[Requirement, ...]
    """Those chosen, and all they imply."""
    paths: tuple[PricedPath, ...]
    """Allowed first, then those to ask, then blocked; the cheapest first in each."""
    cheapest: PricedPath | None
    """Of all paths, as if there were no requirement."""
    cheapest_allowed: PricedPath | None
    """The cheapest that is allowed."""
    relaxations: tuple[Relaxation, ...]

    @property
    def premium_usd_per_month(self) -> float | None:
        """What compliance costs: cheapest survivor minus cheapest of all. None: nothing allowed has a price."""
        if self.cheapest_allowed is None or self.cheapest is None:
            return None
        return _usd(self.cheapest_allowed) - _usd(self.cheapest)

    def of(self, status: ComplianceStatus) -> tuple[PricedPath, ...]:
        return tuple(p for p in self.paths if p.path.status == status)


def assess(chosen: Sequence[str], offers: Iterable[PathPrice], catalog: Catalog) -> ComplianceAssessment:
    """Judge and rank every offer under the chosen requirements and all they imply."""
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
    return RANK[p.path.status], p.usd_per_month is None, p.usd_per_month or 0.0, p.label


def _usd(p: PricedPath) -> float:
    assert p.usd_per_month is not None
    return p.usd_per_month
