"""Text to integers: every row is counted, excluded or refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from request_logs import HEADER, ROWS, csv_text, input_sum_tok, json_lines, read_text, write

from calculators.logs import log_engine as usage_parse
from calculators.logs.usage_files import read_usage


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-10-05T09:00:00Z", "2026-10-05T09:00:01.5Z"),
        ("2026-10-05T11:00:00+02:00", "2026-10-05T05:00:01.500-0400"),
        ("2026-10-05 09:00:00", "2026-10-05 09:00:01.5000000"),
        ("1791190800", "1791190801.5"),
        ("1791190800000", "1791190801500"),
        ("1791190800000000", "1791190801500000"),
        ("1791190800000000000", "1791190801500000000"),
    ],
)
def test_times(tmp_path: Path, first: str, second: str) -> None:
    found = read_text(tmp_path, csv_text([f"{first},100,10", f"{second},300,30"]))
    assert (found.start, found.span_s) == (datetime(2026, 10, 5, 9, tzinfo=UTC), 1.5)


def test_last_half_second_stays_in_its_minute(tmp_path: Path) -> None:
    rows = [f"2026-10-05T09:{second // 60:02}:{second % 60:02}.700Z,1,1" for second in range(600)]
    assert read_text(tmp_path, csv_text(rows)).per_minute_requests == (60,) * 10


def test_whole_numbers_as_people_write_them(tmp_path: Path) -> None:
    texts = ["1234", "1234.0", '"1,234"', " 1234 ", '"1234,0"', "1.234e3"]
    found = read_text(
        tmp_path, csv_text([f"2026-10-05T09:00:0{second}Z,{text},1" for second, text in enumerate(texts)])
    )
    assert (found.used_row_count, found.input_tok.mean_tok, found.input_tok.max_tok) == (len(texts), 1234, 1234)


def test_duplicate_ids_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [f"{name},{row}" for name, row in zip(["a", "b", "", "b"], [*ROWS, ROWS[1]], strict=True)]
    found = read_text(tmp_path, csv_text(rows, f"request_id,{HEADER}"))
    assert (found.used_row_count, found.dropped) == (3, (("duplicate ids", 1),))
    assert read_text(tmp_path, csv_text([f"same,{row}" for row in ROWS], f"id,{HEADER}")).used_row_count == 3


def test_repeated_rows_without_id_are_kept_and_noted(tmp_path: Path) -> None:
    found = read_text(tmp_path, csv_text([*ROWS, ROWS[0]]))
    assert found.used_row_count == 4
    assert any("duplicate row" in note for note in found.notes)


def test_failed_requests_are_left_out(tmp_path: Path) -> None:
    good = [f"{row},{word}" for row, word in zip(ROWS, ["200", "success", ""], strict=True)]
    words = ["429", "500", "error", "Failed", "cancelled", "ThrottlingException", "timeout"]
    found = read_text(tmp_path, csv_text([*good, *(f"{ROWS[0]},{word}" for word in words)], f"{HEADER},status"))
    assert (input_sum_tok(found), found.used_row_count, found.dropped) == (600, 3, (("failed requests", 7),))


def test_few_bad_rows_are_dropped_with_a_note(tmp_path: Path) -> None:
    good = [f"2026-10-05T09:{minute:02}:{second:02}Z,100,10" for minute in range(10) for second in range(60)]
    found = read_text(tmp_path, csv_text([*good, "2026-10-05T09:00:00Z,oops,1", "1,2,3,4,5", "2026-10-05T09:00,1"]))
    assert (found.row_count, found.used_row_count) == (603, 600)
    assert found.dropped == (("unreadable rows", 3),)
    assert any("unreadable" in note for note in found.notes)


def test_engine_is_locked(tmp_path: Path) -> None:
    log = write(tmp_path, csv_text(ROWS), "allowed.csv")
    folder = tmp_path / "scratch"
    folder.mkdir()
    connection = usage_parse.LogEngine(folder, log).connection
    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/other.duckdb'",
        "SET enable_external_access = true",
        "SET memory_limit = '8GB'",
    ):
        with pytest.raises(Exception, match=r"Permission|locked|disabled|cannot|Cannot"):
            connection.execute(statement)
    connection.close()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log and what is not to be read."""
    folder = tmp_path_factory.mktemp("locked")
    for name in ("log", "log2", "other"):
        (folder / name).write_text("a,b\n1,2\n")
    duckdb.connect(str(folder / "x.duckdb")).close()
    (folder / "scratch").mkdir()
    return folder


@pytest.fixture(scope="module")
def locked(here: Path) -> Iterator[usage_parse.LogEngine]:
    """A connection that may read the log. It cannot be changed, so all statements can have the same one."""
    engine = usage_parse.LogEngine(here / "scratch", here / "log")
    yield engine
    engine.connection.close()


