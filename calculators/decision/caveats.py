"""Caveats of a result: what a careful reader should know about its prices, its speeds and its workload."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from calculators.api.cache_terms import cache_terms
from calculators.api.rates import scheduled_changes
from calculators.api.seller_terms import seller_terms
from calculators.api.step_downs import superseded_by
from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.calibration.own_benchmarks_text import rests_on_sentences, unused_sentences
from calculators.catalog.catalog import Catalog
from calculators.catalog.rent_history import STALE_DAYS
from calculators.catalog.retirements import retirement, retirement_source
from calculators.catalog.short_names import short_model_name
from calculators.compliance.assessment import ComplianceAssessment
from calculators.decision.choice import cheapest_option
from calculators.decision.crossover import Crossover
from calculators.decision.savings import first_month
from calculators.decision.staffing_caveats import staffing_caveats
from calculators.decision.term_caveats import although_needed, commitment_caveats, term_caveats
from calculators.fleet.held_gpus import held_of_gpu
from calculators.fleet.plan import FleetPlan
from calculators.fleet.tuning import launch_words
from calculators.horizon.outgrown import Outgrown
from calculators.options.buy import CACHING_DISCOUNT, bill_difference, discounts_used
from calculators.options.option import Option, best_build, best_buy
from calculators.performance import speculation
from calculators.performance.links import islands_count
from calculators.performance.memory_sum import memory_sum
from calculators.performance.replica import ReplicaConfig
from calculators.performance.stated_range import config_traits, figure_ranges
from calculators.scenario.demand import by_month, effective_peak_ratio, needed_context_tok
from calculators.scenario.inputs import Inputs
from calculators.scenario.mix import traffic_name
from calculators.scenario.schema import Api, Scenario, Workload
from calculators.scenario.traffic_range import too_few_requests
from calculators.scenario.traffic_range_text import in_brackets, traffic_range_words
from calculators.units import (
    DAYS_PER_MONTH,
    SECONDS_PER_MONTH,
    count,
    percent,
    plural,
    signed_percent,
    significant,
    usd,
)

FAR_MONTHS = 600
UNCHECKED = "No published run validates this."


def caveats(inputs: Inputs, today: Option, options: Sequence[Option]) -> list[str]:
    """Caveats of the allowed `options`, as sentences: prices, caches, GPUs, speeds, techniques, workload."""
    notes = _price_notes(inputs, today) + _api_age_notes(options, today, inputs.scenario)
    notes += _cache_notes(options, inputs) + _seller_notes(options, inputs.catalog) + _superseded_candidates(inputs)
    build = best_build(options)
    notes += [note for plan in _shown_plans(options) for note in term_caveats(plan, inputs)]
    plan = build.plan if build is not None else None
    if plan is not None:
        notes += _spare_notes(plan, inputs.scenario) + staffing_caveats(inputs) + _rent_notes(plan, inputs)
        notes += _memory_note(plan.config, inputs)
    notes += _speed_notes(plan.config if plan is not None else None, inputs)
    notes += filter(None, [launch_words(plan, inputs)] if plan is not None else [])
    if plan is not None:
        notes += _technique_notes(plan, inputs)
        notes += _deferral_note(inputs.scenario.workload)
    return notes + _workload_notes(inputs.scenario.workload) + commitment_caveats(inputs)


def contract_conditions(winner: Option, assessment: ComplianceAssessment) -> list[str]:
    """The conditions on which compliance allows the operators of the winner."""
    if not assessment.requirements:
        return []
    paths = {
        p.path.operator: p.path
        for p in reversed(assessment.with_status("allowed"))
        if p.path.operator in winner.operators
    }
    return [
        f"{path.name} is allowed on this condition: {finding.words.rstrip('.')}."
        for path in paths.values()
        for finding in path.findings
        if finding.source or finding.requirement.yours in finding.words
    ]


def growth_note(
    scenario: Scenario, overall: Crossover, buys: Sequence[Option], lost: Outgrown | None = None
) -> list[str]:
    """What volume outgrows, and when the stated growth carries it across the permanent break-even volume against the cheapest of
    the API options `buys`, up or down."""
    return [*([lost.words] if lost is not None else []), *_crossing_note(scenario, overall, buys)]


def _crossing_note(scenario: Scenario, overall: Crossover, buys: Sequence[Option]) -> list[str]:
    durable = overall.durable_req_per_month
    growth, now = scenario.workload.growth_per_month_frac, scenario.workload.requests_per_month
    if not buys or not growth or not durable or (durable > now) != (growth > 0):
        return []
    ahead = by_month(scenario, FAR_MONTHS)
    month = first_month(ahead >= durable if growth > 0 else ahead < durable)
    if month is None:
        return []
    crosses = "reaches" if growth > 0 else "falls below"
    return [
        f"At {signed_percent(growth)} volume per month, it {crosses} the break-even volume of {count(durable)} "
        f"requests/month in {plural(month, 'month')} at today's prices."
    ]


def _price_notes(inputs: Inputs, today: Option) -> list[str]:
    """What today's spend rests on, and the announced changes of its price."""
    assert today.bill is not None
    scenario = inputs.scenario
    estimate = "Today's API spend is an estimate at the list price. Enter your bill on the Candidates page."
    is_paid = scenario.api.paid_usd_per_month is not None
    spend = f"Today's API spend is {_paid(scenario.api)}. {bill_difference(inputs)}" if is_paid else estimate
    assumed = [
        f"{traffic_name(part)} is assumed to cost what {short_model_name(part.model)} does. Correct it on the Candidates page."
        for part in scenario.api.mix
        if part.basis == "assumed"
    ]
    return [spend, *assumed, *_retirement_notes(today, scenario), *_superseded_notes(today, inputs)] + [
        f"{offer.label} changes price on {day} to {usd(rates.input_usd_per_mtok)} (input) and "
        f"{usd(rates.output_usd_per_mtok)} (output) per million tokens. The verdict uses today's price."
        for offer in today.bill.offers
        for day, rates in scheduled_changes(offer, scenario.as_of, scenario.operations.horizon_months)
    ]


