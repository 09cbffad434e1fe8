"""Whether the API keeps the availability and carries the load that the product needs, what a second vendor would make of
it, and what a fleet of one's own is taken to keep."""

from calculators.catalog import Catalog
from calculators.decision import Option
from calculators.fleet import regions_count
from calculators.ownership import WEEKS_PER_YEAR
from calculators.rule_records import Uptime
from calculators.savings import first, volumes
from calculators.scenario import Scenario
from calculators.signal_records import Status
from calculators.units import MONTHS_PER_YEAR, count, usd
from calculators.workload import Demand

SECONDS_PER_MINUTE = 60


def promised(operator: str, catalog: Catalog) -> Uptime | None:
    """What the seller promises on the tier priced here, pay as you go: the least it promises on any."""
    found = [u for u in catalog.signal_rules.promised if u.operator == operator]
    return min(found, key=lambda u: u.uptime_frac or 0.0, default=None)


def with_failover(uptime_frac: float, shared_frac: float) -> float:
    """Both of two like vendors must be down: u' = 1 - (1-u)(s + (1-s)(1-u)), s the share of outages they have in common."""
    down = 1 - uptime_frac
    return 1 - down * (shared_frac + (1 - shared_frac) * down)


def failover_usd_per_month(
    today: Option, scenario: Scenario, uptime_frac: float, catalog: Catalog, pay: float
) -> float:
    """A second vendor: the move, somebody who keeps it tested, and its tokens while the first is down."""
    rules = catalog.signal_rules
    move = rules.failover_weeks.central * pay / WEEKS_PER_YEAR / scenario.operations.horizon_months
    tokens = (1 - uptime_frac) * today.usd_per_month
    return move + rules.failover_fte.central * pay / MONTHS_PER_YEAR + tokens


def uptime_status(
    scenario: Scenario, catalog: Catalog, today: Option, has_fleet: bool, pay: float
) -> tuple[Status | None, str, str, str]:
    rules, e = catalog.signal_rules, scenario.evidence
    promise = promised(today.operator, catalog)
    said = (
        "promise not known, ask"
        if promise is None
        else f"no promise on {promise.tier}"
        if promise.uptime_frac is None
        else f"{promise.uptime_frac:.2%} promised on {promise.tier}"
    )
    have = e.api_uptime_frac if e.api_uptime_frac is not None else promise.uptime_frac if promise else None
    words = f"{e.api_uptime_frac:.3%} seen, {said}" if e.api_uptime_frac is not None else said
    needed = e.needed_uptime_frac
    if needed is None:
        return None, "", "", ""
    if have is None:
        remedy = "Count failed and timed-out requests of a month, or read the vendor's status page, and enter the share answered."
        return "unknown", words, "What the API keeps is not known.", remedy
    shared = rules.failover_shared_frac.central
    both = with_failover(have, shared)
    price = usd(failover_usd_per_month(today, scenario, have, catalog, pay))
    second = f"a second vendor would make it {both:.4%} for {price} a month"
    regions = regions_count(scenario, catalog)
    own = (rules.two_region_uptime_frac if regions > 1 else rules.one_region_uptime_frac).central
    where = f"{regions} regions" if regions > 1 else "one region"
    if have >= needed:
        near = (1 - have) > (1 - rules.close_frac.central) * (1 - needed)
        return ("close" if near else "not_firing"), words, "The API keeps what is needed.", ""
    if both >= needed:
        return (
            "close",
            words,
            f"The API does not keep it, but {second}: do that first.",
            "Add a second vendor as failover.",
        )
    if has_fleet and own >= needed:
        why = f"The API does not keep it; {second}, not enough; an own fleet in {where} is taken to keep {own:.2%}, and its rent holds them."
        return "firing", words, why, ""
    why = f"The API does not keep it; {second}; but an own fleet in {where}, taken to keep {own:.2%}, does not either."
    return "not_firing", words, why, "More regions, or a product that bears the outage."


def limit_status(
    scenario: Scenario, need: Demand, catalog: Catalog, has_fleet: bool
) -> tuple[Status | None, str, str, int | None]:
    """Tokens a minute at the peak against the account's limit; a second vendor is taken to double it."""
    limit = scenario.evidence.api_limit_tok_per_minute
    if limit is None:
        return None, "", "", None
    now = need.peak_req_s * SECONDS_PER_MINUTE * (need.input_tok + need.output_tok)
    ahead = now * volumes(scenario) / need.requests_per_month
    words = f"{count(now)} tokens a minute at the peak"
    month = first(ahead > 2 * limit) if has_fleet else None
    if now > 2 * limit:
        why = "The peak is beyond twice your account's limit, more than a second vendor would carry."
        return ("firing" if has_fleet else "not_firing"), words, why, month
    if now > limit:
        why = "The peak is beyond your account's limit: ask for a higher one, or add a second vendor, first."
        return "close", words, why, month
    near = now > (1 - catalog.signal_rules.close_frac.central) * limit
    return ("close" if near else "not_firing"), words, "The peak stays within your account's limit.", month
