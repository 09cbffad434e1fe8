"""The cheapest mix of terms for a load: bought or reserved machines below, on demand and spot above, an API beyond.

Machines are ranked: the k-th is on in the hours in which k - 1 cannot carry the load, so that each rank is needed no longer than
the one before. A committed machine costs the same at any number of hours, one by the hour in proportion: the screening curves by
which power plants are chosen (Stoft, Power System Economics, 2002, part 2). The best mix is then n committed machines, the ranks
up to J by the hour and the API above; every pair (n, J) is priced, so the answer is exact for machines of one size without a
separate prefill pool. Requests that can wait fill what is left free; the rest of them go where they cost less, to more hours of
these machines or to the batch API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.capacity_terms import MachineTerm, TermPrices
from calculators.fleet.load_by_hour import RankHours
from calculators.scenario.demand import Array
from calculators.units import HOURS_PER_MONTH

API_ONLY = "API only"
MIX_CELLS = 1_000_000
"""Pairs (n, J) that are priced at once."""


@dataclass(frozen=True, slots=True)
class ApiPrices:
    """What an API bills for all requests of the month."""

    label: str
    unbatched_usd_per_month: float
    batched_usd_per_month: float
    fixed_usd_per_month: float = 0.0
    """What using it costs besides its bill, at any volume."""


@dataclass(frozen=True, slots=True)
class MixQuestion:
    """What a mix is chosen from."""

    hours: RankHours
    terms: TermPrices
    api: ApiPrices | None = None
    """None: no API may take the overflow."""
    beside_usd_per_month: float = 0.0
    """What self-hosting costs besides machines, as soon as there is one."""
    spot_overhead_ratio: float = 1.0
    """Hours of spot that an hour of work takes: 1 + interruptions per hour x start-up hours."""
    spot_covered_count: int = 0
    """Spot machines that may carry requests which cannot wait: as many as the spares can stand in for."""
    regret_usd: Array | None = None
    """(t, k) what each committed term costs a rank beside its price, because fewer hours are needed later. None: nothing."""

    @property
    def committed_usd(self) -> Array:
        """(t, k) price of each committed term at each rank, USD/month; inf beyond the machines that there are."""
        ranks = np.arange(len(self.hours.on_h))
        prices = [np.where(ranks < term.most_count, term.usd_per_month, np.inf) for term in self.terms.committed]
        return np.array(prices).reshape(-1, ranks.size) + (0.0 if self.regret_usd is None else self.regret_usd)

    @property
    def on_demand_usd_per_h(self) -> float:
        return self.terms.on_demand.usd_per_h if self.terms.on_demand else np.inf

    @property
    def spot_usd_per_h(self) -> float:
        """With what interruptions add."""
        return self.terms.spot.usd_per_h * self.spot_overhead_ratio if self.terms.spot else np.inf

    @property
    def waiting_usd_per_h(self) -> float:
        """A machine-hour for requests that can wait: whichever costs less."""
        return min(self.on_demand_usd_per_h, self.spot_usd_per_h)


@dataclass(frozen=True, slots=True)
class MixShare:
    """Machines on one term."""

    term: MachineTerm
    machines: int
    """In each region."""
    usd_per_month: float
    most_on_h: float
    """Hours a month in which the first of them is needed."""
    least_on_h: float
    regret_usd_per_month: float = 0.0
    """Of `usd_per_month`, for later months in which fewer hours are needed."""


@dataclass(frozen=True, slots=True)
class CapacityMix:
    """The cheapest mix, and what each term alone would cost."""

    shares: tuple[MixShare, ...]
    """In the order of the ranks, the longest needed first."""
    api_usd_per_month: float
    """For requests above all machines, and those that wait for the batch API."""
    overflow_frac: float
    """Share of all requests that cannot wait and go to the API."""
    batched_frac: float
    """Share of all requests that go to the batch API."""
    waiting_usd_per_month: float
    """For hours in which machines run only for requests that can wait."""
    waiting_machine_h: float
    beside_usd_per_month: float
    single_usd: Mapping[str, float]
    """Everything on one term, or the API only, in USD/month."""
    question: MixQuestion = field(repr=False)

    @property
    def usd_per_month(self) -> float:
        machines = sum(share.usd_per_month for share in self.shares)
        return machines + self.api_usd_per_month + self.waiting_usd_per_month + self.beside_usd_per_month

    @property
    def machine_count(self) -> int:
        """Ranks that are machines; what they do not carry goes to the API."""
        return sum(share.machines * share.term.ranks_count for share in self.shares)

    @property
    def best_single(self) -> tuple[str, float]:
        """The cheapest single term, and its cost."""
        return min(self.single_usd.items(), key=lambda item: item[1])

    @property
    def saving_usd_per_month(self) -> float:
        """Against the best single term."""
        return self.best_single[1] - self.usd_per_month


def capacity_mix(asked: MixQuestion) -> CapacityMix | None:
    """The cheapest mix; None where neither machines nor an API carry the load."""
    cover_usd, last_term = committed_cover(asked.committed_usd, _sizes(asked.terms.committed))
    committed, ranks, usd = _cheapest_pair(asked, cover_usd)
    if not np.isfinite(usd):
        return None
    spots = min(_spot_count(asked), ranks - committed)
    shares = [*_committed_shares(asked, last_term, committed)]
    shares += _hourly_shares(asked, committed, committed + spots, ranks)
    waiting = _waiting(asked, np.array(committed), np.array(ranks))
    over = float(asked.hours.overflow_frac[ranks])
    batched, hours = float(waiting.batched_frac), float(waiting.machine_h)
    return CapacityMix(
        shares=tuple(shares),
        api_usd_per_month=float(_api_usd(asked.api, np.array(over), np.array(batched))),
        overflow_frac=over,
        batched_frac=batched,
        waiting_usd_per_month=float(_priced(asked.waiting_usd_per_h, np.array(hours))),
        waiting_machine_h=hours,
        beside_usd_per_month=asked.beside_usd_per_month if ranks else 0.0,
        single_usd=single_costs_usd(asked),
        question=asked,
    )


def committed_cover(price_usd: Array, sizes: Sequence[int]) -> tuple[Array, NDArray[np.intp]]:
    """The least that commits the first n ranks, and the term of the last machine: G(n) = min over t of price(t, n) + G(n - size
    of t), G(0) = 0. `price_usd` (t, k); both answers (k + 1,), inf and -1 without a term."""
    ranks = price_usd.shape[1]
    cover, last = np.full(ranks + 1, np.inf), np.full(ranks + 1, -1, dtype=np.intp)
    cover[0] = 0.0
    for n in range(1, ranks + 1):
        each = [price_usd[t, n - 1] + cover[max(n - size, 0)] for t, size in enumerate(sizes)]
        if each:
            last[n] = int(np.argmin(each))
            cover[n] = each[last[n]]
    return cover, last


def _sizes(terms: Sequence[MachineTerm]) -> list[int]:
    return [term.ranks_count for term in terms]


def _spot_count(asked: MixQuestion) -> int:
    """Ranks by the hour that run on spot, the longest needed first: none where spot costs more than on demand."""
    return asked.spot_covered_count if asked.spot_usd_per_h < asked.on_demand_usd_per_h else 0


def _cheapest_pair(asked: MixQuestion, cover_usd: Array) -> tuple[int, int, float]:
    """Committed ranks n, ranks J that are machines, and the cost of the cheapest pair."""
    ranks = np.arange(len(asked.hours.on_h) + 1)
    step = max(1, MIX_CELLS // len(ranks))
    best = (0, 0, np.inf)
    for start in range(0, len(ranks), step):
        rows = ranks[start : start + step, None]
        usd = pair_costs_usd(asked, cover_usd, rows, ranks)
        n, j = np.unravel_index(int(np.argmin(usd)), usd.shape)
        if usd[n, j] < best[2] - 1e-9:
            best = (int(rows[n, 0]), int(j), float(usd[n, j]))
    return best


def pair_costs_usd(asked: MixQuestion, cover_usd: Array, committed: NDArray[np.intp], ranks: NDArray[np.intp]) -> Array:
    """Cost of `committed` ranks n, those up to J by the hour and the API above them, USD/month; inf where the load is not
    carried. The arguments broadcast: beside + G(n) + hours by the hour x price + API x overflow(J) + what waits."""
    hours = asked.hours
    billed = np.append(0.0, np.cumsum(hours.billed_h))
    spot_end = np.minimum(committed + _spot_count(asked), np.maximum(ranks, committed))
    usd = np.where(ranks > 0, asked.beside_usd_per_month, 0.0) + cover_usd[committed]
    usd = usd + _priced(asked.spot_usd_per_h, billed[spot_end] - billed[committed])
    usd = usd + _priced(asked.on_demand_usd_per_h, np.maximum(billed[ranks] - billed[spot_end], 0.0))
    waiting = _waiting(asked, committed, ranks)
    usd = usd + _priced(asked.waiting_usd_per_h, waiting.machine_h)
    usd = usd + _api_usd(asked.api, hours.overflow_frac[ranks], waiting.batched_frac)
    return np.where(ranks >= committed, usd, np.inf)


def _api_usd(api: ApiPrices | None, overflow_frac: Array, batched_frac: Array) -> Array:
    """What the API costs for these shares of all requests; inf without one. Same shape as the arguments."""
    if api is None:
        return _priced(np.inf, overflow_frac + batched_frac)
    bill = overflow_frac * api.unbatched_usd_per_month + batched_frac * api.batched_usd_per_month
    return np.asarray(bill + np.where(overflow_frac + batched_frac > 1e-12, api.fixed_usd_per_month, 0.0))


def _priced(usd: float, amount: Array) -> Array:
    """Amount x price; nothing costs nothing, at no price too (infinite)."""
    some = amount > 1e-12
    return np.where(some, np.where(some, amount, 1.0) * usd, 0.0)


@dataclass(frozen=True, slots=True)
class _Waiting:
    machine_h: Array
    """Machine-hours beyond those of requests that cannot wait."""
    batched_frac: Array


def _waiting(asked: MixQuestion, committed: NDArray[np.intp], ranks: NDArray[np.intp]) -> _Waiting:
    """Where requests that can wait go, beyond the room that is free: room = capacity x hours that are paid - the others' work."""
    hours = asked.hours
    if not hours.waiting_frac:
        none = np.zeros(np.broadcast_shapes(np.shape(committed), np.shape(ranks)))
        return _Waiting(none, none)
    work = np.append(0.0, np.cumsum(hours.slice_ratio * hours.on_h / HOURS_PER_MONTH))
    paid = hours.carried_ratio[committed] + np.maximum(work[ranks] - work[committed], 0.0)
    prompt = 1 - hours.waiting_frac - hours.overflow_frac[ranks]
    rest = np.maximum(hours.waiting_frac - np.maximum(paid - prompt, 0.0), 0.0)
    off = np.maximum(hours.carried_ratio[ranks] - paid, 0.0)
    by_machine = np.where(_waits_on_machines(asked, rest, off, hours.overflow_frac[ranks]), np.minimum(rest, off), 0.0)
    return _Waiting(by_machine * HOURS_PER_MONTH / machine_load_ratio(hours), rest - by_machine)


