"""Which table of a file holds sums."""

from pathlib import Path

import pytest

from calculators.logs.aggregate_rows import slices
from calculators.logs.aggregate_tables import day_first, joined_sums, sums_table
from calculators.logs.request_file import LogError
from calculators.logs.usage_tables import UsageTable, usage_tables

HEADER = "date,input_tokens,output_tokens"


def tables(folder: Path, *lines: str) -> list[UsageTable]:
    path = folder / f"sums{len(list(folder.iterdir()))}.csv"
    path.write_text("\n".join(lines) + "\n")
    return list(usage_tables(path))


def test_days_with_tokens_are_sums_and_single_requests_are_not(tmp_path: Path) -> None:
    assert sums_table(tables(tmp_path, HEADER, "2026-10-01,1000,10", "2026-10-02,2000,20"), "sums") is not None
    assert (
        sums_table(tables(tmp_path, HEADER, "2026-10-01T09:00:07Z,100,10", "2026-10-01T09:01:11Z,200,20"), "sums")
        is None
    )


def test_money_of_moments_is_no_bill(tmp_path: Path) -> None:
    header = "startTime,endTime,name,totalCost"
    moments = tables(
        tmp_path,
        header,
        "2026-10-01T09:00:07Z,2026-10-01T09:00:09Z,a,1",
        "2026-10-01T09:05:07Z,2026-10-01T09:06:09Z,a,1",
    )
    days = tables(tmp_path, header, "2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,a,1")
    assert (sums_table(moments, "x"), sums_table(days, "x") is None) == (None, False)


def test_days_of_a_month_beyond_twelve_tell_the_order(tmp_path: Path) -> None:
    recognized = sums_table(tables(tmp_path, HEADER, "13/10/2026,1000,10", "14/10/2026,2000,20"), "sums")
    assert recognized is not None
    assert day_first(recognized[0])


def test_metrics_are_known_by_their_words(tmp_path: Path) -> None:
    names = (
        "timestamp,sum:openai.tokens.prompt{*}.as_count(),sum:openai.tokens.completion{*}.as_count(),sum:openai.requests{*}.as_count()",
        "Full label,InputTokenCount,OutputTokenCount,Invocations",
        "TimeSeries ID,serving/token_count (type: input),serving/token_count (type: output),model_invocation_count",
    )
    for header in names:
        recognized = sums_table(
            tables(tmp_path, header, "2026/10/01 00:00:00,1000,100,10", "2026/10/02 00:00:00,1,1,5"), "sums"
        )
        assert recognized is not None
        assert next(part.amounts for part in slices(*recognized) if part) == {
            "input": 1_000,
            "output": 100,
            "requests": 10,
        }


def test_a_header_of_running_totals_is_known(tmp_path: Path) -> None:
    recognized = sums_table(
        tables(tmp_path, "Date,MTD input tokens,MTD output tokens", "2026-10-01,1,2", "2026-10-02,3,4"), "sums"
    )
    assert recognized is not None
    assert recognized[0].is_running
    assert not tables(tmp_path, "Date,Input tokens,Cumulative input tokens", "2026-10-01,1,1")[0].is_running


def test_files_of_one_kind_are_one_table_and_files_of_two_are_refused(tmp_path: Path) -> None:
    first, second = (tables(tmp_path, HEADER, f"2026-10-0{day},1000,10") for day in (1, 2))
    table, _ = joined_sums([first, second], "both")
    assert [row["date"] for row in table.rows()] == ["2026-10-01", "2026-10-02"]
    with pytest.raises(LogError, match="different kinds"):
        joined_sums([first, tables(tmp_path, "timestamp,input_tokens", "2026-10-01T09:00:07Z,1")], "both")
