"""JSON of any shape, and tables of known vendors, as flat canonical records: one JSON object a line, one line a request.

The steps: `document_stream` (text to documents), here `_records` (envelopes, tables, columns, spans and strings to one object a
record) and `_leaves` (its scalars by path), `usage_formats` (which path means what), `RecordReader` (four integers, time, id,
status, model, spend). What is written lies in a file without a name and holds no text but times, ids, models and tiers.
"""

import ast
import csv
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from calculators.logs import request_columns
from calculators.logs.document_stream import MAX_DOCUMENT_CHARS, DocumentTooLarge, documents, opened
from calculators.logs.json_documents import nested_keys
from calculators.logs.request_file import LogError, read_head
from calculators.logs.usage_formats import (
    BAD_FLAG_NAMES,
    COMMON,
    ERROR_NAMES,
    FORMATS,
    GOOD_FLAG_NAMES,
    KIND_NAMES,
    STATUS_NAMES,
    UsageFormat,
)

HEAD_RECORD_COUNT = 500
MAX_DEPTH = 24
MAX_SUFFIX_PARTS = 6
MAX_TEXT_CHARS = 2_000_000
MAX_LEAVES = 5_000
MAX_WORD_CHARS = 200
MAX_SHAPES = 5_000
FLAT_DEPTH = 2
"""Key depth up to which `request_columns` reads nested counts itself."""
CANONICAL = (
    *("time", "input", "output", "cache_read", "cache_write", "id", "status", "model", "spend", "kind", "cache_hit"),
    "tier",
)
INCLUDING_PROVIDERS = ("openai", "azure", "google", "gemini", "vertex", "deepseek", "mistral", "xai", "groq")
"""Sellers whose own input tokens include the cached ones."""
BROKEN = b"broken\n"
"""Stands for an object that cannot be read, which the ordinary reading then counts."""
MODEL_CALL, OTHER = "GENERATION", "SPAN"

Path_ = tuple[str, ...]
Leaves = dict[Path_, Any]


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


def flattened(path: Path, label: str, input_excludes_cache: bool | None = None) -> FlatLog | None:
    """The log as canonical records; None for what is read as it is: plain tables and flat JSON lines.

    `input_excludes_cache` answers the question of a doubtful file. Raises LogError."""
    try:
        if not _holds_json(path):
            return _flat_table(path, label, input_excludes_cache)
        return _flat_documents(path, input_excludes_cache)
    except DocumentTooLarge:
        raise LogError(
            f"{label} holds one JSON document of more than {MAX_DOCUMENT_CHARS / 1e6:,.0f} MB; "
            "export a shorter period, or one object a line."
        ) from None
    except (OSError, EOFError, csv.Error):
        return None


def _holds_json(path: Path) -> bool:
    with opened(path) as text:
        start = text.read(10_000).lstrip()
    return start[:1] in ("{", "[") or bool(re.match(r'[^\n"{]{0,400}\{"', start))


# --- where the records come from -----------------------------------------------------------------------------------


def _flat_documents(path: Path, excludes: bool | None) -> FlatLog | None:
    with opened(path) as text:
        stream = documents(text)
        head = list(islice(stream, HEAD_RECORD_COUNT))
    first = [record for document in head for record in islice(_records(document), HEAD_RECORD_COUNT)]
    if any(_is_aggregate(document) for document in head[:3]):
        return None
    reader = RecordReader()
    plans = [plan for record in first if (plan := reader.plan(record)) is not None]
    if not plans:
        return None if _is_flat(path, head) else _named_rows(path)
    if _is_flat(path, head) and max(map(_depth, head)) <= FLAT_DEPTH and all(map(_is_plain, plans)):
        return None

    def records() -> Iterator[Leaves | None]:
        with opened(path) as again:
            for document in documents(again):
                yield from (None,) if document is None else _records(document)

    return _written(records, excludes)


def _is_plain(plan: "RecordPlan") -> bool:
    """Whether the ordinary reading does as well: known names and no spans within spans."""
    return plan.format.is_common and not plan.words["parent"]


def _depth(document: Any) -> int:
    """Keys to the deepest scalar of nested objects."""
    return 1 + max(map(_depth, document.values()), default=0) if isinstance(document, dict) else 0


