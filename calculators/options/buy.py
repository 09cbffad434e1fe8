"""Options that buy tokens: today's API, the same API with its discounts, resellers of it, hosts of open models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from calculators.api.bill import (
    ApiBill,
    Usage,
    monthly_bill,
    negotiated_discount_frac,
    paid_ratios,
    summed_bill,
    todays_bill,
    todays_discount_frac,
    todays_list_bill,
    todays_parts,
    todays_usage,
)
from calculators.api.bill_lines import paid_words
from calculators.api.cache_terms import cache_terms
from calculators.api.rates import ApiOffer, api_offer, api_rates, hosted_offers
from calculators.catalog.base import Source
from calculators.catalog.compliance_rules import FactName, Resale
from calculators.compliance.operator_check import api_seller, expand
from calculators.compliance.residency import is_regional, required_facts
from calculators.fleet.operating_costs import CostLine, fixed_line, hosted_open_lines, resale_lines
from calculators.options.option import LinearCost, Option, OptionKind, with_range
from calculators.scenario.gates import answers_all
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Candidate, Gate
from calculators.units import multiple_of, percent, usd

CACHING_DISCOUNT = "prompt caching"
MIN_SAVING_FRAC = 0.005
"""Discounts that save less than this share of the bill make no option of their own."""
SAME_COST_FRAC = 0.05
"""The bill of an offer may be this much higher than that of another to be preferred for what is known of its latency."""


def direct_options(inputs: Inputs) -> list[Option]:
    """Today's API, and the same API with its discounts used where that saves."""
    bills = [todays_bill(part, todays_usage(part, todays_discount_frac(part))) for part in todays_parts(inputs)]
    today = summed_bill(bills, inputs.demand.requests_per_month)
    options = [_as_paid(api_option("api_today", today.label, today), inputs)]
    best = optimized_todays_bill(inputs)
    if best.usd_per_month < today.usd_per_month * (1 - MIN_SAVING_FRAC):
        used = " and ".join(discounts_used(best)) or "its discounts"
        is_paid = inputs.scenario.api.paid_usd_per_month is not None
        options.append(api_option("api_optimised", f"{today.label} with {used}", best, is_paid=is_paid))
    return options


def optimized_todays_bill(inputs: Inputs) -> ApiBill:
    """The cheapest bill of today's API models, each as of `optimized_bill`."""
    bills = [optimized_bill(_today(part), part, todays_discount_frac(part)) for part in todays_parts(inputs)]
    return summed_bill(bills, inputs.demand.requests_per_month)


def resold_options(inputs: Inputs, regional: bool) -> list[Option]:
    """Today's models through a cloud that resells them, or on their maker's regional endpoints (`regional`); none where
    they have several makers."""
    api = inputs.scenario.api
    makers = {part.provider for part in api.mix} or {api.provider}
    return [
        _resold(resale, ratio, inputs)
        for resale in inputs.catalog.operators_file.resales
        if makers == {resale.provider}
        for ratio in (resale.regional_price_ratio if regional else resale.price_ratio,)
        if ratio is not None and (regional or resale.operator != resale.provider)
    ]


def hosted_options(inputs: Inputs, may_serve: Callable[[Gate], bool] = answers_all) -> list[Option]:
    """Every allowed provider of every candidate open model whose quality `may_serve`."""
    candidates = [c for c in inputs.scenario.candidates if may_serve(c.gate)]
    ratios = _paid_ratios(inputs)
    return [option for candidate in candidates for option in _hosted_options(candidate, inputs, ratios)]


def hosted_options_of(candidate: Candidate, inputs: Inputs) -> list[Option]:
    """Every allowed provider of one open model, cheapest first. Where it is the model in use today, today's own offer is
    left out, and the others cost the move only."""
    return _hosted_options(candidate, inputs, _paid_ratios(inputs))


def _paid_ratios(inputs: Inputs) -> Mapping[str, float]:
    return paid_ratios(inputs) if inputs.paid_ratios is None else inputs.paid_ratios


def _hosted_options(candidate: Candidate, inputs: Inputs, ratios: Mapping[str, float]) -> list[Option]:
    """As `hosted_options_of`; `ratios`: as of `paid_ratios`."""
    model, api = inputs.catalog.model(candidate.model), inputs.scenario.api
    gate, allowed = inputs.gate_of(model), api.hosted_sellers
    today = {(one.provider, one.model) for one in api.mix or (api,)}
    lines_of = resale_lines if gate is None else hosted_open_lines
    extra = lines_of(inputs.scenario.operations, inputs.catalog.ownership)
    options = []
    for offer in hosted_offers(model, inputs.scenario.as_of, inputs.catalog):
        if {(offer.provider, offer.model)} != today and (not allowed or offer.provider in allowed):
            paid_ratio = ratios.get(offer.provider, 1.0)
            bill = optimized_bill(offer, inputs, 1 - regional_ratio(offer.provider, inputs) * paid_ratio)
            label, is_paid = f"{model.name} on {offer.provider_name}", paid_ratio != 1
            option = api_option("hosted_open", label, bill, extra, is_paid)
            options.append(replace(option, model=model.name, gate=gate))
    return sorted(options, key=lambda option: option.usd_per_month)


