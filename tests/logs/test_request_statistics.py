"""Statistics of a log against an independent reading with numpy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from request_logs import NOW, ROWS, csv_text, read_text

from calculators.logs.request_log import UsageSummary, read_log
from calculators.logs.request_statistics import hourly_shares

SAMPLE = Path(__file__).parents[2] / "sample_logs" / "azure_conversation_2023.csv"


@pytest.fixture(scope="module")
def sample() -> UsageSummary:
    return read_log(SAMPLE, now=NOW)


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    rows = [line.split(",") for line in SAMPLE.read_text().splitlines()[1:]]
    columns: dict[str, np.ndarray] = {
        "time_us": np.array([np.datetime64(row[0][:26], "us") for row in rows]).astype("int64"),
        "input_tok": np.array([int(row[1]) for row in rows]),
        "output_tok": np.array([int(row[2]) for row in rows]),
    }
    return columns


def test_sample_lengths_equal_numpy(sample: UsageSummary, table: dict[str, np.ndarray]) -> None:
    for lengths, values in ((sample.input_tok, table["input_tok"]), (sample.output_tok, table["output_tok"])):
        assert lengths.mean_tok == pytest.approx(values.mean(), rel=1e-12)
        expected = np.percentile(values, [50, 95, 99, 100])
        assert (lengths.p50_tok, lengths.p95_tok, lengths.p99_tok, lengths.max_tok) == pytest.approx(tuple(expected))


def test_sample_rate_and_peak_equal_numpy(sample: UsageSummary, table: dict[str, np.ndarray]) -> None:
    elapsed_us = table["time_us"] - table["time_us"].min()
    span_s = elapsed_us.max() / 1e6
    assert sample.used_row_count == sample.row_count == len(elapsed_us) == 5_985
    assert sample.request_rate_req_s == pytest.approx(len(elapsed_us) / span_s, rel=1e-12)
    full_count = int(span_s // 60)
    counts = np.bincount(elapsed_us // 60_000_000)
    tokens = np.bincount(elapsed_us // 60_000_000, table["input_tok"] + table["output_tok"])
    for found, series in ((sample.peaks[0].ratio, counts), (sample.peaks[0].tokens_ratio, tokens)):
        assert found == pytest.approx(series[:full_count].max() / series[:full_count].mean(), rel=1e-12)
    assert sample.per_minute_requests == tuple(counts)
    assert [peak.basis for peak in sample.peaks] == ["measured", "bounded", "assumed"]
    assert sample.peaks[2].ratio == 1.0


def test_cells_hold_the_means(sample: UsageSummary) -> None:
    assert sum(cell.share_frac for cell in sample.cells) == pytest.approx(1, rel=1e-12)
    for name, lengths in (("input_tok", sample.input_tok), ("output_tok", sample.output_tok)):
        mean_tok = sum(cell.share_frac * getattr(cell, name) for cell in sample.cells)
        assert mean_tok == pytest.approx(lengths.mean_tok, rel=1e-12)


def test_gaps_count_as_zero_load(tmp_path: Path) -> None:
    found = read_text(tmp_path, csv_text(ROWS))
    assert found.per_minute_requests == (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    assert found.peaks[0].ratio == 10
    assert any("9 minutes without requests" in note for note in found.assumed)


def test_long_logs_are_thinned_for_the_sparkline(tmp_path: Path) -> None:
    start = datetime(2026, 8, 1, tzinfo=UTC)
    rows = [f"{(start + timedelta(hours=hour)).isoformat()},100,10" for hour in range(24 * 40)]
    found = read_text(tmp_path, csv_text(rows))
    assert len(found.per_minute_requests) <= 1_500
    assert sum(found.per_minute_requests) == len(rows)
    assert found.step_s == 60 * 39


def test_an_hour_that_a_log_covers_once_more_counts_no_more() -> None:
    """25 hours from 23:00 on at one token a minute: each hour of the day is a 24th, though 23:00 came twice."""
    shares = hourly_shares(np.ones(25 * 60, np.int64), start_us=23 * 3_600 * 10**6)
    assert shares == pytest.approx([1 / 24] * 24)


def test_tokens_of_the_clocks_hour_are_in_that_hour() -> None:
    tokens = np.zeros(24 * 60, np.int64)
    tokens[60:120] = 5
    assert np.flatnonzero(hourly_shares(tokens, start_us=6 * 3_600 * 10**6)).tolist() == [7]
