"""Every option month by month over the horizon: what it costs, when that is paid, and its totals against today's API."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.fleet.hiring import hiring_of
from calculators.fleet.operating_costs import CostKind
from calculators.horizon.finance import (
    discounted,
    first_payback_month,
    net_present_value_usd,
    payback_month,
    peak_cash_usd,
    return_per_year_frac,
)
from calculators.horizon.hiring import hiring_cash_usd
from calculators.horizon.purchase import PurchaseCash, purchase_cash
from calculators.options.cost_curves import OptionCurves
from calculators.options.fleet_costs import FleetCosts
from calculators.options.option import Option
from calculators.scenario.demand import Array, horizon_growth
from calculators.scenario.inputs import Inputs
from calculators.units import HOURS_PER_MONTH, TOK_PER_MTOK


@dataclass(frozen=True, slots=True)
class OptionMonths:
    """One option over the months of the horizon."""

    option: Option
    cost_usd: Array
    """(h,) cost of each month: purchases spread over their use."""
    cash_usd: Array
    """(h + 1,) what is paid: entry 0 now, entry m at the end of month m; what servers sell for is negative."""
    tok_per_month: Array
    """(h,) input and output tokens of each month."""
    today_cash_usd: Array
    """As `cash_usd`, of keeping today's API as it is."""
    discount_per_year_frac: float
    serves_from_month: float = 0.0
    """Months until it serves, in which an API is paid, or machines by the hour."""
    outgrown_month: int | None = None
    """The month, counted from 1, from which volume is more than the fleet carries and an API takes the rest; None: in none."""

    @property
    def tco_usd(self) -> float:
        """Total cost of ownership: everything that is paid over the horizon, less what is left at its end."""
        return float(self.cash_usd.sum())

    @property
    def present_cost_usd(self) -> float:
        """The same discounted to today."""
        return net_present_value_usd(self.cash_usd, self.discount_per_year_frac)

    @property
    def saved_usd(self) -> Array:
        """Cash saved against today's API, (h + 1,) as `cash_usd`."""
        return self.today_cash_usd - self.cash_usd

    @property
    def npv_usd(self) -> float:
        """Net present value of the change: what it saves against today's API, discounted."""
        return net_present_value_usd(self.saved_usd, self.discount_per_year_frac)

    @property
    def payback_month(self) -> int | None:
        """From the end of which month it has paid back for good; 0: it never costs more than today's API. None: not within the
        horizon."""
        return payback_month(self.saved_usd)

    @property
    def discounted_payback_month(self) -> int | None:
        """As `payback_month`, of discounted cash."""
        return payback_month(discounted(self.saved_usd, self.discount_per_year_frac))

    @property
    def is_payback_undone(self) -> bool:
        """Whether it pays back in some month, and later months undo it."""
        return self.payback_month is None and first_payback_month(self.saved_usd) is not None

    @property
    def return_per_year_frac(self) -> float | None:
        """Internal rate of return of a purchase, a year; None where nothing is purchased, or no rate is unique."""
        return return_per_year_frac(self.saved_usd) if self.option.kind == "own_hardware" else None

    @property
    def peak_cash_usd(self) -> float:
        """The most that is out at once beside what today's API would have cost."""
        return peak_cash_usd(self.saved_usd)

    @property
    def usd_per_mtok(self) -> float:
        """Everything paid over all tokens, input and output, of the horizon."""
        return self.tco_usd / float(self.tok_per_month.sum()) * TOK_PER_MTOK


@dataclass(frozen=True, slots=True)
class Horizon:
    """All allowed options over the months of the horizon, by total cost; fleets that volume outgrows are left out where no API takes
    the rest."""

    months: int
    requests: Array
    """(h,) requests of each month."""
    options: tuple[OptionMonths, ...]
    today: OptionMonths
    durable_month: int | None
    """The first month from which self-hosting costs less than every API option for the rest of the horizon, counted from 1; None:
    it does not by the end."""
    is_flat: bool
    """Whether no month differs from the first but for what is paid once."""

    def of(self, option: Option) -> OptionMonths | None:
        """The months of an option; None where it is not among them."""
        return next(
            (one for one in self.options if (one.option.kind, one.option.label) == (option.kind, option.label)), None
        )

    @property
    def cheapest(self) -> OptionMonths:
        """The option with the lowest total."""
        return self.options[0] if self.options else self.today


