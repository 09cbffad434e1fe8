"""Shared prefixes in real prompts: how often each part changes, what breaks the cache first, and the best order.

Segments of tools and system prompt are classified by who shares them: nearly all requests, a tenant, one conversation, no
other request. Messages keep their order: examples never change, history changes with the session, new messages with the
request. Lines are reordered only in prompts of a single text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calculators.errors import DataError
from calculators.logs.prompt_log import Prompt, PromptLog, PromptPart, most_used
from calculators.logs.request_file import Progress
from calculators.prompts.cache_breakers import KEY_ORDER, TOOL_ORDER, CacheBreaker, find_breakers
from calculators.prompts.order import CHANGE_ORDER, Block, ChangeFrequency
from calculators.prompts.segments import TIMES, Ints, SegmentedPrompt, SegmentTable
from calculators.prompts.sessions import NEARLY_ALL_FRAC, SessionPosition, session_positions
from calculators.units import count, plural

MAX_TOK = 25_000_000
PARTS = ("Tool schemas", "Output format", "System prompt", "Examples", "History", "Prompt", "This turn")
TOOLS, FORMAT, SYSTEM, EXAMPLES, HISTORY, PROMPT, TURN = range(len(PARTS))
HEAD = {"tools": TOOLS, "format": FORMAT, "system": SYSTEM, "prompt": PROMPT}
SHORT_TOK = 8
"""Shared lines of a single text below this length count as chance."""
MOVED = 5
"""Rank after all others: text that changes with every request and stood in front of the messages."""
WHO: dict[int, str] = {2: "by tenant", 3: "by session", 4: "by request"}


@dataclass(frozen=True, slots=True)
class PromptScan:
    """Prompts of a log cut into segments, with their blocks, cache breakers and sessions."""

    name: str
    rows: tuple[SegmentedPrompt, ...]
    segments: SegmentTable
    timed: bool
    notes: tuple[str, ...]
    input_tok: int
    sessions_count: int
    groups_count: int
    session_gap_s: float | None
    """Median time between two requests of a session; None if the log has no timestamps."""
    blocks: tuple[Block, ...]
    """The average prompt, in the order sent."""
    breakers: tuple[CacheBreaker, ...]
    """Cache breakers; each would be the first one if those before it were fixed."""
    edited_frac: float
    """Share of requests that continue a conversation whose history was cut or edited."""
    marked: bool = False
    """Whether any request sets a cache mark."""
    model: str = ""
    """The most used model; empty if the log does not say."""

    @property
    def breaker(self) -> CacheBreaker | None:
        return self.breakers[0] if self.breakers else None

    @property
    def requests_per_session(self) -> float:
        return len(self.rows) / self.sessions_count


def scan_prompts(log: PromptLog, progress: Progress = lambda share, what: None) -> PromptScan:
    """Scan of a prompt log. `progress`: called with (share, text). Raises DataError for fewer than two prompts."""
    if len(log.prompts) < 2:
        raise DataError(f"{log.name}: a single prompt shares no prefix. Upload at least two requests.")
    segments, notes = SegmentTable(), list(log.notes)
    where = _places(log.prompts)
    cut = _cut(log, where, segments, progress)
    if len(cut) < len(log.prompts):
        notes.append(
            f"Only the first {plural(len(cut), 'request')} were used: the log has more than {count(MAX_TOK)} tokens."
        )
    where = where[: len(cut)]
    progress(1.0, "Comparing them …")
    sorted_tools = _sorting_helps(cut)
    rows = _rows(log, cut, where, segments, sorted_tools)
    tok = segments.tok()
    return PromptScan(
        name=log.name,
        rows=rows,
        segments=segments,
        timed=log.timed,
        notes=tuple(notes),
        input_tok=int(sum(tok[row.segments].sum() for row in rows)),
        sessions_count=len({place.session for place in where}),
        groups_count=len({row.segments[row.ranks == CHANGE_ORDER["tenant"]].tobytes() for row in rows}),
        session_gap_s=_gap_s([row.time_s for row in rows], where) if log.timed else None,
        blocks=_blocks(rows, segments, tok),
        breakers=find_breakers(rows, segments, tok, PARTS, [prompt.parts for prompt in log.prompts[: len(cut)]]),
        edited_frac=sum(place.edited for place in where) / len(where),
        marked=log.marked,
        model=most_used(log),
    )


def _places(prompts: Sequence[Prompt]) -> list[SessionPosition]:
    numbers: dict[tuple[str, str], int] = {}
    return session_positions(
        [
            [numbers.setdefault((p.kind, p.text), len(numbers)) for p in prompt.parts if p.kind not in HEAD]
            for prompt in prompts
        ]
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    """Segments of a request as sent and with sorted tools, and the part that each segment belongs to. Arrays (segments,)."""

    plain: Ints
    parts: Ints
    in_order: Ints
    order_parts: Ints


def _cut(log: PromptLog, where: Sequence[SessionPosition], segments: SegmentTable, progress: Progress) -> list[_Cut]:
    cut: list[_Cut] = []
    total = 0
    for number, (prompt, place) in enumerate(zip(log.prompts, where, strict=True)):
        one = _Cut(
            *_request(prompt, place, segments, lambda part: part.text),
            *_request(prompt, place, segments, lambda part: part.sorted_text or part.text),
        )
        total += sum(len(segments.ids[i]) for i in one.plain)
        if total > MAX_TOK and cut:
            break
        cut.append(one)
        if number % 50 == 0:
            progress(number / len(log.prompts), "Counting tokens …")
    return cut


def _request(
    prompt: Prompt, place: SessionPosition, segments: SegmentTable, text: Callable[[PromptPart], str]
) -> tuple[Ints, Ints]:
    numbers: list[int] = []
    parts: list[int] = []
    message = 0
    for part in prompt.parts:
        kind = HEAD.get(part.kind)
        if kind is None:
            kind = EXAMPLES if message < place.examples_count else HISTORY if message < place.history_count else TURN
            message += 1
        new = [*segments.role(part.kind), *segments.of(text(part), whole_lines=kind == TOOLS)]
        numbers += new
        parts += [kind] * len(new)
    return np.array(numbers, dtype=np.int64), np.array(parts, dtype=np.int64)


def _sorting_helps(cut: Sequence[_Cut]) -> bool:
    """Whether sorting leaves fewer distinct tool lists and output formats."""
    as_sent = {one.plain[one.parts <= FORMAT].tobytes() for one in cut}
    in_order = {one.in_order[one.order_parts <= FORMAT].tobytes() for one in cut}
    return len(in_order) < len(as_sent)


def _rows(
    log: PromptLog, cut: Sequence[_Cut], where: Sequence[SessionPosition], segments: SegmentTable, sorted_tools: bool
) -> tuple[SegmentedPrompt, ...]:
    sessions = np.array([place.session for place in where])
    single = all(place.history_count == 0 for place in where)
    ranks = _ranks([one.plain for one in cut], [one.parts for one in cut], sessions, single, segments)
    better = ranks
    if sorted_tools:
        better = _ranks([one.in_order for one in cut], [one.order_parts for one in cut], sessions, single, segments)
    same = _same_lines(cut, ranks)
    rows = []
    for number, (one, rank, best) in enumerate(zip(cut, ranks, better, strict=True)):
        chosen, parts = (one.in_order, one.order_parts) if sorted_tools else (one.plain, one.parts)
        if same is not None:
            chosen = _lines_in_order(chosen, parts, best)
        head = (best == CHANGE_ORDER["request"]) & (parts <= SYSTEM)
        order = np.argsort(np.where(head, MOVED, best), kind="stable")
        time_s = log.prompts[number].time_s if log.timed else 0.0
        as_sent = _by_order(one, rank, sorted_tools, same)
        rows.append(
            SegmentedPrompt(
                time_s=time_s or 0.0,
                segments=one.plain,
                parts=one.parts,
                ranks=as_sent,
                best_pieces=chosen[order],
                best_parts=parts[order],
            )
        )
    return tuple(rows)


def _calm_lines(parts: Ints, ranks: Ints) -> npt.NDArray[np.bool_]:
    calm: npt.NDArray[np.bool_] = (parts == SYSTEM) & (ranks == CHANGE_ORDER["never"])
    return calm


def _same_lines(cut: Sequence[_Cut], ranks: Sequence[Ints]) -> int | None:
    """Number of stable lines with which all system prompts start, where later stable lines differ in order; None if the
    order never differs."""
    lines = [one.plain[_calm_lines(one.parts, rank)] for one, rank in zip(cut, ranks, strict=True)]
    distinct = {tuple(some.tolist()) for some in lines}
    if len({tuple(sorted(some)) for some in distinct}) == len(distinct):
        return None
    least, most = min(distinct), max(distinct)
    return next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))


def _lines_in_order(chosen: Ints, parts: Ints, ranks: Ints) -> Ints:
    """Segments with their stable lines sorted by number, an order that all requests share."""
    mask, ordered = _calm_lines(parts, ranks), chosen.copy()
    ordered[mask] = np.sort(chosen[mask])
    return ordered


def _by_order(one: _Cut, ranks: Ints, sorted_tools: bool, same: int | None) -> Ints:
    """Ranks with reordered tools and lines marked as changing with every request: their content is identical, but a prefix
    cache cannot reuse them."""
    ranked = ranks.copy()
    if sorted_tools:
        ranked[one.parts <= FORMAT] = CHANGE_ORDER["request"]
    if same is not None:
        ranked[np.flatnonzero(_calm_lines(one.parts, ranks))[same:]] = CHANGE_ORDER["request"]
    return ranked


def _ranks(
    numbers: Sequence[Ints], parts: Sequence[Ints], sessions: Ints, single: bool, segments: SegmentTable
) -> list[Ints]:
    """Change rank of each segment of each request."""
    flat, part = np.concatenate(numbers), np.concatenate(parts)
    row = np.repeat(np.arange(len(numbers)), [len(n) for n in numbers])
    rank = _shared(flat, row, sessions, len(segments.ids), segments)[flat]
    tok = segments.tok()[flat]
    loose = (part == PROMPT) | (part == TURN)
    chance = loose & (tok < SHORT_TOK) & (rank > 0)
    rank[chance] = CHANGE_ORDER["request"]
    for fixed, changes in ((EXAMPLES, "never"), (HISTORY, "session"), *(() if single else ((TURN, "request"),))):
        rank[part == fixed] = CHANGE_ORDER[changes]
    return np.split(rank, np.cumsum([len(n) for n in numbers])[:-1])


def _shared(flat: Ints, row: Ints, sessions: Ints, count: int, segments: SegmentTable) -> Ints:
    """Change rank of each distinct segment (segments,), by the number of requests and sessions that contain it."""

    def holders(of: Ints, total: int) -> Ints:
        pairs = np.unique(flat * total + of)
        return np.bincount(pairs // total, minlength=count)

    requests, spread = holders(row, len(sessions)), holders(sessions[row], int(sessions.max()) + 1)
    passing = np.array([kind in TIMES for kind in segments.kinds])
    rank = np.full(count, CHANGE_ORDER["tenant"], dtype=np.int64)
    rank[passing] = CHANGE_ORDER["request"]
    rank[(spread == 1) & (requests > 1)] = CHANGE_ORDER["session"]
    rank[requests == 1] = CHANGE_ORDER["request"]
    rank[requests >= NEARLY_ALL_FRAC * len(sessions)] = CHANGE_ORDER["never"]
    return rank


def _gap_s(times_s: Sequence[float], where: Sequence[SessionPosition]) -> float | None:
    last: dict[int, float] = {}
    gaps = []
    for time_s, place in zip(times_s, where, strict=True):
        if place.session in last:
            gaps.append(time_s - last[place.session])
        last[place.session] = time_s
    return float(np.median(gaps)) if gaps else None


def _blocks(rows: Sequence[SegmentedPrompt], segments: SegmentTable, tok: npt.NDArray[np.int32]) -> tuple[Block, ...]:
    """Blocks of the average prompt: runs of segments of one part and rank, in their mean order. Later runs of the same part
    and rank are merged."""
    total: dict[tuple[int, int, bool], float] = {}
    place: dict[tuple[int, int, bool], list[float]] = {}
    kinds: dict[tuple[int, int, bool], set[str]] = {}
    for row in rows:
        ranks = _with_message(row, segments)
        cuts = np.flatnonzero(np.diff(row.parts * MOVED + ranks)) + 1
        seen: set[tuple[int, int]] = set()
        for at, run in zip([0, *cuts], np.split(row.segments, cuts), strict=True):
            kind = (int(row.parts[at]), int(ranks[at]))
            key = (*kind, kind in seen)
            seen.add(kind)
            total[key] = total.get(key, 0.0) + float(tok[run].sum())
            place.setdefault(key, []).append(at / len(row.segments))
            if kind[1] == CHANGE_ORDER["request"]:
                kinds.setdefault(key, set()).update(segments.kinds[i] for i in run[:20])
    order = sorted(total, key=lambda key: (key[0], np.mean(place[key])))
    return tuple(Block(_name(key, kinds.get(key, set())), total[key] / len(rows), _changes(key[1])) for key in order)


def sorted_blocks(scan: PromptScan) -> tuple[Block, ...]:
    """Blocks of a scan, with tool schemas that differ in order only counted as stable, as they are once sorted."""
    if not any(breaker.what in (TOOL_ORDER, KEY_ORDER) for breaker in scan.breakers):
        return scan.blocks
    part = PARTS[TOOLS]
    return tuple(replace(b, changes="release") if b.name.startswith(part) else b for b in scan.blocks)


def _with_message(row: SegmentedPrompt, segments: SegmentTable) -> Ints:
    """Ranks of a prompt, where the marker that starts a message takes the rank of what follows it."""
    ranks = row.ranks.copy()
    marks = np.flatnonzero(np.isin(row.segments[:-1], segments.marks) & (row.parts[:-1] == row.parts[1:]))
    ranks[marks] = ranks[marks + 1]
    return ranks


def _name(key: tuple[int, int, bool], kinds: set[str]) -> str:
    part, rank, later = key
    name = PARTS[part] + (", rest" if later else "")
    if part == TURN and rank == CHANGE_ORDER["never"]:
        return f"{name}, the same for all"
    if part in (EXAMPLES, HISTORY) or rank == CHANGE_ORDER["never"] or (part, rank) == (TURN, CHANGE_ORDER["request"]):
        return name
    special = sorted(kinds - {""})
    return f"{name}: {special[0]}" if len(special) == 1 else f"{name}, {WHO[rank]}"


def _changes(rank: int) -> ChangeFrequency:
    return next(changes for changes, value in CHANGE_ORDER.items() if value == rank)