def cheapest_buys(options: Sequence[Option]) -> list[Option]:
    """Each form of today's API, and the cheapest provider of each open model, at today's provider apart where spend is
    committed there, since volume decides between these; the first where several cost the same. A provider that is known to keep the latency targets comes before one of which that is not known, at about the same cost."""
    offers: dict[tuple[str, bool], list[Option]] = {}
    for option in options:
        name = option.model if option.kind == "hosted_open" else option.label
        offers.setdefault((name, bool(option.committed.bill_frac)), []).append(option)
    return [_first_choice(each) for each in offers.values()]


def _first_choice(offers: Sequence[Option]) -> Option:
    """Bills are compared, not whole costs: their ratio stays as volume and prices move, and with it the choice."""
    least = min(offers, key=lambda option: option.usd_per_month)
    if least.target_check.status == "meets" or least.bill is None:
        return least
    bar = least.bill.usd_per_month * (1 + SAME_COST_FRAC)
    known = [o for o in offers if o.target_check.status == "meets" and o.bill and o.bill.usd_per_month <= bar]
    return min(known, key=lambda option: option.usd_per_month, default=least)


def buy_line(option: Option) -> LinearCost:
    """Cost of an API option over volume: the bill grows with it, the other lines do not. While the bill stays below a
    commitment, each request that uses it up costs only the rest of its price."""
    bill, committed, fixed_usd = option.bill, option.committed, option.fixed_usd_per_month
    assert bill is not None
    unused_usd, per_request = float(committed.unused_usd(0.0)), bill.usd_per_request
    if not unused_usd:
        return LinearCost(per_request, fixed_usd)
    saved_frac = float(committed.bill_frac) * committed.months_paid / committed.horizon_months
    return LinearCost(per_request, fixed_usd, LinearCost(per_request * (1 - saved_frac), fixed_usd + unused_usd))


def optimized_bill(offer: ApiOffer, inputs: Inputs, discount_frac: float = 0.0) -> ApiBill:
    """The cheapest bill at this offer: with today's or the achievable cache hit rate, eligible requests in the batch API.

    Where cache writes cost extra, every cacheable token that misses is counted as one write. A minimum prefix that is not
    published is the assumed one of pricing_data/provider_rules.yaml.
    """
    w, rule, day = inputs.scenario.workload, inputs.catalog.rules.get(offer.provider), inputs.scenario.as_of
    price = api_rates(offer, day, hourly_frac=inputs.demand.hourly_frac)[0]
    writes_cost_extra = price.cache_write_usd_per_mtok > price.input_usd_per_mtok
    as_today = Usage(
        cached_frac=w.cached_frac,
        write_frac=w.cache_write_frac,
        batch_frac=w.deferrable_frac,
        batch_discount_frac=rule.batch_discount_frac if rule else None,
        discount_frac=discount_frac,
    )
    achievable = replace(
        as_today,
        cached_frac=max(w.cacheable_frac, w.cached_frac),
        write_frac=1 - w.cacheable_frac if writes_cost_extra and w.cacheable_frac else 0.0,
        cache_min_tok=cache_terms(offer.provider, offer.model, inputs.catalog).cache.minimum_tok,
    )
    plain, cached = (monthly_bill(offer, inputs.demand, day, usage) for usage in (as_today, achievable))
    if cached.usd_per_month >= plain.usd_per_month:
        return plain
    saving = plain.unbatched_usd_per_month - cached.unbatched_usd_per_month
    return replace(cached, caching_saving_usd_per_month=saving)


def discounts_used(bill: ApiBill) -> tuple[str, ...]:
    """Names of the discounts that save a noticeable part of a bill."""
    caching, batch = bill.caching_saving_usd_per_month, bill.batch_saving_usd_per_month
    least = MIN_SAVING_FRAC * (bill.usd_per_month + caching + batch)
    return tuple(name for name, saving in ((CACHING_DISCOUNT, caching), ("batch", batch)) if saving > least)


def needed_facts(inputs: Inputs) -> frozenset[FactName]:
    """Facts that the scenario's compliance requirements need of every operator."""
    return required_facts(expand(inputs.scenario.compliance.requirements, inputs.catalog))