def _is_aggregate(document: Any) -> bool:
    keys = nested_keys(document, 6) - {"resourceSpans"}
    return request_columns.aggregate_reason(sorted(keys)) is not None


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
        own = set(_leaves(document, unpack=False)[0])
        if len(own) != len(leaves) or any(path not in own for path in leaves):
            return False
    return True


def _is_lines_or_array(path: Path) -> bool:
    with opened(path) as text:
        start = text.read(MAX_TEXT_CHARS)
        end = start[-1_000:]
        while more := text.read(MAX_TEXT_CHARS):
            end = (end + more)[-1_000:]
    if start.lstrip().startswith("["):
        return bool(re.search(r"\}\s*\]\s*$", end))
    lines = [line.strip() for line in start.splitlines()[:HEAD_RECORD_COUNT] if line.strip()]
    return 2 * sum(line.startswith("{") and line.endswith("}") for line in lines) > len(lines)


def _flat_table(path: Path, label: str, excludes: bool | None) -> FlatLog | None:
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
            for row in rows:
                yield _leaves(dict(zip(header, row, strict=False)), unpack=True)[0]

    reader = RecordReader()
    plans = [plan for record in islice(records(), HEAD_RECORD_COUNT) if (plan := reader.plan(record or {})) is not None]
    columns = {tuple(_parts(name)) for name in head.place_of if len(head.place_of[name]) == 1}
    if not plans or all(plan.format.is_common and set(plan.token_paths) <= columns for plan in plans):
        return None
    return _written(records, excludes)


