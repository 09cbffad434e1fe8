"""Every allowed option, cheapest first: API options, the fleets that carry everything, and a hybrid where it is clearly
cheaper."""

from collections.abc import Sequence
from dataclasses import replace

from calculators.fleet.staircase import Staircase
from calculators.options.build import build_options
from calculators.options.cost_curves import OptionCurves
from calculators.options.hybrid import hybrid_option
from calculators.options.option import CLOSE_FRAC, Option, best_buy
from calculators.options.shortlist import AllowedOptions
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.inputs import Inputs


def rank_options(allowed: AllowedOptions, bounds: SpeedBounds, inputs: Inputs) -> list[Option]:
    """The allowed options by monthly cost, cheapest first."""
    builds = build_options(allowed.stairs, allowed.rents_usd, bounds, allowed.lines, inputs)
    hybrids = _cheapest_hybrid(builds, allowed.buys, allowed.stairs, inputs)
    options = sorted([*allowed.buys, *builds, *hybrids], key=lambda option: (option.usd_per_month, option.label))
    return (
        with_horizon_means(options, curves_of(allowed, inputs))
        if inputs.scenario.workload.growth_per_month_frac
        else options
    )


def curves_of(allowed: AllowedOptions, inputs: Inputs) -> OptionCurves:
    """The curves of the allowed options."""
    return OptionCurves.of(allowed.buys, allowed.stairs, allowed.lines, inputs, allowed.servers_are_fallback)


def with_horizon_means(options: Sequence[Option], curves: OptionCurves) -> list[Option]:
    """The options with their mean cost over the months of the horizon."""
    costs = curves.costs(curves.points(1))
    buys = {id(option): float(usd) for option, usd in zip(curves.buys, costs.buys_usd[:, 0], strict=True)}
    builds = {group: float(usd) for group, usd in zip(curves.groups, costs.builds_usd[:, 0], strict=True)}
    hybrids = {group: float(usd) for group, usd in zip(curves.groups, costs.hybrids_usd[:, 0], strict=True)}

    def mean(option: Option) -> float:
        if option.plan is None:
            return buys[id(option)]
        group = option.plan.config.model.id, option.plan.offer.is_owned
        return hybrids[group] if option.kind == "hybrid" else builds[group]

    return [replace(option, horizon_usd_per_month=mean(option)) for option in options]


def _cheapest_hybrid(
    builds: Sequence[Option], buys: Sequence[Option], staircases: Sequence[Staircase], inputs: Inputs
) -> list[Option]:
    """The cheapest fleet for the base load only, where it is clearly cheaper than everything else: it takes two systems to
    run."""
    if not builds or not buys:
        return []
    best = best_buy(buys)
    bar = min(o.usd_per_month for o in (*builds, *buys)) * (1 - CLOSE_FRAC)
    by_plan = {(id(one.capacity), id(one.offer)): one for one in staircases}
    plans = ((build, build.plan) for build in builds if build.plan is not None)
    hybrids = (hybrid_option(build, by_plan[id(p.capacity), id(p.offer)], best, inputs) for build, p in plans)
    return sorted((o for o in hybrids if o is not None and o.usd_per_month < bar), key=lambda o: o.usd_per_month)[:1]
