"""The cheapest mix of terms for a load: bought or reserved machines below, on demand and spot above, an API beyond.

Machines are ranked: the k-th is on in the hours in which k - 1 cannot carry the load, so that each rank is needed no longer than
the one before. A committed machine costs the same at any number of hours, one by the hour in proportion: the screening curves by
which power plants are chosen (Stoft, Power System Economics, 2002, part 2). The best mix is then n committed machines, the ranks
up to J by the hour and the API above; every pair (n, J) is priced, so the answer is exact for machines of one size without a
separate prefill pool (where requests can wait, up to 1,000 machines: beyond, a grid of pairs is, and all beside the best of them). Requests that can wait fill what is left free; the rest of them go where they cost less, to more hours of
these machines or to the batch API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.capacity_terms import MachineTerm, TermPrices
from calculators.fleet.load_by_hour import RankHours
from calculators.scenario.demand import Array
from calculators.units import HOURS_PER_MONTH

API_ONLY = "API only"
MOST_RANKS = 1_000
"""So many machines of which every pair (n, J) is priced where requests can wait."""


@dataclass(frozen=True, slots=True)
class ApiPrices:
    """What an API bills for all requests of the month."""

    label: str
    unbatched_usd_per_month: float
    batched_usd_per_month: float
    fixed_usd_per_month: float = 0.0
    """What using it costs besides its bill, at any volume."""
    month_ratio: Array | None = field(default=None, compare=False)
    """(h,) price in each month of the horizon over today's. None: it keeps its price."""


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
    mixed_usd: Array | None = None
    """(t, k) as of `kept_usd`, of each committed term where other terms may stand in. None: its price in every month."""
    alone_usd: Array | None = None
    """(t, k) the same where nothing else may."""

    @property
    def committed_usd(self) -> Array:
        """(t, k) cost of each committed term at each rank, USD/month; inf beyond the machines that there are."""
        return self._limited(self.mixed_usd)

    @property
    def committed_alone_usd(self) -> Array:
        """(t, k) as `committed_usd`, where a load is carried on one term."""
        return self._limited(self.alone_usd)

    def _limited(self, usd: Array | None) -> Array:
        ranks, terms = np.arange(len(self.hours.on_h)), self.terms.committed
        most = np.array([term.most_count for term in terms]).reshape(-1, 1)
        each = np.array([term.usd_per_month for term in terms]).reshape(-1, 1) if usd is None else usd
        return np.where(ranks < most, each, np.inf)

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


@dataclass(frozen=True, slots=True)
class CapacityMix:
    """The cheapest mix, and what each term alone would cost."""

    shares: tuple[MixShare, ...]
    """In the order of the ranks, the longest needed first."""
    api_usd_per_month: float
    """For requests above all machines, and those that wait for the batch API."""
    overflow_frac: float
    """Requests that cannot wait and go to the API, over all of today's."""
    batched_frac: float
    """Requests that go to the batch API, over all of today's."""
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
    committed_usd = asked.committed_usd
    cover_usd, last_term = committed_cover(committed_usd, _sizes(asked.terms.committed))
    committed, ranks, usd = _cheapest_pair(asked, cover_usd)
    if not np.isfinite(usd):
        return None
    spots = min(_spot_count(asked), ranks - committed)
    shares = [*_committed_shares(asked, committed_usd, last_term, committed)]
    shares += _hourly_shares(asked, committed, committed + spots, ranks)
    waiting = _waiting(asked, np.array(committed), np.array(ranks))
    batched, hours = float(waiting.batched_frac), float(waiting.machine_h)
    return CapacityMix(
        shares=tuple(shares),
        api_usd_per_month=float(_api_usd(asked, np.array(ranks), np.array(batched))),
        overflow_frac=float(asked.hours.overflow_frac[ranks]),
        batched_frac=batched,
        waiting_usd_per_month=float(_priced(asked.waiting_usd_per_h * asked.hours.rent_ratio, np.array(hours))),
        waiting_machine_h=hours,
        beside_usd_per_month=asked.beside_usd_per_month if ranks else 0.0,
        single_usd=single_costs_usd(asked),
        question=asked,
    )


def committed_cover(price_usd: Array, sizes: Sequence[int]) -> tuple[Array, NDArray[np.intp]]:
    """The least that commits the first n ranks, and the term of the last machine: G(n) = min over t of price(t, n) + G(n - size
    of t), G(0) = 0. `price_usd` (t, k); both answers (k + 1,), inf and -1 without a term."""
    ranks, by_size = price_usd.shape[1], list[tuple[int, list[float], list[int]]]()
    for size in sorted(set(sizes)):
        terms = np.flatnonzero(np.asarray(sizes) == size)
        least = np.argmin(price_usd[terms], axis=0)
        by_size.append((size, price_usd[terms].min(axis=0).tolist(), terms[least].tolist()))
    cover, last = [0.0], [-1]
    for n in range(1, ranks + 1):
        usd, term = min(
            ((usd[n - 1] + cover[max(n - size, 0)], t[n - 1]) for size, usd, t in by_size), default=(np.inf, -1)
        )
        cover.append(usd)
        last.append(term)
    return np.array(cover), np.array(last, dtype=np.intp)


