"""Tables of sums in CSV and JSON as flat rows."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from usage_sums import first_table, page, write

from calculators.logs.request_file import MAX_LOG_COLUMNS
from calculators.logs.usage_tables import exploded, usage_tables


def test_a_bucket_without_results_is_one_row_of_its_times(tmp_path: Path) -> None:
    rows = list(first_table(tmp_path, page([], [{"model": "a"}, {"model": "b"}])).rows())
    assert [row.get("model") for row in rows] == [None, "a", "b"]
    assert rows[1]["starttime"] == rows[2]["starttime"] != rows[0]["starttime"]


def test_a_nested_key_is_there_by_its_path_and_by_its_last_part() -> None:
    (row,) = exploded({"amount": {"value": 1.5}, "cache_creation": {"ephemeral_5m": 2}}, {})
    assert (row["amountvalue"], row["value"], row["ephemeral5m"]) == ("1.5", "1.5", "2")


def test_a_value_of_the_row_is_not_replaced_by_a_nested_one_of_its_name() -> None:
    (row,) = exploded({"model": "outer", "metadata": {"model": "inner"}}, {})
    assert (row["model"], row["metadatamodel"]) == ("outer", "inner")


def test_times_and_values_side_by_side_are_rows() -> None:
    rows = list(exploded({"Label": "Invocations", "Timestamps": ["t1", "t2"], "Values": [3, 4]}, {}))
    assert [(row["timestamps"], row["values"]) for row in rows] == [("t1", "3"), ("t2", "4")]


def test_dimensions_of_azure_monitor_are_columns() -> None:
    (row,) = exploded({"metadatavalues": [{"name": {"value": "ModelName"}, "value": "gpt-4.1"}]}, {})
    assert row["modelname"] == "gpt-4.1"


def test_documents_one_after_the_other_are_all_read(tmp_path: Path) -> None:
    path = write(tmp_path, '{"data": [{"a": 1}]}\n{"data": [{"a": 2}]}', "pages.json")
    assert [row["a"] for row in next(usage_tables(path)).rows()] == ["1", "2"]


def test_titles_may_stand_above_the_header(tmp_path: Path) -> None:
    path = write(tmp_path, "Azure OpenAI,,\nSum,,\nTime (UTC),Requests,Tokens\n2026-10-05,1,2\n")
    table = next(usage_tables(path))
    assert {"timeutc", "time", "requests", "tokens"} == table.names
    assert list(table.rows()) == [{"timeutc": "2026-10-05", "time": "2026-10-05", "requests": "1", "tokens": "2"}]


def test_what_is_no_text_has_no_table(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"\xff\xfe\x00\x01" * 50)
    assert list(usage_tables(path)) == []


def test_deep_nesting_ends(tmp_path: Path) -> None:
    path = write(tmp_path, '{"data":[' * 5_000, "deep.json")
    assert [list(table.rows()) for table in usage_tables(path)] == [[]]


def test_parquet_is_a_table_of_the_same_texts(tmp_path: Path) -> None:
    columns = {"Start Time": [datetime(2026, 10, 1, tzinfo=UTC)], "n": [1.5], "model": [None]}
    pq.write_table(pa.table(columns), tmp_path / "sums.parquet")
    (table,) = usage_tables(tmp_path / "sums.parquet")
    assert {"starttime", "n", "model"} <= table.names
    (row,) = table.rows()
    assert {name: row[name] for name in ("starttime", "n", "model")} == {
        "starttime": "2026-10-01T00:00:00+00:00",
        "n": "1.5",
        "model": "",
    }
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" * 9)
    assert list(usage_tables(tmp_path / "broken.parquet")) == []


def test_a_line_of_more_columns_than_a_log_may_have_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(
        ",".join(f"2026-01-{n % 28 + 1:02}" for n in range(MAX_LOG_COLUMNS + 1)) + "\n1\n", encoding="utf-8"
    )
    assert list(usage_tables(path)) == []
