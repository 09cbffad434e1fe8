"""Rates as sums."""

from pathlib import Path

import pytest
from usage_sums import first_table, read, tokens

from calculators.logs.aggregate_rates import mean_column, rate_column, rate_number, rated_table


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Prompt tokens/s", ("inputtokens", 1)),
        ("output_tokens_per_second", ("outputtokens", 1)),
        ("Completion TPM", ("outputtokens", 60)),
        ("RPM", ("requests", 60)),
        ("Requests per hour", ("requests", 3_600)),
        ("Cached tokens (per min)", ("cachereadtokens", 60)),
        ("input_tokens", None),
        ("cost per hour", None),
    ],
)
def test_a_column_tells_its_rate(header: str, told: tuple[str, float] | None) -> None:
    assert rate_column(header) == told


def test_rates_are_times_the_step_between_rows(tmp_path: Path) -> None:
    rows = [f"2026-10-01T0{hour}:00:00Z,6000,600,6" for hour in range(3)]
    reading = read(tmp_path, "\n".join(["Time,Prompt TPM,Completion TPM,RPM", *rows]))
    assert (tokens(reading), reading.requests, reading.window_s) == ((1_080_000, None, None, 108_000), 1_080, 10_800)


def test_cells_of_rates_may_repeat_their_unit() -> None:
    assert [rate_number(cell) for cell in ("3.25 req/s", "1,200 tok/s", "1.5K reqps", "7", "7 pm x")] == [
        3.25,
        1_200,
        1_500,
        7,
        None,
    ]


def test_means_of_a_request_are_times_their_number(tmp_path: Path) -> None:
    rows = [f"2026-10-0{day},10,1000,100" for day in (1, 2)]
    reading = read(tmp_path, "\n".join(["Date,Requests,Avg input tokens,Output tokens per request", *rows]))
    assert (tokens(reading), reading.requests) == ((20_000, None, None, 2_000), 20)
    assert mean_column("avg_latency") is None


def test_speeds_of_single_requests_are_no_rates_of_use(tmp_path: Path) -> None:
    header = "time,input_tokens,output_tokens,input_tokens_per_second,output_tokens_per_second"
    table = first_table(tmp_path, f"{header}\n2026-10-01T00:00:00Z,10,5,100,20\n2026-10-01T00:00:09Z,10,5,100,20\n")
    assert rated_table(table) is None
