"""The first thing in a prompt that changes although much behind it does not: where it stands and what it looks like.

It is named by its kind and place, never by its text.
"""

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

MOST = 3  # breakers that are named
WORTH_FRAC = 0.01
"""Of all input: what spoils less is not worth a word."""
LOOKED_AT = 200
TOOL_ORDER, KEY_ORDER, LINE_ORDER = "tools in another order", "JSON keys in another order", "lines in another order"
WORD_ORDER, NUMBER = "the same words in another order", "a number that counts or differs"
TEXT: dict[ChangeFrequency, str] = {
    "tenant": "text that differs by group of requests",
    "session": "text that differs by session",
    "request": "text that differs with every request",
}


@dataclass(frozen=True, slots=True)
class CacheBreaker:
    part: str
    what: str
    changes: ChangeFrequency
    at_tok: int
    """Which token of its part it starts with, counted from 1; the median."""
    requests_frac: float
    """Share of requests in which it comes first."""
    lost_frac: float
    """Share of all input tokens that stand behind it and change more rarely."""

    @property
    def sentence(self) -> str:
        part = self.part[:1].lower() + self.part[1:]
        return (
            f"The cache ends at {self.what}, token {self.at_tok:,} of {'the ' * (not part.startswith('this'))}{part}, in "
            f"{percent(self.requests_frac)} of requests; {percent(self.lost_frac)} of the input stands behind it and changes "
            "more rarely"
        )


def find_breakers(
    rows: Sequence[SegmentedPrompt],
    segments: SegmentTable,
    tok: tokens.Ids,
    names: Sequence[str],
    requests: Sequence[tuple[PromptPart, ...]],
) -> tuple[CacheBreaker, ...]:
    """The costliest, then what would be once that is mended, and so on."""
    found: list[CacheBreaker] = []
    total_tok = float(sum(tok[row.segments].sum() for row in rows))
    while len(found) < MOST and (breaker := find_breaker(rows, segments, tok, names, requests, total_tok)) is not None:
        found.append(breaker)
        rows = [_without(row, names.index(breaker.part), CHANGE_ORDER[breaker.changes]) for row in rows]
    return tuple(found)


def _without(row: SegmentedPrompt, part: int, rank: int) -> SegmentedPrompt:
    """The row as if its pieces of this part and rank stood at its end."""
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
    """The kind of change that costs most over the whole log, of `total_tok`; None: the order is right, or nearly."""
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
    return CacheBreaker(names[part], what, changes, max(at, 1), len(hits) / len(rows), lost)


def _first(row: SegmentedPrompt) -> int | None:
    """The first piece that changes more often than some piece behind it."""
    calmest = np.minimum.accumulate(row.ranks[::-1])[::-1]
    found = np.flatnonzero(row.ranks[:-1] > calmest[1:])
    return int(found[0]) if len(found) else None


def _look(
    hits: Sequence[tuple[int, int]],
    rows: Sequence[SegmentedPrompt],
    segments: SegmentTable,
    part: str,
    requests: Sequence[tuple[PromptPart, ...]],
    changes: ChangeFrequency,
) -> tuple[str, int]:
    """What a change that looks like plain text is, and how many tokens into its piece it starts."""
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
    """What tells two texts apart; '' where it is just other words."""
    if re.sub(r"\d{1,40}", "0", a) == re.sub(r"\d{1,40}", "0", b):
        return NUMBER
    words = [sorted(re.findall(r"\w{1,60}", text)) for text in (a, b)]
    return WORD_ORDER if len(words[0]) > 1 and words[0] == words[1] else ""


def _tool_order(requests: Sequence[tuple[PromptPart, ...]]) -> str | None:
    """Whether the same tools come in another order, or with their keys in another order."""
    kept = [part for parts in requests for part in parts if part.kind in ("tools", "format")]
    in_order = len({part.sorted_text for part in kept})
    if in_order < len({part.tools for part in kept}):
        return TOOL_ORDER
    return KEY_ORDER if in_order < len({part.text for part in kept}) else None
