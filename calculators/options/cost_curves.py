"""Monthly cost of every allowed option over inputs that vary: the curves that rank the options, for many points at once.

With growth, costs are means over the months of the horizon: what a fleet saves today it may lose as volume moves on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.base_load import cheapest_base_load_usd
from calculators.fleet.leading_fleets import by_group, lead_ratios, worth_comparing
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.staircase import FleetGroup, Staircase, column_rents_usd, staircase_columns
from calculators.options.bill_curves import BillCurves
from calculators.options.curve_points import Points, tiled
from calculators.options.month_path import MonthPath, month_path
from calculators.options.option import CLOSE_FRAC, Option, OptionKind
from calculators.options.routing import easy_frac
from calculators.scenario.demand import Array, prompt_ratio
from calculators.scenario.inputs import Inputs

MAX_CELLS = 2_000_000
"""Staircases x points x months that are computed at once."""
SIDES: tuple[OptionKind, ...] = (
    *("api_today", "api_optimised", "resold_api", "step_down", "hosted_open", "self_host", "own_hardware", "hybrid"),
    "routed_api",
)
"""The sides of the decision; an array of sides holds positions in this tuple."""


@dataclass(frozen=True, slots=True)
class OptionCosts:
    """Monthly cost of every option at each point, inf where it cannot serve. Arrays (b, t), (g, t) and (g, t)."""

    buys_usd: Array
    builds_usd: Array
    hybrids_usd: Array
    """Of each group's machines with the cheapest API option; inf but for the cheapest today, and where that is not clearly
    cheaper than everything else."""
    today_usd: Array
    """Cost of the first month, of all of them in this order (b + g + g, t)."""


@dataclass(frozen=True, slots=True)
class OptionCurves:
    """What the costs of the allowed options are made of."""

    api: BillCurves
    staircases: tuple[Staircase, ...]
    columns: Array
    """As of `staircase_columns` (9, s)."""
    is_committed: NDArray[np.bool_]
    """(s,) machines that are bought, or rented for a year or more."""
    leads: Array
    """(s,) as of `Staircase.lead_ratio`."""
    base_usd_per_request: Array
    """(s,) rent of a request when every replica is fully loaded; inf where not one replica is allowed."""
    groups: tuple[FleetGroup, ...]
    members: tuple[NDArray[np.intp], ...]
    """Staircases of each group."""
    egress_usd_per_request: float
    fixed_usd_per_month: float
    """Of self-hosting, without machines, egress, staffing and unused committed spend."""
    staffing_usd_per_month: float
    unused_usd_per_month: float
    """Of committed spend, where a fleet carries everything."""
    path: MonthPath
    """What changes from month to month, buys and staircases in this order."""
    servers_are_fallback: bool
    """Whether purchased servers count only where no rented fleet serves."""
    inputs: Inputs

    @classmethod
    def of(
        cls,
        buys: Sequence[Option],
        staircases: Sequence[Staircase],
        lines: Sequence[CostLine],
        inputs: Inputs,
        servers_are_fallback: bool = False,
        easy: Sequence[Option] = (),
    ) -> "OptionCurves":
        """The curves of options that compliance allows; `lines`: what self-hosting costs besides the machines; `easy`: small
        models for easy requests."""
        api = BillCurves.of(buys, easy, inputs)
        staircases = [staircases[i] for i in worth_comparing(staircases)]
        groups = by_group(staircases)
        usd = {line.kind: line.usd_per_month for line in lines}
        egress, staffing, unused = (usd.get(kind, 0.0) for kind in ("network_egress", "staffing", "unused_commitment"))
        return cls(
            api=api,
            staircases=tuple(staircases),
            columns=staircase_columns(staircases),
            is_committed=np.array([one.offer.is_committed for one in staircases], dtype=bool),
            leads=lead_ratios(staircases),
            base_usd_per_request=np.array(
                [one.usd_per_request_fully_loaded if one.carries_any else np.inf for one in staircases]
            ),
            groups=tuple(groups),
            members=tuple(np.array(members) for members in groups.values()),
            egress_usd_per_request=egress / inputs.demand.requests_per_month,
            fixed_usd_per_month=sum(usd.values()) - egress - staffing - unused,
            staffing_usd_per_month=staffing,
            unused_usd_per_month=unused,
            path=month_path(api.sold, staircases, inputs),
            servers_are_fallback=servers_are_fallback,
            inputs=inputs,
        )

    def points(self, count: int, **varied: Array) -> Points:
        """`count` points at today's values, but for the arrays (t,) in `varied`."""
        demand = self.inputs.demand
        today = {
            "requests_per_month": demand.requests_per_month,
            "peak_ratio": self.inputs.scenario.workload.peak_ratio,
            "staffing_usd_per_month": self.staffing_usd_per_month,
            "easy_frac": easy_frac(self.inputs),
        }
        values = {name: np.full(count, today.get(name, 1.0)) for name in Points.__slots__}
        return Points(**(values | varied))

    def peak_points(self, peak_ratio: Array) -> Points:
        """Points of these peak-to-average ratios (t,)."""
        sized_for = np.maximum(prompt_ratio(self.inputs.scenario.workload) * peak_ratio, 1.0)
        capacity_ratio = self.inputs.demand.effective_peak_ratio / sized_for
        return self.points(peak_ratio.size, peak_ratio=peak_ratio, capacity_ratio=capacity_ratio)

    @property
    def buys(self) -> tuple[Option, ...]:
        """The API options, those that route easy requests to a small model last."""
        return self.api.buys

    # --- costs -------------------------------------------------------------------------------------------------------

    def costs(self, at: Points) -> OptionCosts:
        """Cost of every option at each point: the mean over the months of the horizon."""
        number, months = at.requests_per_month.size, self.path.months
        step = max(1, MAX_CELLS // (max(len(self.staircases), 1) * months))
        parts = [self._costs(at.rows(start, start + step)) for start in range(0, number, step)]
        return OptionCosts(
            np.concatenate([part.buys_usd for part in parts], axis=1),
            np.concatenate([part.builds_usd for part in parts], axis=1),
            np.concatenate([part.hybrids_usd for part in parts], axis=1),
            np.concatenate([part.today_usd for part in parts], axis=1),
        )

    def _costs(self, at: Points) -> OptionCosts:
        by_month = self.by_month(at)
        today = [usd[..., 0] for usd in by_month]
        counts = self._counts(today)
        # a fleet that volume outgrows sends the overflow to an API from then on
        outgrown = np.where(np.isinf(by_month[1]) & np.isfinite(today[1])[..., None], by_month[2], by_month[1])
        means = [usd.mean(axis=2) for usd in (by_month[0], outgrown, np.minimum(by_month[2], by_month[1]))]
        return OptionCosts(
            means[0],
            means[1],
            np.where(counts, means[2], np.inf),
            np.concatenate([*today[:2], np.where(counts, today[2], np.inf)], axis=0),
        )

    def by_month(self, at: Points) -> tuple[Array, Array, Array]:
        """Cost of every API option, of the fleets that carry everything and of those for the base load in each month of the
        horizon: (b, t, h), (g, t, h) and (g, t, h)."""
        months, points = self.path.months, at.requests_per_month.size
        monthly = Points(**{name: np.repeat(getattr(at, name), months) for name in Points.__slots__})
        volume = monthly.requests_per_month * np.tile(self.path.volume_ratio, points)
        need = np.tile(self.path.need_ratio, points)
        monthly = replace(monthly, requests_per_month=volume, capacity_ratio=monthly.capacity_ratio / need)
        builds, hybrids = self._builds_usd(monthly)
        shape = points, months
        return (
            self.api.buys_usd(monthly, self.path).reshape(-1, *shape),
            builds.reshape(-1, *shape),
            hybrids.reshape(-1, *shape),
        )

    def _counts(self, today_usd: Sequence[Array]) -> NDArray[np.bool_]:
        """Whether a hybrid is worth its second system (g, t): the cheapest of them, where it is cheaper than everything else
        by `CLOSE_FRAC`. `today_usd`: of buys, builds and hybrids."""
        buys, builds, hybrids = today_usd
        if not hybrids.size:
            return np.zeros(hybrids.shape, dtype=bool)
        bar = np.concatenate([buys, builds], axis=0).min(axis=0) * (1 - CLOSE_FRAC)
        is_cheapest = np.arange(len(hybrids))[:, None] == np.argmin(hybrids, axis=0)
        return np.asarray(is_cheapest & (hybrids < bar))

    def _builds_usd(self, at: Points) -> tuple[Array, Array]:
        """Fleets that carry everything, and fleets for the base load with overflow, of each group: (g, t) both."""
        shape = len(self.groups), at.requests_per_month.size
        if not self.groups:
            return np.zeros(shape), np.zeros(shape)
        machine_usd = self._machine_usd_per_month(at)
        per_replica, per_prefill, per_machine, spare, _, most, size, held, _ = self.columns[..., None]
        carried = per_replica * at.capacity_ratio, per_prefill * at.capacity_ratio
        varied = *carried, per_machine, spare, machine_usd, most, size, held, tiled(self.path.held_usd, at)
        rents = column_rents_usd(varied, at.requests_per_month)
        rest = (
            self.fixed_usd_per_month + at.staffing_usd_per_month + self.egress_usd_per_request * at.requests_per_month
        )
        rents = self._held_for_their_term(rents, machine_usd)
        chosen = np.array([self._chosen(members, rents) for members in self.members])
        builds, hybrids = np.take_along_axis(rents, chosen, axis=0), np.full(shape, np.inf)
        owned = np.array([owned for _, owned in self.groups])
        if self.servers_are_fallback and not owned.all():
            builds[owned] = np.where(np.isfinite(builds[~owned]).any(axis=0), np.inf, builds[owned])
        if self.buys:
            hybrids = self._hybrids_usd(at, builds, rest, chosen)
        return builds + rest + self.unused_usd_per_month * self.api.lasts_ratio(at, self.path), hybrids

    def _held_for_their_term(self, rents_usd: Array, machine_usd: Array) -> Array:
        """Rents (s, t x months) where volume falls: machines that are bought, or committed for a year or more, are paid for
        until their term ends."""
        months = self.path.months
        if (
            months == 1
            or not self.is_committed.any()
            or (np.diff(self.path.volume_ratio * self.path.need_ratio) >= 0).all()
        ):
            return rents_usd
        kept = rents_usd.copy()
        for i in np.flatnonzero(self.is_committed):
            term = self.staircases[i].offer.commitment_months or months
            machines = (rents_usd[i] / machine_usd[i]).reshape(-1, months)
            held = [machines[:, max(m - term + 1, 0) : m + 1].max(axis=1) for m in range(months)]
            kept[i] = np.stack(held, axis=1).ravel() * machine_usd[i]
        return kept

    def _chosen(self, members: NDArray[np.intp], rents_usd: Array) -> NDArray[np.intp]:
        """The leading staircase of a group at each point and month (t x months,): on demand the cheapest of each month, of
        commitments one for all months. Where none carries the load, the one with the cheapest request, for its base."""
        months, of_group = self.path.months, rents_usd[members] / self.leads[members, None]
        chosen = np.argmin(of_group, axis=0)
        fixed = np.flatnonzero(self.is_committed[members])
        if months > 1 and fixed.size:
            monthly = of_group.reshape(len(members), -1, months)
            best = fixed[np.argmin(monthly[fixed].mean(axis=2), axis=0)]
            free = np.flatnonzero(~self.is_committed[members])
            cheapest_free = monthly[free].min(axis=0, initial=np.inf).mean(axis=1)
            commits = np.take_along_axis(monthly.mean(axis=2), best[None], axis=0)[0] < cheapest_free
            by_month = free[np.argmin(monthly[free], axis=0)] if free.size else np.repeat(best[:, None], months, axis=1)
            chosen = np.where(commits[:, None], best[:, None], by_month).ravel()
        base = int(np.argmin(self.base_usd_per_request[members] / self.leads[members]))
        return np.asarray(members[np.where(np.isinf(of_group.min(axis=0)), base, chosen)])

    def _machine_usd_per_month(self, at: Points) -> Array:
        """Price of a machine of each staircase (s, t)."""
        owned = np.array([one.offer.is_owned for one in self.staircases])[:, None]
        today_usd = self.columns[4][:, None] * np.where(owned, at.server_ratio, at.rent_ratio)
        return np.asarray(today_usd * tiled(self.path.machine_ratio, at))

    def _hybrids_usd(self, at: Points, rents_usd: Array, rest_usd: Array, chosen: NDArray[np.intp]) -> Array:
        """(g, t): base-load fleets on the machines of the cheapest full fleet, the overflow sent to the cheapest API option, its
        easy requests to a small model where that costs less; inf where none is cheaper than the full fleet, or staffing alone
        keeps it from being clearly cheaper. Beyond the GPU limit there is no full fleet, but still one for the base load."""
        buys = self.api.buys_usd(at, self.path)
        full_usd = rents_usd + self.unused_usd_per_month * self.api.lasts_ratio(at, self.path)
        bar = np.minimum((full_usd + rest_usd).min(axis=0), buys.min(axis=0)) * (1 - CLOSE_FRAC)
        hybrids, machine_usd = np.full(rents_usd.shape, np.inf), self._machine_usd_per_month(at)
        held_usd = tiled(self.path.held_usd, at)
        for fixed, prices in self.api.overflow_prices(at, self.path, buys):
            may = np.flatnonzero(rest_usd + fixed < bar)
            if not may.size:
                continue
            volumes, peaks, billed = at.requests_per_month[may], at.peak_ratio[may], prices.rows(may)
            for place, stairs in enumerate(chosen):
                columns = self.columns[:, stairs[may]].copy()
                columns[:2] *= at.capacity_ratio[may]
                columns[4], columns[8] = machine_usd[stairs[may], may], held_usd[stairs[may], may]
                usd = cheapest_base_load_usd(columns, volumes, peaks, billed, self.inputs.scenario.workload)
                hybrid = np.where(usd < full_usd[place, may], usd + (rest_usd + fixed)[may], np.inf)
                hybrids[place, may] = np.minimum(hybrids[place, may], hybrid)
        if (
            np.diff(self.path.volume_ratio * self.path.need_ratio) < 0
        ).any():  # a commitment's cost does not fall with volume
            kept = self.is_committed[chosen[:, 0]]
            by_month = hybrids.reshape(len(hybrids), -1, self.path.months)
            by_month[kept] = np.maximum.accumulate(by_month[kept], axis=2)
        return hybrids

    # --- sides -------------------------------------------------------------------------------------------------------

    def sides(self, at: Points) -> NDArray[np.intp]:
        """The side of the cheapest option at each point (t,), as its position in `SIDES`; -1 where nothing serves."""
        least = self.least_by_side(at)
        cheapest = np.argmin(least, axis=0)
        return np.where(np.isfinite(least.min(axis=0)), cheapest, -1)

    def least_by_side(self, at: Points) -> Array:
        """Cost of the cheapest option of each side at each point (sides, t), as of `least_of`."""
        return self.least_of(self.costs(at))

    def least_of(self, costs: OptionCosts) -> Array:
        """Cost of the cheapest option of each side (sides, t); inf where it has none. Where growth carries volume beyond the
        GPU limit of every option, the costs are today's."""
        kinds = [option.kind for option in self.buys]
        kinds += ["own_hardware" if owned else "self_host" for _, owned in self.groups] + ["hybrid"] * len(self.groups)
        every = np.concatenate([costs.buys_usd, costs.builds_usd, costs.hybrids_usd], axis=0)
        none_lasts = np.isinf(every.min(axis=0, initial=np.inf))
        every = np.where(none_lasts, costs.today_usd, every)
        least = np.full((len(SIDES), every.shape[1]), np.inf)
        for kind, usd in zip(kinds, every, strict=True):
            least[SIDES.index(kind)] = np.minimum(least[SIDES.index(kind)], usd)
        return least
