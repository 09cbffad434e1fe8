"""What compliance, exit signals and missing inputs add to the ranking of options."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from calculators.catalog.compliance_rules import PathKind
from calculators.compliance.assessment import ComplianceAssessment, PricedPath
from calculators.decision.signal_result import Signal, Signals
from calculators.fleet.rent_gap import RentGap
from calculators.options.option import Option, OptionKind
from calculators.options.remedies import NoFleet
from calculators.scenario.schema import Scenario, Workload

LEAST_SAVING_USD = 10.0
LEAST_SAVING_FRAC = 0.01
PRICED_ON_REQUEST: tuple[PathKind, ...] = ("government_cloud", "direct_api", "resold_api", "hosted_open", "dedicated")


@dataclass(frozen=True, slots=True)
class MissingInput:
    """What must be known before a verdict is possible."""

    kind: Literal["ask_operators", "nothing_allowed", "nothing_holds", "over_limit", "volume"]
    operators: tuple[str, ...] = ()
    """Names of operators that may be allowed, once they are asked."""
    requests_per_month: float = 0.0
    """The assumed volume."""
    flips_at_req_per_month: float = 0.0


TrafficFigure = Literal["volume", "lengths", "peak"]


@dataclass(frozen=True, slots=True)
class TrafficDoubt:
    """What keeps the figures of the traffic from carrying a sure decision."""

    few_requests: int | None = None
    """The requests of the log, where they are too few."""
    changed_by: tuple[TrafficFigure, ...] = ()
    """The figures that, within their ranges, change the decision: together, where there are several."""
    becomes: OptionKind | None = None
    """What wins then; None where nothing serves."""
    guess_flips_at_req_per_month: float | None = None
    """Where the volume is a guess: the nearest one at which the decision changes, if it is clearly another within the
    range."""


NO_DOUBT = TrafficDoubt()


@dataclass(frozen=True, slots=True)
class VerdictContext:
    """Context for the verdict's sentence: a cheaper option that compliance forbids, sellers to ask, signals that are met,
    a missing input, a doubt about the traffic."""

    blocked: PricedPath | None = None
    """The cheapest option of all, where compliance forbids it."""
    ask_first: tuple[PricedPath, ...] = ()
    """Options noticeably cheaper than every allowed one, whose operator may say yes."""
    cheapest_allowed_usd: float = inf
    quote_first: tuple[str, ...] = ()
    """Operators that are allowed and publish no price."""
    met_signals: tuple[Signal, ...] = ()
    """Latency and reliability signals that say leave, while the cheapest option is an API."""
    missing: MissingInput | None = None
    doubt: TrafficDoubt = NO_DOUBT
    rent_gap: RentGap | None = None
    """What keeps every GPU price out of the comparison."""
    changes: str = ""
    """What changes over the horizon, as of `month_path.changes_words`."""
    horizon_months: int = 0
    """Over which costs are compared where volume or prices change."""
    passed_over: str = ""
    """The cheapest option that would win if it did not miss a latency target, as a sentence."""
    saving: str = ""
    """What a cheaper fleet of extrapolated speed would save beside the winner, as a sentence."""
    commitment: str = ""
    """What committed spend does to the answer, in sentences; empty where it changes nothing."""

    @property
    def may_be_cheaper(self) -> bool:
        """Whether somebody has to be asked who may be cheaper than every allowed option."""
        return bool(self.ask_first or self.quote_first)


def verdict_context(
    ranked: Sequence[Option],
    assessment: ComplianceAssessment,
    signals: Signals,
    doubt: TrafficDoubt,
    scenario: Scenario,
    no_fleet: NoFleet | None = None,
) -> VerdictContext:
    """Context of a verdict on the allowed options `ranked`. `no_fleet`: why none is self-hosted."""
    met = tuple(s for s in signals.exit_signals if s.status == "firing" and s.id != "cost")
    is_api = bool(ranked) and min(ranked, key=lambda option: option.decisive_usd_per_month).is_buy
    return replace(
        compliance_context(assessment),
        met_signals=met if is_api else (),
        missing=_missing(ranked, assessment, doubt.guess_flips_at_req_per_month, scenario.workload, no_fleet),
        doubt=doubt,
        horizon_months=scenario.operations.horizon_months,
    )


def compliance_context(assessment: ComplianceAssessment) -> VerdictContext:
    """Context from compliance alone; empty without requirements."""
    cheapest, allowed_usd = assessment.cheapest, assessment.allowed_usd_per_month
    if not assessment.requirements:
        return VerdictContext()
    bar = inf if allowed_usd is None else allowed_usd
    is_forced = cheapest is not None and cheapest.path.status == "blocked" and (cheapest.usd_per_month or 0.0) < bar
    return VerdictContext(
        blocked=cheapest if is_forced else None,
        ask_first=tuple(
            p
            for p in assessment.with_status("ask")
            if p.usd_per_month is not None and bar - p.usd_per_month >= least_saving_usd(bar)
        ),
        cheapest_allowed_usd=bar,
        quote_first=tuple(
            p.path.name
            for p in assessment.with_status("allowed")
            if p.usd_per_month is None and not p.barred_by and p.path.kind in PRICED_ON_REQUEST
        ),
    )


def least_saving_usd(usd_per_month: float) -> float:
    """What a month must save at least, against an option of this cost, to be worth asking somebody for."""
    return max(LEAST_SAVING_USD, LEAST_SAVING_FRAC * usd_per_month) if usd_per_month < inf else 0.0


def _missing(
    ranked: Sequence[Option],
    assessment: ComplianceAssessment,
    volume_flips_at: float | None,
    workload: Workload,
    no_fleet: NoFleet | None,
) -> MissingInput | None:
    """The input without which nothing can be said; None where there is no such input."""
    if not ranked:
        if no_fleet is not None and no_fleet.constraint == "gpu_limit":
            return MissingInput("over_limit")
        names = tuple(p.path.name for p in assessment.with_status("ask"))
        if not assessment.requirements:  # only a context window can then rule out every API with a price
            return MissingInput("nothing_holds")
        return MissingInput("ask_operators", names) if names else MissingInput("nothing_allowed")
    if volume_flips_at is None:
        return None
    now = workload.requests_per_month
    return MissingInput("volume", requests_per_month=now, flips_at_req_per_month=volume_flips_at)
