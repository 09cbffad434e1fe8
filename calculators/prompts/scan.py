"""Shared prefixes in real prompts: which part changes how often, what kills the cache first, and the order that saves it.

Pieces of tools and system prompt are judged by who shares them: nearly all requests, a group, one conversation, nobody.
Messages keep their order: examples never change, history changes with the session, what is new with the request. Only in
prompts of a single text may its lines change places.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calculators.errors import DataError
from calculators.logs.prompt_log import Progress, Prompt, PromptLog, PromptPart, most_used
from calculators.prompts.cache_breakers import KEY_ORDER, TOOL_ORDER, CacheBreaker, find_breakers
from calculators.prompts.order import CHANGE_ORDER, Block, ChangeFrequency
from calculators.prompts.segments import TIMES, Ints, SegmentedPrompt, SegmentTable
from calculators.prompts.sessions import NEARLY_ALL_FRAC, SessionPosition, session_positions

MAX_TOK = 25_000_000
PARTS = ("Tool schemas", "Output format", "System prompt", "Examples", "History", "Prompt", "This turn")
TOOLS, FORMAT, SYSTEM, EXAMPLES, HISTORY, PROMPT, TURN = range(len(PARTS))
HEAD = {"tools": TOOLS, "format": FORMAT, "system": SYSTEM, "prompt": PROMPT}
SHORT_TOK = 8
"""A shared line of a single text that is shorter is taken for chance."""
MOVED = 5
"""Behind all ranks: what changes with every request and stood in front of the messages."""
WHO: dict[int, str] = {2: "by group", 3: "by session", 4: "by request"}


@dataclass(frozen=True, slots=True)
class PromptScan:
    name: str
    rows: tuple[SegmentedPrompt, ...]
    segments: SegmentTable
    timed: bool
    notes: tuple[str, ...]
    input_tok: int
    sessions_count: int
    groups_count: int
    session_gap_s: float | None
    """Median time between two requests of a session; None: not in the log."""
    blocks: tuple[Block, ...]
    """The prompt as it is sent, on average."""
    breakers: tuple[CacheBreaker, ...]
    """What kills the cache first, and each that would once those before it are mended."""
    edited_frac: float
    """Share of requests that continue a conversation whose history was cut or edited."""
    marked: bool = False
    """Whether any request sets a cache mark."""
    model: str = ""
    """That most requests went to; empty: the log does not say."""

    @property
    def breaker(self) -> CacheBreaker | None:
        return self.breakers[0] if self.breakers else None

    @property
    def requests_per_session(self) -> float:
        return len(self.rows) / self.sessions_count


def scan_prompts(log: PromptLog, progress: Progress = lambda share, what: None) -> PromptScan:
    """Raises DataError for a log in which nothing can be shared."""
    if len(log.prompts) < 2:
        raise DataError(f"{log.name}: one prompt shares nothing with itself; give at least two requests")
    segments, notes = SegmentTable(), list(log.notes)
    where = _places(log.prompts)
    cut = _cut(log, where, segments, progress)
    if len(cut) < len(log.prompts):
        notes.append(f"only the first {len(cut):,} requests were used: more than {MAX_TOK / 1e6:.0f} million tokens")
    where = where[: len(cut)]
    progress(1.0, "Comparing them …")
    sorted_tools = _sorting_helps(cut)
    rows = _rows(log, cut, where, segments, sorted_tools)
    tok = segments.tok()
    return PromptScan(
        log.name,
        rows,
        segments,
        log.timed,
        tuple(notes),
        int(sum(tok[row.segments].sum() for row in rows)),
        len({place.session for place in where}),
        len({row.segments[row.ranks == CHANGE_ORDER["tenant"]].tobytes() for row in rows}),
        _gap_s([row.time_s for row in rows], where) if log.timed else None,
        _blocks(rows, segments, tok),
        find_breakers(rows, segments, tok, PARTS, [prompt.parts for prompt in log.prompts[: len(cut)]]),
        sum(place.edited for place in where) / len(where),
        log.marked,
        most_used(log),
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
    """A request as pieces, as sent and with sorted tools; and the part of each piece."""

    plain: Ints
    parts: Ints
    in_order: Ints
    order_parts: Ints


def _cut(log: PromptLog, where: Sequence[SessionPosition], segments: SegmentTable, progress: Progress) -> list[_Cut]:
    found: list[_Cut] = []
    total = 0
    for number, (prompt, place) in enumerate(zip(log.prompts, where, strict=True)):
        one = _Cut(
            *_request(prompt, place, segments, lambda part: part.text),
            *_request(prompt, place, segments, lambda part: part.sorted_text or part.text),
        )
        total += sum(len(segments.ids[i]) for i in one.plain)
        if total > MAX_TOK and found:
            break
        found.append(one)
        if number % 50 == 0:
            progress(number / len(log.prompts), "Counting tokens …")
    return found


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
    """Whether there are fewer kinds of tools and formats once they are sorted."""
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
        rows.append(SegmentedPrompt(time_s or 0.0, one.plain, one.parts, as_sent, chosen[order], parts[order]))
    return tuple(rows)


def _calm_lines(parts: Ints, ranks: Ints) -> npt.NDArray[np.bool_]:
    calm: npt.NDArray[np.bool_] = (parts == SYSTEM) & (ranks == CHANGE_ORDER["never"])
    return calm


def _same_lines(cut: Sequence[_Cut], ranks: Sequence[Ints]) -> int | None:
    """With how many lines of those that never change all system prompts start, where their order differs; None: it does
    not."""
    lines = [one.plain[_calm_lines(one.parts, rank)] for one, rank in zip(cut, ranks, strict=True)]
    distinct = {tuple(some.tolist()) for some in lines}
    if len({tuple(sorted(some)) for some in distinct}) == len(distinct):
        return None
    least, most = min(distinct), max(distinct)
    return next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))


def _lines_in_order(chosen: Ints, parts: Ints, ranks: Ints) -> Ints:
    """Those lines in the order of their numbers, which is the same for all requests."""
    mask, found = _calm_lines(parts, ranks), chosen.copy()
    found[mask] = np.sort(chosen[mask])
    return found


def _by_order(one: _Cut, ranks: Ints, sorted_tools: bool, same: int | None) -> Ints:
    """What comes in another order each time changes with the request, though none of it ever does."""
    found = ranks.copy()
    if sorted_tools:
        found[one.parts <= FORMAT] = CHANGE_ORDER["request"]
    if same is not None:
        found[np.flatnonzero(_calm_lines(one.parts, ranks))[same:]] = CHANGE_ORDER["request"]
    return found


def _ranks(
    numbers: Sequence[Ints], parts: Sequence[Ints], sessions: Ints, single: bool, segments: SegmentTable
) -> list[Ints]:
    """How often each piece of each request changes."""
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
    """(pieces,): the rank of each by how many requests and sessions have it."""

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
    """Runs of pieces of one part that change equally often, in their mean order; a part's later runs of a kind are one."""
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


def sorted_blocks(found: PromptScan) -> tuple[Block, ...]:
    """The blocks with tool schemas that differ in their order only taken as what they are once sorted: the same."""
    if not any(breaker.what in (TOOL_ORDER, KEY_ORDER) for breaker in found.breakers):
        return found.blocks
    part = PARTS[TOOLS]
    return tuple(replace(b, changes="release") if b.name.startswith(part) else b for b in found.blocks)


def _with_message(row: SegmentedPrompt, segments: SegmentTable) -> Ints:
    """Ranks, where the mark that starts a message counts as what follows it."""
    found = row.ranks.copy()
    marks = np.flatnonzero(np.isin(row.segments[:-1], segments.marks) & (row.parts[:-1] == row.parts[1:]))
    found[marks] = found[marks + 1]
    return found


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