def _sizes(terms: Sequence[MachineTerm]) -> list[int]:
    return [term.ranks_count for term in terms]


def _spot_count(asked: MixQuestion) -> int:
    """Ranks by the hour that run on spot, the longest needed first: none where spot costs more than on demand."""
    return asked.spot_covered_count if asked.spot_usd_per_h < asked.on_demand_usd_per_h else 0


def _cheapest_pair(asked: MixQuestion, cover_usd: Array) -> tuple[int, int, float]:
    """Committed ranks n, ranks J that are machines, and the cost of the cheapest pair."""
    ranks = np.arange(len(asked.hours.on_h) + 1)
    if not asked.hours.waiting_frac:
        return _cheapest_of(asked, cover_usd, _worthwhile_committed(asked, cover_usd), ranks)
    step = ceil(len(ranks) / MOST_RANKS)
    grid = np.unique(np.append(ranks[::step], ranks[-1]))
    n, most, _ = _cheapest_of(asked, cover_usd, grid[:, None], grid)
    near, beside = (ranks[max(best - step, 0) : best + step + 1] for best in (n, most))
    return _cheapest_of(asked, cover_usd, near[:, None], beside)


def _cheapest_of(
    asked: MixQuestion, cover_usd: Array, committed: NDArray[np.intp], ranks: NDArray[np.intp]
) -> tuple[int, int, float]:
    """The cheapest pair among these; `committed` (m, 1) or (m, k + 1), `ranks` (k + 1,)."""
    usd = pair_costs_usd(asked, cover_usd, committed, ranks)
    row, column = np.unravel_index(int(np.argmin(usd)), usd.shape)
    n = np.broadcast_to(committed, usd.shape)[row, column]
    return int(n), int(ranks[column]), float(usd[row, column])


def _worthwhile_committed(asked: MixQuestion, cover_usd: Array) -> NDArray[np.intp]:
    """The numbers n of which one is best for each J (m, k + 1), where no request waits: those beside J, which leave no rank on
    demand, and the best of those that leave some, for what n saves does not depend on J then."""
    ranks, spots = np.arange(len(cover_usd)), _spot_count(asked)
    beside = [np.maximum(ranks - back, 0) for back in range(min(spots, ranks[-1]) + 1)]
    if asked.terms.on_demand is None:
        return np.array(beside)
    billed = np.append(0.0, np.cumsum(asked.hours.priced_h))
    end = np.minimum(ranks + spots, ranks[-1])
    lost = cover_usd + _priced(asked.spot_usd_per_h, billed[end] - billed) - asked.on_demand_usd_per_h * billed[end]
    least = np.minimum.accumulate(lost)
    first = np.maximum.accumulate(np.where(lost <= least, ranks, 0))
    return np.array([*beside, first[np.maximum(ranks - spots, 0)]])


def pair_costs_usd(asked: MixQuestion, cover_usd: Array, committed: NDArray[np.intp], ranks: NDArray[np.intp]) -> Array:
    """Cost of `committed` ranks n, those up to J by the hour and the API above them, USD/month; inf where the load is not
    carried. The arguments broadcast: beside + G(n) + hours by the hour x price + API x overflow(J) + what waits."""
    hours = asked.hours
    billed = np.append(0.0, np.cumsum(hours.priced_h))
    spot_end = np.minimum(committed + _spot_count(asked), np.maximum(ranks, committed))
    usd = np.where(ranks > 0, asked.beside_usd_per_month, 0.0) + cover_usd[committed]
    usd = usd + _priced(asked.spot_usd_per_h, billed[spot_end] - billed[committed])
    usd = usd + _priced(asked.on_demand_usd_per_h, np.maximum(billed[ranks] - billed[spot_end], 0.0))
    waiting = _waiting(asked, committed, ranks)
    usd = usd + _priced(asked.waiting_usd_per_h * hours.rent_ratio, waiting.machine_h)
    usd = usd + _api_usd(asked, ranks, waiting.batched_frac)
    return np.where(ranks >= committed, usd, np.inf)


def _api_usd(asked: MixQuestion, ranks: NDArray[np.intp], batched_frac: Array) -> Array:
    """What the API costs for requests above the first J ranks, and for a share of all requests in its batch API; inf without one.
    The arguments broadcast."""
    api, hours = asked.api, asked.hours
    some = hours.overflow_frac[ranks] + batched_frac
    if api is None:
        return _priced(np.inf, some)
    batched_usd = batched_frac * hours.bill_ratio * api.batched_usd_per_month
    bill = hours.priced_overflow_frac[ranks] * api.unbatched_usd_per_month + batched_usd
    return np.asarray(bill + np.where(some > 1e-12, api.fixed_usd_per_month, 0.0))


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
    room = np.append(0.0, np.cumsum(hours.slice_ratio * hours.month_used.mean(axis=0)))
    paid = room[committed] + np.maximum(work[ranks] - work[committed], 0.0)
    prompt = hours.load_ratio * (1 - hours.waiting_frac) - hours.overflow_frac[ranks] * hours.request_load_ratio
    rest = np.maximum(hours.load_ratio * hours.waiting_frac - np.maximum(paid - prompt, 0.0), 0.0)
    off = np.maximum(room[ranks] - paid, 0.0)
    by_machine = np.where(_waits_on_machines(asked, rest, off, hours.overflow_frac[ranks]), np.minimum(rest, off), 0.0)
    return _Waiting(
        by_machine * HOURS_PER_MONTH / machine_load_ratio(hours), (rest - by_machine) / hours.request_load_ratio
    )


