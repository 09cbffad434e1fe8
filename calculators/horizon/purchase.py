"""Purchased servers over the horizon: price and installation when they are delivered, space and power while they run, maintenance
after their first year, and what they sell for at the end."""

from dataclasses import dataclass

import numpy as np

from calculators.fleet.owned_servers import owned_running_usd_per_gpu_month, residual_fracs
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs
from calculators.units import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class PurchaseCash:
    """Cash of purchased servers. Arrays: entry 0 now, entry m at the end of month m (h + 1,)."""

    capex_usd: Array
    running_usd: Array
    residual_usd: Array
    """What comes back when they are sold at the end of the horizon; the last entry only."""

    @property
    def cash_usd(self) -> Array:
        """All of it, money out as a positive amount."""
        return self.capex_usd + self.running_usd - self.residual_usd

    def cost_usd(self) -> Array:
        """Cost of each month (h,): running cost, and what each server loses in value, spread evenly over its months of use."""
        in_use = np.cumsum(self.capex_usd)[:-1]
        if not in_use.any():
            return self.running_usd[1:]
        loss_usd = self.capex_usd.sum() - self.residual_usd.sum()
        return np.asarray(self.running_usd[1:] + loss_usd * in_use / in_use.sum())


def purchase_cash(gpu_id: str, gpus: Array, inputs: Inputs) -> PurchaseCash:
    """Cash of the servers that hold so many GPUs in each month (h,), never fewer than the month before: each is paid when it is
    delivered, at the price of that month, and sold at the end for what its age leaves. Several plans at once: (n, h)."""
    months, ownership, rules = gpus.shape[-1], inputs.catalog.ownership, inputs.catalog.outlook
    held = np.maximum.accumulate(gpus, axis=-1)
    added = np.diff(held, prepend=0.0, axis=-1)
    price = ownership.server_usd_per_gpu[gpu_id].central * (1 + ownership.network_and_spares_frac.central)
    typed = inputs.scenario.outlook.server_price_change_per_year_frac
    change = rules.server_price_ratio_per_year.central - 1 if typed is None else typed
    prices = price * (1 + change) ** (np.arange(months) / MONTHS_PER_YEAR)
    none = np.zeros((*gpus.shape[:-1], 1))
    capex = np.append(added * prices * (1 + rules.installation_frac.central), none, axis=-1)
    worth = residual_fracs((months - np.arange(months)) / MONTHS_PER_YEAR, ownership)
    residual = np.zeros(capex.shape)
    residual[..., -1] = (added * prices * worth).sum(axis=-1)
    year_old = np.append(np.repeat(none, MONTHS_PER_YEAR, axis=-1), held, axis=-1)[..., :months]
    maintained = year_old * price * rules.maintenance_frac_per_year.central / MONTHS_PER_YEAR
    running = held * owned_running_usd_per_gpu_month(gpu_id, ownership) + maintained
    return PurchaseCash(capex, np.append(none, running, axis=-1), residual)


def purchase_usd_by_month(gpu_id: str, inputs: Inputs) -> Array:
    """All that is paid over the horizon for one GPU bought in each of its months (h,), less what it sells for at the end."""
    months = inputs.scenario.operations.horizon_months
    return np.asarray(purchase_cash(gpu_id, np.triu(np.ones((months, months))), inputs).cash_usd.sum(axis=-1))