def _api_age_notes(options: Sequence[Option], today: Option, scenario: Scenario) -> list[str]:
    """Token prices of today's API and of the cheapest API option that were last read more than half a year ago."""
    buys = [option for option in options if option.is_buy]
    bills = [option.bill for option in (today, *([best_buy(buys)] if buys else [])) if option.bill is not None]
    offers = {offer.label: offer for bill in bills for offer in bill.offers}
    ages = {name: (scenario.as_of - offer.source.accessed).days for name, offer in offers.items()}
    return [
        f"The token price of {name} was last read on {offers[name].source.accessed}, {plural(days, 'day')} ago. Check it "
        "before you rely on it."
        for name, days in ages.items()
        if days > STALE_DAYS
    ]


def _retirement_notes(today: Option, scenario: Scenario) -> list[str]:
    """Models in use that their seller stops serving within the horizon, or has stopped serving."""
    assert today.bill is not None
    last_day = scenario.as_of + timedelta(days=round(scenario.operations.horizon_months * DAYS_PER_MONTH))
    ends = ((offer, retirement(offer.provider, offer.model)) for offer in today.bill.offers)
    return [
        f"{offer.label} {'was retired' if end.retired_on <= scenario.as_of else 'will be retired'} on {end.retired_on}"
        f"{f'; the seller names {end.successor} in its place' if end.successor else ''} ({retirement_source(end).title}). "
        "Compare with a model that stays."
        for offer, end in ends
        if end is not None and end.retired_on <= last_day
    ]


def _superseded_notes(today: Option, inputs: Inputs) -> list[str]:
    """Models in use of which their seller has a newer one in the same size."""
    assert today.bill is not None
    day = inputs.scenario.as_of
    newer = ((offer, superseded_by(offer.provider, offer.model, day, inputs.catalog)) for offer in today.bill.offers)
    return [
        f"{offer.label} has been superseded: {short_model_name(model)} is the newest model of its size there."
        for offer, model in newer
        if model is not None
    ]


def _superseded_candidates(inputs: Inputs) -> list[str]:
    """Candidates with a newer model of their family and size that is none of the candidates."""
    models = [inputs.catalog.model(one.model) for one in inputs.scenario.candidates if one.gate != "not_acceptable"]
    pairs = ((model, inputs.catalog.newer_model(model)) for model in models)
    return [
        f"{model.name} is superseded by {newer.model.name}, of the same family and about the same size ({newer.source.title}, "
        f"{newer.source.accessed}). Compare that one too."
        for model, newer in pairs
        if newer is not None and newer.model not in models
    ]


def _paid(api: Api) -> str:
    name = api.paid_source.removeprefix("log:")
    return "your bill" if api.paid_source == "typed" else f"the spend in {name}, at its monthly rate"


