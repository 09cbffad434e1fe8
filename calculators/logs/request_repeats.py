"""Rows that say again what other rows say: a request logged twice, parents with the sums of their children, totals rows,
exports that overlap. Each step is a table in, a table out, with what went and what to ask.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from calculators.logs.cell_expressions import US_PER_S
from calculators.logs.log_engine import LogEngine
from calculators.logs.repeat_questions import copies_question, id_question, overlap_question
from calculators.logs.request_names import GROUP_ROLES
from calculators.logs.request_rows import REQUEST_COLUMNS, row_hash, time_hash
from calculators.logs.request_steps import with_own_steps
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.units import count, plural

MIXED_ID_FRAC = 0.1
"""Of the ids with several rows, so many may differ in input without growing; more, and it is no id of a request."""
UNLIKE_ID_FRAC, UNLIKE_INPUT_RATIO = 0.5, 1.1
"""Where inputs differ by more than this ratio in so many ids, growing does not tell a stream from several requests."""
REPEATED_ROW_FRAC = 0.2
OVERLAP_FRAC = 0.01
MIN_TOTALS_ROWS = 4
MIN_COPIED_ROWS = 10
ROWS_AT_ONCE = 3_000_000
"""More rows with an id are put in order part by part, so that memory does not grow with them."""
FAILED = 1
"""The code of `excluded` for failed requests."""
TIME_ORDER = ("time_us", "output_tok", "input_tok")


@dataclass(slots=True)
class Sorting:
    """Rows of requests as they are sorted out, step by step."""

    engine: LogEngine
    table: ir.Table
    answers: UsageAnswers
    dropped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    questions: list[UsageQuestion] = field(default_factory=list)

    def facts(self, **values: Any) -> dict[str, Any]:
        """One row of figures of the table."""
        return self.engine.rows(self.table.aggregate(**values))[0]

    def keep(self, table: Any, dropped_count: int, reason: str, *more: Any) -> None:
        """Goes on with this table, and the rows of more like it."""
        self.table = self.engine.store(table, *more)
        if dropped_count:
            self.dropped[reason] = self.dropped.get(reason, 0) + dropped_count


def prepared(
    table: ir.Table, engine: LogEngine, answers: UsageAnswers, has_steps: bool
) -> tuple[ir.Table, tuple[UsageQuestion, ...]]:
    """The rows of one file, those with the sums of all others left out, steps that no call repeats as requests, and parts of
    one request made readable; and what is asked of its steps."""
    rows, asked = _without_totals(table, engine), tuple[UsageQuestion, ...]()
    if has_steps:
        rows, asked = with_own_steps(rows, engine, answers.steps)
    return _joined_parts(rows, engine), asked


def _joined_parts(table: ir.Table, engine: LogEngine) -> ir.Table:
    """A request logged in parts, the input at its start and the output at its end: what a part lacks counts as 0, since of
    the rows of an id the largest counts come to stay. The start of a request that failed goes with its end."""
    rows: Any = table
    partial = (rows.excluded == 0) & rows.fault.isin([3, 4]) & rows.id_hash.notnull()
    if not engine.rows(rows.aggregate(n=partial.sum().fill_null(0)))[0]["n"]:
        return table
    named = rows.filter(rows.excluded == 0, rows.fault.isin([0, 3, 4]), rows.id_hash.notnull())
    ids = named.group_by("id_hash").aggregate(
        has_input=named.input_tok.notnull().any(), has_output=(named.fault != 4).any(), n=named.count()
    )
    whole = ids.filter(ids.has_input, ids.has_output, ids.n > 1)
    readable = partial & rows.id_hash.isin(whole.id_hash)
    failed = rows.filter(rows.excluded == FAILED, rows.id_hash.notnull())
    made = rows.mutate(
        excluded=(partial & ~readable & rows.id_hash.isin(failed.id_hash)).ifelse(FAILED, rows.excluded).cast("int8"),
        fault=readable.ifelse(0, rows.fault),
        input_tok=readable.ifelse(rows.input_tok.fill_null(0), rows.input_tok),
    )
    return engine.store(made)


def _without_totals(table: ir.Table, engine: LogEngine) -> ir.Table:
    """Marks the one row that holds the sums of all others, failures counted or not."""
    rows: Any = table
    good = (rows.fault == 0) & (rows.excluded == 0)
    facts = engine.rows(
        rows.aggregate(
            n=good.sum(),
            used_input=good.ifelse(rows.input_tok, 0).sum(),
            used_output=good.ifelse(rows.output_tok, 0).sum(),
            all_input=rows.input_tok.sum(),
            all_output=rows.output_tok.sum(),
        )
    )[0]
    if (facts["n"] or 0) < MIN_TOTALS_ROWS:
        return table
    sums = [(facts["used_input"], facts["used_output"]), (facts["all_input"], facts["all_output"])]
    tests = [(rows.input_tok * 2 == input_tok) & (rows.output_tok * 2 == output_tok) for input_tok, output_tok in sums]
    tests.append((rows.fault == 2) & (rows.input_tok == sums[0][0]) & (rows.output_tok == sums[0][1]))
    is_total = (
        (rows.excluded == 0)
        & rows.fault.isin([0, 2])
        & (rows.input_tok > 0)
        & (rows.output_tok > 0)
        & (tests[0] | tests[1] | tests[2])
    )
    if engine.rows(rows.aggregate(n=is_total.sum().fill_null(0)))[0]["n"] != 1:
        return table
    return engine.store(rows.mutate(excluded=is_total.fill_null(False).ifelse(6, rows.excluded)))


def without_repeats(sorting: Sorting, file_count: int) -> None:
    """Leaves one row for each request, and asks where the rows do not tell."""
    _without_parents(sorting)
    _without_roots(sorting)
    _one_row_per_id(sorting)
    if file_count > 1:
        _without_overlap(sorting)
    _without_copies(sorting)


# --- parents --------------------------------------------------------------------------------------------


def _without_parents(sorting: Sorting) -> None:
    """Drops spans whose tokens are the sum of their children."""
    rows: Any = sorting.table
    if not sorting.facts(n=rows.parent_hash.count())["n"]:
        return
    children = rows.filter(rows.parent_hash.notnull()).group_by(rows.parent_hash.name("of"))
    sums = children.aggregate(child_input=rows.input_tok.sum(), child_output=rows.output_tok.sum())
    joined: Any = rows.left_join(sums, rows.span_hash == sums["of"])
    same = (joined.child_input == joined.input_tok) & (joined.child_output == joined.output_tok)
    is_sum = (same & (joined.input_tok + joined.output_tok > 0)).fill_null(False)
    _drop(sorting, joined.mutate(gone=is_sum), "parents that repeat the tokens of their children")


def _without_roots(sorting: Sorting) -> None:
    """Drops rows whose tokens are the sum of all others of their trace."""
    rows: Any = sorting.table
    if not sorting.facts(n=rows.trace_hash.count())["n"]:
        return
    of_trace = ibis.window(group_by="trace_hash")
    sums = rows.mutate(
        n=rows.count().over(of_trace),
        all_input=rows.input_tok.sum().over(of_trace),
        all_output=rows.output_tok.sum().over(of_trace),
    )
    same = (sums.input_tok * 2 == sums.all_input) & (sums.output_tok * 2 == sums.all_output) & (sums.output_tok > 0)
    is_root = (same & (sums.n > 2) & sums.trace_hash.notnull()).fill_null(False)
    _drop(sorting, sums.mutate(gone=is_root), "parents that repeat the tokens of their children")


def _drop(sorting: Sorting, marked: Any, reason: str) -> None:
    gone_count = int(sorting.engine.rows(marked.aggregate(n=marked.gone.sum().fill_null(0)))[0]["n"])
    if gone_count:
        sorting.keep(marked.filter(~marked.gone).select(*sorting.table.columns), gone_count, reason)


# --- rows of one id ------------------------------------------------------------------------------------------------


def _one_row_per_id(sorting: Sorting) -> None:
    """One row per id: the output of the last complete row, at the time of the earliest, with the largest other counts of all."""
    rows: Any = sorting.table
    named = rows.filter(rows.id_hash.notnull())
    ids = sorting.engine.repetition(named.select(key=named.id_hash, part=named.id_hash))
    extra_count = ids.extra_count
    if not extra_count:
        return
    parts = _parts(named, named.id_hash, ids.row_count)
    if sorting.answers.repeated_ids is None and _is_mixed(sorting, parts, ids.key_count):
        sorting.questions.append(id_question(ids.key_count, extra_count))
        return
    if sorting.answers.repeated_ids == "each":
        return
    sorting.keep(rows.filter(rows.id_hash.isnull()), extra_count, "duplicate ids", *map(_first_of_each, parts))


def _parts(rows: Any, key: Any, row_count: int) -> list[Any]:
    """The rows in parts that fit into memory; those of one key are in one part."""
    part_count = row_count // ROWS_AT_ONCE + 1
    return [rows.filter(key % part_count == part) for part in range(part_count)]


def _first_of_each(rows: Any) -> Any:
    names = ("input_tok", "output_tok", "read_tok", "write_tok")
    window = ibis.window(group_by="id_hash", order_by=_complete_first(rows))
    most = {f"most_{name}": rows[name].max().over(group_by="id_hash") for name in names}
    ranked = rows.mutate(
        rank=ibis.row_number().over(window), first_us=rows.time_us.min().over(group_by="id_hash"), **most
    )
    kept = ranked.filter(ranked["rank"] == 0)
    made = {name: kept[f"most_{name}"] for name in names}
    made["output_tok"] = _is_whole_row(kept).ifelse(kept.output_tok, kept.most_output_tok)
    return kept.mutate(time_us=kept.first_us, **made).select(*rows.columns)


def _complete_first(rows: Any) -> list[Any]:
    """The last complete row of an id first: of a retry what it came to, of a stream its end."""
    most = [ibis.desc(rows[name]) for name in ("time_us", "output_tok", "input_tok", "read_tok", "write_tok")]
    return [ibis.desc(_is_whole_row(rows)), *most]


def _is_whole_row(rows: Any) -> Any:
    return (rows.input_tok > 0) & (rows.output_tok > 0)


def _is_mixed(sorting: Sorting, parts: Sequence[Any], id_count: int) -> bool:
    """Whether ids stand for several requests: their rows differ in input and do not grow; or all rows have one id."""
    facts = [sorting.engine.rows(_mixed_count(part))[0] for part in parts]
    repeated_count, mixed_count, unlike_count = (sum(fact[name] for fact in facts) for name in ("n", "mixed", "unlike"))
    is_mixed = mixed_count > MIXED_ID_FRAC * repeated_count or unlike_count > UNLIKE_ID_FRAC * repeated_count
    return bool(is_mixed) or (id_count == 1 and repeated_count == 1)


def _mixed_count(named: Any) -> Any:
    """The number of ids with several rows, and of those whose rows differ in input and do not grow."""
    window = ibis.window(group_by="id_hash", order_by=TIME_ORDER)
    steps = named.mutate(
        falls=(named.input_tok < named.input_tok.lag().over(window))
        | (named.output_tok < named.output_tok.lag().over(window))
    )
    some = steps.input_tok.nullif(0)
    ids = steps.group_by("id_hash").aggregate(
        n=steps.count(),
        falls=steps.falls.fill_null(False).any(),
        differs=some.max() > some.min(),
        unlike=some.max() > some.min() * UNLIKE_INPUT_RATIO,
    )
    repeated = ids.filter(ids.n > 1)
    return repeated.aggregate(
        n=repeated.count(),
        mixed=(repeated.falls & repeated.differs).sum().fill_null(0),
        unlike=repeated.unlike.sum().fill_null(0),
    )


# --- equal rows without an id --------------------------------------------------------------------------------------


def _told_apart_by(rows: Any) -> list[str]:
    """The columns in which copies are equal: time, tokens, model, and team, key and so on as far as the log names them."""
    return [*REQUEST_COLUMNS, "model", *(group for group in GROUP_ROLES if group in rows.columns)]


def _without_copies(sorting: Sorting) -> None:
    rows: Any = sorting.table
    unnamed = rows.filter(rows.id_hash.isnull())
    key = row_hash(*(unnamed[name] for name in REQUEST_COLUMNS), _words(unnamed))
    copies = sorting.engine.repetition(unnamed.select(key=key, part=time_hash(unnamed.time_us)))
    extra_count = copies.extra_count
    if not extra_count or sorting.answers.repeated_rows == "each":
        return
    if sorting.answers.repeated_rows is None:
        all_alike = copies.least_count == copies.most_count and copies.key_count >= MIN_COPIED_ROWS
        if not (all_alike and _has_fractions(sorting, unnamed)):
            sorting.notes.append(f"{plural(extra_count, 'duplicate row')} without a request ID kept.")
            if extra_count >= REPEATED_ROW_FRAC * copies.row_count:
                sorting.questions.append(copies_question(copies.key_count, copies.row_count))
            return
        sorting.notes.append(
            f"Every row is there {count(copies.most_count)} times, to the fraction of a second: counted once."
        )
    parts = _parts(unnamed, time_hash(unnamed.time_us), copies.row_count)
    sorting.keep(rows.filter(rows.id_hash.notnull()), extra_count, "the same row again", *map(_first_copies, parts))


def _first_copies(rows: Any) -> Any:
    numbered = rows.mutate(copy=ibis.row_number().over(group_by=_told_apart_by(rows), order_by="spend_usd"))
    return numbered.filter(numbered["copy"] == 0).select(*rows.columns)


def _words(rows: Any) -> Any:
    """Model, team and so on as one text."""
    first, *groups = (rows[name] for name in _told_apart_by(rows)[len(REQUEST_COLUMNS) :])
    text = first
    for group in groups:
        text = text.fill_null("") + "\n" + group.fill_null("")
    return text


def _has_fractions(sorting: Sorting, rows: Any) -> bool:
    """Whether times are finer than a second."""
    return bool(sorting.engine.rows(rows.aggregate(fine=(rows.time_us % US_PER_S != 0).any()))[0]["fine"])


def _without_overlap(sorting: Sorting) -> None:
    """Counts rows without an id that several files have once, and asks."""
    rows: Any = sorting.table
    if sorting.answers.repeated_rows == "each":
        return
    files = rows.group_by("file").aggregate(n=rows.count())
    row_counts = [int(file["n"]) for file in sorting.engine.rows(files)]
    unnamed = rows.filter(rows.id_hash.isnull())
    parts = _parts(unnamed, time_hash(unnamed.time_us), sum(row_counts))
    extra_count = sum(int(sorting.engine.rows(_overlap_count(part))[0]["extra"]) for part in parts)
    if extra_count < max(2, OVERLAP_FRAC * min(row_counts)):
        return
    if sorting.answers.repeated_rows is None:
        sorting.questions.append(overlap_question(extra_count, sum(row_counts)))
    named = rows.filter(rows.id_hash.notnull())
    sorting.keep(named, extra_count, "the same row in another file", *map(_of_one_file, parts))


def _overlap_count(rows: Any) -> Any:
    """The number of rows beyond those of the file that has the most of their kind."""
    by_file = rows.group_by(*_told_apart_by(rows), "file").aggregate(n=rows.count())
    groups = by_file.group_by(*_told_apart_by(rows)).aggregate(extra=by_file.n.sum() - by_file.n.max())
    return groups.aggregate(extra=groups.extra.sum().fill_null(0))


def _of_one_file(rows: Any) -> Any:
    """Of equal rows those of the file that has the most."""
    keys = _told_apart_by(rows)
    counted = rows.mutate(in_file=rows.count().over(group_by=[*keys, "file"]))
    ranked = counted.mutate(
        best=ibis.dense_rank().over(ibis.window(group_by=keys, order_by=[ibis.desc(counted.in_file), counted.file]))
    )
    return ranked.filter(ranked.best == 0).select(*rows.columns)
