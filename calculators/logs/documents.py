"""JSON of any shape, and tables of known vendors, as flat canonical records: one JSON object a line, one line a request.

The steps: `document_stream` (text to documents), `_records` here with `record_leaves` (envelopes, tables, columns, spans and
strings to the scalars of each record), `usage_formats` and `record_plan` (which path means what), `canonical_rows` (four
integers, time, id, status, model, spend). What is written lies in a file without a name and holds times, ids, models, tiers and groups.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from calculators.logs.canonical_rows import MODEL_CALL, OTHER, Contradiction, Session, canonical_rows
from calculators.logs.document_stream import (
    MAX_DOCUMENT_CHARS,
    MAX_DOCUMENT_VALUES,
    DocumentTooLarge,
    documents,
    opened,
)
from calculators.logs.log_bytes import Progress, reported, silent
from calculators.logs.log_lines import line_object
from calculators.logs.record_leaves import (
    ABOVE,
    MAX_DEPTH,
    MAX_TEXT_CHARS,
    Leaves,
    is_short,
    is_wrapped,
    key_parts,
    leaves_and_lists,
    listed_rows,
    table_rows,
    unpacked,
)
from calculators.logs.record_plan import RecordPlan, plan_of
from calculators.logs.record_words import first_word, is_other
from calculators.logs.repeat_questions import steps_question
from calculators.logs.request_file import LogError, known_role_count, read_head
from calculators.logs.scratch import scratch_file
from calculators.logs.timestamps import is_written
from calculators.logs.trace_steps import own_steps, repeating_spans, sum_tok
from calculators.logs.unknown_columns import UnknownColumn, shown_column, time_question
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion

HEAD_RECORD_COUNT = 500
HEAD_LINE_COUNT = 50
FLAT_DEPTH = 2
"""Key depth up to which `request_columns` reads nested counts itself."""
UNPACKING = "Reading records"
BROKEN = b"broken\n"
"""Stands for an object that cannot be read, which the ordinary reading then counts."""


@dataclass(frozen=True, slots=True)
class FlatLog:
    """A log as canonical JSON lines in a file without a name. `role_of`: the sure mapping; None: names to guess from.

    `path` can be opened as long as `file` is open."""

    path: Path
    file: IO[bytes]
    formats: tuple[str, ...]
    role_of: Mapping[str, str] | None
    is_doubtful: bool = False
    """Whether input leaves cached tokens out differs by sender, and this file does not tell: taken as included."""
    questions: tuple[UsageQuestion, ...] = ()


class EventsOfStream(ValueError):
    """The records are events of streams, whose counts do not stand together."""


def flattened(
    path: Path, label: str, answers: UsageAnswers | None = None, progress: Progress = silent
) -> FlatLog | None:
    """The log as canonical records; None for what is read as it is: plain tables and flat JSON lines.

    The answers are those to the questions of a doubtful file. Raises LogError."""
    answers = answers or UsageAnswers()
    try:
        if not _holds_json(path):
            return None if answers.column_of else _flat_table(path, label, answers, progress)
        return _flat_documents(path, label, answers, progress)
    except EventsOfStream:
        raise LogError(
            f"{label} holds the events of streams, of which the last counts name no request; log the final message of each "
            "request with its id and usage."
        ) from None
    except DocumentTooLarge:
        raise LogError(
            f"{label} holds one JSON document of more than {MAX_DOCUMENT_CHARS / 1e6:,.0f} MB or {MAX_DOCUMENT_VALUES:,} values; "
            "export a shorter period, or one object a line."
        ) from None
    except (OSError, EOFError, csv.Error):
        return None


def _holds_json(path: Path) -> bool:
    with opened(path) as text:
        start = text.read(10_000).lstrip()
    lines = [line for line in start.splitlines()[:HEAD_LINE_COUNT] if line.strip()]
    has_names = not _is_header(lines) and any(line_object(line) is not None and not _is_cells(line) for line in lines)
    return start.startswith(("{", "[", '"{\\"')) or bool(re.match(r'[^\n"{]{0,400}\{"', start)) or has_names


def _is_header(lines: Sequence[str]) -> bool:
    """Whether the first line names the columns of a table, whose cells may hold such lines: two names are known, or one and
    all lines have as many cells."""
    for sign in ",;\t|" if lines else "":
        rows = list(csv.reader(lines, delimiter=sign))
        known_count = known_role_count(rows[0]) if len(rows[0]) > 2 else 0
        if known_count >= 2 or (known_count and len(rows) > 2 and len({len(row) for row in rows[:-1]}) == 1):
            return True
    return False


def _is_cells(line: str) -> bool:
    """Whether a line with names and values may be a row of a table, its values in one cell."""
    return '""' in line


# --- where the records come from -----------------------------------------------------------------------------------


def _flat_documents(path: Path, label: str, answers: UsageAnswers, progress: Progress) -> FlatLog | None:
    with opened(path) as text:
        stream = documents(text)
        head = list(islice(stream, HEAD_RECORD_COUNT))
    if answers.column_of:  # names of the file itself
        return None if _is_flat(path, head) else _named_rows(path, progress)
    first = list(islice(chain.from_iterable(map(_records, head)), HEAD_RECORD_COUNT))
    if any(record.get(("type",)) == "message_start" for record in first):
        raise EventsOfStream
    plans = [plan for record in first if (plan := plan_of(tuple(record))) is not None]
    if not plans:
        return None if _is_flat(path, head) else _named_rows(path, progress)
    if _is_flat(path, head) and max(map(_depth, head)) <= FLAT_DEPTH and all(map(_is_plain, plans)):
        return None
    _refuse_untimed(first, label)

    def records() -> Iterator[Leaves | None]:
        with opened(path) as again:
            for document in reported(documents(again), progress, UNPACKING):
                yield from (None,) if document is None else _records(document)

    return _written(records, answers)


def _refuse_untimed(records: Sequence[Leaves], label: str) -> None:
    """Raises UnknownColumn where no request has a time under a known name and others may be it."""
    plans = [(record, plan) for record in records if (plan := plan_of(tuple(record))) is not None]
    if any(first_word(record, plan.words["time"], "time") is not None for record, plan in plans):
        return
    named = {".".join(path): value for record, _ in plans for path, value in record.items() if path[0] != ABOVE}
    times = [name for name, value in named.items() if isinstance(value, str) and is_written(value)]
    if times:
        raise UnknownColumn(
            f"{label} has no column recognized as the time. It may be {shown_column(times[0])}: "
            "map it (--map time=COLUMN) or rename it.",
            time_question(label, times),
        )


def _is_plain(plan: RecordPlan) -> bool:
    """Whether the ordinary reading does as well: known names and no spans within spans."""
    return plan.format.is_common and not plan.words["parent"]


def _depth(document: Any) -> int:
    """Keys to the deepest scalar of nested objects, up to MAX_DEPTH."""
    depth, inner = 0, [document]
    while depth < MAX_DEPTH and (objects := [value for value in inner if isinstance(value, dict)]):
        if any(map(is_wrapped, inner)):
            break
        depth, inner = depth + 1, [value for one in objects for value in one.values()]
    return FLAT_DEPTH + 1 if any(map(is_wrapped, inner)) else depth


def _is_flat(path: Path, head: Sequence[Any]) -> bool:
    """Whether every document is one record whose texts hold no JSON, and stands on one line or in one array."""
    if not _is_lines_or_array(path):
        return False
    for document in filter(None, head):
        if isinstance(document, list) and not any(isinstance(one, dict | list | str) for one in document):
            continue
        if not isinstance(document, dict):
            return False
        leaves = next(_records(document), {})
        own = set(leaves_and_lists(document, unpack=False)[0])
        if len(own) != len(leaves) or any(path not in own for path in leaves):
            return False
    return True


def _is_lines_or_array(path: Path) -> bool:
    with opened(path) as text:
        start = text.read(MAX_TEXT_CHARS)
        end = start[-1_000:]
        while start.lstrip().startswith("[") and (more := text.read(MAX_TEXT_CHARS)):
            end = (end + more)[-1_000:]
    if "\x1e" in start:
        return False
    if start.lstrip().startswith("["):
        return bool(re.search(r"\}\s*\]\s*$", end))
    lines = [line.strip() for line in start.splitlines()[:HEAD_RECORD_COUNT] if line.strip()]
    return 2 * sum(bool(re.match(r'\{\s*["}]', line)) and line.endswith("}") for line in lines) > len(lines)


def _flat_table(path: Path, label: str, answers: UsageAnswers, progress: Progress) -> FlatLog | None:
    """A CSV with the header of a known vendor, or with the usage as JSON in a cell."""
    try:
        head = read_head(path, label)
    except LogError:
        return None
    if head.kind != "csv":
        return None

    def records() -> Iterator[Leaves | None]:
        with opened(path) as text:
            for _ in range(head.skip_count):
                text.readline()
            rows = csv.reader(text, delimiter=head.delimiter)
            header = [cell.strip() for cell in next(rows, [])]
            for row in reported(rows, progress, UNPACKING):
                yield leaves_and_lists(dict(zip(header, row, strict=False)), unpack=True)[0]

    plans = [
        plan for record in islice(records(), HEAD_RECORD_COUNT) if (plan := plan_of(tuple(record or ()))) is not None
    ]
    columns = {key_parts(name) for name in head.place_of if len(head.place_of[name]) == 1}
    if not plans or all(plan.format.is_common and set(plan.token_paths) <= columns for plan in plans):
        return None
    return _written(records, answers)


def _named_rows(path: Path, progress: Progress) -> FlatLog | None:
    """Records of an envelope whose names say nothing here, as flat rows for the ordinary reading."""
    file, where = scratch_file()
    count = 0
    with opened(path) as text:
        for document in reported(documents(text), progress, UNPACKING):
            for record in _records(document):
                row = {".".join(path): value for path, value in record.items() if is_short(value)}
                file.write(json.dumps(row).encode() + b"\n")
                count += 1
    if count < 2:
        file.close()
        return None
    file.flush()
    return FlatLog(where, file, (), None)


# --- documents to records ------------------------------------------------------------------------------------------


def _records(value: Any, above: Leaves | None = None, depth: int = 0) -> Iterator[Leaves]:
    """Scalars by path of each record in a document. A record inherits what stands above it, one level down each time."""
    value = unpacked(value)
    rows = listed_rows(value) if isinstance(value, list) else table_rows(value) if isinstance(value, dict) else ()
    if depth > MAX_DEPTH:
        return
    if rows is not None:
        for row in filter(None, rows):  # an empty one holds no record
            yield from _records(row, above, depth + 1)
        return
    own, lists = leaves_and_lists(value, unpack=True)
    whole = own | above if above else own
    if not lists or _stands_alone(own):
        yield whole
        return
    inherited = {(ABOVE, *path): item for path, item in ((above or {}) | own).items() if is_short(item)}
    inner = chain.from_iterable(_records(children, inherited, depth + 1) for children in lists)
    if plan_of(tuple(own)) is not None:
        yield from _once(whole, inner)
    else:
        first = next(inner, None)
        yield from (whole,) if first is None else chain((first,), inner)


def _once(record: Leaves, inner: Iterator[Leaves]) -> Iterator[Leaves]:
    """The records within one that has tokens: those with tokens of their own, or else the outer one, once."""
    told, moment = False, None
    for part in inner:
        plan = plan_of(tuple(part))
        if plan is None or any(path[0] != ABOVE for path in (*plan.input, *plan.output)):
            told |= plan is not None
            yield part
        elif moment is None:
            moment = first_word(part, plan.words["time"], "time")
    if not told:
        own = plan_of(tuple(record))
        has_time = own is not None and first_word(record, own.words["time"], "time") is not None
        yield record if has_time or moment is None else record | {("time",): moment}


def _stands_alone(record: Leaves) -> bool:
    """Whether a record with lists below is a request itself: it has tokens and a time, and is no span around others."""
    plan = plan_of(tuple(record))
    if plan is None or is_other(record, plan.kinds):
        return False
    return first_word(record, plan.words["time"], "time") is not None


# --- the file ------------------------------------------------------------------------------------------------------


def _written(records: Callable[[], Iterator[Leaves | None]], answers: UsageAnswers) -> FlatLog | None:
    """The canonical rows of all records in a file without a name; None when no row has tokens."""
    excluding = frozenset[str]()
    while True:
        session = Session(answers.input_excludes_cache, excluding)
        file, where = scratch_file()
        try:
            for row in canonical_rows(records(), session):
                file.write(BROKEN if row is None else json.dumps(row).encode() + b"\n")
            break
        except Contradiction as told:
            file.close()
            excluding |= {told.format_name}
    if not session.formats:
        file.close()
        return None
    repeating, (own, unclear) = repeating_spans(session.spans), own_steps(session.spans)
    if answers.steps == "each":
        own |= {step.row for step in unclear}
    if repeating or own:
        file, where = _sorted_spans(file, repeating, own)
    file.flush()
    roles = ("time", "input", "output", "status", "kind", *sorted(session.given))
    role_of = {role: "cache_hit" if role == "gateway_cache" else role for role in roles}
    return FlatLog(
        path=where,
        file=file,
        formats=tuple(session.formats),
        role_of=role_of,
        is_doubtful=session.is_doubtful,
        questions=(steps_question(len(unclear), sum_tok(unclear)),) if unclear and answers.steps is None else (),
    )


def _sorted_spans(file: IO[bytes], repeating: set[str], own: set[int]) -> tuple[IO[bytes], Path]:
    """The rows again, with parents that repeat their children as steps, and steps that no call repeats as calls."""
    file.seek(0)
    other, where = scratch_file()
    for number, line in enumerate(file):
        if line == BROKEN:
            other.write(line)
            continue
        row = json.loads(line)
        if row.get("span", row["id"]) in repeating:
            row["kind"] = OTHER
        if number in own:
            row["kind"] = MODEL_CALL
        other.write(json.dumps(row).encode() + b"\n")
    file.close()
    return other, where
