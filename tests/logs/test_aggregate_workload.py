"""Sums, lengths and rates as a workload."""

from pathlib import Path

import pytest
import yaml
from support import scenario
from usage_sums import group, page, read, write

from calculators.__main__ import main
from calculators.logs.aggregate_workload import (
    UsageAnswers,
    reading_peak,
    reading_workload,
    reading_workload_yaml,
)
from calculators.logs.aggregates import answered
from calculators.logs.request_file import LogError

TWO_HOURS = "Time (UTC),Azure OpenAI Requests,Processed Prompt Tokens,Generated Completion Tokens\n" + (
    "2026-10-05 09:00:00,14,60000,6000\n2026-10-05 10:00:00,8,50000,5000\n"
)
NO_COUNT = "date,input_tokens,output_tokens\n2026-10-05,1000,100\n2026-10-06,3000,300\n"


def test_sums_give_volume_means_and_a_peak_that_is_said_to_be_assumed(tmp_path: Path) -> None:
    reading = read(tmp_path, TWO_HOURS)
    workload = reading_workload(reading, scenario().workload)
    assert workload.requests_per_month == pytest.approx(22 / 2 * 730)
    assert (workload.input_tok, workload.output_tok) == (5_000, 500)
    assert workload.input_p95_tok == pytest.approx(3.5 * 5_000)
    assert (workload.requests_basis, workload.p95_basis, workload.peak_basis) == ("assumed",) * 3
    assert workload.lengths_basis == "measured"
    assert workload.peak_ratio == pytest.approx(10 * 1.4)  # of services below 3 requests/s
    assert reading_peak(reading).low_ratio == pytest.approx(4.05, rel=1e-2)  # 3.5 x 1.3, and chance in the busiest hour
    assert workload.requests_range == pytest.approx((3_066, 16_145), rel=1e-3)  # 0.42 to 1.75, and chance of 22
    assert workload.sample_requests == 22
    assert workload.source == "log:export.csv"


def test_caches_and_batches_of_a_report_are_measured(tmp_path: Path) -> None:
    day = [
        group("a", 1_000, 100, 9, input_cached_tokens=250, input_cache_write_tokens=50),
        group("a", 0, 0, 1, batch=True),
    ]
    workload = reading_workload(read(tmp_path, page(*[day] * 7)), scenario().workload)
    assert (workload.cached_frac, workload.cache_write_frac, workload.cached_basis) == (0.25, 0.05, "measured")
    assert (workload.requests_basis, workload.deferrable_frac) == ("measured", 0.1)
    silent = reading_workload(read(tmp_path, TWO_HOURS), scenario(workload={"cached_frac": 0.3}).workload)
    assert silent.cached_frac == 0.3


def test_an_open_question_is_asked_before_any_figure(tmp_path: Path) -> None:
    reading = read(tmp_path, NO_COUNT)
    with pytest.raises(LogError, match="--requests N or --input-tok-per-request N"):
        reading_workload(reading, scenario().workload)
    workload = reading_workload(answered(reading, input_tok_per_request=100), scenario().workload)
    assert (workload.input_tok, workload.requests_per_month) == (100, pytest.approx(40 / 48 * 730))


def test_a_number_of_requests_that_the_user_gives_is_typed_and_has_no_range(tmp_path: Path) -> None:
    days = "".join(f"2026-10-{day:02},1000,100\n" for day in range(1, 9))
    reading = answered(read(tmp_path, f"date,input_tokens,output_tokens\n{days}"), requests=80)
    workload = reading_workload(reading, scenario().workload)
    assert workload.requests_per_month == pytest.approx(80 / 8 * 730 / 24)
    assert (workload.requests_basis, workload.requests_range_per_month) == ("typed", None)
    assert workload.sample_requests == 80


def test_lengths_alone_fill_the_lengths(tmp_path: Path) -> None:
    before = scenario(workload={"requests_per_month": 12_345, "peak_ratio": 3}).workload
    reading = read(tmp_path, "prompt_len,output_len\n10,5\n20,7\n60,9\n")
    after = reading_workload(reading, before)
    assert (after.input_tok, after.output_tok, after.lengths_basis) == (30, 7, "measured")
    assert (after.requests_per_month, after.peak_ratio) == (12_345, 3)
    with pytest.raises(LogError, match="requests-per-month"):
        reading_workload_yaml(reading)
    assert reading_workload(reading, before, UsageAnswers(requests_per_month=99)).requests_per_month == 99


def test_rates_alone_fill_volume_and_peak(tmp_path: Path) -> None:
    reading = read(tmp_path, "window_start_s,requests_per_s\n0,40\n600,80\n1200,60\n")
    after = reading_workload(reading, scenario().workload)
    assert after.requests_per_month == pytest.approx(60 * 730 * 3_600)
    assert after.input_tok == scenario().workload.input_tok
    told = reading_workload(reading, after, UsageAnswers(input_tok_per_request=700, output_tok_per_request=70))
    assert (told.input_tok, told.output_tok, told.lengths_basis) == (700, 70, "typed")


def test_a_told_volume_has_no_range_and_lengths_keep_their_count(tmp_path: Path) -> None:
    logged = scenario(
        workload={"source": "log:x.csv", "requests_basis": "assumed", "requests_range_per_month": (1e6, 4e6)}
    ).workload
    reading = read(tmp_path, {"input_lens": [100, 300], "output_lens": [10, 30]})
    workload = reading_workload(reading, logged, UsageAnswers(requests_per_month=5_000.0))
    assert (workload.requests_range, workload.sample_requests) == ((5_000, 5_000), 2)


def test_the_block_says_what_it_assumes(tmp_path: Path) -> None:
    text = reading_workload_yaml(read(tmp_path, TWO_HOURS))
    for words in (
        "Assumed: the 95th percentile",
        "Assumed: Peak-to-average ratio: busiest minute",
        "range",
        "Not in the file: cache reads",
    ):
        assert words in text
    assert yaml.safe_load(text)["workload"]["cached_basis"] == "assumed"


def test_the_command_line_asks_and_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write(tmp_path, NO_COUNT))
    assert main(["workload", path]) == 2
    assert "answer with --requests N" in capsys.readouterr().err
    assert main(["workload", path, "--requests", "40"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["workload"]["input_tok"] == 100
    assert main(["workload", path, "--json"]) == 2  # still open
    assert '"kind": "aggregate"' in capsys.readouterr().out


def test_what_is_assumed_is_part_of_the_reading(tmp_path: Path) -> None:
    zone, lengths, peak, month = read(tmp_path, TWO_HOURS).assumed
    assert "UTC" in zone
    assert month.startswith("Requests per month:")
    assert lengths.startswith("the 95th percentile of lengths is 3.5 times the mean")
    assert peak.endswith("= 14, range 4.05 to 154.")  # 1.4 x 10, 1.3 x 3.5, 5.4 x 27, and the chance of 14 in an hour
    unanswered = read(tmp_path, NO_COUNT)
    assert unanswered.assumed == (zone,)
    assert len(answered(unanswered, requests=40).assumed) == 4
