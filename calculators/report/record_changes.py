"""Changes between two decision records: of the choice, the costs, the signals, compliance and the switching values.

Figures and codes are compared, not sentences: a record keeps the words of its day.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from calculators.decision.signal_result import SIGNAL_STATUS_WORDS
from calculators.report.decision_record import DecisionRecord, Flipping, Judged, Weighed
from calculators.units import usd

CHOICE = ("Recommendation", "Kind of verdict", "Cheapest option")
"""The names of changes after which the recommendation is another."""
RECORD_STATUS = {code.replace("_", " "): words for code, words in SIGNAL_STATUS_WORDS.items()}
INPUTS = ("requests", "gpu", "throughput", "peak", "today's", "price", "engineers")
"""A word in the name of each input that has a switching value, the more special first."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One difference between two records."""

    what: str
    then: str
    now: str


def record_changes(then: DecisionRecord, now: DecisionRecord) -> list[RecordChange]:
    """What differs: the choice, each option's cost, the signals, the compliance premium, the switching values."""
    changes = [
        *_choice_changes(then, now),
        *_cost_changes(then.options, now.options),
        *_signal_changes(then.signals, now.signals),
        RecordChange("Compliance premium", premium_words(then), premium_words(now)),
        *_switching_changes(then.flips, now.flips),
        RecordChange("Data version", then.digest, now.digest),
    ]
    return [change for change in changes if change.then != change.now]


def changes_choice(changes: Sequence[RecordChange]) -> bool:
    """Whether the recommendation is another."""
    return any(change.what in CHOICE for change in changes)


def premium_words(record: DecisionRecord) -> str:
    """What compliance costs in a record."""
    premium = record.compliance.premium_usd_per_month
    return "no public price" if premium is None else f"{usd(premium)}/month"


def _choice_changes(then: DecisionRecord, now: DecisionRecord) -> list[RecordChange]:
    """The sentence counts as changed where the kind of verdict or the winner has; its costs are compared on their own."""
    is_same_winner = _names(then.winner) == _names(now.winner)
    if then.kind == now.kind and is_same_winner:
        return []
    winner = [] if is_same_winner else [RecordChange(CHOICE[2], then.winner, now.winner)]
    return [
        RecordChange(CHOICE[0], then.choice, now.choice),
        RecordChange(CHOICE[1], then.kind.replace("_", " "), now.kind.replace("_", " ")),
        *winner,
    ]


def _cost_changes(then: Sequence[Weighed], now: Sequence[Weighed]) -> list[RecordChange]:
    before, after = ({(o.kind, _names(o.label)): o for o in options} for options in (then, now))
    return [
        RecordChange((after.get(key) or before[key]).label, _cost(before.get(key)), _cost(after.get(key)))
        for key in dict.fromkeys((*before, *after))
    ]


def _names(label: str) -> frozenset[str]:
    """What identifies an option in its label: model, machine and seller, which hold a digit or a capital letter."""
    return frozenset(word for word in label.split() if word != word.lower() or any(c.isdigit() for c in word))


def _cost(option: Weighed | None) -> str:
    return "not available" if option is None else f"{usd(option.usd_per_month)}/month"


def _signal_changes(then: Sequence[Judged], now: Sequence[Judged]) -> list[RecordChange]:
    before, after = ({s.name: RECORD_STATUS.get(s.status, s.status) for s in signals} for signals in (then, now))
    return [RecordChange(f"{name} trigger", before[name], after[name]) for name in before if name in after]


def _switching_changes(then: Sequence[Flipping], now: Sequence[Flipping]) -> list[RecordChange]:
    """Inputs whose nearest break-even value differs in its first figure."""
    before, after = ({_input_of(f.what): f for f in reversed(flips)} for flips in (then, now))
    return [
        RecordChange(f"Break-even: {after[key].what}", before[key].flips_at, after[key].flips_at)
        for key in before
        if key in after and not _is_same(_figures(before[key].flips_at)[:1], _figures(after[key].flips_at)[:1])
    ]


def _input_of(what: str) -> str:
    """Which input a name means, in the words of any version."""
    name = what.lower().split("/")[0].replace("staffing", "engineers").replace(" alone", " today's")
    return next((word for word in INPUTS if word in name), what)


def _figures(text: str) -> list[float]:
    """The numbers in a text, with k, M, B or T multiplied out; those inside names (gpt-5.4) included."""
    scale = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    parts = re.findall(r"(\d[\d,]*(?:\.\d+)?) ?([kMBT]?)\b", text)
    return [float(number.replace(",", "")) * scale[letter] for number, letter in parts]


def _is_same(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether figures agree to the three digits that are shown, or to the two of the fewest."""
    return len(one) == len(other) and all(
        abs(a - b) <= 0.01 * max(abs(a), abs(b)) for a, b in zip(one, other, strict=True)
    )