def _waits_on_machines(asked: MixQuestion, rest: Array, off: Array, overflow_frac: Array) -> NDArray[np.bool_]:
    """Whether more machine-hours cost less than the batch API, which alone may bring the cost of an API besides its bill."""
    if asked.api is None:
        return np.ones(rest.shape, dtype=bool)
    hours = asked.hours
    usd_per_load = asked.waiting_usd_per_h * hours.rent_ratio * HOURS_PER_MONTH / machine_load_ratio(hours)
    usd_per_request = asked.api.batched_usd_per_month * hours.bill_ratio
    is_whole = (off >= rest) & (overflow_frac == 0)
    fixed_usd = np.where(is_whole, asked.api.fixed_usd_per_month, 0.0)
    return np.asarray(_priced(usd_per_load, rest) <= rest / hours.request_load_ratio * usd_per_request + fixed_usd)


def machine_load_ratio(hours: RankHours) -> float:
    """Load that one machine carries when it holds no spare, over the mean."""
    return float(hours.slice_ratio.max()) if len(hours.on_h) else 1.0


def single_costs_usd(asked: MixQuestion) -> Mapping[str, float]:
    """Everything on one term, or the API only, in USD/month; terms on which the load cannot be carried are left out. Spot alone
    counts where its machines are covered by spares."""
    every, alone_usd = np.array(len(asked.hours.on_h)), asked.committed_alone_usd
    costs: dict[str, float] = {}
    for t, term in enumerate(asked.terms.committed):
        cover, _ = committed_cover(alone_usd[t : t + 1], [term.ranks_count])
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


def _committed_shares(asked: MixQuestion, prices: Array, last_term: NDArray[np.intp], committed: int) -> list[MixShare]:
    """The committed machines by term, from the chosen cover of the first ranks."""
    spans: dict[int, list[tuple[int, int]]] = {}
    end = committed
    while end > 0:
        t = int(last_term[end])
        start = max(end - asked.terms.committed[t].ranks_count, 0)
        spans.setdefault(t, []).append((start, end))
        end = start
    on_h = asked.hours.on_h
    shares = []
    for t, of_term in spans.items():
        term, usd = asked.terms.committed[t], sum(float(prices[t, end - 1]) for _, end in of_term)
        share = MixShare(
            term=term,
            machines=len(of_term),
            usd_per_month=usd,
            most_on_h=float(max(on_h[start] for start, _ in of_term)),
            least_on_h=float(min(on_h[start] for start, _ in of_term)),
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
            usd = float(hours.priced_h[first:last].sum()) * usd_per_h
            on_h = hours.on_h[first:last]
            shares.append(MixShare(term, last - first, usd, float(on_h[0]), float(on_h[-1])))
    return shares


def kept_usd(taken_usd: Array, span_months: Sequence[int], without_usd: Array) -> Array:
    """The least that each rank costs over the horizon where each term is taken at least once, mean USD/month (t, k): every month
    goes on without it or takes it for its whole term. Once it was, V(m) = min(without(m) + V(m + 1), taken(m) + V(m + term)), and
    nothing follows the last month; before, U(m) = min(without(m) + U(m + 1), taken(m) + V(m + term)).

    `taken_usd` (t, h): all that is paid for one taken in a month, until its term ends. `without_usd` (t, h, k): the rank's cost in a
    month without it.
    """
    terms, months, ranks = without_usd.shape
    after, each = np.zeros((months + 1, terms, ranks)), np.arange(terms)
    first = np.full((terms, ranks), np.inf)
    for m in range(months - 1, -1, -1):
        ends = np.minimum(m + np.asarray(span_months, dtype=int), months)
        taken = taken_usd[:, m, None] + after[ends, each]
        first = np.minimum(without_usd[:, m] + first, taken)
        after[m] = np.minimum(without_usd[:, m] + after[m + 1], taken)
    return np.asarray(first / months)


def without_usd(month_h: Array, usd_per_h: float, sizes: Sequence[int]) -> Array:
    """What the ranks that each machine stands in for cost by the hour in each month (t, h, k), the machine's last rank as its place.
    `month_h` (h, k)."""
    months, ranks = month_h.shape
    total = np.concatenate([np.zeros((months, 1)), np.cumsum(month_h, axis=1)], axis=1)
    ends = np.arange(1, ranks + 1)
    hours = [total[:, ends] - total[:, np.maximum(ends - size, 0)] for size in sizes]
    return _priced(usd_per_h, np.array(hours).reshape(-1, months, ranks))
