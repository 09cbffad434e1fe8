"""Every option month by month over the horizon: what it costs, when that is paid, and its totals against today's API."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.fleet.hiring import ready_weeks
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase
from calculators.horizon.finance import (
    discounted,
    first_payback_month,
    net_present_value_usd,
    payback_month,
    peak_cash_usd,
    return_per_year_frac,
)
from calculators.horizon.hiring import with_hiring, without_hiring
from calculators.horizon.purchase import purchase_cash
from calculators.options.commitment import committed_spend
from calculators.options.cost_curves import OptionCurves
from calculators.options.month_path import month_path
from calculators.options.option import Option, OptionKind
from calculators.scenario.demand import Array, horizon_growth
from calculators.scenario.inputs import Inputs
from calculators.units import TOK_PER_MTOK, WEEKS_PER_MONTH

ELSEWHERE = ("owned_servers", "hiring")
"""Lines of a purchase whose months are their own."""


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
    """Months until it serves, in which an API is paid."""

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
    """All allowed options over the months of the horizon, by total cost; options that volume outgrows are left out."""

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
    costs = _costs_by_month(curves, months)
    row = _row(today, costs)
    todays = _left_out(today, inputs) if row is None else _billed(today, row, curves)
    today_cash = _cash(today, todays)
    rate = discount_frac(inputs)
    tok = volume * (inputs.demand.input_tok + inputs.demand.output_tok)

    def months_of(option: Option, cost_usd: Array, cash_usd: Array) -> OptionMonths:
        return OptionMonths(
            option=option,
            cost_usd=cost_usd,
            cash_usd=cash_usd,
            tok_per_month=tok,
            today_cash_usd=today_cash,
            discount_per_year_frac=rate,
        )

    rows: list[OptionMonths] = []
    for option in options:
        cost = _row(option, costs)
        if cost is None or not np.isfinite(cost).all():
            continue
        until_then = _bridge(option, todays, costs, curves)
        cost, cash = _with_transition(
            option, _billed(option, without_hiring(option, cost), curves), until_then, volume, curves
        )
        live = _live_month(option.plan, inputs) if option.plan else 0.0
        cost, cash = with_hiring(option, cost, cash, live, inputs)
        rows.append(replace(months_of(option, cost, cash), serves_from_month=live))
    kept = next((row for row in rows if row.option is today), months_of(today, todays, today_cash))
    return Horizon(
        months=months,
        requests=volume,
        options=tuple(sorted(rows, key=lambda row: row.tco_usd)),
        today=kept,
        durable_month=_durable_month(rows),
        is_flat=curves.path.months == 1,
    )


def discount_frac(inputs: Inputs) -> float:
    """The discount rate per year: the user's, or the rule of thumb."""
    typed = inputs.scenario.outlook.discount_per_year_frac
    return inputs.catalog.outlook.discount_frac_per_year.central if typed is None else typed


@dataclass(frozen=True, slots=True)
class _Costs:
    """Running cost of every option by month, by kind and label or group."""

    buys: dict[tuple[OptionKind, str], Array]
    builds: dict[tuple[str, bool], Array]
    hybrids: dict[tuple[str, bool], Array]


def _costs_by_month(curves: OptionCurves, months: int) -> _Costs:
    buys, builds, hybrids = (
        np.broadcast_to(usd[:, 0], (len(usd), months)) for usd in curves.by_month(curves.points(1))
    )
    hybrids = np.minimum(hybrids, builds)  # in a month in which the whole fleet costs less, it carries everything
    by_label = {(o.kind, o.label): row for o, row in zip(curves.buys, buys, strict=True)}
    return _Costs(
        by_label, dict(zip(curves.groups, builds, strict=True)), dict(zip(curves.groups, hybrids, strict=True))
    )


def _row(option: Option, costs: _Costs) -> Array | None:
    if option.plan is None:
        return costs.buys.get((option.kind, option.label))
    group = option.plan.config.model.id, option.plan.offer.is_owned
    return (costs.hybrids if option.kind == "hybrid" else costs.builds).get(group)


def _left_out(today: Option, inputs: Inputs) -> Array:
    """Cost of each month (h,) of today's API where it is no option any more: what the others are measured against."""
    path, months = month_path([today], (), inputs), inputs.scenario.operations.horizon_months
    assert today.bill is not None
    usd = np.broadcast_to(today.bill.usd_per_month * path.bill_ratio[0] * path.volume_ratio, months)
    return np.asarray(
        today.usd_at_bill(usd) + today.committed.unused_usd(usd) * (today.committed.paid_ratio(months) - 1)
    )


def _billed(option: Option, cost: Array, curves: OptionCurves) -> Array:
    """Cost of each month (h,): the curves tell it, but where nothing changes with committed spend as its mean."""
    return cost if curves.path.months > 1 else _while_committed(option, cost, curves.inputs)


