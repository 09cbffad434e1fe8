"""Records of the exit signals, of what must be known before them and of what supports them; and the words that their
statuses and months have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from calculators.catalog.base import Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.signal_rules import PublishedUptime, SignalId

SignalStatus = Literal["firing", "close", "unknown", "not_firing"]
RANK: Mapping[SignalStatus, int] = {"not_firing": 0, "unknown": 1, "close": 2, "firing": 3}
SIGNAL_STATUS_WORDS: Mapping[SignalStatus, str] = {
    "firing": "met",
    "close": "close",
    "unknown": "needs data",
    "not_firing": "not met",
}
SIGNAL_NAMES: Mapping[SignalId, str] = {"cost": "Cost", "latency": "Latency", "reliability": "Reliability"}


@dataclass(frozen=True, slots=True)
class Signal:
    """One exit signal with its value and threshold in words."""

    id: SignalId
    name: str
    status: SignalStatus
    value: str
    threshold: str
    source: Source
    confidence: Confidence
    why: str
    remedy: str
    """What would settle it, or what to do first; empty: nothing."""
    month: int | None
    """Months from now until it is met at the stated growth: 0 now, None never within five years."""
    month_earliest: int | None
    """In the optimistic case."""
    month_lasting: int | None
    """From which on it stays met."""
    when: str
    context: tuple[str, ...] = ()
    """Thresholds that others published."""


@dataclass(frozen=True, slots=True)
class SignalCheck:
    """The result of one rule, before it is joined with the rule's source."""

    status: SignalStatus
    value: str
    threshold: str
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SignalMonths:
    """Months from now in which a signal is met: first, first in the optimistic case, and from when for good. None: never
    within five years."""

    first: int | None = None
    earliest: int | None = None
    lasting: int | None = None

    @classmethod
    def of(cls, month: int | None) -> "SignalMonths":
        """The same month three times."""
        return cls(month, month, month)


@dataclass(frozen=True, slots=True)
class Precondition:
    """A precondition of the exit signals. `holds` is None when the user has not answered."""

    name: str
    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class SupportingFact:
    """A fact that supports leaving without being a signal. `holds` is None when the user has not answered."""

    name: str
    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Signals:
    """The three exit signals, cost first, with their preconditions and supporting facts."""

    exit_signals: tuple[Signal, Signal, Signal]
    preconditions: tuple[Precondition, ...]
    supporting: tuple[SupportingFact, ...]

    @property
    def open_preconditions(self) -> tuple[Precondition, ...]:
        """Preconditions that do not hold, or are not known to."""
        return tuple(p for p in self.preconditions if p.holds is not True)


def signal_of(
    id: SignalId, check: SignalCheck, months: SignalMonths, context: tuple[str, ...], catalog: Catalog
) -> Signal:
    """The signal that a check amounts to, with the source of its rule."""
    rule = catalog.signal_rules.rules[id]
    return Signal(
        id=id,
        name=SIGNAL_NAMES[id],
        status=check.status,
        value=check.value,
        threshold=check.threshold,
        source=catalog.signal_rules.sources[rule.source],
        confidence=rule.confidence,
        why=check.why,
        remedy=check.remedy,
        month=months.first,
        month_earliest=months.earliest,
        month_lasting=months.lasting,
        when=_when(id, check.status, months),
        context=context,
    )


def published_thresholds(published: Sequence[PublishedUptime], catalog: Catalog) -> tuple[str, ...]:
    """Thresholds that others published, with who and how far to trust them."""
    sources = catalog.signal_rules.sources
    return tuple(f"{p.words} ({sources[p.source].title}, {p.confidence} confidence)" for p in published)


def _when(id: SignalId, status: SignalStatus, months: SignalMonths) -> str:
    first, earliest, lasting = months.first, months.earliest, months.lasting
    if status == "unknown" and first is None:
        return "No date: data missing."
    if first == 0:
        return "Now."
    if first is None and id != "cost":
        return "Independent of the growth you entered."
    if first is not None:
        early = (
            f" (optimistic case: {'now' if earliest == 0 else f'month {earliest}'})"
            if earliest is not None and earliest < first
            else ""
        )
        last = f", permanently from month {lasting}" if lasting is not None and lasting > first else ""
        return f"In month {first} at your growth rate{early}{last}."
    if earliest is not None:
        early = "now" if earliest == 0 else f"in month {earliest}"
        return (
            f"In the optimistic case {early}; otherwise not within five years at today's prices and your growth rate."
        )
    return "Not within five years at today's prices and your growth rate."