def _cache_notes(options: Sequence[Option], inputs: Inputs) -> list[str]:
    """What the cheapest API option's bill of cache reads rests on: a hit rate above today's, and cache rules that its sellers
    do not publish."""
    buys = [option for option in options if option.is_buy and option.bill is not None]
    bill = best_buy(buys).bill if buys else None
    if bill is None or bill.cache_read_usd_per_month <= 0:
        return []
    workload, notes = inputs.scenario.workload, list[str]()
    if workload.cacheable_frac > workload.cached_frac and CACHING_DISCOUNT in discounts_used(bill):
        notes.append(
            f"Prompt caching is priced at the achievable hit rate of the Workload page, {percent(workload.cacheable_frac)} of "
            f"input tokens (today {percent(workload.cached_frac)}). Nobody has measured it."
        )
    reading = (part.offer for part in bill.parts or (bill,) if part.cache_read_usd_per_month > 0)
    offers = {(offer.provider, offer.model): offer for offer in reading}
    return notes + [
        f"{offer.provider_name} does not publish all prompt-cache rules for {offer.short_model}. "
        f"Assumed: {', '.join(gaps)}."
        for (provider, model), offer in offers.items()
        if (gaps := cache_terms(provider, model, inputs.catalog).assumed_rules)
    ]


def _seller_notes(options: Sequence[Option], catalog: Catalog) -> list[str]:
    """Known terms of the seller of the cheapest option, where that is an API."""
    first = cheapest_option(options)
    return list(seller_terms(first.bill, catalog)) if first is not None and first.bill is not None else []


def _shown_plans(options: Sequence[Option]) -> list[FleetPlan]:
    """The plans of the hybrid and of the cheapest fleet, one for each offer."""
    shown = [*(option for option in options if option.kind == "hybrid"), best_build(options)]
    plans = [option.plan for option in shown if option is not None and option.plan is not None]
    return list({plan.offer: plan for plan in reversed(plans)}.values())[::-1]


def _spare_notes(plan: FleetPlan, scenario: Scenario) -> list[str]:
    """That a fleet without a spare has no assumed availability, where one is needed."""
    if plan.spare_replicas or scenario.evidence.needed_uptime_frac is None:
        return []
    return [f"The fleet has no spare replica: no availability is assumed for it{although_needed(scenario)}."]


def _rent_notes(plan: FleetPlan, inputs: Inputs) -> list[str]:
    scenario, notes = inputs.scenario, _held_note(plan, inputs)
    if plan.offer.basis != "list" or plan.held_machines == plan.machines:
        return notes
    seen = plan.offer.seen
    if seen is not None and (scenario.as_of - seen).days > STALE_DAYS:
        notes.append(
            f"The GPU price at {plan.offer.provider} was last seen on {seen}, {plural((scenario.as_of - seen).days, 'day')} ago; "
            "no newer price of this GPU is allowed and holds the replica, so its confidence is one level lower. GPU prices rose by about "
            "half in 2026: ask for a quote."
        )
    notes.append("The GPU price is one provider's list price. Availability of the GPUs is not known.")
    return notes


def _held_note(plan: FleetPlan, inputs: Inputs) -> list[str]:
    """How GPUs that the user already has are counted, where the fleet uses any."""
    if not plan.held_machines:
        return []
    ends = held_of_gpu(plan.offer.gpu_id, inputs.scenario, inputs.catalog)[0].paid_until
    if plan.held_usd_per_month or ends is None:
        return ["GPUs that you already have are counted at the cost that you entered."]
    return [
        f"GPUs that you already have are sunk cost: using them costs nothing until {ends}, then their price again. Choose full cost "
        "to charge the fleet for them."
    ]


def _memory_note(config: ReplicaConfig, inputs: Inputs) -> list[str]:
    """Whether a replica's memory is so short that it may not start."""
    longest = replace(config.memory, context_tok=float(needed_context_tok(inputs.scenario.workload)))
    told = memory_sum(replace(config, memory=longest), inputs.catalog)
    if told.verdict == "yes":
        return []
    return [
        f"{config.label} may not start: {max(told.kv_room_gib, 0.0):.1f} GiB are left for the KV cache on each GPU, and on one start "
        f"in ten the memory was off by more than {told.margin_gib:.1f} GiB. Start it once before you commit."
    ]


def _speed_notes(config: ReplicaConfig | None, inputs: Inputs) -> list[str]:
    """Whether the throughput of the cheapest fleet's replica is modeled, extrapolated or the user's own; None: no fleet."""
    hardware = inputs.scenario.hardware
    if hardware.throughput_factor != 1.0:
        factor = significant(hardware.throughput_factor)
        replaced = " It replaces your benchmarks, which are not used." if hardware.own_measurements else ""
        return [f"Modeled throughput is multiplied by {factor}, the override you entered.{replaced}"]
    own = fit_own_benchmarks(hardware.own_measurements, inputs.catalog, hardware.launch)
    if config is None:
        return unused_sentences(own, None, inputs.catalog)
    extrapolated = () if own.applies_to(config) else _extrapolation_note(config, inputs)
    network = _network_note(config, inputs)
    return [*rests_on_sentences(config, own), *extrapolated, *network, *unused_sentences(own, config, inputs.catalog)]


