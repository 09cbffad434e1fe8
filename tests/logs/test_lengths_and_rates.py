"""Files of lengths alone or of rates alone."""

from pathlib import Path

import pytest
from usage_sums import first_table, read, tokens, write

from calculators.logs.aggregates import read_aggregate
from calculators.logs.lengths_and_rates import read_lengths, read_rates, refuse_benchmark
from calculators.logs.request_file import LogError
from calculators.logs.usage_questions import UsageAnswers


def test_lengths_without_times_are_measured(tmp_path: Path) -> None:
    reading = read(tmp_path, "num_prefill_tokens,num_decode_tokens,pd_ratio\n10,5,2\n20,7,2.9\n60,9,6.7\n")
    assert (reading.kind, reading.requests, tokens(reading)) == ("lengths", 3, (90, None, None, 21))
    assert reading.input_lengths is not None
    assert (reading.input_lengths.mean_tok, reading.input_lengths.p50_tok) == (30, 20)
    assert sum(cell.share_frac for cell in reading.cells) == pytest.approx(1)
    assert sum(cell.share_frac * cell.output_tok for cell in reading.cells) == pytest.approx(7)
    assert [question.option for question in reading.questions] == ["--requests-per-month N"]


def test_a_last_row_with_the_sums_of_all_others_is_no_request(tmp_path: Path) -> None:
    reading = read(tmp_path, "input_tokens,output_tokens\n100,10\n200,20\n300,31\n600,61\n")
    assert (reading.requests, tokens(reading)) == (3, (600, None, None, 61))


def test_lists_of_a_benchmark_leave_failed_requests_out(tmp_path: Path) -> None:
    run = {"date": "20261005", "total_input_tokens": 30, "total_output_tokens": 9, "request_throughput": 1.0}
    lists = {"input_lens": [10, 20, 30], "output_lens": [4, 0, 5], "errors": ["", "HTTP 429", ""]}
    assert tokens(read(tmp_path, {**run, **lists})) == (40, None, None, 9)


@pytest.mark.parametrize("column", ["created_at", "ts_nano", "x"])
def test_a_file_with_a_time_is_a_request_log(tmp_path: Path, column: str) -> None:
    text = f"prompt_len,output_len,{column}\n1,2,2026-10-05T09:00:00Z\n3,4,2026-10-05T09:00:01Z\n"
    assert read_lengths(first_table(tmp_path, text), "x") is None


def test_the_result_of_a_benchmark_is_refused(tmp_path: Path) -> None:
    run = {"total_input_tokens": 30, "total_output_tokens": 9, "request_throughput": 1.0}
    with pytest.raises(LogError, match="result of a benchmark"):
        refuse_benchmark(first_table(tmp_path, run), "run.json")
    path = write(tmp_path, {"benchmarks": [{}], "config": {}})
    with pytest.raises(LogError, match="what a server can do"):
        read_aggregate(path, path.name)


def test_rates_of_several_models_are_added(tmp_path: Path) -> None:
    text = "model,window_start_s,requests_per_s\na,0,1\na,600,2\na,1200,0\nb,0,2\nb,600,4\nb,1200,0\n"
    reading = read(tmp_path, text)
    assert (reading.kind, reading.start, reading.window_s) == ("rates", None, 1_800)
    assert reading.requests == pytest.approx(9 * 600)  # 3 + 6 + 0 requests/s of 600 s each
    assert reading.peak_ratio == pytest.approx(2)  # 6 over a mean of 3
    assert [(model.value, model.requests) for model in reading.models] == [("b", 3_600), ("a", 1_800)]
    assert reading.series is not None
    assert (reading.series.step_s, reading.series.requests, reading.series.tokens) == (600, (1_800, 3_600, 0), None)


def test_lengths_and_rates_cannot_be_limited_to_a_team(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("window_start_s,requests_per_s\n0,1\n600,2\n")
    with pytest.raises(LogError, match=r"rates.csv holds rates that cannot be split by team\."):
        read_aggregate(path, path.name, UsageAnswers(only={"team": ["a"]}))


def test_rates_a_minute_and_dates(tmp_path: Path) -> None:
    reading = read_rates(first_table(tmp_path, "time,rpm\n2026-10-05 09:00,60\n2026-10-05 09:01,180\n"), "x")
    assert reading is not None
    assert reading.requests == pytest.approx(240)
    assert reading.start is not None
    assert reading.start.hour == 9


def test_a_log_with_lengths_is_no_table_of_rates(tmp_path: Path) -> None:
    text = "timestamp,rate,input_tokens,output_tokens\n2026-10-05T09:00:00Z,1,2,3\n2026-10-05T09:00:01Z,1,2,3\n"
    assert read_rates(first_table(tmp_path, text), "x") is None


def test_requests_counted_by_minute_are_rates(tmp_path: Path) -> None:
    text = "time,requests\n2026-10-05 09:00,60\n2026-10-05 09:01,180\n2026-10-05 09:02,0\n"
    reading = read(tmp_path, text)
    assert (reading.kind, reading.requests, reading.window_s) == ("rates", pytest.approx(240), 180)
    assert reading.peak_ratio == pytest.approx(2.25)  # 180 over a mean of 80


def test_cells_may_repeat_the_unit_of_a_rate(tmp_path: Path) -> None:
    rows = "2026-10-05 09:00:00,1.5 req/s\n2026-10-05 09:01:00,2.5 req/s\n"
    reading = read(tmp_path, f"Time,requests/s\n{rows}")
    assert (reading.kind, reading.requests) == ("rates", pytest.approx(240))
    counted = read_rates(
        first_table(tmp_path, "minute,request_count\n2026-10-05 09:00,60\n2026-10-05 09:01,180\n"), "x"
    )
    assert counted is not None
    assert counted.requests == pytest.approx(240)


def test_a_clock_in_milliseconds_is_a_date(tmp_path: Path) -> None:
    reading = read(tmp_path, "timestamp,qps\n1790812800000,1\n1790812860000,3\n")
    assert (reading.window_s, reading.requests) == (120, pytest.approx(240))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("timestamp,rps\n0,2\n60,4\n120,6\n", "more than 2 request rates; add them up by minute"),
    ],
)
def test_more_rows_than_are_read_are_refused_and_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, problem: str
) -> None:
    monkeypatch.setattr("calculators.logs.lengths_and_rates.MAX_ROW_COUNT", 2)
    with pytest.raises(LogError, match=problem):
        read(tmp_path, text)


def test_of_very_many_lengths_one_in_so_many_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calculators.logs.lengths_and_rates.MAX_ROW_COUNT", 100)
    rows = "".join(f"{100 + row % 10},{10 + row % 5}\n" for row in range(1_000))
    reading = read(tmp_path, f"input_tokens,output_tokens\n{rows}")
    assert (reading.requests, reading.output_tok) == (1_000, pytest.approx(12_000, rel=0.1))
    assert reading.input_tok == pytest.approx(104_500, rel=0.05)
    assert reading.read[0].endswith("is used.")


def test_the_totals_below_lengths_are_no_request(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="remove totals rows"):
        read(tmp_path, "input_tokens,output_tokens\n1,2\n3,4\n40000000,6\n")
