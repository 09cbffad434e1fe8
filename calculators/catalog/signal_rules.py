"""Records of pricing_data/signals.yaml: thresholds of the exit signals, promised uptime."""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from calculators.catalog.base import Fraction, PositiveCount, Range, Sourced, SourcedFile

SignalId = Literal["cost", "latency", "reliability"]


# --- pricing_data/signals.yaml -----------------------------------------------------------------------------------


class Uptime(Sourced):
    """Uptime that a provider promises on one tier. None: it states that it promises none."""

    operator: str
    tier: str
    uptime_frac: Fraction | None
    pay_as_you_go: bool = False
    """Whether it applies to the pay-as-you-go tier, whose prices are used here."""
    note: str | None = None


class PublishedUptime(Sourced):
    """A published threshold: context only, never the rule."""

    words: str


class SignalRules(SourcedFile):
    """Thresholds of the exit signals, and the rules of thumb behind them."""

    rules: dict[SignalId, PublishedUptime]
    """Where each signal's rule comes from."""
    close_frac: Range
    """Relative distance from its threshold within which a value is called close."""
    one_region_uptime_frac: Range
    two_region_uptime_frac: Range
    failover_shared_frac: Range
    """Share of one vendor's outages during which the second is down too."""
    failover_weeks: Range
    failover_fte: Range
    review_months: PositiveCount
    published_cost_thresholds: tuple[PublishedUptime, ...]
    published_latency_thresholds: tuple[PublishedUptime, ...]
    promised: tuple[Uptime, ...]

    @cached_property
    def promise_by_operator(self) -> Mapping[str, Uptime]:
        """What each operator promises on the pay-as-you-go tier, which is priced here."""
        return {uptime.operator: uptime for uptime in self.promised if uptime.pay_as_you_go}
