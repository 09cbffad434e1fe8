"""Compliance assessment: every operator judged and priced, the cheapest that is allowed, what compliance costs, and what
giving up each requirement would open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import Operator, PathKind, Requirement
from calculators.compliance.operator_check import STATUS_ORDER, ComplianceStatus, OperatorPath, expand, judge


@dataclass(frozen=True, slots=True)
class PathPrice:
    """The cheapest option through one operator; price None where none is published."""

    operator: Operator
    label: str
    usd_per_month: float | None
    partners: tuple[Operator, ...] = ()
    """Who else must be allowed, where an option buys from several sellers."""


@dataclass(frozen=True, slots=True)
class PricedPath:
    """One operator's compliance status and its cheapest option; price None where none is published."""

    path: OperatorPath
    label: str
    usd_per_month: float | None
    barred_by: str = ""
    """The other seller of the option whose status is worse: through this one alone the price cannot be had."""


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
    compared_usd_per_month: float | None = None
    """Cost of the cheapest option that is compared, a hybrid or one that is kept for comparison only by the user's choice
    included. None: that of `cheapest_allowed`."""

    @property
    def allowed_usd_per_month(self) -> float | None:
        """Cost of the cheapest allowed option that is compared; None where none has a price."""
        if self.compared_usd_per_month is not None:
            return self.compared_usd_per_month
        return None if self.cheapest_allowed is None else _usd(self.cheapest_allowed)

    @property
    def premium_usd_per_month(self) -> float | None:
        """Monthly cost of compliance: cheapest allowed minus cheapest overall; None where no allowed option has a price."""
        if self.allowed_usd_per_month is None or self.cheapest is None:
            return None
        return max(self.allowed_usd_per_month - _usd(self.cheapest), 0.0)

    def with_status(self, status: ComplianceStatus) -> tuple[PricedPath, ...]:
        """The paths with this status, cheapest first."""
        return tuple(p for p in self.paths if p.path.status == status)


def assess(
    chosen: Sequence[str],
    offers: Iterable[PathPrice],
    catalog: Catalog,
    day: date,
    elsewhere: Iterable[PathPrice] = (),
    left_out: PathKind | None = None,
) -> ComplianceAssessment:
    """Compliance assessment of every offer under the chosen requirements and all that they imply. `day`: facts about
    operators that are older than a year then count as unknown. `elsewhere`: products of
    these operators that would do without the residency requirements; they count for what compliance costs. `left_out`: a
    kind of path that is shown and not compared."""
    every = list(offers)
    requirements = expand(chosen, catalog)
    paths = _judged(every, requirements, catalog, day)
    priced = [p for p in paths if p.usd_per_month is not None and p.path.kind != left_out]
    others = [p for p in _judged(elsewhere, requirements, catalog, day) if p.usd_per_month is not None]
    return ComplianceAssessment(
        requirements=requirements,
        paths=tuple(sorted(paths, key=_order)),
        cheapest=min([*priced, *others], key=_usd, default=None),
        cheapest_allowed=min((p for p in priced if p.path.status == "allowed"), key=_usd, default=None),
        relaxations=tuple(
            _relaxed(dropped, chosen, [o for o in every if o.operator.path != left_out], catalog, day)
            for dropped in chosen
        ),
    )


def _judged(
    offers: Iterable[PathPrice], requirements: Sequence[Requirement], catalog: Catalog, day: date
) -> list[PricedPath]:
    return [_priced(offer, requirements, catalog, day) for offer in offers]


def _priced(offer: PathPrice, requirements: Sequence[Requirement], catalog: Catalog, day: date) -> PricedPath:
    path, *others = (judge(one, requirements, catalog, day) for one in (offer.operator, *offer.partners))
    worst = max(others, key=lambda other: STATUS_ORDER[other.status], default=path)
    if STATUS_ORDER[worst.status] > STATUS_ORDER[path.status]:
        return PricedPath(path, offer.label, None, barred_by=worst.name)
    return PricedPath(path, offer.label, offer.usd_per_month)


def _relaxed(
    dropped: str, chosen: Sequence[str], offers: Sequence[PathPrice], catalog: Catalog, day: date
) -> Relaxation:
    before = _judged(offers, expand(chosen, catalog), catalog, day)
    left = expand([c for c in chosen if c != dropped], catalog)
    after = [p for p in _judged(offers, left, catalog, day) if p.path.status == "allowed"]
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