def horizon_of(options: Sequence[Option], today: Option, curves: OptionCurves, inputs: Inputs) -> Horizon:
    """The months of the allowed `options` and of today's API."""
    months = inputs.scenario.operations.horizon_months
    volume = inputs.demand.requests_per_month * horizon_growth(inputs.scenario, months)
    in_months = replace(curves, path=curves.every_month)
    costs = in_months.by_month(in_months.points(1))
    todays = costs.todays_usd[0]

    def months_of(option: Option, cost_usd: Array, cash_usd: Array) -> OptionMonths:
        return OptionMonths(
            option=option,
            cost_usd=cost_usd,
            cash_usd=cash_usd,
            tok_per_month=volume * (inputs.demand.input_tok + inputs.demand.output_tok),
            today_cash_usd=_cash(today, todays),
            discount_per_year_frac=discount_frac(inputs),
        )

    buys = {(buy.kind, buy.label): usd for buy, usd in zip(curves.buys, costs.buys_usd[:, 0], strict=True)}
    rows: list[OptionMonths] = []
    for option in options:
        if option.plan is None:
            cost = buys[option.kind, option.label]
            rows.append(months_of(option, cost, _cash(option, cost)))
            continue
        place = curves.groups.index((option.plan.config.model.id, option.plan.offer.is_owned))
        fleet = _fleet_months(costs.hybrids if option.kind == "hybrid" else costs.builds, place, in_months)
        if np.isfinite(fleet.beside_usd + fleet.machines_usd).all():
            row = months_of(option, *_paid(option, fleet, inputs))
            is_outgrown = costs.is_outgrown[place, 0] & option.is_build
            outgrown = int(np.argmax(is_outgrown)) + 1 if is_outgrown.any() else None
            rows.append(replace(row, serves_from_month=fleet.waits_months, outgrown_month=outgrown))
    kept = next((row for row in rows if row.option is today), months_of(today, todays, _cash(today, todays)))
    return Horizon(
        months=months,
        requests=volume,
        options=tuple(sorted(rows, key=lambda row: row.tco_usd)),
        today=kept,
        durable_month=_durable_month(rows),
        is_flat=curves.every_month.is_flat,
    )


def discount_frac(inputs: Inputs) -> float:
    """The discount rate per year: the user's, or the rule of thumb."""
    typed = inputs.scenario.outlook.discount_per_year_frac
    return inputs.catalog.outlook.discount_frac_per_year.central if typed is None else typed


@dataclass(frozen=True, slots=True)
class _FleetMonths:
    """A fleet in each month (h,)."""

    machines_usd: Array
    """What machines cost by the month while they are in use: of purchased servers nothing."""
    beside_usd: Array
    """Everything besides machines, and what is paid until they serve."""
    left_usd: float
    """What terms still cost after the horizon."""
    bought: PurchaseCash | None
    waits_months: float


def _fleet_months(costs: FleetCosts, place: int, curves: OptionCurves) -> _FleetMonths:
    """The months of the group at `place`."""
    inputs, path, owned = curves.inputs, curves.path, curves.groups[place][1]
    wait_frac = path.own_wait_frac if owned else path.hiring_wait_frac
    machines, due, chosen = costs.machines_usd[place, 0], costs.due_usd[place, 0], costs.chosen[place, 0]
    fleet = curves.staircases[chosen[0]]
    held = np.where(curves.is_committed[chosen], wait_frac < 1, 1 - wait_frac)
    rented = np.where(np.isinf(machines), np.inf, 0.0 if owned else machines * held)
    bought = None
    if owned and np.isfinite(machines).all():
        gpus = machines / (fleet.offer.usd_per_gpu_h * HOURS_PER_MONTH)
        bought = purchase_cash(fleet.offer.gpu_id, gpus * held, inputs)
    return _FleetMonths(
        machines_usd=rented,
        beside_usd=costs.beside_usd[place, 0],
        left_usd=0.0 if owned else float((due - rented)[np.isfinite(rented)].sum()),
        bought=bought,
        waits_months=float(wait_frac.sum()),
    )


def _paid(option: Option, fleet: _FleetMonths, inputs: Inputs) -> tuple[Array, Array]:
    """Cost (h,) and cash (h + 1,) of a fleet: hiring is paid when it falls and counted evenly; purchased servers are paid when they are
    taken into use, and lose their value evenly."""
    cost = fleet.machines_usd + fleet.beside_usd
    cost[-1] += fleet.left_usd
    hiring = hiring_of(inputs)
    if hiring is None:
        cash = _cash(option, cost)
    else:
        cash = _cash(option, cost - _line_usd(option, "hiring"))
        cash += hiring_cash_usd(hiring, fleet.waits_months, len(cost))
    if fleet.bought is None:
        return cost, cash
    return cost + fleet.bought.cost_usd(), cash + fleet.bought.cash_usd


def _line_usd(option: Option, kind: CostKind) -> float:
    return sum(line.usd_per_month for line in option.lines if line.kind == kind)


def _cash(option: Option, cost: Array) -> Array:
    """When the cost of each month is paid: migration at once, the rest month by month."""
    migration = _line_usd(option, "migration")
    return np.append(migration * len(cost), cost - migration)


def _durable_month(rows: Sequence[OptionMonths]) -> int | None:
    builds = [row.cost_usd for row in rows if not row.option.is_buy]
    buys = [row.cost_usd for row in rows if row.option.is_buy]
    if not builds or not buys:
        return None
    costlier = np.flatnonzero(np.min(builds, axis=0) >= np.min(buys, axis=0))
    if not costlier.size:
        return 1
    first = int(costlier[-1]) + 2
    return first if first <= len(builds[0]) else None
