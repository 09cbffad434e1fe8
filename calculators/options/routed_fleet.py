"""Fleets for the hard requests, with the easy ones sent to a small model at an API: what a fleet, or a hybrid, costs at the
volume that is left, plus one linear bill."""

from dataclasses import replace

import numpy as np

from calculators.fleet.operating_costs import CostLine, unused_commitment_lines
from calculators.fleet.staircase import rents_matrix
from calculators.options.build import build_options
from calculators.options.commitment import with_unused
from calculators.options.hybrid import cheapest_hybrid
from calculators.options.option import Option
from calculators.options.routing import (
    cheapest_of_each_kind,
    easy_frac,
    easy_lines,
    easy_model_name,
    line_at_share,
    option_at_share,
    used_by_both,
)
from calculators.options.shortlist import AllowedOptions
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.committed_spend import NOTHING_COMMITTED, CommittedSpend
from calculators.scenario.demand import at_volume
from calculators.scenario.inputs import Inputs
from calculators.units import percent


def cheapest_routed_fleet(allowed: AllowedOptions, bounds: SpeedBounds, inputs: Inputs) -> Option | None:
    """The cheapest fleet for the hard requests, all of them or their base load, beside the cheapest small model for the easy
    ones; None where none is routed."""
    frac = easy_frac(inputs)
    if not allowed.stairs or not allowed.easy or not 0 < frac < 1:
        return None
    easy = min(cheapest_of_each_kind(allowed.easy), key=lambda option: _usd_at_share(option, frac))
    hard = Inputs.of(at_volume(inputs.scenario, inputs.demand.requests_per_month * (1 - frac)), inputs.catalog)
    left = _for_the_hard(allowed, easy, hard, frac)
    builds = build_options(left.stairs, left.rents_usd, bounds, left.lines, hard)
    fleets = (*builds, cheapest_hybrid(builds, left, hard))
    best = min((one for one in fleets if one is not None), key=lambda one: one.usd_per_month, default=None)
    return None if best is None else _with_easy(best, easy, frac)


def _usd_at_share(option: Option, frac: float) -> float:
    """Without what it leaves unused of a commitment."""
    assert option.bill is not None
    return option.bill.usd_per_month * frac + option.fixed_usd_per_month


def _for_the_hard(allowed: AllowedOptions, easy: Option, hard: Inputs, frac: float) -> AllowedOptions:
    """The allowed options at the volume of the hard requests, with what the small model's bill leaves to be spent of a
    commitment."""
    assert easy.bill is not None
    spent_usd = float(easy.committed.spent_usd(easy.bill.usd_per_month * frac))
    buys = tuple(
        with_unused(replace(buy, committed=_after(buy.committed, spent_usd)))
        for buy in (option_at_share(buy, 1 - frac) for buy in allowed.buys)
    )
    lines = (_at_hard(line, frac) for line in allowed.lines if line.kind != "unused_commitment")
    return replace(
        allowed,
        rents_usd=rents_matrix(allowed.stairs, np.array([hard.demand.requests_per_month]))[:, 0],
        buys=buys,
        lines=(*lines, *unused_commitment_lines(_after(easy.committed, spent_usd), 0.0)),
    )


def _after(committed: CommittedSpend, spent_usd: float) -> CommittedSpend:
    if committed is NOTHING_COMMITTED:
        return committed
    return replace(committed, usd_per_month=committed.usd_per_month - spent_usd)


def _at_hard(line: CostLine, frac: float) -> CostLine:
    """A line of a fleet's other costs: network egress goes with the requests, the others stay."""
    if line.kind != "network_egress":
        return line
    return line_at_share(line, 1 - frac)


def _with_easy(fleet: Option, easy: Option, frac: float) -> Option:
    """A fleet, or a hybrid, for the hard requests with the small model beside it."""
    small = easy_lines(easy, frac)
    overflow_usd = sum(line.usd_per_month for line in fleet.lines if line.kind == "overflow_api")
    hard_words = "" if fleet.kind == "hybrid" else " for the hard requests"
    return with_unused(
        replace(
            fleet,
            kind="hybrid",
            label=f"{fleet.label}{hard_words}, {easy.label} for the easy {percent(frac)}",
            lines=(*fleet.lines, *small),
            products=(*fleet.products, *easy.bought),
            easy_model=easy_model_name(easy),
            easy_frac=frac,
            committed=used_by_both(fleet.committed, easy.committed, overflow_usd, small[0].usd_per_month),
        )
    )