def _named_rows(path: Path) -> FlatLog | None:
    """Records of an envelope whose names say nothing here, as flat rows for the ordinary reading."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the result
    count = 0
    with opened(path) as text:
        for document in documents(text):
            for record in _records(document):
                row = {".".join(path): value for path, value in record.items() if _is_short(value)}
                file.write(json.dumps(row).encode() + b"\n")
                count += 1
    if count < 2:
        file.close()
        return None
    file.flush()
    return FlatLog(Path(f"/proc/self/fd/{file.fileno()}"), file, (), None)


def _is_short(value: Any) -> bool:
    return not isinstance(value, str) or len(value) <= MAX_WORD_CHARS


# --- documents to records ------------------------------------------------------------------------------------------


def _records(value: Any, above: Leaves | None = None, depth: int = 0) -> Iterator[Leaves]:
    """Scalars by path of each record in a document. A record inherits what stands above it, one level down each time."""
    value = _unpacked(value)
    rows = value if isinstance(value, list) else _table_rows(value) if isinstance(value, dict) else ()
    if depth > MAX_DEPTH:
        return
    if rows is not None:
        for row in rows:
            yield from _records(row, above, depth + 1)
        return
    own, lists = _leaves(value, unpack=True)
    inherited = {("", *path): item for path, item in ((above or {}) | own).items() if _is_short(item)}
    inner = chain.from_iterable(_records(children, inherited, depth + 1) for children in lists)
    first = None if _READER.plan(own) is not None else next(inner, None)
    if first is None:
        yield own | (above or {})
    else:
        yield from chain((first,), inner)


def _table_rows(value: Mapping[str, Any]) -> Iterable[Any] | None:
    """Rows of a document that is a table: columns and rows, values by column, or time and line pairs. None: no table."""
    columns = value.get("columns") or (value.get("schema") or {}).get("fields") if _may_be_table(value) else None
    rows = value.get("rows", value.get("data"))
    if isinstance(columns, list) and isinstance(rows, list) and rows:
        names = [column.get("name", "") if isinstance(column, dict) else str(column) for column in columns]
        return (dict(zip(names, _cells(row), strict=False)) for row in rows)
    if isinstance(value.get("stream"), dict) and isinstance(value.get("values"), list):  # Loki
        return (
            {"time": pair[0], "line": pair[1]} for pair in value["values"] if isinstance(pair, list) and len(pair) > 1
        )
    return _column_rows(value)


def _may_be_table(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("columns"), list) or isinstance(value.get("schema"), dict)


def _cells(row: Any) -> list[Any]:
    cells = row.get("f", []) if isinstance(row, dict) else row if isinstance(row, list) else []
    return [cell.get("v") if isinstance(cell, dict) and set(cell) == {"v"} else cell for cell in cells]


def _column_rows(value: Mapping[str, Any]) -> Iterable[Any] | None:
    """Rows of {"time": [...], "input": [...]} and of {"time": {"0": ...}, ...}."""
    columns = list(value.values())
    if len(columns) < 3:
        return None
    if all(isinstance(column, dict) and column and _is_index(column) for column in columns):
        if len({len(column) for column in columns}) == 1:
            return ({name: column.get(key) for name, column in value.items()} for key in columns[0])
        return None
    if not all(isinstance(column, list) and column for column in columns) or len({len(one) for one in columns}) > 1:
        return None
    if any(isinstance(column[0], dict | list) for column in columns):
        return None
    return (dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True))


def _is_index(column: Mapping[str, Any]) -> bool:
    return "0" in column and all(key.isdigit() for key in islice(column, 3))


def _leaves(value: Mapping[str, Any], unpack: bool) -> tuple[Leaves, list[Any]]:
    """The scalars of nested objects by path of keys, and the lists that may hold records. `unpack`: texts that hold JSON are
    read as what they hold."""
    leaves, lists = Leaves(), list[Any]()
    stack: list[tuple[Path_, Any]] = [((), value)]
    while stack and len(leaves) < MAX_LEAVES:
        above, item = stack.pop()
        if unpack and isinstance(item, str):
            item = _unpacked(item)
        if isinstance(item, list):
            named = _named_values(item)
            if named is None:
                lists += [item] if unpack and any(isinstance(_unpacked(one), dict | list) for one in item[:20]) else []
                continue
            item = named
        if isinstance(item, dict) and len(above) <= MAX_DEPTH:
            by_model = _by_model(item) if unpack and above and above[-1] == "usage" else None
            children = [((*above, *_parts(key)), child) for key, child in (by_model or item).items()]
            stack += reversed(children)
        elif not isinstance(item, dict):
            leaves[above] = item
    return leaves, lists


def _parts(key: str) -> list[str]:
    return [part for part in re.split(r"\.|__", key) if part] or [key]


def _unpacked(item: Any) -> Any:
    """The object or list that a text holds, as JSON or as Python writes it; the text itself if none."""
    if not isinstance(item, str) or len(item) < 2 or len(item) > MAX_TEXT_CHARS:
        return item
    start = item.lstrip()
    if start[0:1] not in ("{", "["):
        place = item.find('{"', 0, 400)
        if place < 0 or not item.rstrip().endswith("}"):
            return item
        start = item[place:]
    try:
        return json.loads(start)
    except (ValueError, RecursionError):
        pass
    if start.startswith("{'") and len(item) < 20_000:
        try:
            return ast.literal_eval(start.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    return item


def _named_values(items: Sequence[Any]) -> dict[str, Any] | None:
    """Attributes written as a list of name and value, as OTLP, Jaeger and CloudWatch Logs Insights do. None: another list."""
    for name in ("key", "field", "name"):
        if items and all(isinstance(item, dict) and name in item and "value" in item for item in items):
            return {str(item[name]): _any_value(item["value"]) for item in items}
    return None


def _any_value(value: Any) -> Any:
    """The value of an OTLP attribute: {"intValue": "5"} is "5"."""
    if isinstance(value, dict) and len(value) == 1:
        kind, inner = next(iter(value.items()))
        if kind in ("stringValue", "intValue", "doubleValue", "boolValue"):
            return inner
        if kind == "kvlistValue" and isinstance(inner, dict):
            return _named_values(inner.get("values") or []) or {}
    return value


def _by_model(usage: Mapping[str, Any]) -> dict[str, Any] | None:
    """Usage given model by model, summed, with the name of a model. None: it is not."""
    inner = list(usage.values())
    if not inner or not all(isinstance(one, dict) and any("token" in key.lower() for key in one) for one in inner):
        return None
    if any(key.lower().endswith(("details", "detail")) for key in usage):
        return None
    sums = dict[str, Any]()
    for one in inner:
        for key, value in one.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                sums[key] = sums.get(key, 0) + value
    return sums | {"model": max(usage, key=lambda model: sum(v for v in usage[model].values() if isinstance(v, int)))}


# --- records to canonical rows -------------------------------------------------------------------------------------


def squashed(text: str) -> str:
    """Letters and digits in lower case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


