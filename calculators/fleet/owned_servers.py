"""Hourly cost of a GPU in a purchased server: capex spread over its life, plus colocation and power."""

import numpy as np

from calculators.catalog.prices import Ownership
from calculators.scenario.demand import Array
from calculators.units import HOURS_PER_MONTH, MONTHS_PER_YEAR


def residual_frac(years: float, ownership: Ownership) -> float:
    """What a server sells for after so many years, as a fraction of its price: between the ages of the table a straight line,
    from 1 when new, and after the last age its value."""
    return float(residual_fracs(np.asarray(years), ownership))


def residual_fracs(years: Array, ownership: Ownership) -> Array:
    """`residual_frac` of each of `years`. Same shape as the argument."""
    ages = sorted(ownership.residual_frac_by_year)
    fractions = [ownership.residual_frac_by_year[age].central for age in ages]
    return np.asarray(np.interp(years, [0, *ages], [1.0, *fractions]))


def owned_usd_per_gpu_h(gpu_id: str, ownership: Ownership) -> float:
    """Cost of a purchased GPU in USD per hour.

    (price x (1 + network and spares) x (1 - residual value at the end of its life) / life in months + kW x colocation price) / hours per month.
    Colocation prices include power. Where the server's power is not known, the highest known one is assumed.
    """
    price = ownership.server_usd_per_gpu[gpu_id].central * (1 + ownership.network_and_spares_frac.central)
    years = ownership.depreciation_years.central
    depreciation = price * (1 - residual_frac(years, ownership)) / (years * MONTHS_PER_YEAR)
    return (depreciation + owned_running_usd_per_gpu_month(gpu_id, ownership)) / HOURS_PER_MONTH


def owned_running_usd_per_gpu_month(gpu_id: str, ownership: Ownership) -> float:
    """Space and power of a purchased GPU in USD per month: kW x colocation price."""
    power = ownership.server_power_kw_per_gpu.get(gpu_id)
    power_kw = power.central if power else max(r.central for r in ownership.server_power_kw_per_gpu.values())
    return power_kw * ownership.colocation_usd_per_kw_month.central
