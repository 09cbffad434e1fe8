"""The reliability signal: whether the API is available enough and carries the load that the product needs, what a second
vendor would change, and what a self-hosted fleet is assumed to deliver."""

from collections.abc import Mapping
from dataclasses import dataclass

from calculators.catalog.base import Range
from calculators.catalog.signal_rules import SignalRules, Uptime
from calculators.decision.savings import first_month
from calculators.decision.signal_result import RANK, Signal, SignalCheck, SignalMonths, SignalStatus, signal_of
from calculators.fleet.operating_costs import WEEKS_PER_YEAR, engineer_usd_per_year
from calculators.fleet.plan import FleetPlan
from calculators.options.option import Option
from calculators.options.seller_uptime import published_words
from calculators.options.shortlist import allowed_options, assess_options, enumerate_options
from calculators.scenario.demand import by_month
from calculators.scenario.inputs import Inputs
from calculators.units import MONTHS_PER_YEAR, count, listed, percent, plural, usd

SECONDS_PER_MINUTE = 60
MAX_NAMED_SELLERS = 3
MIN_SPARES = 1
"""Spare replicas for which the availability of a fleet is stated: N+1 (pricing_data/signals.yaml)."""
RELAX = "Relax the availability target: nothing compared here is assumed to keep it."
COUNT_FAILURES = "Count failed and timed-out requests over a month, or read the provider's status page, and enter the share answered."


@dataclass(frozen=True, slots=True)
class ReliabilityCheck:
    """Availability or rate limit: its status, its value, why, what to do, and the month in which growth makes it fire."""

    status: SignalStatus
    value: str
    why: str
    remedy: str = ""
    month: int | None = None


def reliability_signal(inputs: Inputs, today: Option, fleet: FleetPlan | None) -> Signal:
    """The reliability signal: the more severe of availability and rate limit. `fleet`: the cheapest self-hosted one."""
    evidence = inputs.scenario.evidence
    uptime, limit = uptime_check(inputs, today, fleet), limit_check(inputs, fleet is not None)
    checks = [check for check in (uptime, limit) if check is not None]
    status: SignalStatus = max((check.status for check in checks), key=lambda s: RANK[s], default="unknown")
    remedy = "" if checks else "Enter the availability you need, or the rate limit of your account."
    if uptime is not None and status != "firing":
        remedy = uptime.remedy
    needs = []
    if evidence.needed_uptime_frac is not None:
        needs.append(f"availability is below {percent(evidence.needed_uptime_frac)}")
    if evidence.api_limit_tok_per_minute is not None:
        needs.append(f"the peak exceeds {count(2 * evidence.api_limit_tok_per_minute)} tokens/min")
    joined = SignalCheck(
        status=status,
        value=", ".join(check.value for check in checks) or "Not stated",
        threshold=f"when {' or '.join(needs)}, a second vendor does not fix it and self-hosting does"
        if needs
        else "when an availability or a rate limit is missed; none is set",
        why=" ".join(check.why for check in checks) or "No availability target or rate limit is set.",
        remedy=remedy,
    )
    months = SignalMonths.of(0 if status == "firing" else limit.month if limit else None)
    seen = tuple(words for seller in today.operators for words in observed(seller, inputs))
    return signal_of("reliability", joined, months, seen, inputs.catalog)


# --- availability --------------------------------------------------------------------------------------------------


def observed(operator: str, inputs: Inputs) -> tuple[str, ...]:
    """The uptime of a seller that others publish, in words: context, never the rule."""
    uptime = inputs.catalog.seller_speeds.uptime_by_provider.get(operator)
    return () if uptime is None else (f"Published uptime: {published_words(uptime, inputs)}",)


def with_failover(uptime_frac: float, shared_frac: float) -> float:
    """Availability of two like vendors of which one is enough: u' = 1 - (1-u)(s + (1-s)(1-u)), s the share of outages that
    both have in common."""
    down = 1 - uptime_frac
    return 1 - down * (shared_frac + (1 - shared_frac) * down)


