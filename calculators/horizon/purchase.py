"""Purchased servers of a fleet over the horizon: what is paid, and when."""

from dataclasses import dataclass

import numpy as np

from calculators.fleet.owned_servers import gpu_cash_of
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs


@dataclass(frozen=True, slots=True)
class PurchaseCash:
    """Cash of purchased servers. Arrays: entry 0 now, entry m at the end of month m (h + 1,)."""

    capex_usd: Array
    running_usd: Array
    residual_usd: Array
    """What comes back when they are sold: at the end of their life, or of the horizon."""

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
    taken into use, at the price of that month, and sold at the end of its life or of the horizon for what its age leaves."""
    added = np.diff(np.maximum.accumulate(gpus), prepend=0.0)
    each = gpu_cash_of(gpu_id, len(gpus), inputs.scenario, inputs.catalog)
    return PurchaseCash(added @ each.capex_usd, added @ each.running_usd, added @ each.residual_usd)
