"""What a signal says: its status, value, threshold and month."""

from dataclasses import dataclass
from typing import Literal

from calculators.catalog.base import Confidence, Source
from calculators.catalog.signal_rules import SignalId

SignalStatus = Literal["firing", "close", "unknown", "not_firing"]
RANK: dict[SignalStatus, int] = {"not_firing": 0, "unknown": 1, "close": 2, "firing": 3}


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule with its value and threshold in words."""

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
    """Months from now until it fires at the stated growth: 0 now, None never within five years."""
    month_earliest: int | None
    """In the optimistic case."""
    month_lasting: int | None
    """From which on it keeps firing."""
    when: str
    context: tuple[str, ...] = ()
    """Thresholds of others."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """Something that must be known first, or that speaks for leaving: None means nobody has said."""

    name: str
    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Signals:
    exit_signals: tuple[Signal, Signal, Signal]
    preconditions: tuple[Precondition, ...]
    supporting: tuple[Precondition, ...]

    @property
    def firing_count(self) -> int:
        return sum(signal.status == "firing" for signal in self.exit_signals)
