"""What self-hosting costs besides rent: people, platform, migration, egress; and servers that are bought."""

from dataclasses import dataclass

from calculators.catalog.base import Range, Source
from calculators.catalog.prices import Ownership
from calculators.scenario.demand import Demand
from calculators.scenario.schema import Operations
from calculators.units import BYTES_PER_GB, HOURS_PER_MONTH, MONTHS_PER_YEAR

WEEKS_PER_YEAR = 52
PEOPLE = "People"
EGRESS = "Egress"
BYTES_PER_TOK = 5.0  # about four letters of English and their share of JSON framing; assumed


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of a monthly cost, with its range. `source` None: arithmetic on other lines."""

    name: str
    usd_per_month: float
    low_usd_per_month: float
    high_usd_per_month: float
    basis: str
    """'yours', 'list' or 'rule of thumb'."""
    source: Source | None = None
    note: str = ""


def fixed_line(name: str, usd: float, basis: str, source: Source | None = None, note: str = "") -> CostLine:
    """A line without a range."""
    return CostLine(name, usd, usd, usd, basis, source, note)


def engineer_usd_per_year(operations: Operations, ownership: Ownership) -> float:
    """The user's figure, or the rule of thumb."""
    own = operations.engineer_usd_per_year
    return ownership.engineer_usd_per_year.central if own is None else own


def people_usd_per_month(fte: float, usd_per_year: float) -> float:
    """Engineers x loaded cost / 12."""
    return fte * usd_per_year / MONTHS_PER_YEAR


def migration_usd_per_month(weeks: float, usd_per_year: float, horizon_months: int) -> float:
    """One engineer's weeks of moving and evaluating, spread over the horizon."""
    return weeks * usd_per_year / WEEKS_PER_YEAR / horizon_months


def self_host_lines(operations: Operations, demand: Demand, ownership: Ownership) -> tuple[CostLine, ...]:
    """Everything but the machines, a month."""
    return (
        _people(PEOPLE, operations.self_host_fte, ownership.self_host_fte, operations, ownership),
        _simple(
            "Gateway, logs, monitoring", operations.platform_usd_per_month, ownership.platform_usd_per_month, ownership
        ),
        _migration(operations.migration_weeks, ownership.migration_weeks, operations, ownership),
        _egress(demand, ownership),
    )


def hosted_open_lines(operations: Operations, ownership: Ownership) -> tuple[CostLine, ...]:
    """Moving to another model's API costs an evaluation and some care, but no servers."""
    return (
        _people(PEOPLE, operations.hosted_fte, ownership.hosted_open_fte, operations, ownership),
        _migration(operations.hosted_migration_weeks, ownership.hosted_open_migration_weeks, operations, ownership),
    )


def resale_lines(operations: Operations, ownership: Ownership) -> tuple[CostLine, ...]:
    """The same model under another contract: the move, but no new evaluation to speak of and nobody more to run it."""
    return (
        _migration(operations.hosted_migration_weeks, ownership.hosted_open_migration_weeks, operations, ownership),
    )


def _people(name: str, typed_fte: float | None, rule: Range, operations: Operations, ownership: Ownership) -> CostLine:
    pay = _chosen(operations.engineer_usd_per_year, ownership.engineer_usd_per_year)
    fte = _chosen(typed_fte, rule)
    low, central, high = (people_usd_per_month(f, p) for f, p in zip(fte, pay, strict=True))
    basis = "yours" if typed_fte is not None else "rule of thumb"
    return CostLine(
        name,
        central,
        low,
        high,
        basis,
        ownership.sources[rule.source],
        f"{fte[1]:g} engineers at ${pay[1]:,.0f} a year",
    )


def _migration(typed_weeks: float | None, rule: Range, operations: Operations, ownership: Ownership) -> CostLine:
    pay = _chosen(operations.engineer_usd_per_year, ownership.engineer_usd_per_year)[1]
    weeks = _chosen(typed_weeks, rule)
    low, central, high = (migration_usd_per_month(w, pay, operations.horizon_months) for w in weeks)
    basis = "yours" if typed_weeks is not None else "rule of thumb"
    note = f"{weeks[1]:g} engineer-weeks over {operations.horizon_months} months"
    return CostLine("Evaluation and migration", central, low, high, basis, ownership.sources[rule.source], note)


def _simple(name: str, typed: float | None, rule: Range, ownership: Ownership) -> CostLine:
    low, central, high = _chosen(typed, rule)
    return CostLine(
        name, central, low, high, "yours" if typed is not None else "rule of thumb", ownership.sources[rule.source]
    )


def _egress(demand: Demand, ownership: Ownership) -> CostLine:
    rule = ownership.egress_usd_per_gb
    sent_gb = demand.output_tok_per_month * BYTES_PER_TOK / BYTES_PER_GB
    return CostLine(
        EGRESS,
        sent_gb * rule.central,
        sent_gb * rule.low,
        sent_gb * rule.high,
        "rule of thumb",
        ownership.sources[rule.source],
    )


def _chosen(typed: float | None, rule: Range) -> tuple[float, float, float]:
    """The user's figure without a range, or the rule of thumb with its own."""
    return (rule.low, rule.central, rule.high) if typed is None else (typed, typed, typed)


def owned_usd_per_gpu_h(gpu_id: str, ownership: Ownership) -> float:
    """A bought GPU by the hour: depreciation over its life, its share of network and spares, space and power.

    The purchase price appears once, as depreciation down to the residual value. Colocation prices include power.
    """
    price = ownership.server_usd_per_gpu[gpu_id].central * (1 + ownership.network_and_spares_frac.central)
    life_months = ownership.depreciation_years.central * MONTHS_PER_YEAR
    depreciation = price * (1 - ownership.residual_frac.central) / life_months
    power = ownership.server_power_kw_per_gpu.get(gpu_id)
    power_kw = power.central if power else max(r.central for r in ownership.server_power_kw_per_gpu.values())
    return (depreciation + power_kw * ownership.colocation_usd_per_kw_month.central) / HOURS_PER_MONTH