def failover_usd_per_month(today: Option, inputs: Inputs, uptime_frac: float) -> float:
    """Monthly cost of a second vendor: the move, somebody who keeps it tested, and its tokens while the first is down."""
    rules, pay = (
        inputs.catalog.signal_rules,
        engineer_usd_per_year(inputs.scenario.operations, inputs.catalog.ownership),
    )
    move = rules.failover_weeks.central * pay / WEEKS_PER_YEAR / inputs.scenario.operations.horizon_months
    tokens = (1 - uptime_frac) * today.usd_per_month
    return move + rules.failover_fte.central * pay / MONTHS_PER_YEAR + tokens


def uptime_check(inputs: Inputs, today: Option, fleet: FleetPlan | None) -> ReliabilityCheck | None:
    """Availability of the API against the availability needed. None: no target is set."""
    evidence = inputs.scenario.evidence
    needed, measured = evidence.needed_uptime_frac, evidence.api_uptime_frac
    if needed is None:
        return None
    assert today.bill is not None
    kept = inputs.catalog.signal_rules.promise_by_operator
    promises = [(offer.provider_name, kept.get(offer.provider)) for offer in today.bill.offers]
    words = _promises_words(dict(promises))
    if measured is not None:
        words = f"{percent(measured)} measured, {words[:1].lower()}{words[1:]}"
    known = [promise.uptime_frac for _, promise in promises if promise and promise.uptime_frac is not None]
    uptime = measured if measured is not None else min(known, default=None)
    if uptime is None or (measured is None and uptime >= needed):
        why = "Availability was not measured. A promise is no measurement."
        return ReliabilityCheck("unknown", words, why, COUNT_FAILURES)
    if uptime >= needed:
        is_near = (1 - uptime) > (1 - inputs.catalog.signal_rules.close_frac.central) * (1 - needed)
        return ReliabilityCheck("close" if is_near else "not_firing", words, "The API meets the availability target.")
    return _missed(inputs, today, fleet, needed, (uptime, words))


def _promises_words(promises: Mapping[str, Uptime | None]) -> str:
    """What the seller promises; of several, who promises what."""
    if len(promises) == 1:
        return _promise_words(*promises.values())
    kept = [
        f"{percent(u.uptime_frac)} promised by {name} on {u.tier}"
        for name, u in promises.items()
        if u and u.uptime_frac
    ]
    without = [name for name, u in promises.items() if not u or not u.uptime_frac]
    rest = (
        listed(without)
        if len(without) <= MAX_NAMED_SELLERS
        else plural(len(without), "other seller" if kept else "seller")
    )
    return "; ".join([*kept, *([f"No promise known of {rest}"] if without else [])])


def _promise_words(promise: Uptime | None) -> str:
    if promise is None:
        return "Promise unknown (ask the provider)"
    if promise.uptime_frac is None:
        return f"No promise on {promise.tier}"
    return f"{percent(promise.uptime_frac)} promised on {promise.tier}"


def _missed(
    inputs: Inputs, today: Option, fleet: FleetPlan | None, needed: float, uptime: tuple[float, str]
) -> ReliabilityCheck:
    """A missed availability target: a second vendor is tried first, then a fleet. `uptime`: of the API, and its words."""
    rules, (uptime_frac, words) = inputs.catalog.signal_rules, uptime
    shared = rules.failover_shared_frac
    central, best = with_failover(uptime_frac, shared.central), with_failover(uptime_frac, shared.low)
    price = usd(failover_usd_per_month(today, inputs, uptime_frac))
    second = f"a second vendor would raise it to {percent(central)} (at best {percent(best)}) for {price}/month"
    if best >= needed:
        why = f"The API misses the availability target, but {second}."
        return ReliabilityCheck("close", words, why, "Add a second vendor as failover first.")
    if needed > max(rules.one_region_uptime_frac.high, rules.two_region_uptime_frac.high):
        why = f"The API misses the availability target; {second}. Nothing that is known reaches {percent(needed)}."
        keeps = fleet is not None and not fleet.offer.is_spot and fleet.spare_replicas >= MIN_SPARES
        to = f" to {percent(assumed_uptime(fleet.regions, rules).central)}" if fleet is not None and keeps else ""
        return ReliabilityCheck("not_firing", words, why, f"Relax the target{to}.")
    status, self_hosting = _fleet_uptime(inputs, fleet, needed)
    why = f"The API misses the availability target; {second}, which is not enough; {self_hosting}."
    remedy = "" if status == "firing" else _fleet_remedy(inputs, fleet, needed)
    return ReliabilityCheck(status, words, why, remedy)