def _throughput_range(config: ReplicaConfig, inputs: Inputs) -> str:
    """How far off the throughput may be, launch included, in words."""
    traits = frozenset(config_traits(config, inputs.catalog))
    told = figure_ranges(traits, config, inputs.scenario.hardware.launch, inputs.catalog)["tok_s"]
    return f"up to {significant(told.down, 2)}x lower or {significant(told.up, 2)}x higher"


def _extrapolation_note(config: ReplicaConfig, inputs: Inputs) -> list[str]:
    if not inputs.catalog.is_extrapolated(config.gpu):
        return []
    return [
        f"Throughput on {config.gpu.name} is extrapolated ({_throughput_range(config, inputs)}). Upload a benchmark on the Candidates "
        "page to narrow it."
    ]


def _network_note(config: ReplicaConfig, inputs: Inputs) -> list[str]:
    """What a replica over several machines takes for granted."""
    network = inputs.catalog.links.network(config.gpu.id)
    if not config.is_over_machines or network is None:
        return []
    return [
        f"Each replica spans {plural(islands_count(config.gpu, config.gpus_count), 'machine')}, which are taken to be joined "
        f"by {network.kind}: ask the provider. Few published runs show what that costs ({_throughput_range(config, inputs)})."
    ]


def _technique_notes(plan: FleetPlan, inputs: Inputs) -> list[str]:
    """Serving techniques that the fleet's size assumes."""
    t, notes = inputs.scenario.techniques, []
    if t.speculation:
        basis = speculation.basis_words(plan.config.model, t, inputs.catalog)
        notes.append(
            f"The fleet assumes speculative decoding with {plural(t.draft_tok, 'drafted token')} per pass, {basis}. "
            f"{UNCHECKED}"
        )
    if t.kv_cache == "fp8":
        notes.append("The fleet assumes an FP8 KV cache. Evaluate long contexts before you rely on it.")
    if t.disaggregation:
        notes.append(
            f"The fleet assumes prefill/decode disaggregation over a fast network; its cost is a rule of thumb. {UNCHECKED}"
        )
    if not t.prefix_caching:
        notes.append("Prefix caching on the fleet is switched off on the Six techniques page.")
    return notes


def _deferral_note(workload: Workload) -> list[str]:
    """What the fleet's size assumes of the requests that can wait."""
    if not workload.deferrable_frac:
        return []
    return [
        f"{percent(workload.deferrable_frac)} of requests can wait 24 hours: a fleet is assumed to serve them in its idle "
        "hours, spread over the whole month, so they do not count in its peak."
    ]


def _workload_notes(workload: Workload) -> list[str]:
    """Figures of the workload that were not measured, or on few requests, where they act."""
    notes, ranges = [], traffic_range_words(workload)
    is_log = workload.source.startswith("log:")
    if workload.peak_basis != "measured" and (effective_peak_ratio(workload) > 1 or not workload.deferrable_frac):
        words = {"typed": "your own figure", "bounded": "a lower bound from a short log"}
        rate = significant(workload.requests_per_month / SECONDS_PER_MONTH)
        assumed = (
            f"estimated for a service with {rate} requests/s, since the file does not show each minute of a week"
            if is_log
            else "assumed"
        )
        basis, ratio = words.get(workload.peak_basis, assumed), significant(workload.peak_ratio)
        notes.append(
            f"The peak-to-average ratio of {ratio}{in_brackets(ranges.peak)} is {basis}. Fleet size depends on it."
        )
    if workload.cached_basis == "assumed":
        rate = percent(workload.cached_frac)
        notes.append(f"The API's cache hit rate today is not known; {rate} of input tokens is assumed.")
    if workload.requests_basis in ("assumed", "bounded"):
        origin = "extrapolated from a short log" if is_log else "a typical value"
        requests = f"{plural(workload.requests_per_month, 'request')}/month{in_brackets(ranges.volume)}"
        notes.append(f"{requests} is {origin}. Check it on the Workload page.")
    if too_few_requests(workload) is not None and ranges.lengths:
        sample = plural(workload.sample_requests or 0, "request")
        notes.append(f"Mean token lengths come from {sample}: chance leaves them known {ranges.lengths}.")
    return notes
