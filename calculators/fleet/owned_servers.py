"""Hourly cost of a GPU in a purchased server: capex spread over its life, plus colocation and power."""

from calculators.catalog.prices import Ownership
from calculators.units import HOURS_PER_MONTH, MONTHS_PER_YEAR


def owned_usd_per_gpu_h(gpu_id: str, ownership: Ownership) -> float:
    """Cost of a purchased GPU in USD per hour.

    (price x (1 + network and spares) x (1 - residual value) / life in months + kW x colocation price) / hours per month.
    Colocation prices include power. Where the server's power is not known, the highest known one is assumed.
    """
    price = ownership.server_usd_per_gpu[gpu_id].central * (1 + ownership.network_and_spares_frac.central)
    life_months = ownership.depreciation_years.central * MONTHS_PER_YEAR
    depreciation = price * (1 - ownership.residual_frac.central) / life_months
    power = ownership.server_power_kw_per_gpu.get(gpu_id)
    power_kw = power.central if power else max(r.central for r in ownership.server_power_kw_per_gpu.values())
    return (depreciation + power_kw * ownership.colocation_usd_per_kw_month.central) / HOURS_PER_MONTH
