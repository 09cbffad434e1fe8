"""Cache breakers: the first changing text in front of stable text, named by its kind and position, never by its content."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from calculators.logs.prompt_log import PromptPart
from calculators.prompts import tokenizer as tokens
from calculators.prompts.order import CHANGE_ORDER, ChangeFrequency
from calculators.prompts.segments import SegmentedPrompt, SegmentTable
from calculators.prompts.sessions import NEARLY_ALL_FRAC
from calculators.units import percent

MAX_BREAKERS = 3
WORTH_FRAC = 0.01
"""Share of all input below which a breaker is not reported."""
LOOKED_AT = 200
TOOL_ORDER, KEY_ORDER, LINE_ORDER = "tools in another order", "JSON keys in another order", "lines in another order"
WORD_ORDER, NUMBER = "the same words in another order", "a counter or number"
TEXT: dict[ChangeFrequency, str] = {
    "tenant": "text that differs by tenant",
    "session": "text that differs by session",
    "request": "text that differs with every request",
}


@dataclass(frozen=True, slots=True)
class CacheBreaker:
    """A kind of change that ends the cached prefix: its part, kind, frequency, position and cost."""

    part: str
    what: str
    changes: ChangeFrequency
    at_tok: int
    """Median position in its part, in tokens counted from 1."""
    requests_frac: float
    """Share of requests in which it is the first breaker."""
    lost_frac: float
    """Share of all input tokens that come after it and change less often."""

    @property
    def sentence(self) -> str:
        part = self.part[:1].lower() + self.part[1:]
        return (
            f"The cache breaks at {self.what}, token {self.at_tok:,} of {'the ' * (not part.startswith('this'))}{part}, in "
            f"{percent(self.requests_frac)} of requests. {percent(self.lost_frac)} of the input comes after it and is more stable."
        )


def find_breakers(
    rows: Sequence[SegmentedPrompt],
    segments: SegmentTable,
    tok: tokens.Ids,
    names: Sequence[str],
    requests: Sequence[tuple[PromptPart, ...]],
) -> tuple[CacheBreaker, ...]:
    """Breakers by cost: the most costly one, then the one that would remain after it is fixed, and so on."""
    breakers: list[CacheBreaker] = []
    total_tok = float(sum(tok[row.segments].sum() for row in rows))
    while (
        len(breakers) < MAX_BREAKERS
        and (breaker := find_breaker(rows, segments, tok, names, requests, total_tok)) is not None
    ):
        breakers.append(breaker)
        rows = [_without(row, names.index(breaker.part), CHANGE_ORDER[breaker.changes]) for row in rows]
    return tuple(breakers)


def _without(row: SegmentedPrompt, part: int, rank: int) -> SegmentedPrompt:
    """The prompt without its segments of this part and rank, as if they were moved to the end."""
    keep = (row.parts != part) | (row.ranks != rank)
    return replace(row, segments=row.segments[keep], parts=row.parts[keep], ranks=row.ranks[keep])


def find_breaker(
    rows: Sequence[SegmentedPrompt],
    segments: SegmentTable,
    tok: tokens.Ids,
    names: Sequence[str],
    requests: Sequence[tuple[PromptPart, ...]],
    total_tok: float,
) -> CacheBreaker | None:
    """The breaker that loses most of `total_tok`; None where no breaker loses a reportable share."""
    groups: dict[tuple[int, int, str], list[tuple[int, int, float]]] = defaultdict(list)
    for number, row in enumerate(rows):
        row_tok = tok[row.segments]
        first = _first(row)
        if first is not None:
            behind = row_tok[first + 1 :][row.ranks[first + 1 :] < row.ranks[first]].sum()
            key = (int(row.parts[first]), int(row.ranks[first]), segments.kinds[row.segments[first]])
            groups[key].append((number, first, float(behind)))
    if not groups:
        return None
    (part, rank, kind), hits = max(groups.items(), key=lambda group: sum(hit[2] for hit in group[1]))
    lost = sum(hit[2] for hit in hits) / total_tok
    if lost < WORTH_FRAC:
        return None
    starts = [
        float(tok[row.segments[:at]][row.parts[:at] == part].sum()) for row, at in ((rows[n], i) for n, i, _ in hits)
    ]
    changes = next(changes for changes, value in CHANGE_ORDER.items() if value == rank)
    what, later = (
        (kind, 0) if kind else _look([(n, i) for n, i, _ in hits], rows, segments, names[part], requests, changes)
    )
    at = int(np.median(starts)) + later + (names[part] == "Prompt")
    return CacheBreaker(
        part=names[part],
        what=what,
        changes=changes,
        at_tok=max(at, 1),
        requests_frac=len(hits) / len(rows),
        lost_frac=lost,
    )


def _first(row: SegmentedPrompt) -> int | None:
    """Index of the first segment that changes more often than a segment after it; None if none does."""
    calmest = np.minimum.accumulate(row.ranks[::-1])[::-1]
    less_stable = np.flatnonzero(row.ranks[:-1] > calmest[1:])
    return int(less_stable[0]) if len(less_stable) else None


def _look(
    hits: Sequence[tuple[int, int]],
    rows: Sequence[SegmentedPrompt],
    segments: SegmentTable,
    part: str,
    requests: Sequence[tuple[PromptPart, ...]],
    changes: ChangeFrequency,
) -> tuple[str, int]:
    """Kind of a change in plain text, and its offset in the segment in tokens."""
    if part in ("Tool schemas", "Output format") and (order := _tool_order([requests[n] for n, _ in hits])):
        return order, 0
    some = [int(rows[n].segments[i]) for n, i in hits[:LOOKED_AT]]
    shared = sum(some[0] in row.segments for row in rows[:LOOKED_AT]) / min(len(rows), LOOKED_AT)
    if shared >= NEARLY_ALL_FRAC:
        return LINE_ORDER, 0
    pairs = [(segments.ids[a], segments.ids[b]) for a, b in pairwise(some) if a != b]
    if not pairs:
        return TEXT[changes], 0
    later = int(np.median([_common(a, b) for a, b in pairs]))
    looks = Counter(
        _difference(tokens.token_text(a[:2_000]), tokens.token_text(b[:2_000])) for a, b in pairs[:LOOKED_AT]
    )
    return looks.most_common(1)[0][0] or TEXT[changes], later


def _common(a: tokens.Ids, b: tokens.Ids) -> int:
    length = min(len(a), len(b))
    differ = np.flatnonzero(a[:length] != b[:length])
    return int(differ[0]) if len(differ) else length


def _difference(a: str, b: str) -> str:
    """Kind of difference between two texts; empty where the words differ."""
    if re.sub(r"\d{1,40}", "0", a) == re.sub(r"\d{1,40}", "0", b):
        return NUMBER
    words = [sorted(re.findall(r"\w{1,60}", text)) for text in (a, b)]
    return WORD_ORDER if len(words[0]) > 1 and words[0] == words[1] else ""


def _tool_order(requests: Sequence[tuple[PromptPart, ...]]) -> str | None:
    """The order that changes, of the tools or of their JSON keys; None if neither does."""
    kept = [part for parts in requests for part in parts if part.kind in ("tools", "format")]
    in_order = len({part.sorted_text for part in kept})
    if in_order < len({part.tools for part in kept}):
        return TOOL_ORDER
    return KEY_ORDER if in_order < len({part.text for part in kept}) else None
