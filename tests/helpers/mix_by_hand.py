"""Terms with typed prices, and the best mix found by trying every one."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
from support import staircase

from calculators.catalog.catalog import Catalog
from calculators.fleet.capacity_mix import ApiPrices, MixQuestion
from calculators.fleet.capacity_terms import MachineTerm, TermPrices, term_prices
from calculators.fleet.load_by_hour import RankHours, rank_hours
from calculators.fleet.staircase import Staircase
from calculators.scenario.schema import Workload

MONTHLY_USD = {"3y": 876.0, "1y": 1_168.0, "on_demand": 1_460.0, "spot": 730.0}
"""$1.20, $1.60, $2 and $1 an hour."""


def on_term(
    catalog: Catalog, commitment: str, usd: float, replica_req: float = 100_000, size: int = 1, spares: int = 0
) -> Staircase:
    """Machines of `size` replicas on a term, `usd` a month always on."""
    plain = staircase(catalog, replica_req, usd, replicas_per_machine=size, spare_replicas=spares)
    basis = "owned" if commitment == "owned" else "list"
    return replace(plain, offer=replace(plain.offer, commitment=commitment, basis=basis))


def terms_by_hand(catalog: Catalog, prices: dict[str, float], **changes: float) -> TermPrices:
    """One offer of each term, of machines of one replica."""
    stairs = [on_term(catalog, name, usd, **changes) for name, usd in prices.items()]
    terms = term_prices(stairs, 1, 48)
    assert terms is not None
    return terms


def question(
    catalog: Catalog,
    asked: Workload,
    prices: dict[str, float],
    api_usd: float | None = None,
    cold_start_h: float = 0.0,
    spares: int = 0,
    **changes: float,
) -> MixQuestion:
    """A question whose replicas carry 100,000 requests a month at the peak."""
    terms = terms_by_hand(catalog, prices, spares=spares)
    return MixQuestion(
        hours=rank_hours(terms.smallest, asked, cold_start_h),
        terms=terms,
        api=None if api_usd is None else ApiPrices("API", api_usd, api_usd / 2, api_usd / 20),
        spot_covered_count=spares,
        **changes,
    )


def hours_by_hand(on_h: list[float], overflow_frac: list[float]) -> RankHours:
    """Ranks that are on for so long, without start-up time."""
    hours = np.array(on_h, dtype=float)
    return RankHours(
        carried_ratio=np.arange(len(on_h) + 1.0),
        month_on_h=hours[None],
        month_billed_h=hours[None],
        month_overflow_frac=np.array([overflow_frac]),
        waiting_frac=0.0,
        carries_peak=True,
        peak_load_ratio=float(len(on_h)),
    )


def every_mix_usd(asked: MixQuestion) -> Iterator[float]:
    """Cost of every choice: any ranks committed, any others on spot as far as spares cover it, the API above any rank."""
    hours, api = asked.hours, asked.api
    for ranks in range(len(hours.on_h) + 1):
        over = hours.overflow_frac[ranks]
        if over > 0 and api is None:
            continue
        base = (asked.beside_usd_per_month if ranks else 0.0) + (
            over * api.unbatched_usd_per_month + (api.fixed_usd_per_month if over else 0.0) if api else 0.0
        )
        for committed in _subsets(range(ranks)):
            spares = [k for k in range(ranks) if not hours.slice_ratio[k]]
            if hours.waiting_frac and set(committed) - set(spares) and set(spares) - set(committed):
                continue  # a machine has no room for more before the spares are there
            hourly = [k for k in range(ranks) if k not in committed]
            for spot in _subsets(hourly, asked.spot_covered_count):
                if spot and asked.terms.spot is None:
                    continue
                usd = base + sum(hours.billed_h[k] * asked.spot_usd_per_h for k in spot)
                steady = [k for k in hourly if k not in spot]
                usd += sum(hours.billed_h[k] * asked.on_demand_usd_per_h for k in steady if hours.billed_h[k] > 1e-12)
                usd += least_cover_usd(list(asked.terms.committed), len(committed))
                yield usd + _waiting_usd(asked, committed, ranks, over)


def _subsets(ranks: range | list[int], most: int | None = None) -> Iterator[tuple[int, ...]]:
    for size in range(min(len(ranks), len(ranks) if most is None else most) + 1):
        yield from combinations(ranks, size)


def least_cover_usd(terms: list[MachineTerm], ranks: int) -> float:
    """The cheapest machines that stand in for so many ranks, by trying each for the next."""
    if ranks <= 0:
        return 0.0
    each = [term.usd_per_month + least_cover_usd(terms, ranks - term.ranks_count) for term in terms]
    return min(each, default=np.inf)


def _waiting_usd(asked: MixQuestion, committed: tuple[int, ...], ranks: int, over: float) -> float:
    """What the requests that wait cost beyond free room, at the cheaper of more machine-hours and the batch API."""
    hours = asked.hours
    if not hours.waiting_frac:
        return 0.0
    on = [1.0 if k in committed else hours.on_h[k] / 730 for k in range(ranks)]
    paid = sum(share * size for share, size in zip(on, hours.slice_ratio, strict=False))
    off = hours.carried_ratio[ranks] - paid
    rest = max(hours.waiting_frac - max(paid - (1 - hours.waiting_frac - over), 0), 0)
    per_load = asked.waiting_usd_per_h * 730 / hours.slice_ratio.max()
    batch = np.inf if asked.api is None else asked.api.batched_usd_per_month
    costs = []
    for on_machines in (min(rest, off), 0.0):
        left = rest - on_machines
        fixed = asked.api.fixed_usd_per_month if asked.api and not over and left > 1e-12 else 0.0
        usd = on_machines * per_load if on_machines > 1e-12 else 0.0
        costs.append(usd + fixed + (left * batch if left > 1e-12 else 0.0))
    return min(costs)
