"""Monthly cost of self-hosting besides the GPUs: staffing, platform tooling, migration and network egress."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from calculators.catalog.base import Range, Source
from calculators.catalog.prices import Ownership
from calculators.scenario.committed_spend import CommittedSpend
from calculators.scenario.demand import Demand
from calculators.scenario.operations import Operations
from calculators.units import BYTES_PER_GB, MONTHS_PER_YEAR, plural, printable, significant, usd

WEEKS_PER_YEAR = 52
BYTES_PER_TOK = 5.0  # about four letters of English and their share of JSON framing; assumed

CostKind = Literal[
    "api",
    "overflow_api",
    "easy_api",
    "gpu_rental",
    "owned_servers",
    "staffing",
    "platform",
    "migration",
    "hiring",
    "network_egress",
    "unused_commitment",
]
COST_NAMES: Mapping[CostKind, str] = {
    "api": "API spend",
    "overflow_api": "API spend on overflow",
    "easy_api": "API spend on easy requests",
    "gpu_rental": "GPU rental",
    "owned_servers": "Purchased servers (amortized)",
    "staffing": "Staffing (engineers)",
    "platform": "Platform tooling (gateway, logging, monitoring)",
    "migration": "Migration",
    "hiring": "Hiring (recruiting and ramp-up)",
    "network_egress": "Network egress",
    "unused_commitment": "Unused commitment",
}
USER_BASIS = "your input"
COMMITTED_BASIS = "your commitment"
ESTIMATE_BASIS = "rule of thumb"


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of an option's monthly cost, with its low and high case."""

    kind: CostKind
    usd_per_month: float
    low_usd_per_month: float
    high_usd_per_month: float
    basis: str
    """Where the amount comes from, in words: the user's input, a list price with its confidence, a rule of thumb."""
    source: Source | None = None
    """None: arithmetic on other lines."""
    note: str = ""
    seller: str = ""
    """Whom it is paid to, where that is part of the label."""

    @property
    def name(self) -> str:
        """The line's label on screen."""
        return f"{COST_NAMES[self.kind]} at {self.seller}" if self.seller else COST_NAMES[self.kind]


def fixed_line(
    kind: CostKind, usd_per_month: float, basis: str, source: Source | None = None, note: str = ""
) -> CostLine:
    """A cost line without a range."""
    return _line(kind, (usd_per_month, usd_per_month, usd_per_month), basis, source, note)


def unused_commitment_lines(committed: CommittedSpend, bill_usd: float) -> tuple[CostLine, ...]:
    """The cost line of committed spend that an API bill leaves unused; none where all of it is used."""
    unused_usd = float(committed.unused_usd(bill_usd))
    if not unused_usd:
        return ()
    spent_usd = float(committed.spent_usd(bill_usd))
    used = f"{usd(spent_usd)}/month" if spent_usd else "none"
    lasts = f"{committed.months_paid} of {plural(committed.horizon_months, 'month')}"
    note = f"{usd(committed.usd_per_month)}/month is committed for {lasts}; {used} of it is used"
    line = fixed_line("unused_commitment", unused_usd, COMMITTED_BASIS, note=note)
    return (replace(line, seller=committed.seller),)


def engineer_usd_per_year(operations: Operations, ownership: Ownership) -> float:
    """Loaded cost of an engineer in USD per year: the user's figure, or else the rule of thumb."""
    typed = operations.engineer_usd_per_year
    return ownership.engineer_usd_per_year.central if typed is None else typed


def range_of(typed: float | None, rule: Range) -> tuple[float, float, float]:
    """Low, central and high value: the user's figure without a range, or the rule of thumb with its own."""
    return (rule.low, rule.central, rule.high) if typed is None else (typed, typed, typed)


def role_pays(operations: Operations, ownership: Ownership) -> list[tuple[float, float, float]]:
    """Low, central and high loaded cost in USD per year of a person in each role: the role's, or else that of an engineer."""
    engineer = range_of(operations.engineer_usd_per_year, ownership.engineer_usd_per_year)
    return [engineer if role.usd_per_year is None else (role.usd_per_year,) * 3 for role in operations.roles]


def self_host_fte(operations: Operations, ownership: Ownership) -> float:
    """People who run a fleet: of all roles together, or the plain figure, or else the rule of thumb."""
    if operations.roles:
        return sum(role.fte for role in operations.roles)
    return range_of(operations.self_host_fte, ownership.self_host_fte)[1]


def staffing_usd_per_month(fte: float, usd_per_year: float) -> float:
    """Engineers x loaded cost per year / 12."""
    return fte * usd_per_year / MONTHS_PER_YEAR


