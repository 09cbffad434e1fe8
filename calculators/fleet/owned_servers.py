"""Purchased servers over the horizon: price and installation when they are taken into use, space and power while they run,
maintenance after their first year, a new one when their life ends, and what they sell for at the end."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import Ownership
from calculators.fleet.hiring import ready_weeks
from calculators.scenario.demand import Array
from calculators.scenario.schema import Scenario
from calculators.units import HOURS_PER_MONTH, MONTHS_PER_YEAR, WEEKS_PER_MONTH


@dataclass(frozen=True, slots=True)
class GpuCash:
    """Cash of one purchased GPU by the month in which it is taken into use, USD. Arrays (h, h + 1): entry 0 of a row is paid now,
    entry m at the end of month m."""

    capex_usd: Array
    running_usd: Array
    residual_usd: Array
    """What comes back when it is sold, at the end of its life or of the horizon."""

    @property
    def total_usd(self) -> Array:
        """All that it costs until the end of the horizon (h,)."""
        return np.asarray((self.capex_usd + self.running_usd - self.residual_usd).sum(axis=1))


def residual_frac(years: float, ownership: Ownership) -> float:
    """What a server sells for after so many years, as a fraction of its price: between the ages of the table a straight line,
    from 1 when new, and after the last age its value."""
    ages = sorted(ownership.residual_frac_by_year)
    fractions = [ownership.residual_frac_by_year[age].central for age in ages]
    return float(np.interp(years, [0, *ages], [1.0, *fractions]))


def owned_usd_per_gpu_h(gpu_id: str, scenario: Scenario, catalog: Catalog) -> float:
    """Cost of a purchased GPU in USD per hour: all that it costs from the month in which it is first in use to the end of the
    horizon, where it is sold, over the hours between."""
    months, waits = scenario.operations.horizon_months, own_wait_months(scenario, catalog)
    first = int(waits) if waits < months else 0
    total_usd = gpu_cash_of(gpu_id, months, scenario, catalog).total_usd[first]
    return float(total_usd / (months - first) / HOURS_PER_MONTH)


def own_wait_months(scenario: Scenario, catalog: Catalog) -> float:
    """Months until purchased servers serve: they are delivered, and people are ready to run them."""
    typed = scenario.outlook.server_lead_weeks
    lead_weeks = catalog.outlook.server_lead_weeks.central if typed is None else typed
    return max(lead_weeks, ready_weeks(scenario, catalog)) / WEEKS_PER_MONTH


def owned_running_usd_per_gpu_month(gpu_id: str, ownership: Ownership) -> float:
    """Space and power of a purchased GPU in USD per month: kW x colocation price, which includes power. Where the server's power is
    not known, the highest known one is assumed."""
    power = ownership.server_power_kw_per_gpu.get(gpu_id)
    power_kw = power.central if power else max(r.central for r in ownership.server_power_kw_per_gpu.values())
    return power_kw * ownership.colocation_usd_per_kw_month.central


def gpu_cash_of(gpu_id: str, months: int, scenario: Scenario, catalog: Catalog) -> GpuCash:
    """The cash of one GPU over so many months, at the change of server prices that the scenario expects."""
    typed = scenario.outlook.server_price_change_per_year_frac
    change = catalog.outlook.server_price_ratio_per_year.central - 1 if typed is None else typed
    return gpu_cash(gpu_id, months, change, catalog)


@lru_cache(maxsize=64)
def gpu_cash(gpu_id: str, months: int, change_per_year_frac: float, catalog: Catalog) -> GpuCash:
    """The cash of one GPU that is bought in each month, at the price of that month: price x (1 + network and spares) x (1 +
    installation). It is sold for what its age leaves, and bought again, at the end of its life."""
    ownership, rules = catalog.ownership, catalog.outlook
    price = ownership.server_usd_per_gpu[gpu_id].central * (1 + ownership.network_and_spares_frac.central)
    life = max(round(ownership.depreciation_years.central * MONTHS_PER_YEAR), 1)
    capex, running, residual = (np.zeros((months, months + 1)) for _ in range(3))
    ends, row = np.arange(months + 1), np.arange(months)
    running += (ends > row[:, None]) * owned_running_usd_per_gpu_month(gpu_id, ownership)
    for bought in (row + age for age in range(0, months, life)):
        rows = np.flatnonzero(bought < months)
        at, sold = bought[rows], np.minimum(bought[rows] + life, months)
        paid = price * (1 + change_per_year_frac) ** (at / MONTHS_PER_YEAR)
        capex[rows, at] += paid * (1 + rules.installation_frac.central)
        worth = [residual_frac(months_old / MONTHS_PER_YEAR, ownership) for months_old in (sold - at).tolist()]
        residual[rows, sold] += paid * np.array(worth)
        is_maintained = (ends > at[:, None] + MONTHS_PER_YEAR) & (ends <= sold[:, None])
        running[rows] += is_maintained * (paid * rules.maintenance_frac_per_year.central / MONTHS_PER_YEAR)[:, None]
    return GpuCash(capex, running, residual)
