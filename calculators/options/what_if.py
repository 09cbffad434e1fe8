"""The allowed options again, under changed inputs: another scenario, or prices that all moved by a factor."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.replica_capacity import replica_capacities
from calculators.fleet.sizing import Sized
from calculators.fleet.staircase import staircases_on
from calculators.options.commitment import with_unused
from calculators.options.cost_curves import OptionCurves
from calculators.options.month_path import at_prices_of
from calculators.options.option import Option
from calculators.options.ranking import rank_options
from calculators.options.shortlist import (
    AllOptions,
    AllowedOptions,
    allowed_options,
    assess_options,
    enumerate_options,
    newest_of,
    priced_buys,
    priced_easy,
)
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.inputs import Inputs


@dataclass(frozen=True, slots=True)
class PriceMoves:
    """Factors on prices: of today's model in all its forms, of hosted open models, of rented and of purchased machines."""

    today_price_ratio: float = 1.0
    hosted_price_ratio: float = 1.0
    rent_ratio: float = 1.0
    server_ratio: float = 1.0


NO_MOVES = PriceMoves()
MOST_RESIZED = 300
"""Configurations that are sized at each throughput that is tried."""


def allowed_again(inputs: Inputs, moves: PriceMoves = NO_MOVES, sized: Sized | None = None) -> AllowedOptions:
    """The allowed options of these inputs at moved prices. `sized`: as of `enumerate_options`."""
    every = enumerate_options(inputs, sized)
    if moves != NO_MOVES:
        every = moved(every, moves)
    return allowed_options(every, assess_options(every, inputs), inputs)


def ranked_again(inputs: Inputs, moves: PriceMoves = NO_MOVES, sized: Sized | None = None) -> list[Option]:
    """The allowed options of these inputs at moved prices, cheapest first, without their ranges. `sized`: as of
    `enumerate_options`."""
    return rank_options(allowed_again(inputs, moves, sized), SpeedBounds((), ()), inputs)


def ranked_on(day: date, inputs: Inputs, sized: Sized) -> list[Option]:
    """The allowed options at the API prices announced for a day, all else as today."""
    dated = at_prices_of(day, inputs)
    every = replace(enumerate_options(inputs, sized), buys=priced_buys(dated), easy=priced_easy(dated))
    allowed = allowed_options(every, assess_options(every, inputs), inputs)
    return rank_options(allowed, SpeedBounds((), ()), inputs)


def moved(every: AllOptions, moves: PriceMoves) -> AllOptions:
    """All options at moved prices."""
    buys, easy = (
        tuple(replace(buy, option=_at_price(buy.option, _price_ratio(buy.option, moves))) for buy in each)
        for each in (every.buys, every.easy)
    )
    offers = {id(s.offer): _at_rent(s.offer, moves) for s in every.stairs}
    ratios = [_machine_ratio(s.offer, moves) for s in every.stairs]
    stairs = tuple(
        replace(s, offer=offers[id(s.offer)], machine_usd_per_month=s.machine_usd_per_month * ratio)
        for s, ratio in zip(every.stairs, ratios, strict=True)
    )
    return replace(every, buys=buys, easy=easy, stairs=stairs, rents_usd=every.rents_usd * ratios)


def _price_ratio(option: Option, moves: PriceMoves) -> float:
    return moves.hosted_price_ratio if option.kind == "hosted_open" else moves.today_price_ratio


def _machine_ratio(offer: MachineOffer, moves: PriceMoves) -> float:
    return moves.server_ratio if offer.is_owned else moves.rent_ratio


def _at_rent(offer: MachineOffer, moves: PriceMoves) -> MachineOffer:
    return replace(offer, usd_per_gpu_h=offer.usd_per_gpu_h * _machine_ratio(offer, moves))


def _at_price(option: Option, ratio: float) -> Option:
    """An API option whose bill is `ratio` times as high."""
    bill = option.bill
    assert bill is not None
    line, *others = option.lines
    usd = bill.usd_per_month * ratio
    then = replace(
        option,
        bill=replace(
            bill,
            usd_per_month=usd,
            usd_per_request=bill.usd_per_request * ratio,
            batch_saving_usd_per_month=bill.batch_saving_usd_per_month * ratio,
        ),
        lines=(replace(line, usd_per_month=usd, low_usd_per_month=usd, high_usd_per_month=usd), *others),
    )
    return with_unused(then)


def curves_at_throughput(fastest: AllowedOptions, inputs: Inputs) -> OptionCurves:
    """Curves of the options, sized again at the throughput of `inputs`. `fastest`: the options that are allowed at the
    highest throughput, since what meets a latency target at a lower one meets it there; of their configurations the
    `MOST_RESIZED` cheapest count. In their own order: of fleets that cost the same, the first one counts."""
    order = np.argsort(fastest.rents_usd, kind="stable").tolist()
    best = {(s.capacity.config.model.id, s.offer.is_owned): s for s in (fastest.stairs[i] for i in reversed(order))}
    cheapest = (*best.values(), *(fastest.stairs[i] for i in order), *fastest.standby)
    kept = set(list(dict.fromkeys(id(s.capacity.config) for s in cheapest))[:MOST_RESIZED])
    stairs = (*fastest.stairs, *fastest.standby)
    every = {id(s.capacity.config): s.capacity.config for s in stairs}
    resized, _ = replica_capacities([config for key, config in every.items() if key in kept], inputs)
    on_every = staircases_on(resized, {id(s.offer): s.offer for s in stairs}.values(), inputs)
    is_newest = newest_of(on_every, np.ones(len(on_every), dtype=bool))
    resized_stairs = tuple(on_every[i] for i in np.flatnonzero(is_newest).tolist())
    return OptionCurves.of(fastest.buys, resized_stairs, fastest.lines, inputs, fastest.servers_step_in, fastest.easy)