class _Places:
    """The paths of one shape of record by the tails of their names."""

    def __init__(self, paths: Sequence[Path_]) -> None:
        self.by_tail = dict[str, list[Path_]]()
        self.paths = sorted(paths, key=len)
        for path in self.paths:
            words = [squashed(part) for part in path]
            for start in range(max(0, len(words) - MAX_SUFFIX_PARTS), len(words)):
                self.by_tail.setdefault("".join(words[start:]), []).append(path)

    def one(self, name: str, beside: Path_ = ()) -> list[Path_]:
        """Paths that a name means, those below `beside` first, then the least nested."""
        if "*" in name:
            above, pattern = name.rsplit(".", 1)
            regex = re.compile(squashed(above) + re.sub(r"[^a-z0-9*]", "", pattern.lower()).replace("*", "[a-z0-9]*"))
            return [path for path in self.paths if len(path) > 1 and _ends(path, regex)]
        matching = self.by_tail.get(squashed(name), [])
        return [path for path in matching if beside and path[: len(beside)] == beside] or matching

    def sums(self, text: str, beside: Path_ = ()) -> tuple[Path_, ...]:
        """Paths to be added up: the first alternative that is there."""
        for alternative in text.split("|") if text else ():
            terms = [self.one(term.strip(), beside) for term in alternative.split("+")]
            if terms[0] or ("*" in alternative and any(terms)):
                chosen = chain.from_iterable(
                    paths if "*" in term else paths[:1]
                    for term, paths in zip(alternative.split("+"), terms, strict=True)
                )
                return tuple(dict.fromkeys(chosen))
        return ()

    def any_of(self, *texts: str) -> tuple[Path_, ...]:
        """Every path that one of the names means, in their order."""
        names = [name.strip() for text in texts if text for name in text.split("|")]
        return tuple(dict.fromkeys(path for name in names for path in self.one(name)))


def _ends(path: Path_, regex: re.Pattern[str]) -> bool:
    return bool(regex.fullmatch("".join(map(squashed, path[-2:]))))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlan:
    """Where one shape of record holds what."""

    format: UsageFormat
    input: tuple[Path_, ...]
    output: tuple[Path_, ...]
    cache_read: tuple[Path_, ...]
    cache_write: tuple[Path_, ...]
    extra_output: tuple[Path_, ...]
    total: tuple[Path_, ...]
    words: Mapping[str, tuple[Path_, ...]]
    """Of time, id, model and so on: the paths in order of preference."""
    statuses: tuple[Path_, ...]
    errors: tuple[Path_, ...]
    good_flags: tuple[Path_, ...]
    bad_flags: tuple[Path_, ...]
    kinds: tuple[Path_, ...]

    @property
    def token_paths(self) -> tuple[Path_, ...]:
        return (*self.input, *self.output, *self.cache_read, *self.cache_write)


@dataclass(slots=True)
class RecordReader:
    """Plans of the shapes of record seen so far, and what runs on from record to record."""

    plan_of: dict[tuple[Path_, ...], RecordPlan | None] = field(default_factory=dict)

    def plan(self, record: Leaves) -> RecordPlan | None:
        """Where the record holds its tokens; None: nowhere."""
        shape = tuple(record)
        if shape not in self.plan_of:
            if len(self.plan_of) > MAX_SHAPES:
                self.plan_of.clear()
            places = _Places(shape)
            self.plan_of[shape] = next((plan for one in FORMATS if (plan := _plan(one, places)) is not None), None)
        return self.plan_of[shape]


_READER = RecordReader()


