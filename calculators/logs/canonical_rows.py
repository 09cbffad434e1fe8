"""Records as canonical rows: all input, output with reasoning, cache reads and writes, time, id, status, model, spend,
team and other groups."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from calculators.logs.group_values import shown_group
from calculators.logs.record_leaves import LeafPath, Leaves
from calculators.logs.record_plan import RecordPlan, plan_of, squashed
from calculators.logs.record_words import CALL, STEP, amount, first_word, record_failed, says_hit, told_kind
from calculators.logs.request_names import GROUP_ROLES, NAMES
from calculators.logs.trace_steps import TraceSpans

INCLUDING_PROVIDERS = ("openai", "azure", "google", "gemini", "vertex", "deepseek", "mistral", "xai", "groq")
"""Sellers whose own input tokens include the cached ones."""
MODEL_CALL, OTHER, NO_CHAT = "GENERATION", "SPAN", "EMBEDDING"


class Contradiction(Exception):
    """A record has more cached tokens than input, so its format leaves them out of the input in this file."""

    def __init__(self, format_name: str) -> None:
        self.format_name = format_name


@dataclass(slots=True)
class Session:
    """What a pass over the file carries along."""

    excludes: bool | None
    excluding: frozenset[str]
    totals: dict[str, int] = field(default_factory=dict)
    running_total: float | None = None
    model: Any = None
    formats: dict[str, int] = field(default_factory=dict)
    is_doubtful: bool = False
    given: set[str] = field(default_factory=set)
    """Roles that some row plays."""
    spans: TraceSpans = field(default_factory=TraceSpans)
    row_count: int = 0
    """Of the rows before, those that could not be read among them."""


def canonical_rows(records: Iterable[Leaves | None], session: Session) -> Iterator[dict[str, Any] | None]:
    """One row a request, of every record that holds tokens; None for a record that could not be read."""
    for record in records:
        if record is None:
            session.row_count += 1
            yield None
            continue
        plan = plan_of(tuple(record))
        if plan is None:
            _remember(record, session)
        elif (row := _row(record, plan, session)) is not None:
            session.formats[plan.format.name] = session.formats.get(plan.format.name, 0) + 1
            session.given.update(role for role in ("id", "cache_read", "cache_write") if row[role] is not None)
            session.given.update(("gateway_cache",) if row["cache_hit"] else ())
            session.row_count += 1
            yield row


def _remember(record: Leaves, session: Session) -> None:
    """What a record without tokens says about those that follow: the model of a session, the parent of a span."""
    if record.get(("type",)) == "session_meta":
        session.totals.clear()
        session.running_total = None
    if record.get(("type",)) == "turn_context":
        session.model = record.get(("payload", "model"))
    for name in ("parentSpanId", "parent_id", "parent_run_id", "parentObservationId"):
        if parent := record.get((name,)):
            spans = (record.get((span,)) for span in ("spanId", "span_id", "id"))
            session.spans.link(next(filter(None, spans), None), parent)


def _row(record: Leaves, plan: RecordPlan, session: Session) -> dict[str, Any] | None:
    if _says_it_again(record, plan, session):
        return None
    failed = record_failed(record, plan)
    tokens: tuple[Any, ...] | None = (None, None, None, None)
    if any(amount(record[path]) is not None for path in (*plan.input, *plan.output)):
        tokens = _tokens(record, plan, session, failed)
    elif not failed:
        return None
    if plan.format.cumulative and tokens is not None:
        tokens = _increase(tokens, session)
    if tokens is None:
        return None
    word_of = {role: first_word(record, paths, role) if paths else None for role, paths in plan.words.items()}
    kind = told_kind(record, plan.kinds) or CALL
    _note(word_of, tokens, (kind, _is_span(plan)), session)
    row = dict(zip(("input", "output", "cache_read", "cache_write"), tokens, strict=True)) | {
        "time": word_of["time"],
        "id": word_of["id"],
        "status": "error" if failed else "ok",
        "model": word_of["model"] or session.model,
        "spend": amount(word_of["spend"]),
        "kind": {CALL: MODEL_CALL, STEP: OTHER}.get(kind, NO_CHAT),
        "cache_hit": says_hit(word_of["gateway_cache"]),
        "tier": word_of["tier"],
        **{NAMES[role][0]: shown_group(str(word_of[role])) for role in GROUP_ROLES if word_of[role] is not None},
        **({"request_count": word_of["requests"]} if word_of["requests"] is not None else {}),
        **({"sampling_rate": word_of["sampling_rate"]} if word_of["sampling_rate"] is not None else {}),
    }
    return row | {"span": word_of["span"]} if word_of["parent"] or session.spans.parent_of else row


def _note(word_of: Mapping[str, Any], tokens: Sequence[Any], kind: tuple[str, bool], session: Session) -> None:
    """Notes a row with tokens among the spans of its log. `kind`: what it is, and whether it may lie within others."""
    session.spans.link(word_of["span"] if kind[1] else None, word_of["parent"])
    counts = (tokens[0] or 0, tokens[1] or 0)
    if kind[0] == STEP:
        session.spans.note_step(session.row_count, word_of, counts)
    elif sum(counts) > 0:
        session.spans.note_call(word_of, counts, kind[1])


def _is_span(plan: RecordPlan) -> bool:
    """Whether records of this shape may lie within others; the outermost names no parent."""
    spans = plan.words["span"]
    return bool(plan.words["parent"]) or (bool(spans) and squashed(spans[0][-1]) == "spanid")


def _says_it_again(record: Leaves, plan: RecordPlan, session: Session) -> bool:
    """Whether the count that runs on stands where it stood."""
    if not plan.running_total:
        return False
    before, session.running_total = session.running_total, _sum(record, plan.running_total)
    return session.running_total == before


def _tokens(
    record: Leaves, plan: RecordPlan, session: Session, failed: bool
) -> tuple[int | float, int | float, Any, Any]:
    """All input, output with reasoning, cache reads and writes (None where the format names none)."""
    given, output, read, write, extra, total = (
        _sum(record, paths)
        for paths in (plan.input, plan.output, plan.cache_read, plan.cache_write, plan.extra_output, plan.total)
    )
    cached = read + write
    excludes, is_sure = _excludes(record, plan, session)
    apart = plan.format.extra_is_apart
    if not (cached or extra):
        return given, output, read if plan.cache_read else None, write if plan.cache_write else None
    choices = ((excludes, apart), (not excludes, apart), (excludes, not apart), (not excludes, not apart))
    proved = [one for one in choices if given + one[0] * cached + output + one[1] * extra == total]
    if proved:
        excludes, apart = proved[0]
    elif cached > given and not excludes and not failed:
        raise Contradiction(plan.format.name)
    elif cached and not is_sure:
        session.is_doubtful = True
    return (
        given + (cached if excludes else 0),
        output + (extra if apart else 0),
        read if plan.cache_read else None,
        write if plan.cache_write else None,
    )


def _excludes(record: Leaves, plan: RecordPlan, session: Session) -> tuple[bool, bool]:
    """Whether input leaves cached tokens out where no total tells, and whether that is sure."""
    one = plan.format
    if one.name in session.excluding:
        return True, True
    if one.input_excludes_cache is not None:
        return one.input_excludes_cache, True
    if session.excludes is not None:
        return session.excludes, True
    provider = str(first_word(record, plan.words["provider"], "provider") or "").lower()
    if one.provider_that_excludes and one.provider_that_excludes in provider:
        return True, True
    return False, any(name in provider for name in INCLUDING_PROVIDERS)


def _sum(record: Leaves, paths: Sequence[LeafPath]) -> int | float:
    return sum(amount(record[path]) or 0 for path in paths) if paths else 0


def _increase(tokens: tuple[Any, ...], session: Session) -> Any:
    """Tokens since the last record of a session whose counts run on; None when nothing was added."""
    names = ("input", "output", "cache_read", "cache_write")
    now = dict(zip(names, (value or 0 for value in tokens), strict=True))
    before = session.totals
    if any(now[name] < before.get(name, 0) for name in names):
        before = {}  # a new session
    session.totals = now
    grown = {name: now[name] - before.get(name, 0) for name in names}
    if not any(grown.values()):
        return None
    return tuple(grown[name] if value is not None else None for name, value in zip(names, tokens, strict=True))