def migration_usd_per_month(weeks: float, usd_per_year: float, horizon_months: int) -> float:
    """Cost of one engineer's `weeks` of migration and evaluation, spread evenly over the horizon."""
    return weeks * usd_per_year / WEEKS_PER_YEAR / horizon_months


def self_host_lines(operations: Operations, demand: Demand, ownership: Ownership) -> tuple[CostLine, ...]:
    """Cost lines of self-hosting other than the GPUs."""
    return (
        _by_role(operations, ownership)
        if operations.roles
        else _staffing(operations.self_host_fte, ownership.self_host_fte, operations, ownership),
        _platform(operations, ownership),
        _migration(operations.migration_weeks, ownership.migration_weeks, operations, ownership),
        _egress(demand, ownership),
    )


def hosted_open_lines(operations: Operations, ownership: Ownership) -> tuple[CostLine, ...]:
    """Cost lines of moving to a hosted open model: an evaluation and some upkeep, no servers."""
    return (
        _staffing(operations.hosted_fte, ownership.hosted_open_fte, operations, ownership),
        _migration(operations.hosted_migration_weeks, ownership.hosted_open_migration_weeks, operations, ownership),
    )


def resale_lines(operations: Operations, ownership: Ownership) -> tuple[CostLine, ...]:
    """Cost lines of buying the same model through another seller: the migration only."""
    return (
        _migration(operations.hosted_migration_weeks, ownership.hosted_open_migration_weeks, operations, ownership),
    )


def _staffing(typed_fte: float | None, rule: Range, operations: Operations, ownership: Ownership) -> CostLine:
    pay = range_of(operations.engineer_usd_per_year, ownership.engineer_usd_per_year)
    fte = range_of(typed_fte, rule)
    costs = tuple(staffing_usd_per_month(f, p) for f, p in zip(fte, pay, strict=True))
    note = f"{significant(fte[1])} {'engineer' if fte[1] == 1 else 'engineers'} at {usd(pay[1])}/year"
    return _line("staffing", costs, _basis(typed_fte), ownership.sources[rule.source], note)


def _by_role(operations: Operations, ownership: Ownership) -> CostLine:
    """Staffing as the sum over the roles."""
    pays = role_pays(operations, ownership)
    each = [
        [staffing_usd_per_month(role.fte, usd_per_year) for usd_per_year in pay]
        for role, pay in zip(operations.roles, pays, strict=True)
    ]
    costs = tuple(sum(case) for case in zip(*each, strict=True))
    notes = [
        f"{printable(role.name)}: {significant(role.fte)} FTE at {usd(pay[1])}/year"
        + (f", {significant(role.hires_fte)} FTE still to be hired" if role.hires_fte else "")
        for role, pay in zip(operations.roles, pays, strict=True)
    ]
    source = ownership.sources[ownership.self_host_fte.source]
    return _line("staffing", costs, USER_BASIS, source, "; ".join(notes))


def _platform(operations: Operations, ownership: Ownership) -> CostLine:
    typed, rule = operations.platform_usd_per_month, ownership.platform_usd_per_month
    return _line("platform", range_of(typed, rule), _basis(typed), ownership.sources[rule.source])


def _migration(typed_weeks: float | None, rule: Range, operations: Operations, ownership: Ownership) -> CostLine:
    pay = range_of(operations.engineer_usd_per_year, ownership.engineer_usd_per_year)[1]
    weeks = range_of(typed_weeks, rule)
    costs = tuple(migration_usd_per_month(w, pay, operations.horizon_months) for w in weeks)
    note = f"{plural(weeks[1], 'engineer-week')} spread over {plural(operations.horizon_months, 'month')}"
    note += f": {rule.what}" if typed_weeks is None else ""
    return _line("migration", costs, _basis(typed_weeks), ownership.sources[rule.source], note)


def _egress(demand: Demand, ownership: Ownership) -> CostLine:
    rule = ownership.egress_usd_per_gb
    sent_gb = demand.output_tok_per_month * BYTES_PER_TOK / BYTES_PER_GB
    costs = tuple(sent_gb * price for price in range_of(None, rule))
    return _line("network_egress", costs, ESTIMATE_BASIS, ownership.sources[rule.source])


def _line(
    kind: CostKind, usd_per_month: tuple[float, ...], basis: str, source: Source | None, note: str = ""
) -> CostLine:
    """A cost line from its low, central and high amount."""
    low, central, high = usd_per_month
    return CostLine(
        kind=kind,
        usd_per_month=central,
        low_usd_per_month=low,
        high_usd_per_month=high,
        basis=basis,
        source=source,
        note=note,
    )


def _basis(typed: float | None) -> str:
    return ESTIMATE_BASIS if typed is None else USER_BASIS
