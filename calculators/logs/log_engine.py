"""The locked DuckDB engine of one read: it keeps tables on disk, counts, reports how far it is, and can be stopped."""

import functools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from calculators.logs.log_bytes import Progress

MEMORY_LIMIT = "256MB"
"""Of the engine; with the rest, the process stays below 600 MiB."""
THREAD_COUNT = 2
REPORT_EVERY_S = 0.2
HASHES_AT_ONCE = 3_000_000
STORED_AS = "FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1000"

ibis.options.sql.fuse_selects = False  # DuckDB does that itself, in less time

Counts = npt.NDArray[np.int64]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Repetition:
    """Of keys: how many there are, how many differ, and how often the rarest and the most frequent occur."""

    row_count: int
    key_count: int
    least_count: int
    most_count: int

    @property
    def extra_count(self) -> int:
        """Rows beyond one a key."""
        return self.row_count - self.key_count

    def with_part(self, keys: npt.NDArray[np.uint64]) -> Self:
        """With keys of which none was counted before."""
        if not len(keys):
            return self
        ordered = np.sort(keys)
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        counts = np.diff(starts, append=len(ordered))
        least_count = min(self.least_count or len(keys), int(counts.min()))
        most_count = max(self.most_count, int(counts.max()))
        return type(self)(self.row_count + len(keys), self.key_count + len(starts), least_count, most_count)


class LogEngine:
    """One locked DuckDB connection for one read; it can open the logs and its own scratch folder, nothing else."""

    def __init__(self, folder: Path, *logs: Path, report: Progress | None = None) -> None:
        self.report = report
        """Called while a query runs; what it raises interrupts that."""
        self.step = (0.0, 0.0, "")
        self._worker = ThreadPoolExecutor(1)
        config: dict[str, Any] = {
            "memory_limit": MEMORY_LIMIT,
            "threads": THREAD_COUNT,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "preserve_insertion_order": False,
            "temp_directory": str(folder / "spill"),
        }
        self.connection = duckdb.connect(config=config)
        self.folder = folder
        settings = {
            "TimeZone": "'UTC'",
            "python_enable_replacements": "false",
            "allowed_paths": f"[{', '.join(quoted(str(log)) for log in logs)}]",
            "allowed_directories": f"[{quoted(str(folder))}]",
            "enable_external_access": "false",
            "enable_progress_bar": "true",
            "enable_progress_bar_print": "false",
            "lock_configuration": "true",
        }
        self.connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
        self._constants_of = dict[str, Mapping[str, ops.Literal]]()

    def close(self) -> None:
        """Ends the connection; its files go with it."""
        self._worker.shutdown()
        self.connection.close()

    def show(self, fraction: float, text: str, until: float | None = None) -> None:
        """Reports a step, from one fraction of the whole until another, now and as long as its queries run."""
        self.step = (fraction, fraction if until is None else until, text)
        self._report(0.0)

    def _report(self, share: float) -> None:
        start, end, text = self.step
        if self.report is not None:
            self.report(start + (end - start) * share, text)

    def _done(self, work: Callable[[], Result]) -> Result:
        """What the work gives. It runs in a thread of its own, so that this one can report and be stopped."""
        running = self._worker.submit(work)
        try:
            while True:
                try:
                    return running.result(REPORT_EVERY_S)
                except FutureTimeout:
                    if running.done():
                        raise
                    self._report(max(0.0, self.connection.query_progress()) / 100)
        except BaseException:
            while not running.done():  # again and again: before a query begins an interrupt is lost
                self.connection.interrupt()
                wait([running], 0.05)
            raise

    def _arrays(self, expression: ir.Table) -> dict[str, Any]:
        """Columns as they come, by name: straight to numpy, because the way through Arrow imports pandas."""
        query = _sql(expression.op())
        return self._done(lambda: self.connection.sql(query).fetchnumpy())

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        query = _sql(expression.op())
        records = self._done(lambda: self.connection.execute(query).fetchall())
        return [dict(zip(expression.columns, record, strict=True)) for record in records]

    def columns(self, expression: ir.Table) -> dict[str, Counts]:
        """A small result as integer arrays; sums below 2**53, because they come as float64."""
        return {name: values.astype(np.int64) for name, values in self._arrays(expression).items()}

    def repetition(self, keys: ir.Table) -> Repetition:
        """How often each `key`, a 64-bit hash, occurs. Parts of the keys, told apart by the hash `part`, are sorted one after
        the other: that takes a third of the time of grouping, and no more memory for more rows."""
        row_count = self.rows(keys.aggregate(n=keys.count()))[0]["n"]
        part_count = row_count // HASHES_AT_ONCE + 1
        counted = Repetition(0, 0, 0, 0)
        for part in range(part_count):
            chosen: Any = keys.filter(keys["part"] % part_count == part) if part_count > 1 else keys
            counted = counted.with_part(self._arrays(chosen.select("key"))["key"])
        return counted

    def store(self, expression: ir.Table, *more: ir.Table) -> ir.Table:
        """Keeps an expression, and the rows of more like it, as Parquet in the scratch folder: half the work of a table of
        DuckDB. What is the same in all rows is not written."""
        name, kept = f"stored_{len(self._constants_of) + 1}", expression
        nodes = {column: self._constant(expression[column].op()) for column in expression.columns}
        constants = {column: node for column, node in nodes.items() if node is not None}
        if len(constants) < len(nodes):
            kept = expression.drop(*constants)
        files = [quoted(str(self.folder / f"{name}_{number}.parquet")) for number in range(len(more) + 1)]
        for part, file in zip((kept, *more), files, strict=True):
            query = f"COPY ({_sql(part.select(*kept.columns).op())}) TO {file} ({STORED_AS})"
            self._done(functools.partial(self.connection.execute, query))
        written = ibis.table(kept.schema(), name=f"{name}_rows")
        same = {column: node.to_expr() for column, node in constants.items() if column not in kept.columns}
        self.connection.execute(
            f"CREATE VIEW {name}_rows AS FROM read_parquet([{', '.join(files)}]); "
            f"CREATE VIEW {name} AS {_sql(written.mutate(**same).select(*expression.columns).op())}"
        )
        self._constants_of[name] = constants
        return ibis.table(expression.schema(), name=name)

    def _constant(self, node: Any) -> ops.Literal | None:
        """The value of a column that is the same in all rows, as far as its expression tells."""
        while isinstance(node, ops.Field) and isinstance(node.rel, ops.Project | ops.Filter):
            node = node.rel.values[node.name]
        if isinstance(node, ops.Field) and isinstance(node.rel, ops.UnboundTable):
            return self._constants_of.get(node.rel.name, {}).get(node.name)
        return node if isinstance(node, ops.Literal) else None


def _sql(node: ops.Relation) -> str:
    """The query of an expression. Tables of all reads have the same names, so another log often asks the same; what has words
    of a log in it is not kept."""
    literals = node.find(ops.Literal)
    has_words = any(literal.dtype.is_string() and (literal.value or "").strip() for literal in literals)
    return _compiled.__wrapped__(node) if has_words else _compiled(node)


@functools.lru_cache(1_024)
def _compiled(node: ops.Relation) -> str:
    query: str = ibis.duckdb.compile(node.to_expr())
    return query


def quoted(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"