def assumed_uptime(regions: int, rules: SignalRules) -> Range:
    """The availability assumed of a fleet in so many regions, with at least `MIN_SPARES` and on GPUs that stay."""
    return rules.two_region_uptime_frac if regions > 1 else rules.one_region_uptime_frac


def _fleet_uptime(inputs: Inputs, fleet: FleetPlan | None, needed: float) -> tuple[SignalStatus, str]:
    """Status, and the assumed availability of a self-hosted fleet in words; none is assumed on spot GPUs, nor without the
    spare that the assumption is stated for."""
    if fleet is None:
        return "close", "no self-hosted option qualifies"
    if fleet.offer.is_spot:
        return (
            "close",
            "self-hosting is cheapest on spot GPUs, which may be taken back, so no availability is assumed for it",
        )
    if fleet.spare_replicas < MIN_SPARES:
        return "close", "self-hosting has no spare replica, without which no availability is assumed for it"
    assumed = assumed_uptime(fleet.regions, inputs.catalog.signal_rules)
    words = (
        f"self-hosting in {plural(fleet.regions, 'region')} is assumed to reach {percent(assumed.central)} "
        f"({percent(assumed.low)} to {percent(assumed.high)})"
    )
    return ("firing", words) if assumed.central >= needed else ("close", f"{words}, which is not enough either")


def _fleet_remedy(inputs: Inputs, fleet: FleetPlan | None, needed: float) -> str:
    """What would make a self-hosted fleet keep the target, tried; if nothing does, to relax the target."""
    scenario, rules = inputs.scenario, inputs.catalog.signal_rules
    regions = 1 if assumed_uptime(1, rules).central >= needed else 2
    if fleet is None or assumed_uptime(regions, rules).central < needed:
        return RELAX
    steps, operations, hardware = [], scenario.operations, scenario.hardware
    if fleet.spare_replicas < MIN_SPARES:
        steps.append("set at least one spare replica")
        operations = operations.model_copy(update={"spare_replicas": MIN_SPARES})
    if fleet.regions < regions:
        steps.append(f"serve from {regions} regions")
        operations = operations.model_copy(update={"regions": regions})
    if "spot" in hardware.commitments:
        steady = tuple(term for term in hardware.commitments if term != "spot")
        steps.append("leave out spot GPUs" if steady else "replace spot by on-demand GPUs")
        hardware = hardware.model_copy(update={"commitments": steady or ("on_demand",)})
    tried = scenario.model_copy(update={"operations": operations, "hardware": hardware})
    if not _has_fleet(Inputs.of(tried, inputs.catalog)):
        return RELAX
    words = " and ".join(steps)
    return f"{words[:1].upper()}{words[1:]}."


def _has_fleet(inputs: Inputs) -> bool:
    """Whether a fleet that compliance allows carries the volume."""
    every = enumerate_options(inputs)
    return allowed_options(every, assess_options(every, inputs), inputs).has_fleet


# --- rate limit ----------------------------------------------------------------------------------------------------


def limit_check(inputs: Inputs, has_fleet: bool) -> ReliabilityCheck | None:
    """Tokens per minute at the peak against the account's rate limit, which a second vendor is assumed to double. None: no
    limit is stated."""
    limit = inputs.scenario.evidence.api_limit_tok_per_minute
    if limit is None:
        return None
    now = inputs.demand.peak_req_s * SECONDS_PER_MINUTE * (inputs.demand.input_tok + inputs.demand.output_tok)
    ahead = now * by_month(inputs.scenario) / inputs.demand.requests_per_month
    words = f"{count(now)} tokens/min at the peak"
    month = first_month(ahead > 2 * limit) if has_fleet else None
    if now > 2 * limit:
        why = "The peak exceeds twice your account's rate limit, more than a second vendor would carry."
        return ReliabilityCheck("firing" if has_fleet else "close", words, why, month=month)
    if now > limit:
        why = "The peak exceeds your account's rate limit. Ask for a higher limit, or add a second vendor, first."
        return ReliabilityCheck("close", words, why, month=month)
    is_near = now > (1 - inputs.catalog.signal_rules.close_frac.central) * limit
    why = "The peak stays within your account's rate limit."
    return ReliabilityCheck("close" if is_near else "not_firing", words, why, month=month)