def _plan(one: UsageFormat, places: _Places) -> RecordPlan | None:
    if one.needs and not all(places.any_of(need) for need in one.needs.split("&")):
        return None
    pair = _pair(one, places)
    if pair is None:
        return None
    inputs, outputs = pair
    beside = inputs[0][:-1]
    words = {
        role: places.any_of(getattr(one, role, ""), "" if role == "spend" and one.spend else COMMON[role])
        for role in COMMON
    }
    return RecordPlan(
        format=one,
        input=inputs,
        output=outputs,
        cache_read=places.sums(one.cache_read, beside),
        cache_write=places.sums(one.cache_write, beside),
        extra_output=places.sums(one.extra_output, beside),
        total=places.sums(one.total, beside),
        words=words,
        statuses=places.any_of(one.status, STATUS_NAMES),
        errors=places.any_of(ERROR_NAMES),
        good_flags=places.any_of(GOOD_FLAG_NAMES),
        bad_flags=places.any_of(BAD_FLAG_NAMES),
        kinds=places.any_of(KIND_NAMES),
    )


def _pair(one: UsageFormat, places: _Places) -> tuple[tuple[Path_, ...], tuple[Path_, ...]] | None:
    """Input and output of a format, side by side where they can be. A common format needs both."""
    for alternative in one.input.split("|"):
        if "*" in alternative:
            inputs = places.sums(alternative)
            return (inputs, places.sums(one.output)) if inputs else None
        first = alternative.split("+")[0].strip()
        for path in places.one(first):
            beside = path[:-1]
            outputs = places.sums(one.output, beside)
            if outputs and outputs[0][:-1] != beside and one.is_common:
                continue
            if outputs or not one.is_common:
                others = [more for term in alternative.split("+")[1:] for more in places.one(term.strip(), beside)[:1]]
                return (path, *others), outputs
    return None


class _Contradiction(Exception):
    """A record has more cached tokens than input, so its format leaves them out of the input in this file."""

    def __init__(self, format_name: str) -> None:
        self.format_name = format_name


@dataclass(slots=True)
class _Session:
    """What a pass over the file carries along."""

    excludes: bool | None
    excluding: frozenset[str]
    totals: dict[str, int] = field(default_factory=dict)
    model: Any = None
    formats: dict[str, int] = field(default_factory=dict)
    is_doubtful: bool = False
    given: set[str] = field(default_factory=set)
    """Roles that some row plays."""
    tokens_of_span: dict[str, tuple[int, int]] = field(default_factory=dict)
    parent_of: dict[str, str] = field(default_factory=dict)


def _written(records: Callable[[], Iterator[Leaves | None]], excludes: bool | None) -> FlatLog | None:
    """The canonical rows of all records in a file without a name; None when no row has tokens."""
    excluding = frozenset[str]()
    while True:
        session = _Session(excludes, excluding)
        file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the result
        try:
            for row in _rows(records(), session):
                file.write(BROKEN if row is None else json.dumps(row).encode() + b"\n")
            break
        except _Contradiction as told:
            file.close()
            excluding |= {told.format_name}
    if not session.formats:
        file.close()
        return None
    repeating = _repeating_spans(session)
    if repeating:
        file = _without_parents(file, repeating)
    file.flush()
    roles = ("time", "input", "output", "status", "kind", *sorted(session.given))
    role_of = {role: "cache_hit" if role == "gateway_cache" else role for role in roles}
    return FlatLog(
        path=Path(f"/proc/self/fd/{file.fileno()}"),
        file=file,
        formats=tuple(session.formats),
        role_of=role_of,
        is_doubtful=session.is_doubtful,
    )


def _rows(records: Iterable[Leaves | None], session: _Session) -> Iterator[dict[str, Any] | None]:
    reader = RecordReader()
    for record in records:
        if record is None:
            yield None
            continue
        plan = reader.plan(record)
        if plan is None:
            _remember(record, session)
        elif (row := _row(record, plan, session)) is not None:
            session.formats[plan.format.name] = session.formats.get(plan.format.name, 0) + 1
            session.given.update(role for role in ("id", "cache_read", "cache_write") if row[role] is not None)
            session.given.update(("gateway_cache",) if row["cache_hit"] else ())
            yield row


def _remember(record: Leaves, session: _Session) -> None:
    """What a record without tokens says about those that follow: the model of a session, the parent of a span."""
    if record.get(("type",)) == "session_meta":
        session.totals.clear()
    if record.get(("type",)) == "turn_context":
        session.model = record.get(("payload", "model"))
    for name in ("parentSpanId", "parent_id", "parent_run_id", "parentObservationId"):
        parent = record.get((name,))
        if isinstance(parent, str) and parent:
            for span in ("spanId", "span_id", "id"):
                if isinstance(record.get((span,)), str):
                    session.parent_of[record[(span,)]] = parent
                    break


