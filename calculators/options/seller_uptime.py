"""What is published of the uptime of an API seller, beside the availability target.

A missed target is told and bars nobody: a second vendor repairs an outage, which the reliability trigger prices, while
nothing repairs a slow seller. A figure of low confidence is not held against the target. A promise is a contract, often
with credits, and no measurement. What nobody has published stays not known.
"""

from datetime import date

from calculators.catalog.rent_history import STALE_DAYS
from calculators.catalog.seller_speeds import SellerUptime
from calculators.catalog.signal_rules import Uptime
from calculators.scenario.inputs import Inputs
from calculators.units import percent


def uptime_words(provider: str, inputs: Inputs, is_today: bool = False) -> str:
    """Published and promised uptime of a seller as sentences, and whether it keeps the availability target; empty where
    neither is known. `is_today`: of today's API, where the user's own measurement replaces the published figure."""
    evidence = inputs.scenario.evidence
    uptime = inputs.catalog.seller_speeds.uptime_by_provider.get(provider)
    sentences = []
    if uptime is not None and not (is_today and evidence.api_uptime_frac is not None):
        sentences.append(f"Uptime: {published_words(uptime, inputs)}.")
    promise = inputs.catalog.signal_rules.promise_by_operator.get(provider)
    if promise is not None:
        sentences.append(_promise_words(promise))
    return " ".join(sentences)


def published_words(uptime: SellerUptime, inputs: Inputs) -> str:
    """A published uptime with its source, period and confidence, held against the availability target; follows a colon."""
    share = percent(uptime.uptime_frac)
    if uptime.worst_model_frac is not None:
        share = f"{percent(uptime.worst_model_frac)} to {share} by model"
    period = f"until {uptime.seen}" if uptime.since is None else f"{uptime.since} to {uptime.seen}"
    source = inputs.catalog.seller_speeds.sources[uptime.source].title
    age = age_words(uptime.seen, inputs.scenario.as_of)
    held = _held_words(uptime, inputs.scenario.evidence.needed_uptime_frac)
    return f"{share} ({source}, {period}{age}, {uptime.confidence} confidence){held}"


def _promise_words(promise: Uptime) -> str:
    if promise.uptime_frac is None:
        return f"No uptime is promised on {promise.tier}."
    return f"An uptime of {percent(promise.uptime_frac)} is promised on {promise.tier}; a promise is no measurement."


def age_words(seen: date, as_of: date) -> str:
    """The age of a figure, where it is old; else empty."""
    days = (as_of - seen).days
    return f", {days} days old" if days > STALE_DAYS else ""


def _held_words(uptime: SellerUptime, needed_frac: float | None) -> str:
    """A published uptime held against the availability target, as words that go on after it."""
    if needed_frac is None:
        return ""
    target = f"your availability target of {percent(needed_frac)}"
    worst_frac = uptime.uptime_frac if uptime.worst_model_frac is None else uptime.worst_model_frac
    if worst_frac >= needed_frac:
        return f", which keeps {target}"
    if uptime.confidence == "low":
        return f", too weak a source to hold against {target}"
    if uptime.uptime_frac < needed_frac:
        return f", which misses {target} as published"
    return f", which keeps or misses {target} depending on the model"
