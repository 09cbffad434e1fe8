"""The engine of one read: what it counts, keeps and reports."""

from pathlib import Path

import ibis
import numpy as np
import pytest

from calculators.logs import log_engine
from calculators.logs.log_engine import LogEngine, Repetition


@pytest.fixture
def engine(tmp_path: Path) -> LogEngine:
    return LogEngine(tmp_path)


def test_repetition_of_parts_is_that_of_the_whole() -> None:
    parts = [np.array(keys, np.uint64) for keys in ([5, 9, 5, 5], [], [2, 8])]
    counted = Repetition(0, 0, 0, 0)
    for part in parts:
        counted = counted.with_part(part)
    assert counted == Repetition(row_count=6, key_count=4, least_count=1, most_count=3)
    assert counted.extra_count == 2


def test_hashes_are_counted_in_parts(engine: LogEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_engine, "HASHES_AT_ONCE", 3)
    engine.connection.execute(
        "CREATE TABLE k AS SELECT (range % 7)::UBIGINT AS key, (range % 7)::UBIGINT AS part FROM range(20)"
    )
    counted = engine.repetition(ibis.table({"key": "uint64", "part": "uint64"}, name="k"))
    assert counted == Repetition(row_count=20, key_count=7, least_count=2, most_count=3)


def test_what_is_the_same_in_all_rows_is_not_written(engine: LogEngine) -> None:
    engine.connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(3)")
    table = ibis.table({"a": "int64"}, name="t")
    kept = engine.store(
        table.mutate(file=ibis.literal("log0"), nothing=ibis.null("string"))
        .filter(table.a > 0)
        .select("file", "a", "nothing")
    )
    written = engine.connection.execute("SELECT * FROM stored_1_rows").description
    assert [name for name, *_ in written] == ["a"]
    assert engine.rows(kept.order_by("a")) == [{"file": "log0", "a": a, "nothing": None} for a in (1, 2)]


def test_a_report_tells_the_step_while_a_query_runs(tmp_path: Path) -> None:
    told = list[tuple[float, str]]()
    engine = LogEngine(tmp_path, report=lambda fraction, text: told.append((fraction, text)))
    engine.show(0.5, "Counting", 0.7)
    engine._done(lambda: engine.connection.execute("SELECT max(hash(range)) FROM range(300000000)"))
    assert len(told) > 1
    assert {text for _, text in told} == {"Counting"}
    assert all(0.5 <= fraction <= 0.7 for fraction, _ in told)


def test_queries_are_kept_without_words_of_a_log() -> None:
    table = ibis.table({"a": "int64", "word": "string"}, name="never_asked_before")
    kept_count = log_engine._compiled.cache_info().currsize
    assert "secret" in log_engine._sql(table.filter(table.word == "secret").op())
    assert log_engine._compiled.cache_info().currsize == kept_count
    for _ in range(2):
        assert "5" in log_engine._sql(table.filter(table.a == 5).op())
    assert log_engine._compiled.cache_info().currsize == kept_count + 1


def test_what_was_the_same_in_all_rows_is_not_written_a_second_time(engine: LogEngine) -> None:
    engine.connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(3)")
    table = ibis.table({"a": "int64"}, name="t")
    kept = engine.store(table.mutate(file=ibis.literal("log0")))
    again = engine.store(kept.filter(kept.a > 1))
    assert [name for name, *_ in engine.connection.execute("SELECT * FROM stored_2_rows").description] == ["a"]
    assert engine.rows(again) == [{"a": 2, "file": "log0"}]
