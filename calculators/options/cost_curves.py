"""Monthly cost of every allowed option over inputs that vary: the curves that rank the options, for many points at once.

With growth, costs are means over the months of the horizon: what a fleet saves today it may lose as volume moves on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.base_load import cheapest_base_load_usd
from calculators.fleet.leading_fleets import by_group, lead_ratios, worth_comparing
from calculators.fleet.staircase import FleetGroup, Staircase, column_rents_usd, staircase_columns
from calculators.options.bill_curves import BillCurves
from calculators.options.curve_points import Points, tiled
from calculators.options.fleet_costs import (
    PAID_ONCE,
    FleetCosts,
    FleetParts,
    MonthlyCosts,
    UntilServing,
    due_usd,
    parts_where,
    sum_of_parts,
)
from calculators.options.month_path import MonthPath, month_path
from calculators.options.option import CLOSE_FRAC, Option, OptionKind
from calculators.options.routing import easy_frac
from calculators.options.shortlist import AllowedOptions
from calculators.scenario.demand import Array, prompt_ratio
from calculators.scenario.inputs import Inputs

BEYOND_USD = 1e15
"""Stands for the cost of a fleet beyond the GPU limit: the one that carries more months leads."""
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
    once_usd_per_month: float
    """What is paid whenever the fleet begins to serve, spread over the horizon."""
    staffing_usd_per_month: float
    """With hiring, which goes with it."""
    unused_usd_per_month: float
    """Of committed spend, where a fleet carries everything."""
    path: MonthPath
    """What changes from month to month, API options and staircases in this order; one month where nothing does."""
    every_month: MonthPath
    """The same with all months of the horizon."""
    servers_are_fallback: bool
    """Whether purchased servers count only where no rented fleet serves."""
    inputs: Inputs

    @classmethod
    def of(cls, allowed: AllowedOptions, staircases: Sequence[Staircase], inputs: Inputs) -> "OptionCurves":
        """The curves of options that compliance allows, on these staircases."""
        api = BillCurves.of(allowed.buys, allowed.today, allowed.easy, inputs)
        staircases = [staircases[i] for i in worth_comparing(staircases)]
        every_month = month_path(api.sold, allowed.today, staircases, inputs)
        groups = by_group(staircases)
        usd = {line.kind: line.usd_per_month for line in allowed.lines}
        egress, unused = (usd.get(kind, 0.0) for kind in ("network_egress", "unused_commitment"))
        people = usd.get("staffing", 0.0) + usd.get("hiring", 0.0)
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
            fixed_usd_per_month=sum(usd.values()) - egress - people - unused,
            once_usd_per_month=sum(usd.get(kind, 0.0) for kind in PAID_ONCE),
            staffing_usd_per_month=people,
            unused_usd_per_month=unused,
            path=every_month.collapsed(),
            every_month=every_month,
            servers_are_fallback=allowed.servers_step_in,
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
        parts = [self.mean_of(self.by_month(at.rows(start, start + step))) for start in range(0, number, step)]
        return OptionCosts(
            np.concatenate([part.buys_usd for part in parts], axis=1),
            np.concatenate([part.builds_usd for part in parts], axis=1),
            np.concatenate([part.hybrids_usd for part in parts], axis=1),
            np.concatenate([part.today_usd for part in parts], axis=1),
        )

    def mean_of(self, monthly: MonthlyCosts) -> OptionCosts:
        """The means over the months of the horizon."""
        buys, builds, hybrids = monthly.first_usd
        counts = self._counts(monthly.first_usd)
        return OptionCosts(
            monthly.buys_usd.mean(axis=2),
            monthly.builds.usd.mean(axis=2),
            np.where(counts, monthly.hybrids.usd.mean(axis=2), np.inf),
            np.concatenate([buys, builds, np.where(counts, hybrids, np.inf)], axis=0),
        )

    def by_month(self, at: Points) -> MonthlyCosts:
        """Cost of every option in each month of the horizon."""
        months, points = self.path.months, at.requests_per_month.size
        monthly = at.in_months(self.path.volume_ratio, self.path.need_ratio, self.path.month)
        shape = points, months
        buys = self.api.buys_usd(monthly, self.path)
        whole, base, rents, chosen = self._fleets_usd(monthly, buys)
        first = tuple(usd.reshape(-1, *shape)[..., 0] for usd in (buys, sum_of_parts(whole), sum_of_parts(base)))
        is_outgrown = np.isinf(sum_of_parts(whole)) & np.isfinite(np.repeat(first[1], months, axis=1))
        whole = parts_where(is_outgrown, self._beyond_limit(base, buys, monthly), whole)
        base = parts_where(sum_of_parts(whole) <= sum_of_parts(base), whole, base)
        todays = self.api.todays_usd(monthly, self.path)
        until = self._until_serving(monthly, np.concatenate([todays[None], buys]), rents) if self.path.waits else None

        serving_frac = 1.0 if until is None else until.serving_frac
        due_ratio, held_usd = (
            np.take_along_axis(of_each, chosen, axis=0)
            for of_each in (tiled(self.path.due_ratio, monthly), self._held_usd(monthly))
        )

        def fleets(machines_usd: Array, others_usd: Array) -> FleetCosts:
            machines_usd = self._never_sold(machines_usd)
            due = due_usd(machines_usd, due_ratio, held_usd, serving_frac)
            beside = others_usd * serving_frac + (0.0 if until is None else until.usd)
            every = machines_usd, due, np.asarray(others_usd), np.asarray(beside)
            machines, due, others, beside = (one.reshape(-1, *shape) for one in every)
            return FleetCosts(machines, due, others, beside, chosen.reshape(-1, *shape))

        return MonthlyCosts(
            buys_usd=buys.reshape(-1, *shape),
            todays_usd=todays.reshape(shape),
            builds=fleets(*whole),
            hybrids=fleets(*base),
            is_outgrown=is_outgrown.reshape(-1, *shape),
            first_usd=(first[0], first[1], first[2]),
        )

    def _beyond_limit(self, base: FleetParts, buys_usd: Array, at: Points) -> FleetParts:
        """Machines and all else (g, t) where volume is more than a fleet may carry: one for the base load, or where none pays the cheapest
        API option, with the staffing that is there."""
        api = np.broadcast_to(buys_usd.min(axis=0, initial=np.inf) + self._rest_usd(at), base[0].shape)
        no_machines = np.where(np.isinf(api), np.inf, 0.0)
        return parts_where(np.isinf(base[0]), (no_machines, api), base)

    def _held_usd(self, at: Points) -> Array:
        """What all machines of each staircase that the user already has cost (s, t)."""
        return np.asarray(self.columns[7][:, None] * tiled(self.path.held_usd, at))

    def _never_sold(self, machines_usd: Array) -> Array:
        """Machines (g, t x h) of which purchased ones stay until the end of the horizon."""
        months = self.path.months
        by_month = machines_usd.reshape(len(machines_usd), machines_usd.shape[1] // months, months).copy()
        by_month[self._is_owned] = np.maximum.accumulate(by_month[self._is_owned], axis=2)
        return by_month.reshape(machines_usd.shape)

    def _counts(self, today_usd: Sequence[Array]) -> NDArray[np.bool_]:
        """Whether a hybrid is worth its second system (g, t): the cheapest of them, where it is cheaper than everything else
        by `CLOSE_FRAC`. `today_usd`: of buys, builds and hybrids."""
        buys, builds, hybrids = today_usd
        if not hybrids.size:
            return np.zeros(hybrids.shape, dtype=bool)
        bar = np.concatenate([buys, builds], axis=0).min(axis=0) * (1 - CLOSE_FRAC)
        is_cheapest = np.arange(len(hybrids))[:, None] == np.argmin(hybrids, axis=0)
        return np.asarray(is_cheapest & (hybrids < bar))

    def _fleets_usd(self, at: Points, buys_usd: Array) -> tuple[FleetParts, FleetParts, Array, NDArray[np.intp]]:
        """Fleets that carry everything, and fleets for the base load with overflow: machines and all else of each group (g, t); rents of
        every staircase (s, t); the chosen staircases (g, t)."""
        shape = len(self.groups), at.requests_per_month.size
        if not self.groups:
            none = np.zeros(shape)
            return (none, none), (none, none), np.zeros((0, shape[1])), np.zeros(shape, dtype=np.intp)
        machine_usd = self._machine_usd_per_month(at)
        per_replica, per_prefill, per_machine, spare, _, most, size, held, _ = self.columns[..., None]
        carried = per_replica * at.capacity_ratio, per_prefill * at.capacity_ratio
        varied = *carried, per_machine, spare, machine_usd, most, size, held, tiled(self.path.held_usd, at)
        rents = column_rents_usd(varied, at.requests_per_month)
        rest = self._rest_usd(at)
        rents = self._held_for_their_term(rents, machine_usd)
        due = due_usd(rents, tiled(self.path.due_ratio, at), self._held_usd(at), 1.0)
        chosen = np.array([self._chosen(members, rents, due) for members in self.members])
        builds = np.take_along_axis(rents, chosen, axis=0)
        base = np.full(shape, np.inf), np.zeros(shape)
        owned = self._is_owned
        if self.servers_are_fallback and not owned.all():
            builds[owned] = np.where(np.isfinite(builds[~owned]).any(axis=0), np.inf, builds[owned])
        if self.buys:
            base = self._hybrids_usd(at, builds, rest, chosen, buys_usd)
        others = np.broadcast_to(rest + self.unused_usd_per_month * self.api.lasts_ratio(at, self.path), shape)
        return (builds, others), base, rents, chosen

    @property
    def _is_owned(self) -> NDArray[np.bool_]:
        """(g,) whether a group's servers are purchased."""
        return np.array([owned for _, owned in self.groups], dtype=bool)

    def _rest_usd(self, at: Points) -> Array:
        """What self-hosting costs besides machines, without unused committed spend (t,)."""
        egress = self.egress_usd_per_request * at.requests_per_month
        return np.asarray(self.fixed_usd_per_month + at.staffing_usd_per_month + egress)

    def _until_serving(self, at: Points, apis_usd: Array, rents_usd: Array) -> UntilServing:
        """What is paid in the part of each month (g, t) in which a group's fleet does not serve yet: until engineers are hired the cheapest
        of today's API and the hosts of the same open model; until servers are delivered, that or the same model on machines by the
        hour. `apis_usd`: of today's API and of the buys (1 + b, t)."""
        hiring, own = (tiled(one[None], at)[0] for one in (self.path.hiring_wait_frac, self.path.own_wait_frac))
        usd = []
        for model, owned in self.groups:
            name = next(s.capacity.config.model.name for s in self.staircases if s.capacity.config.model.id == model)
            rows = [0, *(i for i, buy in enumerate(self.buys, 1) if buy.kind == "hosted_open" and buy.model == name)]
            api = apis_usd[rows].min(axis=0) + self.once_usd_per_month
            hourly = [i for i in self._of_group.get((model, False), ()) if not self.is_committed[i]] if owned else []
            rented = rents_usd[hourly].min(axis=0, initial=np.inf) + self._rest_usd(at)
            usd.append(hiring * api + (own - hiring) * np.minimum(api, rented) if owned else hiring * api)
        serving = 1 - np.where(self._is_owned[:, None], own, hiring)
        return UntilServing(np.array(usd).reshape(serving.shape), serving)

    @property
    def _of_group(self) -> dict[FleetGroup, NDArray[np.intp]]:
        return dict(zip(self.groups, self.members, strict=True))

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

    def _chosen(self, members: NDArray[np.intp], rents_usd: Array, due_usd: Array) -> NDArray[np.intp]:
        """The leading staircase of a group at each point and month (t x months,): on demand the cheapest of each month, of
        commitments one for all months, by all that is due. Where none carries the load, the one with the cheapest request, for its
        base."""
        months, of_group = self.path.months, rents_usd[members] / self.leads[members, None]
        due = np.where(np.isinf(of_group), BEYOND_USD, due_usd[members] / self.leads[members, None])
        chosen, is_beyond = np.argmin(due, axis=0), np.isinf(of_group.min(axis=0))
        fixed = np.flatnonzero(self.is_committed[members])
        if months > 1 and fixed.size:
            monthly = due.reshape(len(members), -1, months)
            means = monthly.mean(axis=2)
            best = fixed[np.argmin(means[fixed], axis=0)]
            free = np.flatnonzero(~self.is_committed[members])
            cheapest_free = monthly[free].min(axis=0, initial=np.inf).mean(axis=1)
            commits = (np.take_along_axis(means, best[None], axis=0)[0] < cheapest_free)[:, None]
            by_month = free[np.argmin(monthly[free], axis=0)] if free.size else np.repeat(best[:, None], months, axis=1)
            chosen = np.where(commits, best[:, None], by_month).ravel()
            each = is_beyond.reshape(-1, months)
            is_beyond = np.where(commits, each[:, :1], each).ravel()  # what is bought stays
        base = int(np.argmin(self.base_usd_per_request[members] / self.leads[members]))
        return np.asarray(members[np.where(is_beyond, base, chosen)])

    def _machine_usd_per_month(self, at: Points) -> Array:
        """Price of a machine of each staircase (s, t)."""
        owned = np.array([one.offer.is_owned for one in self.staircases])[:, None]
        today_usd = self.columns[4][:, None] * np.where(owned, at.server_ratio, at.rent_ratio)
        return np.asarray(today_usd * tiled(self.path.machine_ratio, at))

    def _hybrids_usd(
        self, at: Points, rents_usd: Array, rest_usd: Array, chosen: NDArray[np.intp], buys_usd: Array
    ) -> FleetParts:
        """Base-load fleets on the machines of the cheapest full fleet, the overflow sent to the cheapest API option, its easy requests to a
        small model where that costs less: machines (g, t), inf where none is cheaper than the full fleet, or staffing alone keeps it
        from being clearly cheaper, and all else (g, t). Beyond the GPU limit there is no full fleet, but still one for the base load."""
        full_usd = rents_usd + self.unused_usd_per_month * self.api.lasts_ratio(at, self.path)
        bar = np.minimum((full_usd + rest_usd).min(axis=0), buys_usd.min(axis=0)) * (1 - CLOSE_FRAC)
        parts = np.full(rents_usd.shape, np.inf), np.zeros(rents_usd.shape)
        machine_usd, held_usd = self._machine_usd_per_month(at), tiled(self.path.held_usd, at)
        for fixed, prices in self.api.overflow_prices(at, self.path, buys_usd):
            may = np.flatnonzero(rest_usd + fixed < bar)
            if not may.size:
                continue
            volumes, peaks, billed = at.requests_per_month[may], at.peak_ratio[may], prices.rows(may)
            for place, stairs in enumerate(chosen):
                columns = self.columns[:, stairs[may]].copy()
                columns[:2] *= at.capacity_ratio[may]
                columns[4], columns[8] = machine_usd[stairs[may], may], held_usd[stairs[may], may]
                rent, bill = cheapest_base_load_usd(columns, volumes, peaks, billed, self.inputs.scenario.workload)
                rent = np.where(rent + bill < full_usd[place, may], rent, np.inf)
                one, best = (rent, bill + (rest_usd + fixed)[may]), (parts[0][place, may], parts[1][place, may])
                parts[0][place, may], parts[1][place, may] = parts_where(
                    sum_of_parts(one) < sum_of_parts(best), one, best
                )
        if (np.diff(self.path.volume_ratio * self.path.need_ratio) < 0).any():  # committed machines stay
            kept = self.is_committed[chosen[:, 0]]
            by_month = parts[0].reshape(len(parts[0]), -1, self.path.months)
            by_month[kept] = np.maximum.accumulate(by_month[kept], axis=2)
        return parts

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
