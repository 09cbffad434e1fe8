"""What is said about a file of sums."""

from pathlib import Path

import pytest
from usage_sums import group, page, read

from calculators.logs.aggregate_text import asked_requests, width_text


@pytest.mark.parametrize(
    ("width_s", "text"), [(60, "1 minute"), (3_600, "1 hour"), (86_400, "1 day"), (600, "10 minutes")]
)
def test_a_width_is_told_in_its_unit(width_s: float, text: str) -> None:
    assert width_text(width_s) == text


def test_period_sums_and_gaps_are_told(tmp_path: Path) -> None:
    reading = read(tmp_path, page([group("a", 1_000, 100, 1)], [], [group("a", 1_000, 100, 3)]))
    assert reading.read == (
        "export.json is an OpenAI usage report: sums by day from 2026-10-01 00:00 to 2026-10-04 00:00 UTC.",
        "It holds 4 requests, 2,000 input tokens (cached ones included) and 200 output tokens.",
    )
    assert reading.inferred[0] == "1 period of 1 day without a row count as periods without use."
    assert "2.25 times the mean load" in reading.inferred[1]


def test_each_answer_says_what_it_would_mean(tmp_path: Path) -> None:
    reading = read(tmp_path, page([group("a", 20_000, 100, 1)]))
    # one day of 20,000 tokens: 20 requests a day at 1,000 tokens each, times 730 / 24
    assert asked_requests(reading).answers[0] == "1,000 input tokens each: 20 requests, 608 a month"