def _row(record: Leaves, plan: RecordPlan, session: _Session) -> dict[str, Any] | None:
    one = plan.format
    if all(record.get(path) is None or record.get(path) == "" for path in (*plan.input, *plan.output)):
        tokens: tuple[Any, ...] = (None, None, None, None)
        if not _is_failed(record, plan):
            return None
    else:
        tokens = _tokens(record, plan, session)
    if one.cumulative and (tokens := _increase(tokens, session)) is None:
        return None
    word_of = {role: _word(record, paths, role) for role, paths in plan.words.items()}
    _note_span(word_of, tokens, session)
    values = {
        **dict(zip(("input", "output", "cache_read", "cache_write"), tokens, strict=True)),
        "status": "error" if _is_failed(record, plan) else "ok",
        "kind": OTHER if _is_other(record, plan.kinds) else MODEL_CALL,
        "cache_hit": _is_hit(word_of["gateway_cache"]),
        "model": word_of["model"] or session.model,
        **{role: word_of[role] for role in ("time", "id", "tier")},
        "spend": _number(word_of["spend"]),
        **({"span": word_of["span"]} if word_of["parent"] or word_of["span"] in session.parent_of else {}),
    }
    return {name: values.get(name) for name in (*CANONICAL, "span") if name in values or name != "span"}


def _tokens(record: Leaves, plan: RecordPlan, session: _Session) -> tuple[int | float, int | float, Any, Any]:
    """All input, output with reasoning, cache reads and writes (None where the format names none)."""
    given, output, read, write, extra, total = (
        _sum(record, paths)
        for paths in (plan.input, plan.output, plan.cache_read, plan.cache_write, plan.extra_output, plan.total)
    )
    cached = read + write
    excludes, is_sure = _excludes(record, plan, session)
    apart = plan.format.extra_is_apart
    choices = ((excludes, apart), (not excludes, apart), (excludes, not apart), (not excludes, not apart))
    proved = [one for one in choices if given + one[0] * cached + output + one[1] * extra == total]
    if proved and (cached or extra):
        excludes, apart = proved[0]
    elif cached > given and not excludes and not _is_failed(record, plan):
        raise _Contradiction(plan.format.name)
    elif cached and not is_sure:
        session.is_doubtful = True
    return (
        given + (cached if excludes else 0),
        output + (extra if apart else 0),
        read if plan.cache_read else None,
        write if plan.cache_write else None,
    )


def _excludes(record: Leaves, plan: RecordPlan, session: _Session) -> tuple[bool, bool]:
    """Whether input leaves cached tokens out where no total tells, and whether that is sure."""
    one = plan.format
    if one.name in session.excluding:
        return True, True
    if one.input_excludes_cache is not None:
        return one.input_excludes_cache, True
    if session.excludes is not None:
        return session.excludes, True
    provider = str(_word(record, plan.words["provider"], "provider") or "").lower()
    if one.provider_that_excludes and one.provider_that_excludes in provider:
        return True, True
    return False, any(name in provider for name in INCLUDING_PROVIDERS)


def _sum(record: Leaves, paths: Sequence[Path_]) -> int | float:
    return sum(_number(record.get(path)) or 0 for path in paths)