def test_the_locked_connection_reads_the_log(locked: usage_parse.LogEngine, here: Path) -> None:
    """So that the refusals below are not those of a connection that can do nothing."""
    assert locked.connection.execute(f"SELECT * FROM read_csv('{here}/log')").fetchall() == [(1, 2)]


@pytest.mark.parametrize(
    "statement",
    [
        *("ATTACH '{here}/x.duckdb' AS x", "ATTACH '{here}/new.duckdb'", "ATTACH 'http://127.0.0.1:9/x.duckdb'"),
        *("COPY (SELECT 1) TO '{here}/out.csv'", "COPY (SELECT 1) TO '{here}/other' (FORMAT csv, USE_TMP_FILE false)"),
        *("COPY (SELECT 1) TO '{here}/log'", "COPY (SELECT 1) TO '{here}/out.parquet' (FORMAT parquet)"),
        *("CREATE TABLE t AS FROM read_csv('{here}/other')", "CREATE OR REPLACE TABLE t (a VARCHAR); COPY t FROM '{here}/other'"),
        *("FROM read_csv('/etc/passwd')", "FROM '/etc/passwd'", "FROM '{here}/other.csv'", "FROM read_csv('{here}/*')"),
        *("FROM read_csv('{here}/log2')", "FROM read_csv('{here}/log/../other')", "FROM read_csv(['{here}/log', '{here}/other'])"),
        *("FROM glob('/etc/*')", "FROM glob('{here}/*')", "FROM read_text('/etc/passwd')", "FROM read_blob('/etc/passwd')"),
        *("FROM read_text('/proc/self/environ')", "FROM read_csv('/dev/stdin')", "FROM read_csv('/proc/self/fd/0')"),
        *("FROM read_json('{here}/other')", "FROM read_parquet('{here}/other')", "FROM parquet_metadata('{here}/other')"),
        *("FROM sniff_csv('{here}/other')", "FROM read_csv('http://127.0.0.1:9/x.csv')", "FROM read_csv('s3://bucket/x.csv')"),
        *("INSTALL httpfs", "FORCE INSTALL httpfs", "LOAD httpfs", "LOAD '{here}/other'", "UPDATE EXTENSIONS"),
        *("INSTALL httpfs FROM community", "INSTALL '{here}/other'", "SET enable_external_access = true"),
        *("RESET enable_external_access", "SET lock_configuration = false", "RESET lock_configuration"),
        *("SET allowed_paths = ['/etc/passwd']", "RESET allowed_paths", "SET allowed_directories = ['/etc']"),
        *("SET GLOBAL memory_limit = '8GB'", "SET SESSION threads = 3", "PRAGMA memory_limit = '8GB'", "SET temp_directory = '/tmp'"),
        *("SET TimeZone = 'Asia/Kolkata'", "SET autoload_known_extensions = true", "SET log_query_path = '{here}/log3'"),
        *("PRAGMA enable_profiling", "PRAGMA profiling_output = '{here}/log3'", "EXPORT DATABASE '{here}/out'"),
        *("IMPORT DATABASE '{here}'", "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')", "SET home_directory = '/'"),
        *("CALL enable_logging(storage = 'file', storage_path = '{here}/log3')", "SELECT getenv('HOME')"),
    ],
)  # fmt: skip
def test_the_locked_connection_reaches_nothing_else(statement: str, locked: usage_parse.LogEngine, here: Path) -> None:
    before = {path: path.read_bytes() for path in here.iterdir() if path.is_file()}
    with pytest.raises(duckdb.Error):
        locked.connection.execute(statement.format(here=here)).fetchall()
    assert {path: path.read_bytes() for path in here.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    "name",
    ["'); ATTACH '/etc/passwd' AS x; --", "\") FROM read_text('/etc/passwd') --", "c0'||getenv('HOME')||'", "{c0}"],
)
@pytest.mark.parametrize("role", ["time", "input", "output"])
def test_a_name_of_a_column_is_never_sql(tmp_path: Path, name: str, role: str) -> None:
    """In a table, where the name stands in the header, and in JSON, where it is a path within the object."""
    columns = {"time": "timestamp", "input": "input_tokens", "output": "output_tokens"} | {role: name}
    quoted = ",".join('"' + column.replace('"', '""') + '"' for column in columns.values())
    objects: list[dict[str, object]] = [dict(zip(columns.values(), row.split(","), strict=True)) for row in ROWS]
    for text in (csv_text(ROWS, quoted), json_lines(objects)):
        assert input_sum_tok(read_text(tmp_path, text, role_of=columns)) == 600


def test_a_line_that_is_no_json_is_counted_where_it_stands(tmp_path: Path) -> None:
    """The engine's own functions fail as a whole on a vertical tab between two members."""
    good = '{"timestamp": "2026-10-05T09:%02d:%02dZ", "input_tokens": 10, "output_tokens": 3}'
    lines = [good % divmod(n, 60) for n in range(200)]
    lines[8] = lines[8].replace(', "input', ', \x0b\x0c"input')
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert read_usage([path]).requests == 199
