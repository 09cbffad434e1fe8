"""Every allowed option, cheapest first: API options, the fleets that carry everything, and a hybrid where it is clearly
cheaper."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from calculators.fleet.leading_fleets import worth_comparing
from calculators.fleet.staircase import Staircase
from calculators.options.build import build_options
from calculators.options.commitment import with_unused
from calculators.options.cost_curves import OptionCurves
from calculators.options.fleet_costs import FleetCosts, MonthlyCosts
from calculators.options.hybrid import cheapest_hybrid
from calculators.options.month_path import changes_words
from calculators.options.option import CLOSE_FRAC, Option
from calculators.options.shortlist import AllowedOptions
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.committed_spend import NOTHING_COMMITTED
from calculators.scenario.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Ranking:
    """The allowed options by monthly cost, cheapest first, and the hybrid that is not clearly cheaper than the others."""

    options: tuple[Option, ...]
    hidden_hybrid: Option | None = None
    """Cheaper than every option, but by less than `CLOSE_FRAC`."""
    changes: str = ""
    """What changes over the horizon, as of `month_path.changes_words`."""
    cheapest_routed: Option | None = None
    """The cheapest API option that routes easy requests, whether or not that pays."""


def ranking(allowed: AllowedOptions, bounds: SpeedBounds, curves: OptionCurves) -> Ranking:
    """The ranking of the allowed options, with their `curves_of`. A hybrid is an option only where it is clearly cheaper than
    everything else: it takes two systems to run."""
    inputs = curves.inputs
    monthly = curves.by_month(curves.points(1))
    leading = _leading(allowed, curves.staircases, monthly.builds)
    volume = np.asarray(inputs.demand.requests_per_month)
    rents_usd = np.array([float(one.rent_usd_per_month(volume)) for one in leading])
    builds = build_options(leading, rents_usd, bounds, allowed.lines, inputs)
    options, hidden = sorted([*allowed.buys, *curves.api.routed, *builds], key=_by_cost), None
    hybrid = cheapest_hybrid(builds, allowed, inputs)
    if hybrid is not None and hybrid.usd_per_month < options[0].usd_per_month * (1 - CLOSE_FRAC):
        options = [hybrid, *options]
    elif hybrid is not None and hybrid.usd_per_month < options[0].usd_per_month:
        hidden = hybrid
    changes = changes_words(curves.every_month, curves.staircases, inputs)
    compared = _with_horizon_means(options, curves, monthly) if changes else tuple(options)
    routed = min(routed_in(compared), key=lambda o: (o.decisive_usd_per_month, o.usd_per_month), default=None)
    return Ranking(_worth_routing(compared, routed), hidden, changes, routed)


def _leading(allowed: AllowedOptions, staircases: Sequence[Staircase], builds: FleetCosts) -> list[Staircase]:
    """The staircase of each group that leads in the first month of the horizon."""
    first = zip(builds.chosen[:, 0, 0].tolist(), builds.machines_usd[:, 0, 0].tolist(), strict=True)
    known = {(id(one.capacity), id(one.offer)) for one in allowed.stairs}
    leading = (staircases[i] for i, usd in first if np.isfinite(usd))
    return [one for one in leading if (id(one.capacity), id(one.offer)) in known]


def _worth_routing(options: Sequence[Option], routed: Option | None) -> tuple[Option, ...]:
    """The options, of those that route easy requests only the cheapest one, where it costs less than every API option that
    does not, today or over the horizon."""
    plain = [o for o in options if o.is_buy and o.kind != "routed_api"]
    is_worth = routed is not None and any(
        cost(routed) < min(map(cost, plain)) * (1 - 1e-9)
        for cost in (attrgetter("usd_per_month"), attrgetter("decisive_usd_per_month"))
    )
    return tuple(o for o in options if o.kind != "routed_api" or (is_worth and o is routed))


def routed_in(options: Sequence[Option]) -> list[Option]:
    """The API options that route easy requests to a small model."""
    return [option for option in options if option.kind == "routed_api"]


def without_undercut(allowed: AllowedOptions) -> AllowedOptions:
    """The allowed options without the staircases that another one undercuts at every volume. Of two fleets that cost the same
    today, the one that carries more then counts, as in the curves."""
    keep = worth_comparing(allowed.stairs)
    return replace(allowed, stairs=tuple(allowed.stairs[i] for i in keep), rents_usd=allowed.rents_usd[keep])


def _by_cost(option: Option) -> tuple[float, str]:
    return option.usd_per_month, option.label


def rank_options(allowed: AllowedOptions, bounds: SpeedBounds, inputs: Inputs) -> list[Option]:
    """The allowed options by monthly cost, cheapest first."""
    compared = without_undercut(allowed)
    return list(ranking(compared, bounds, curves_of(compared, inputs)).options)


def without_commitment(allowed: AllowedOptions) -> AllowedOptions:
    """The allowed options as they were if no spend were committed."""
    buys, easy = (
        tuple(with_unused(replace(buy, committed=NOTHING_COMMITTED)) for buy in each)
        for each in (allowed.buys, allowed.easy)
    )
    lines = tuple(line for line in allowed.lines if line.kind != "unused_commitment")
    return replace(allowed, buys=buys, easy=easy, lines=lines)


def as_ranked(options: Sequence[Option], ranked: Sequence[Option]) -> list[Option]:
    """The options as they stand in the ranking, with its means and ranges."""
    by_name = {(option.kind, option.label): option for option in ranked}
    return [by_name[option.kind, option.label] for option in options]


def curves_of(allowed: AllowedOptions, inputs: Inputs) -> OptionCurves:
    """The curves of the allowed options, with the purchased servers that step in where no rented fleet serves."""
    stairs = (*allowed.stairs, *allowed.standby)
    return OptionCurves.of(allowed, stairs, inputs)


def _with_horizon_means(options: Sequence[Option], curves: OptionCurves, monthly: MonthlyCosts) -> tuple[Option, ...]:
    """The options with their mean cost over the months of the horizon."""
    costs = curves.mean_of(monthly)
    buys = {id(option): float(usd) for option, usd in zip(curves.buys, costs.buys_usd[:, 0], strict=True)}
    builds = {group: float(usd) for group, usd in zip(curves.groups, costs.builds_usd[:, 0], strict=True)}
    hybrids = {group: float(usd) for group, usd in zip(curves.groups, costs.hybrids_usd[:, 0], strict=True)}

    def mean(option: Option) -> float:
        if option.plan is None:
            return buys[id(option)]
        group = option.plan.config.model.id, option.plan.offer.is_owned
        return hybrids[group] if option.kind == "hybrid" else builds[group]

    return tuple(replace(option, horizon_usd_per_month=mean(option)) for option in options)
