"""Monthly bill for a demand at an offer's prices, split by kind of token.

Length tiers make the price of a request depend on its whole input, so a bill is summed over the length distribution and
never computed from the mean.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from calculators.api.rates import PRICES, ApiOffer, ApiRates, api_offer, api_rates, rates_by_hour
from calculators.scenario.demand import Demand
from calculators.scenario.inputs import Inputs
from calculators.scenario.mix import model_scenarios
from calculators.scenario.schema import ModelTraffic
from calculators.units import HOURS_PER_DAY, TOK_PER_MTOK, count, listed, percent, plural, significant, usd


@dataclass(frozen=True, slots=True)
class Usage:
    """How a demand uses an API, and the discounts that apply."""

    cached_frac: float = 0.0
    """Share of input tokens read from the cache; 0 for requests shorter than `cache_min_tok`."""
    write_frac: float = 0.0
    """Share of input tokens written to the cache; 0 for requests shorter than `cache_min_tok`."""
    cache_min_tok: float = 0.0
    batch_frac: float = 0.0
    """Share of requests sent through the batch API."""
    batch_discount_frac: float | None = None
    """The provider's stated batch discount, for where no batch price is listed."""
    discount_frac: float = 0.0
    """The user's negotiated discount, off the whole bill."""
    ignores_tiers: bool = False
    """Whether every request pays the price of the shortest length tier."""


@dataclass(frozen=True, slots=True)
class ApiBill:
    """A month's bill, split as an invoice is."""

    offer: ApiOffer
    usd_per_month: float
    input_usd_per_month: float
    cache_read_usd_per_month: float
    cache_write_usd_per_month: float
    output_usd_per_month: float
    batch_saving_usd_per_month: float
    usd_per_request: float
    rates: tuple[ApiRates, ...]
    working: str
    """The calculation in words."""
    caching_saving_usd_per_month: float = 0.0
    """Saved by a higher cache hit rate than today's, before the batch discount."""
    batch_frac: float = 0.0
    """Share of requests sent through the batch API."""
    hours_usd_per_month: tuple[float, float] | None = None
    """With all traffic in the cheapest hour and in the dearest; None where the price is the same all day, or the workload's
    hours are known."""
    parts: tuple["ApiBill", ...] = ()
    """The bill of each model, where several answer; `offer` and `rates` are then those of the largest."""

    @property
    def offers(self) -> tuple[ApiOffer, ...]:
        """The offer of each model that answers, each once."""
        return tuple({(part.offer.provider, part.offer.model): part.offer for part in self.parts}.values()) or (
            self.offer,
        )

    @property
    def label(self) -> str:
        """Models and providers in words."""
        others = len(self.offers) - 1
        return f"{self.offer.label} and {plural(others, 'other model')}" if others else self.offer.label

    @property
    def context_tok(self) -> int | None:
        """The longest context window among the models; None where one is not known."""
        known = [offer.context_tok for offer in self.offers]
        return None if None in known else max(tok for tok in known if tok is not None)

    @property
    def batch_saving_of_all_usd_per_month(self) -> float:
        """What the batch API would save if every request could wait."""
        return self.batch_saving_usd_per_month / self.batch_frac if self.batch_frac else 0.0

    @property
    def unbatched_usd_per_month(self) -> float:
        """The bill without the batch API."""
        return self.usd_per_month + self.batch_saving_usd_per_month


def monthly_bill(offer: ApiOffer, demand: Demand, day: date, usage: Usage = Usage()) -> ApiBill:
    """The bill for a month of `demand` at the offer's prices of `day`."""
    standard = api_rates(offer, day, hourly_frac=demand.hourly_frac)[: 1 if usage.ignores_tiers else None]
    batch, notes = _batch_rates(offer, demand, day, usage.batch_discount_frac) if usage.batch_frac else ((), ())
    parts = _usd_per_request(standard, demand, usage)
    in_batch = _usd_per_request(batch, demand, usage) if batch else parts
    scale = demand.requests_per_month * (1 - usage.discount_frac)
    mixed = [((1 - usage.batch_frac) * p + usage.batch_frac * b) * scale for p, b in zip(parts, in_batch, strict=True)]
    total = sum(mixed)
    return ApiBill(
        offer=offer,
        usd_per_month=total,
        input_usd_per_month=mixed[0],
        cache_read_usd_per_month=mixed[1],
        cache_write_usd_per_month=mixed[2],
        output_usd_per_month=mixed[3],
        batch_saving_usd_per_month=usage.batch_frac * (sum(parts) - sum(in_batch)) * scale,
        usd_per_request=total / demand.requests_per_month,
        rates=standard,
        working=_working(demand, standard, usage.cached_frac, (*notes, *_hour_notes(offer, demand, day))),
        batch_frac=usage.batch_frac,
        hours_usd_per_month=_hours_usd_per_month(offer, demand, day, usage),
    )


