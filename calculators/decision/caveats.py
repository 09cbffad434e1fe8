"""What a careful reader should know about a result."""

from collections.abc import Sequence

from calculators.api.cache_terms import cache_terms
from calculators.api.rates import scheduled_changes
from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.catalog.load import STALE_DAYS
from calculators.compliance.assessment import ComplianceAssessment
from calculators.decision import verdict as decision
from calculators.decision.crossover import Crossover
from calculators.decision.savings import first_month
from calculators.fleet.plan import FleetPlan
from calculators.options.option import Option
from calculators.performance import speculation
from calculators.scenario.demand import by_month
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario

FAR_MONTHS = 600
UNCHECKED = "That is outside the validated range: no published run was used to check it."


def caveats(inputs: Inputs, today: Option, options: Sequence[Option]) -> list[str]:
    """What a careful reader should know about this result."""
    found = _price_notes(inputs.scenario, today) + _cache_notes(options, inputs.catalog)
    build = decision.best_build(options)
    if build is not None and build.plan is not None:
        found += _rent_notes(build.plan, inputs.scenario) + _own_speed_notes(build.plan, inputs)
        found += _technique_notes(build.plan, inputs)
    if inputs.scenario.workload.peak_basis != "measured":
        words = {"typed": "your own figure", "bounded": "a lower bound, from a short log"}
        basis = words.get(inputs.scenario.workload.peak_basis, "assumed")
        found.append(
            f"The peak, {inputs.scenario.workload.peak_ratio:.3g}× the mean, is {basis}, and fleet size follows it."
        )
    if inputs.scenario.workload.cached_basis == "assumed":
        found.append(
            f"How much input the API bills as cached today is not known: {inputs.scenario.workload.cached_frac:.0%} is assumed."
        )
    if inputs.scenario.workload.requests_basis in ("assumed", "bounded"):
        origin = (
            "extrapolated from a short log"
            if inputs.scenario.workload.source.startswith("log:")
            else "a typical figure"
        )
        found.append(f"Requests a month are {origin}, not measured: check them on the Workload page.")
    return found


def _own_speed_notes(plan: FleetPlan, inputs: Inputs) -> list[str]:
    """Whether the fleet's speed is the model's or the user's own."""
    config, hardware = plan.config, inputs.scenario.hardware
    if hardware.throughput_factor != 1.0:
        return [f"Every modelled speed is multiplied by {hardware.throughput_factor:g}: your own figure."]
    names = [(inputs.catalog.model(m.model), inputs.catalog.gpu(m.gpu)) for m in hardware.own_measurements]
    count = sum(model is config.model and gpu is config.gpu for model, gpu in names)
    if count == 0:
        return _unmeasured_note(config.gpu, inputs.catalog)
    plural = "s" * (count > 1)
    return [
        f"Speeds of {config.model.name} on {config.gpu.name} are corrected by {count} benchmark{plural} of your own."
    ]


def _technique_notes(plan: FleetPlan, inputs: Inputs) -> list[str]:
    """What the fleet takes for granted beside batching."""
    t, found = inputs.scenario.techniques, []
    if t.speculation:
        words = speculation.basis_words(plan.config.model, t, inputs.catalog)
        found.append(
            f"The fleet is reckoned with speculation: {t.draft_tok} tokens drafted a pass, {words}. {UNCHECKED}"
        )
    if t.kv_cache == "fp8":
        found.append("The fleet is reckoned with its KV cache in FP8: evaluate long contexts before you rely on it.")
    if t.disaggregation:
        found.append(
            f"Prefill and decode are reckoned on pools of their own, over a fast network, a rule of thumb. {UNCHECKED}"
        )
    if not t.prefix_caching:
        found.append("Prefix caching on the fleet is switched off on the Six techniques page.")
    return found


def _unmeasured_note(gpu: Gpu, catalog: Catalog) -> list[str]:
    if not catalog.is_extrapolated(gpu):
        return []
    factor = catalog.range_ratio("tpot_ms", gpu)
    return [
        f"Few runs were measured on GPUs like {gpu.name}: its speed is extrapolated, and the range takes it a factor of "
        f"{factor:.1f} either way. Drop a benchmark of your own on the Candidates page to narrow it."
    ]


def contract_conditions(winner: Option, found: ComplianceAssessment) -> list[str]:
    """What the verdict is allowed under."""
    if not found.requirements:
        return []
    sellers = (winner.operator, winner.also_operator)
    paths = {p.path.operator: p.path for p in reversed(found.with_status("allowed")) if p.path.operator in sellers}
    return [
        f"{path.name} is allowed on this condition: {f.words.rstrip('.')}."
        for path in paths.values()
        for f in path.findings
        if f.source or f.requirement.yours in f.words
    ]


def growth_note(scenario: Scenario, overall: Crossover) -> list[str]:
    """When the stated growth reaches the durable crossover against the best way to buy."""
    durable = overall.durable_req_per_month
    growth, now = scenario.workload.growth_per_month_frac, scenario.workload.requests_per_month
    if growth <= 0 or durable is None or durable <= now:
        return []
    month = first_month(by_month(scenario, FAR_MONTHS) >= durable)
    if month is None:
        return []
    return [f"At {growth:.0%} growth a month your volume reaches the crossover in {month} months, at prices of today."]


def _price_notes(scenario: Scenario, today: Option) -> list[str]:
    assert today.bill is not None
    offer = today.bill.offer
    return [
        f"{offer.label} changes price on {day}: ${rates.input_usd_per_mtok:g} in, ${rates.output_usd_per_mtok:g} out "
        "per million tokens. The verdict uses the price of today."
        for day, rates in scheduled_changes(offer, scenario.as_of, scenario.operations.horizon_months)
    ]


def _cache_notes(options: Sequence[Option], catalog: Catalog) -> list[str]:
    """Where the best way to buy reads a cache whose rules the seller does not publish."""
    buys = [option for option in options if option.is_buy and option.bill is not None]
    if not buys:
        return []
    bill = decision.best_buy(buys).bill
    if bill is None or bill.cache_read_usd_per_month <= 0:
        return []
    gaps = cache_terms(bill.offer.provider, bill.offer.model, catalog).assumed_rules
    seller, model = bill.offer.provider_name, bill.offer.model
    words = f"{seller} does not publish all prompt-cache rules for {model}. Assumed: {', '.join(gaps)}."
    return [words] if gaps else []


def _rent_notes(plan: FleetPlan, scenario: Scenario) -> list[str]:
    found = []
    seen = plan.offer.seen
    if plan.offer.basis == "list" and seen is not None and (scenario.as_of - seen).days > STALE_DAYS:
        found.append(
            f"The rent at {plan.offer.provider} was last seen on {seen}, {(scenario.as_of - seen).days} days ago. "
            "GPU rents rose by about half in 2026: ask for a quote."
        )
    if plan.offer.basis == "list":
        found.append(
            "The rent is one provider's list price: whether it has the machines free when you need them is not known."
        )
    return found