def _number(value: Any) -> int | float | None:
    """A count or an amount; None for what is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value if value == value and abs(value) < 1e15 else None
    try:
        number = float(value.strip().lstrip("$").replace(",", ""))
    except (ValueError, AttributeError):
        return None
    if number != number or abs(number) >= 1e15:
        return None
    return int(number) if number.is_integer() else number


def _increase(tokens: tuple[Any, ...], session: _Session) -> Any:
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


# --- words ---------------------------------------------------------------------------------------------------------


def _word(record: Leaves, paths: Sequence[Path_], role: str) -> Any:
    """The first value that can be that role."""
    for path in paths:
        value = record.get(path)
        if value is None or value == "" or not _is_short(value):
            continue
        if role == "time" and not _is_time(value):
            continue
        if role == "model" and (not isinstance(value, str) or value == "<synthetic>"):
            continue
        return value
    return None


def _is_time(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or bool(
        re.match(r"\s*(\d|\w{3},? \w+ )", str(value)) and len(str(value)) < 60
    )


def _is_failed(record: Leaves, plan: RecordPlan) -> bool:
    if any(_truth(record.get(path)) is True for path in plan.bad_flags):
        return True
    if any(_truth(record.get(path)) is False for path in plan.good_flags):
        return True
    if any(_is_error(record.get(path)) for path in plan.errors):
        return True
    return any(_is_bad_status(record.get(path)) for path in plan.statuses)


def _truth(value: Any) -> bool | None:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(str(value).lower())


def _is_error(value: Any) -> bool:
    return value is not None and str(value).strip().lower() not in (
        "",
        "null",
        "none",
        "nan",
        "false",
        "0",
        "200",
        "{}",
        "[]",
    )


def _is_bad_status(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return False
    text = str(value).strip().lower()
    code = re.match(r"(\d+)(\.0)?($|\s)", text)
    if code:
        return not (200 <= int(code.group(1)) <= 399 or int(code.group(1)) in (0, 1))
    return bool(re.search("fail|error|cancel|abort|timeout|timed|throttl|reject|denied|exception|refus", text[:200]))


_OTHER_WORDS = frozenset(
    {"chain", "tool", "retriever", "agent", "workflow", "task", "span", "parser", "prompt", "evaluator", "guardrail"}
    | {"function", "score", "eval", "reranker", "retrieval", "aispan", "aitrace", "aimetric", "aifeedback"}
    | {"invokeagent", "createagent", "executetool"}
)
_OTHER_PARTS = re.compile(r"embed|image_?gen|images/|aimage|rerank|moderation|transcri|/audio|speech|\btts\b|whisper")


def _is_other(record: Leaves, paths: Sequence[Path_]) -> bool:
    """Whether the record is no call of a language model: an embedding, a picture, or a span around other spans."""
    for path in paths:
        value = record.get(path)
        if not isinstance(value, str) or len(value) > MAX_WORD_CHARS:
            continue
        if squashed(value) in _OTHER_WORDS or _OTHER_PARTS.search(value.lower()):
            return True
    return False


def _is_hit(value: Any) -> bool:
    """Whether a gateway answered from its own cache: true, "HIT", "SEMANTIC HIT"."""
    return _truth(value) is True or (isinstance(value, str) and "hit" in value.lower())


# --- spans that repeat the sums of the spans below them --------------------------------------------------------------


def _note_span(word_of: Mapping[str, Any], tokens: Sequence[Any], session: _Session) -> None:
    span, parent = word_of["span"], word_of["parent"]
    if isinstance(span, str):
        if isinstance(parent, str):
            session.parent_of[span] = parent
        if len(session.tokens_of_span) < 5_000_000:
            session.tokens_of_span[span] = (tokens[0] or 0, tokens[1] or 0)


def _repeating_spans(session: _Session) -> set[str]:
    """Spans whose tokens are at least those of the nearest spans below them that have some."""
    sums = dict[str, list[float]]()
    if not session.parent_of:
        return set()
    for span, (input_tok, output_tok) in session.tokens_of_span.items():
        above, steps = session.parent_of.get(span), 0
        while above is not None and above not in session.tokens_of_span and steps < 100:
            above, steps = session.parent_of.get(above), steps + 1
        if above is not None and above in session.tokens_of_span and above != span:
            below = sums.setdefault(above, [0, 0])
            below[0] += input_tok
            below[1] += output_tok
    of_span = session.tokens_of_span
    return {
        span
        for span, (input_tok, output_tok) in sums.items()
        if input_tok + output_tok > 0 and of_span[span][0] >= input_tok and of_span[span][1] >= output_tok
    }


def _without_parents(file: IO[bytes], repeating: set[str]) -> IO[bytes]:
    file.seek(0)
    other = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the result
    for line in file:
        if line == BROKEN:
            other.write(line)
            continue
        row = json.loads(line)
        if row.get("span", row["id"]) in repeating:
            row["kind"] = OTHER
        other.write(json.dumps(row).encode() + b"\n")
    file.close()
    return other