def _hours_usd_per_month(offer: ApiOffer, demand: Demand, day: date, usage: Usage) -> tuple[float, float] | None:
    """The bill with all traffic in the cheapest hour, and in the dearest, where the workload's hours are needed and not
    known."""
    by_hour = rates_by_hour(offer, day)
    if demand.hourly_frac or len(by_hour) == 1:
        return None
    hours = {rates: hour for hour, rates in enumerate(by_hour)}.values()
    fracs = (tuple(float(h == hour) for h in range(HOURS_PER_DAY)) for hour in hours)
    each = [monthly_bill(offer, replace(demand, hourly_frac=frac), day, usage).usd_per_month for frac in fracs]
    return min(each), max(each)


def _hour_notes(offer: ApiOffer, demand: Demand, day: date) -> tuple[str, ...]:
    """That the price differs by hour, and which hours it is a mean of, as a sentence; none where it does not."""
    by_hour = rates_by_hour(offer, day)
    if len(by_hour) == 1:
        return ()
    spans = (
        f"{_price(min(usd))} to {_price(max(usd))} {kind}"
        for kind, usd in (
            ("input", [rates[0].input_usd_per_mtok for rates in by_hour]),
            ("output", [rates[0].output_usd_per_mtok for rates in by_hour]),
        )
    )
    how = (
        "weighted with your workload's tokens by hour of day"
        if demand.hourly_frac
        else "a flat mean over 24 hours, because your workload's hours are not known"
    )
    return (f"The price differs by hour, {' and '.join(spans)}; it is {how}.",)


LEAST_TOLD_FRAC = 1e-4
"""A smaller share of the bill tells no price of its seller."""
SUMMED = (
    *("usd_per_month", "input_usd_per_month", "cache_read_usd_per_month", "cache_write_usd_per_month"),
    *("output_usd_per_month", "batch_saving_usd_per_month", "caching_saving_usd_per_month"),
)


def summed_bill(bills: Sequence[ApiBill], requests_per_month: float) -> ApiBill:
    """The bills of several models as one; the only one as it is. Raises ValueError for none."""
    if len(bills) == 1:
        return bills[0]
    sums = {name: sum(getattr(bill, name) for bill in bills) for name in SUMMED}
    by_offer = _usd_by_offer(bills)
    each = listed([f"{bill.offer.label} {usd(usd_per_month)}/month" for bill, usd_per_month in by_offer])
    return replace(
        by_offer[0][0],
        **sums,
        usd_per_request=sums["usd_per_month"] / requests_per_month,
        hours_usd_per_month=_summed_hours(bills),
        working=f"Sum over {plural(len(by_offer), 'model')}: {each}.",
        parts=tuple(bills),
    )


def _summed_hours(bills: Sequence[ApiBill]) -> tuple[float, float] | None:
    if all(bill.hours_usd_per_month is None for bill in bills):
        return None
    ends = [bill.hours_usd_per_month or (bill.usd_per_month, bill.usd_per_month) for bill in bills]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _usd_by_offer(bills: Iterable[ApiBill]) -> list[tuple[ApiBill, float]]:
    """A bill of each model with what it costs in all, the dearest first."""
    groups = defaultdict[tuple[str, str], list[ApiBill]](list)
    for bill in bills:
        groups[bill.offer.provider, bill.offer.model].append(bill)
    sums = [(same[0], sum(bill.usd_per_month for bill in same)) for same in groups.values()]
    return sorted(sums, key=lambda one: -one[1])


def todays_parts(inputs: Inputs) -> tuple[Inputs, ...]:
    """What each API model in use answers, with its part of the bill; `inputs` itself where one model answers everything."""
    api = inputs.scenario.api
    if not api.mix:
        return (inputs,)
    parts = tuple(Inputs.of(scenario, inputs.catalog) for scenario in model_scenarios(inputs.scenario))
    paid = api.paid_usd_per_month
    if paid is None or api.mix[0].bill_frac is not None:
        return parts
    lists_usd = [todays_list_bill(part).usd_per_month for part in parts]
    ratio = paid / sum(lists_usd)
    return tuple(paying(part, usd * ratio) for part, usd in zip(parts, lists_usd, strict=True))


def paying(part: Inputs, paid_usd_per_month: float, mix: tuple[ModelTraffic, ...] = ()) -> Inputs:
    """The inputs with another bill, and its shares where several models answer."""
    api = part.scenario.api.model_copy(update={"paid_usd_per_month": paid_usd_per_month, "mix": mix})
    return replace(part, scenario=part.scenario.model_copy(update={"api": api}))


def todays_usage(inputs: Inputs, discount_frac: float = 0.0) -> Usage:
    """How today's API is used: its caches and its batch API."""
    workload, rule = inputs.scenario.workload, inputs.catalog.rules.get(inputs.scenario.api.provider)
    return Usage(
        cached_frac=workload.cached_frac,
        write_frac=workload.cache_write_frac,
        batch_frac=workload.batch_frac,
        batch_discount_frac=rule.batch_discount_frac if rule else None,
        discount_frac=discount_frac,
    )


