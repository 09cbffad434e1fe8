"""Whether the API keeps the availability and carries the load that the product needs, what a second vendor would make of
it, and what a fleet of one's own is taken to keep."""

from calculators.catalog.catalog import Catalog
from calculators.catalog.signal_rules import Uptime
from calculators.decision.savings import first_month
from calculators.decision.signal_result import SignalStatus
from calculators.fleet.operating_costs import WEEKS_PER_YEAR
from calculators.fleet.staircase import regions_count
from calculators.options.option import Option
from calculators.scenario.demand import by_month
from calculators.scenario.inputs import Inputs
from calculators.units import MONTHS_PER_YEAR, count, usd

SECONDS_PER_MINUTE = 60


def promised(operator: str, catalog: Catalog) -> Uptime | None:
    """What the seller promises on the tier priced here, pay as you go. None: not known."""
    return next((u for u in catalog.signal_rules.promised if u.operator == operator and u.pay_as_you_go), None)


def observed(operator: str, catalog: Catalog) -> tuple[str, ...]:
    """What others saw the seller keep: context, never the rule."""
    rules = catalog.signal_rules
    return tuple(
        f"{u.uptime_frac:.2%} seen by others, {u.tier} ({rules.sources[u.source].title}, {u.confidence} confidence)"
        for u in rules.observed
        if u.operator == operator and u.uptime_frac is not None
    )


def with_failover(uptime_frac: float, shared_frac: float) -> float:
    """Both of two like vendors must be down: u' = 1 - (1-u)(s + (1-s)(1-u)), s the share of outages they have in common."""
    down = 1 - uptime_frac
    return 1 - down * (shared_frac + (1 - shared_frac) * down)


def failover_usd_per_month(today: Option, inputs: Inputs, uptime_frac: float, pay: float) -> float:
    """A second vendor: the move, somebody who keeps it tested, and its tokens while the first is down."""
    rules = inputs.catalog.signal_rules
    move = rules.failover_weeks.central * pay / WEEKS_PER_YEAR / inputs.scenario.operations.horizon_months
    tokens = (1 - uptime_frac) * today.usd_per_month
    return move + rules.failover_fte.central * pay / MONTHS_PER_YEAR + tokens


def uptime_status(
    inputs: Inputs, today: Option, has_fleet: bool, pay: float
) -> tuple[SignalStatus | None, str, str, str]:
    rules, e = inputs.catalog.signal_rules, inputs.scenario.evidence
    promise = promised(today.operator, inputs.catalog)
    said = (
        "promise not known, ask"
        if promise is None
        else f"no promise on {promise.tier}"
        if promise.uptime_frac is None
        else f"{promise.uptime_frac:.2%} promised on {promise.tier}"
    )
    seen, needed = e.api_uptime_frac, e.needed_uptime_frac
    words = f"{seen:.3%} seen, {said}" if seen is not None else said
    if needed is None:
        return None, "", "", ""
    kept = promise.uptime_frac if promise and promise.uptime_frac is not None else None
    have = seen if seen is not None else kept
    if have is None or (seen is None and have >= needed):
        return "unknown", words, "A promise is not what is kept, and that was not measured.", COUNT_FAILURES
    if have >= needed:
        near = (1 - have) > (1 - rules.close_frac.central) * (1 - needed)
        return ("close" if near else "not_firing"), words, "The API keeps what is needed.", ""
    price = usd(failover_usd_per_month(today, inputs, have, pay))
    central, best = (
        with_failover(have, s) for s in (rules.failover_shared_frac.central, rules.failover_shared_frac.low)
    )
    second = f"a second vendor is taken to make it {central:.4%} (at best {best:.4%}) for {price}/month"
    if best >= needed:
        return (
            "close",
            words,
            f"The API does not keep it, but {second}: do that first.",
            "Add a second vendor as failover.",
        )
    status, own = _own_side(inputs, has_fleet, needed)
    remedy = "" if status == "firing" else "A product that bears the outage, or a fleet that keeps more."
    return status, words, f"The API does not keep it; {second}, not enough; {own}.", remedy


COUNT_FAILURES = (
    "Count failed and timed-out requests of a month, or read the vendor's status page, and enter the share answered."
)


def _own_side(inputs: Inputs, has_fleet: bool, needed: float) -> tuple[SignalStatus, str]:
    """What a fleet of one's own is taken to keep: an assumption, and said to be one."""
    rules, regions = inputs.catalog.signal_rules, regions_count(inputs.scenario, inputs.catalog)
    own = rules.two_region_uptime_frac if regions > 1 else rules.one_region_uptime_frac
    where = f"{regions} regions" if regions > 1 else "one region"
    kept = f"an own fleet in {where} is assumed to keep {own.central:.2%} ({own.low:.2%} to {own.high:.3%})"
    if not has_fleet:
        return "close", "and no fleet of your own qualifies"
    return ("firing", f"{kept}, and its cost holds them") if own.central >= needed else ("close", f"but {kept}")


def limit_status(inputs: Inputs, has_fleet: bool) -> tuple[SignalStatus | None, str, str, int | None]:
    """Tokens a minute at the peak against the account's limit; a second vendor is taken to double it."""
    limit = inputs.scenario.evidence.api_limit_tok_per_minute
    if limit is None:
        return None, "", "", None
    now = inputs.demand.peak_req_s * SECONDS_PER_MINUTE * (inputs.demand.input_tok + inputs.demand.output_tok)
    ahead = now * by_month(inputs.scenario) / inputs.demand.requests_per_month
    words = f"{count(now)} tokens a minute at the peak"
    month = first_month(ahead > 2 * limit) if has_fleet else None
    if now > 2 * limit:
        why = "The peak is beyond twice your account's limit, more than a second vendor would carry."
        return ("firing" if has_fleet else "close"), words, why, month
    if now > limit:
        why = "The peak is beyond your account's limit: ask for a higher one, or add a second vendor, first."
        return "close", words, why, month
    near = now > (1 - inputs.catalog.signal_rules.close_frac.central) * limit
    return ("close" if near else "not_firing"), words, "The peak stays within your account's limit.", month