def _waits_on_machines(asked: MixQuestion, rest: Array, off: Array, overflow_frac: Array) -> NDArray[np.bool_]:
    """Whether more machine-hours cost less than the batch API, which alone may bring the cost of an API besides its bill."""
    if asked.api is None:
        return np.ones(rest.shape, dtype=bool)
    usd_per_load = asked.waiting_usd_per_h * HOURS_PER_MONTH / machine_load_ratio(asked.hours)
    is_whole = (off >= rest) & (overflow_frac == 0)
    fixed_usd = np.where(is_whole, asked.api.fixed_usd_per_month, 0.0)
    return np.asarray(_priced(usd_per_load, rest) <= rest * asked.api.batched_usd_per_month + fixed_usd)


def machine_load_ratio(hours: RankHours) -> float:
    """Load that one machine carries when it holds no spare, over the mean."""
    return float(hours.slice_ratio.max()) if len(hours.on_h) else 1.0


def single_costs_usd(asked: MixQuestion) -> Mapping[str, float]:
    """Everything on one term, or the API only, in USD/month; terms on which the load cannot be carried are left out. Spot alone
    counts where its machines are covered by spares."""
    every = np.array(len(asked.hours.on_h))
    costs: dict[str, float] = {}
    for t, term in enumerate(asked.terms.committed):
        cover, _ = committed_cover(asked.committed_usd[t : t + 1], [term.ranks_count])
        _keep_least(costs, term.name, float(pair_costs_usd(asked, cover, every, every)))
    cover, none = np.append(0.0, np.full(int(every), np.inf)), np.array(0)
    steady = replace(asked, terms=replace(asked.terms, spot=None))
    _keep_least(costs, "on demand", float(pair_costs_usd(steady, cover, none, every)))
    taken_back = replace(asked, terms=replace(asked.terms, on_demand=None))
    _keep_least(costs, "spot", float(pair_costs_usd(taken_back, cover, none, every)))
    _keep_least(costs, API_ONLY, float(pair_costs_usd(asked, cover, none, none)))
    return costs