def todays_list_bill(inputs: Inputs) -> ApiBill:
    """The bill of today's API models as they are used, at list price."""
    if inputs.scenario.api.mix:
        bills = [todays_list_bill(Inputs.of(part, inputs.catalog)) for part in model_scenarios(inputs.scenario)]
        return summed_bill(bills, inputs.demand.requests_per_month)
    return todays_bill(inputs, todays_usage(inputs))


def todays_bill(inputs: Inputs, usage: Usage) -> ApiBill:
    """The bill of the only API model in use, used in another way."""
    return monthly_bill(_offer_in_use(inputs), inputs.demand, inputs.scenario.as_of, usage)


def _offer_in_use(inputs: Inputs) -> ApiOffer:
    api = inputs.scenario.api
    return api_offer(api.provider, api.model, inputs.catalog, inputs.scenario.as_of)


def todays_discount_frac(inputs: Inputs) -> float:
    """What the user pays less than today's list price: by the bill where one is given, else the negotiated discount.
    Negative where more is paid."""
    paid = inputs.scenario.api.paid_usd_per_month
    if paid is None:
        return negotiated_discount_frac(inputs)
    return 1 - paid / todays_list_bill(inputs).usd_per_month


def negotiated_discount_frac(inputs: Inputs) -> float:
    """What the user's contract takes off the price of the only API model in use: nothing off a price of their own."""
    return 0.0 if _offer_in_use(inputs).is_yours else inputs.scenario.api.discount_frac


def paid_ratios(inputs: Inputs) -> Mapping[str, float]:
    """What the user pays over list price at each provider in use, by the bill; empty without one. A provider that bills
    next to nothing is left out."""
    paid_usd, listed_usd = defaultdict[str, float](float), defaultdict[str, float](float)
    for part in todays_parts(inputs):
        api = part.scenario.api
        paid_usd[api.provider] += api.paid_usd_per_month or 0.0
        listed_usd[api.provider] += todays_list_bill(part).usd_per_month
    least_usd = LEAST_TOLD_FRAC * sum(paid_usd.values())
    return {provider: usd / listed_usd[provider] for provider, usd in paid_usd.items() if usd > least_usd}


def _working(demand: Demand, rates: tuple[ApiRates, ...], cached_frac: float, notes: tuple[str, ...]) -> str:
    """The bill's calculation in words."""
    first = rates[0]
    cached = f", {percent(cached_frac)} of it cached at {_price(first.cache_read_usd_per_mtok)}" if cached_frac else ""
    text = (
        f"{plural(demand.requests_per_month, 'request')} × ({plural(demand.input_tok, 'input token')} × "
        f"{_price(first.input_usd_per_mtok)}{cached} + {plural(demand.output_tok, 'output token')} × "
        f"{_price(first.output_usd_per_mtok)}), prices per million tokens."
    )
    tiers = [
        f"Inputs above {count(r.above_input_tok)} tokens: {_price(r.input_usd_per_mtok)} input, "
        f"{_price(r.output_usd_per_mtok)} output."
        for r in rates[1:]
    ]
    return " ".join([text, *tiers, *notes])


def _price(usd_per_mtok: float) -> str:
    """A list price as sellers write it."""
    return f"${significant(usd_per_mtok)}"


def _usd_per_request(rates: tuple[ApiRates, ...], demand: Demand, usage: Usage) -> tuple[float, float, float, float]:
    """Mean price of a request: uncached input, cache reads, cache writes, output."""
    cells = demand.lengths
    tier = np.maximum(np.searchsorted([rate.above_input_tok for rate in rates], cells.input_tok) - 1, 0)
    cacheable = cells.input_tok >= usage.cache_min_tok
    read_tok = cells.input_tok * usage.cached_frac * cacheable
    write_tok = cells.input_tok * usage.write_frac * cacheable
    tokens = np.array([cells.input_tok - read_tok - write_tok, read_tok, write_tok, cells.output_tok])
    prices = np.array([[getattr(rate, price) for rate in rates] for price in PRICES])
    usd = cells.share_frac * tokens * np.take(prices, tier, axis=1)
    uncached, read, write, output = (usd.sum(axis=1) / TOK_PER_MTOK).tolist()
    return uncached, read, write, output


def _batch_rates(
    offer: ApiOffer, demand: Demand, day: date, discount_frac: float | None
) -> tuple[tuple[ApiRates, ...], tuple[str, ...]]:
    """Batch rates and the sentence about them; no rates where the standard price applies.

    Where genai-prices knows no batch price it silently returns the standard one, so the two are compared; if they are
    equal, the provider's stated discount applies.
    """
    standard, batch = (api_rates(offer, day, is_batch, demand.hourly_frac) for is_batch in (False, True))
    if batch != standard:
        return batch, ("Batch API at its list price.",)
    if discount_frac is None:
        return (), (f"No batch price is known for {offer.label}: batch requests are billed at the standard price.",)
    discounted = tuple(
        replace(rate, **{price: getattr(rate, price) * (1 - discount_frac) for price in PRICES}) for rate in standard
    )
    return discounted, (f"Batch API at the provider's stated discount of {percent(discount_frac)}.",)
