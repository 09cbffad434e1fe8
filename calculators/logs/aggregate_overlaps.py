"""Use that exports of sums hold twice: in several files of the same periods, or in periods of two widths."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from calculators.logs.aggregate_rows import Slice
from calculators.units import plural

SAME_SUM_FRAC = 1e-6
SUM_TOLERANCE_FRAC = 0.005
"""A sum over rounded parts."""
MIN_EDGE_PERIODS = 3
"""Files that meet in one period must go on on either side of it."""
MIN_SHARED_BILLS = 3
"""Fewer amounts of money may be the same by chance, as those of two subscriptions."""
TOKEN_SUMS = ("input", "uncached", "read", "write", "output", "total")
WIDER_LEFT_OUT = "Periods that hold the sums of shorter ones are left out."

Parts = list[Slice | None]


@dataclass(frozen=True, slots=True)
class JoinedSums:
    """The slices of one file or of several, without those that others repeat, and what is said of that."""

    parts: Parts
    notes: tuple[str, ...] = ()


def joined_slices(files: Sequence[Parts]) -> JoinedSums:
    """The slices of all files; of periods that two share, those of one where their figures are equal or those of an earlier
    export have grown since."""
    parts, notes = list(files[0]), dict[str, None]()
    for later in files[1:]:
        joined = _joined(parts, later)
        parts = joined.parts
        notes |= dict.fromkeys(joined.notes)
    return JoinedSums(parts, tuple(notes))


def _joined(before: Parts, after: Parts) -> JoinedSums:
    names = _told_by_both(before, after)
    keys = [[_key(part, names) for part in parts] for parts in (before, after)]
    sums = [_by_key(before, keys[0]), _by_key(after, keys[1])]
    shared = [key for key in sums[0] if key in sums[1] and _common(sums[0][key], sums[1][key])]
    unequal = [key for key in shared if not _are_equal(sums[0][key], sums[1][key])]
    equal = set(shared) - set(unequal)
    after = _without_same_money(before, after)
    are_few = len(shared) < MIN_SHARED_BILLS and not any(_weight(sums[0][key]) for key in shared)
    if shared and (are_few or (2 * len(equal) < len(shared) and not _is_edge(sums, unequal))):
        words = f"{plural(len(shared), 'period')} in more than one file with other figures: they are added, as of different keys or projects."
        return JoinedSums([*before, *after], (words,))
    lesser = {key for key in unequal if _weight(sums[0][key]) < _weight(sums[1][key])}
    kept = _without(before, keys[0], lesser) + _without(after, keys[1], equal | (set(unequal) - lesser))
    told = f"{plural(len(unequal), 'period')} in more than one file with other figures: the larger ones count."
    return JoinedSums(kept, (told,) if unequal else ())


def _told_by_both(before: Parts, after: Parts) -> tuple[str, ...]:
    """What both files are grouped by: the model, teams and so on."""
    used = [[part for part in parts if part is not None] for parts in (before, after)]
    names = sorted({"model", "batch", *(name for parts in used for part in parts[:1] for name in part.groups)})
    return tuple(name for name in names if all(any(_value(part, name) for part in parts) for parts in used))


def _value(part: Slice, name: str) -> str:
    if name == "model":
        return part.model
    return ("batch" if part.is_batch else "") if name == "batch" else part.groups.get(name, "")


def _key(part: Slice | None, names: tuple[str, ...]) -> Hashable:
    """Period and groups of use; None for no use."""
    if part is None or part.is_aside:
        return None
    return (part.start_s, part.end_s, *(_value(part, name) for name in names))


def _by_key(parts: Parts, keys: Sequence[Hashable]) -> dict[Hashable, dict[str, float]]:
    sums: dict[Hashable, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for part, key in zip(parts, keys, strict=True):
        if part is not None and key is not None:
            _add_to(sums[key], part)
    return sums


def _add_to(sums: dict[str, float], part: Slice) -> None:
    for name, amount in part.amounts.items():
        sums[name] += amount
    if part.spend is not None:
        sums["spend"] += part.spend


def _common(one: Mapping[str, float], other: Mapping[str, float]) -> list[str]:
    """Quantities that both have; files of different quantities, as of one metric each, say nothing twice."""
    return [name for name, amount in one.items() if amount and other.get(name)]


def _are_equal(one: Mapping[str, float], other: Mapping[str, float], within_frac: float = SAME_SUM_FRAC) -> bool:
    names = one.keys() & other.keys()
    return all(abs(one[name] - other[name]) <= within_frac * max(abs(one[name]), abs(other[name])) for name in names)


def _is_edge(sums: Sequence[Mapping[Hashable, Mapping[str, float]]], unequal: Sequence[Hashable]) -> bool:
    """Whether the files of use meet in one period, which was not over when the first was exported."""
    starts = [sorted({key[0] for key in one}) for one in sums]  # type: ignore[index]
    shared = {key[0] for key in unequal}  # type: ignore[index]
    if min(map(len, starts)) < MIN_EDGE_PERIODS or not any(_weight(sums[0][key]) for key in unequal):
        return False
    return shared in ({starts[0][-1]} & {starts[1][0]}, {starts[1][-1]} & {starts[0][0]})


def _weight(sums: Mapping[str, float]) -> float:
    """How much use sums tell of: tokens, else requests."""
    return sum(sums.get(name, 0.0) for name in TOKEN_SUMS) or sums.get("requests", 0.0)


def _without(parts: Parts, keys: Sequence[Hashable], dropped: set[Hashable]) -> Parts:
    return [None if key in dropped else part for part, key in zip(parts, keys, strict=True)]


def _without_same_money(before: Parts, after: Parts) -> Parts:
    """Without rows of money alone that stand in the file before too."""
    told = {_money_mark(part) for part in before if part is not None and part.is_aside}
    return [None if part is None or (part.is_aside and _money_mark(part) in told) else part for part in after]


def _money_mark(part: Slice) -> Hashable:
    return (part.start_s, part.model, *sorted(part.aside.items()), *sorted(part.groups.items()))


# --- periods of two widths -------------------------------------------------------------------------------------------


def without_wider(parts: Parts) -> JoinedSums:
    """The slices without those of periods that hold the sums of shorter ones, as days beside their hours."""
    sums: dict[tuple[float, float], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for part in parts:
        if part is not None and part.end_s is not None and not part.is_aside:
            _add_to(sums[part.start_s, part.end_s], part)
    if len({end - start for start, end in sums}) < 2:
        return JoinedSums(parts)
    wider = _wider(sums)
    kept: Parts = [None if part is not None and (part.start_s, part.end_s) in wider else part for part in parts]
    return JoinedSums(kept, (WIDER_LEFT_OUT,) if wider else ())


def _wider(sums: Mapping[tuple[float, float], Mapping[str, float]]) -> set[tuple[float, float]]:
    periods, wider = sorted(sums), set[tuple[float, float]]()
    for whole in sorted(sums, key=lambda period: period[1] - period[0]):
        start, end = whole
        inside = periods[bisect_left(periods, (start, 0.0)) : bisect_left(periods, (end, 0.0))]
        shorter = [one for one in inside if one != whole and one[1] <= end and one not in wider]
        if shorter and _are_equal(_total(sums[one] for one in shorter), sums[whole], SUM_TOLERANCE_FRAC):
            wider.add(whole)
    return wider


def _total(every: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for sums in every:
        for name, amount in sums.items():
            total[name] += amount
    return total