def regional_ratio(provider: str, inputs: Inputs) -> float:
    """Price of a provider's regional endpoints over its list price, where residency is required and it publishes one;
    else 1."""
    if not is_regional(needed_facts(inputs)):
        return 1.0
    own = (
        r.regional_price_ratio for r in inputs.catalog.operators_file.resales if r.provider == r.operator == provider
    )
    return next((ratio for ratio in own if ratio is not None), 1.0)


def _today(inputs: Inputs) -> ApiOffer:
    """The offer of the API in use today."""
    scenario = inputs.scenario
    return api_offer(scenario.api.provider, scenario.api.model, inputs.catalog, scenario.as_of)


def _as_paid(today: Option, inputs: Inputs) -> Option:
    """Today's option with the bill that the user pays as the source of its cost, and the difference to the list price."""
    if inputs.scenario.api.paid_usd_per_month is None:
        return today
    line, *others = today.lines
    paid = fixed_line("api", line.usd_per_month, paid_words(inputs.scenario.api), line.source, bill_difference(inputs))
    return with_range(replace(today, lines=(paid, *others)))


def bill_difference(inputs: Inputs) -> str:
    """The bill that the user pays against the list price: what the negotiated discount explains, and what it does not."""
    api, list_usd = inputs.scenario.api, todays_list_bill(inputs).usd_per_month
    paid = api.paid_usd_per_month
    assert paid is not None
    parts = todays_parts(inputs)
    expected = sum(todays_list_bill(part).usd_per_month * (1 - negotiated_discount_frac(part)) for part in parts)
    listed = f"At list prices, used as today, it is {usd(list_usd)}/month"
    if abs(expected - list_usd) > MIN_SAVING_FRAC * list_usd:
        listed += f", less your discount of {percent(api.discount_frac)} {usd(expected)}"
    gap = paid - expected
    if abs(gap) < MIN_SAVING_FRAC * expected:
        return f"{listed}: what you pay agrees."
    share = percent(abs(gap) / expected) if paid < 10 * expected else multiple_of(paid / expected, "the list price")
    more = "more" if gap > 0 else "less"
    return (
        f"{listed}. You pay {usd(abs(gap))}/month ({share}) {more}: by caching, batch, tiers or prices that the workload does "
        "not show. All options of the same seller are priced in proportion."
    )


def _resold(resale: Resale, ratio: float, inputs: Inputs) -> Option:
    """A reseller's price is the maker's list price times a ratio; the user's discount at the maker does not carry over."""
    bills = [optimized_bill(_today(part), part, 1 - ratio) for part in todays_parts(inputs)]
    bill, is_maker = summed_bill(bills, inputs.demand.requests_per_month), resale.operator == resale.provider
    name = api_seller(resale.operator, resale.operator, inputs.catalog).name
    used = " and ".join(discounts_used(bill))
    price = multiple_of(ratio, "the maker's list price")
    basis = f"{price}, {resale.confidence} confidence"
    source = inputs.catalog.operators_file.sources[resale.source]
    line = _bill_line(bill, basis, source)
    moving = () if is_maker else resale_lines(inputs.scenario.operations, inputs.catalog.ownership)
    return with_range(
        Option(
            kind="resold_api",
            label=bill.label
            + (", regional endpoint" if is_maker else f" via {name}")
            + (f", with {used}" if used else ""),
            lines=(line, *moving),
            model=bill.offer.model,
            operator=resale.operator,
            products=tuple((resale.operator, offer.model) for offer in bill.offers) if bill.parts else (),
            bill=bill,
        )
    )


def api_option(
    kind: OptionKind, label: str, bill: ApiBill, extra: tuple[CostLine, ...] = (), is_paid: bool = False
) -> Option:
    """An option that buys from the bill's own provider; `extra` are its cost lines besides the bill. `is_paid`: what the user
    pays that provider today is carried into the price."""
    confidence = max((offer.confidence for offer in bill.offers), key=("high", "medium", "low").index)
    price = "your price" if all(offer.is_yours for offer in bill.offers) else "list price"
    basis = f"{price}{', in proportion to your bill' if is_paid else ''}, {confidence} confidence"
    return with_range(
        Option(
            kind=kind,
            label=label,
            lines=(_bill_line(bill, basis, bill.offer.source), *extra),
            model=bill.offer.model,
            operator=bill.offer.provider,
            products=tuple((offer.provider, offer.model) for offer in bill.offers) if bill.parts else (),
            bill=bill,
        )
    )


def _bill_line(bill: ApiBill, basis: str, source: Source) -> CostLine:
    """An API bill as a cost line, its range from the cheapest to the dearest hour where those of the workload decide."""
    low, high = bill.hours_usd_per_month or (bill.usd_per_month, bill.usd_per_month)
    line = fixed_line("api", bill.usd_per_month, basis, source, bill.working)
    return replace(line, low_usd_per_month=low, high_usd_per_month=high)
