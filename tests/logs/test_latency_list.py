"""Measured latencies of an API: what is read, and what is refused."""

import tracemalloc

import pytest

from calculators.errors import DataError
from calculators.logs import latency_list as latency_samples
from calculators.logs.latency_list import read_latencies


def test_a_list_becomes_its_95th_percentiles() -> None:
    rows = "\n".join(f"{100 * i},{i}" for i in range(1, 101))
    found = read_latencies(f"TTFT_ms,ITL_ms\n{rows}\n".encode(), "mine.csv")
    assert found.requests_count == 100
    assert found.ttft_p95_ms == pytest.approx(9_505)
    assert found.tpot_p95_ms == pytest.approx(95.05)


def test_seconds_become_milliseconds_and_empty_cells_are_not_measured() -> None:
    rows = "0.5,\n" * 30
    found = read_latencies(f"ttft_s,tpot_s\n{rows}".encode(), "mine.csv")
    assert (found.ttft_p95_ms, found.tpot_p95_ms) == (500, None)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a,b\n1,2\n", "no column ttft_ms"),
        (b"", "no column ttft_ms"),
        (b"ttft_ms\n" + b"5\n" * 19, "fewer than 20"),
        (b"ttft_ms\n" + b"5\n" * 20 + b"-1\n", "times are above zero"),
        (b"ttft_ms\n" + b"5\n" * 20 + b"nan\n", "times are above zero"),
        (b"\xff\xfe\x00", "not a CSV file"),
        (b",".join(b"c%d" % i for i in range(300)) + b"\n", "more than 200 columns"),
        (b"ttft_ms,ttft_ms\n" + b"5,5\n" * 30, "two columns for one time"),
        (b"ttft_ms,ttft_s\n" + b"5,5\n" * 30, "two columns for one time"),
        (b"ttft_ms,tpot_ms\n" + b"100,5,9\n" * 30, "line 2 has more cells"),
        (b"ttft_ms\n" + b"5000000\n" * 30, "5,000,000 ms at the 95th percentile; check the unit"),
    ],
)
def test_a_list_that_cannot_be_used_says_why(content: bytes, why: str) -> None:
    with pytest.raises(DataError, match=why):
        read_latencies(content, "mine.csv")


def test_size_and_rows_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency_samples, "MAX_LATENCY_BYTES", 10)
    with pytest.raises(DataError, match="larger than"):
        read_latencies(b"ttft_ms\n" + b"5\n" * 30, "mine.csv")
    monkeypatch.setattr(latency_samples, "MAX_LATENCY_BYTES", 10_000)
    monkeypatch.setattr(latency_samples, "MAX_LATENCY_ROWS", 25)
    with pytest.raises(DataError, match="more than 25 lines"):
        read_latencies(b"ttft_ms\n" + b"5\n" * 30, "mine.csv")


def test_failed_requests_are_counted_and_do_not_spoil_the_rest() -> None:
    found = read_latencies(b"time_to_first_token_ms;itl_ms\n" + b"100;5\n" * 40 + b"timeout;\n" * 3, "mine.csv")
    assert (found.ttft_p95_ms, found.tpot_p95_ms, found.failed_count) == (100, 5, 3)
    assert found.words == "43 requests, 3 without a time, from time_to_first_token_ms and itl_ms"


def test_short_rows_of_a_wide_file_take_no_room() -> None:
    """Only the wanted cells are kept: all columns of each row took 3 GB for a file of 1 MB."""
    content = ("ttft_ms," + ",".join(f"c{index}" for index in range(199)) + "\n" + "1\n" * 50_000).encode()
    tracemalloc.start()
    assert read_latencies(content, "wide.csv").requests_count == 50_000
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 50e6