def _while_committed(option: Option, cost: Array, inputs: Inputs) -> Array:
    """Cost of each month (h,) that holds unused committed spend as its mean, with it in the months in which it lasts."""
    unused = sum(line.usd_per_month for line in option.lines if line.kind == "unused_commitment")
    return cost + unused * (committed_spend(inputs).paid_ratio(len(cost)) - 1) if unused else cost


def _bridge(option: Option, todays: Array, costs: _Costs, curves: OptionCurves) -> Array:
    """Cost of each month (h,) of the API that is paid until a fleet serves: today's, or the cheapest host of the same open model,
    which passes or fails the same evals."""
    hosts = [buy for buy in curves.buys if buy.kind == "hosted_open" and buy.model == option.model]
    rows = [todays, *(costs.buys[buy.kind, buy.label] for buy in hosts)]
    return min(rows, key=lambda row: float(row.sum()))


def _with_transition(
    option: Option, cost: Array, until_then: Array, volume: Array, curves: OptionCurves
) -> tuple[Array, Array]:
    """Cost (h,) and cash (h + 1,) with the months before a fleet serves, in which an API is paid, as of `_bridge`."""
    if option.plan is None:
        return cost, _cash(option, cost)
    waiting = np.clip(_live_month(option.plan, curves.inputs) - np.arange(len(cost)), 0.0, 1.0)
    own = _staircase(option.plan, curves)
    if own is None or not np.isfinite(machines := own.machines(volume * curves.path.need_ratio)).all():
        cost = _after(waiting, cost, until_then, option)
        return cost, _cash(option, cost)
    if option.kind == "own_hardware":
        return _owned(option, own, machines, until_then, waiting, curves)
    cost = _after(waiting, cost, until_then, option)
    cost[-1] += rest_of_terms_usd(machines, own) if option.kind == "self_host" else 0.0
    return cost, _cash(option, cost)


def _after(waiting: Array, cost: Array, until_then: Array, option: Option) -> Array:
    """Cost of each month (h,): the API for the part of it that is `waiting`, the fleet for the rest, and all of the migration."""
    migration = _migration_usd(option)
    return until_then * waiting + (cost - migration) * (1 - waiting) + migration


def _staircase(plan: FleetPlan, curves: OptionCurves) -> Staircase | None:
    return next((s for s in curves.staircases if s.capacity is plan.capacity and s.offer is plan.offer), None)


def _live_month(plan: FleetPlan, inputs: Inputs) -> float:
    """Months until a fleet serves: people are ready to run it, and servers delivered."""
    typed = inputs.scenario.outlook.server_lead_weeks
    lead = inputs.catalog.outlook.server_lead_weeks.central if typed is None else typed
    return float(max(ready_weeks(inputs), lead if plan.offer.is_owned else 0.0) / WEEKS_PER_MONTH)


def _owned(
    option: Option, own: Staircase, machines: Array, until_then: Array, waiting: Array, curves: OptionCurves
) -> tuple[Array, Array]:
    """Purchased servers, delivered when they are needed: what they cost to buy, to run and lose in value, instead of an hourly
    price; all other lines, and the API until they serve."""
    scenario = curves.inputs.scenario
    each = own.offer.gpus_per_machine or own.capacity.config.gpus_count
    gpus = machines * own.machines_per_replica * each * own.regions
    bought = purchase_cash(own.offer.gpu_id, gpus * (waiting < 1), curves.inputs)
    rest = np.full(len(machines), sum(line.usd_per_month for line in option.lines if line.kind not in ELSEWHERE))
    egress = sum(line.usd_per_month for line in option.lines if line.kind == "network_egress")
    rest += egress * (horizon_growth(scenario, len(machines)) - 1)
    rest = _after(waiting, _while_committed(option, rest, curves.inputs), until_then, option)
    return rest + bought.cost_usd(), _cash(option, rest) + bought.cash_usd


def rest_of_terms_usd(machines: Array, fleet: Staircase) -> float:
    """What machines with a commitment still cost after the horizon, in which (h,) so many are needed: each until the term ends that it
    is in, counted from the month in which it was added. 0 without a commitment, and for machines that the user already has."""
    term = fleet.offer.commitment_months
    if term is None or fleet.offer.is_owned:
        return 0.0
    rented = np.maximum(machines - (fleet.held.count if fleet.held else 0), 0.0)
    added = np.diff(np.maximum.accumulate(rented), prepend=0.0)
    left_months = -(len(machines) - np.arange(len(machines))) % term
    return float(fleet.machine_usd_per_month * (added * left_months).sum())


def _migration_usd(option: Option) -> float:
    return sum(line.usd_per_month for line in option.lines if line.kind == "migration")


def _cash(option: Option, cost: Array) -> Array:
    """When the cost of each month is paid: migration at once, the rest month by month."""
    migration = _migration_usd(option)
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