def _keep_least(costs: dict[str, float], name: str, usd: float) -> None:
    if usd < costs.get(name, np.inf):
        costs[name] = usd


def _committed_shares(asked: MixQuestion, last_term: NDArray[np.intp], committed: int) -> list[MixShare]:
    """The committed machines by term, from the chosen cover of the first ranks."""
    spans: dict[int, list[tuple[int, int]]] = {}
    end = committed
    while end > 0:
        t = int(last_term[end])
        start = max(end - asked.terms.committed[t].ranks_count, 0)
        spans.setdefault(t, []).append((start, end))
        end = start
    prices, on_h = asked.committed_usd, asked.hours.on_h
    shares = []
    for t, of_term in spans.items():
        term, usd = asked.terms.committed[t], sum(float(prices[t, end - 1]) for _, end in of_term)
        share = MixShare(
            term=term,
            machines=len(of_term),
            usd_per_month=usd,
            most_on_h=float(max(on_h[start] for start, _ in of_term)),
            least_on_h=float(min(on_h[start] for start, _ in of_term)),
            regret_usd_per_month=usd - len(of_term) * term.usd_per_month,
        )
        shares.append(share)
    return sorted(shares, key=lambda share: (-share.most_on_h, -share.least_on_h, -share.term.term_months))


def _hourly_shares(asked: MixQuestion, start: int, spot_end: int, end: int) -> list[MixShare]:
    """Machines by the hour: spot for the ranks up to `spot_end`, then on demand."""
    hours, shares = asked.hours, list[MixShare]()
    for term, first, last, usd_per_h in (
        (asked.terms.spot, start, spot_end, asked.spot_usd_per_h),
        (asked.terms.on_demand, spot_end, end, asked.on_demand_usd_per_h),
    ):
        if term is not None and last > first:
            usd = float(hours.billed_h[first:last].sum()) * usd_per_h
            on_h = hours.on_h[first:last]
            shares.append(MixShare(term, last - first, usd, float(on_h[0]), float(on_h[-1])))
    return shares


def later_regret_usd(later_hourly_usd: Array, now_hourly_usd: Array, terms: Sequence[MachineTerm]) -> Array:
    """What a commitment costs beside its price, where volume falls (t, k): the cost by the hour today less its mean over the
    months of the term, at least 0. `later_hourly_usd` (months, k), the last month standing for all after it; `now_hourly_usd`
    (k,)."""
    rows = []
    for term in terms:
        months = np.minimum(np.arange(max(term.term_months, 1)), len(later_hourly_usd) - 1)
        rows.append(np.maximum(now_hourly_usd - later_hourly_usd[months].mean(axis=0), 0.0))
    return np.array(rows).reshape(len(terms), now_hourly_usd.size)
