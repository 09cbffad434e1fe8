"""A request log as a workload, and as the YAML of a scenario."""

from dataclasses import replace
from datetime import UTC, datetime
from math import exp, hypot, log
from pathlib import Path

import pytest
import yaml
from request_logs import HEADER, NOW, ROWS, csv_text, read_text, write

from calculators.__main__ import main
from calculators.errors import DataError
from calculators.logs.request_log import UsageSummary, read_log
from calculators.logs.to_workload import (
    MEASURED_SPAN_S,
    arrival_variance_ratio,
    log_month_texts,
    log_workload,
    month_range,
    month_texts,
    to_workload_yaml,
    week_peak,
)
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Workload

SAMPLE = Path(__file__).parents[2] / "sample_logs" / "azure_conversation_2023.csv"


@pytest.fixture(scope="module")
def sample() -> UsageSummary:
    return read_log(SAMPLE, now=NOW)


BEFORE = Workload(
    requests_per_month=1, input_tok=1, output_tok=1, input_p95_tok=1, output_p95_tok=1, cached_basis="assumed"
)
REST = "candidates: [{model: gpt-oss-120b}]\n"


def test_yaml_loads_back_into_a_scenario(tmp_path: Path, sample: UsageSummary) -> None:
    text = to_workload_yaml(sample)
    workload = read_scenario(write(tmp_path, text + REST, "scenario.yaml"), NOW.date()).workload
    assert workload.source == "log:azure_conversation_2023.csv"
    assert workload.requests_per_month == sample.request_rate_req_s * 730 * 3_600
    assert (workload.input_tok, workload.output_tok) == (sample.input_tok.mean_tok, sample.output_tok.mean_tok)
    assert (workload.input_p95_tok, workload.output_p95_tok) == (sample.input_tok.p95_tok, sample.output_tok.p95_tok)
    assert workload.peak_ratio == pytest.approx(4.5 * sample.peaks[0].ratio)  # 5 requests/s, shorter than an hour
    assert workload.peak_basis == "assumed"
    assert workload.cached_basis == "assumed"
    assert len(workload.cells) == len(sample.cells)
    comments = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    assert text.removeprefix(comments).startswith("workload:\n")
    for fact in (
        sample.sha256,
        "5,985 used",
        "99th 4,107.0",
        "3,600 s",
        "(bounded)",
        "= 5.36, range 3.64 to 11.4",
        *sample.notes,
    ):
        assert fact in comments


SUNDAY, MONDAY = datetime(2026, 10, 4, 9, tzinfo=UTC), datetime(2026, 10, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "span_s", "low", "high"),
    [
        (MONDAY, 1_200, 0.42e6, 1.75e6),
        (None, 1_200, 0.42e6, 1.75e6),
        (SUNDAY, 1_200, 0.64e6, 3.6e6),
        (MONDAY, 2 * 86_400, 0.64e6, 1.75e6),
        (MONDAY, MEASURED_SPAN_S, 1e6, 1e6),
    ],
)
def test_a_month_from_less_than_a_week_knows_office_hours(
    start: datetime | None, span_s: float, low: float, high: float
) -> None:
    assert month_range(1e6, span_s, 1.0, start) == pytest.approx((low, high))


def test_chance_and_rhythm_are_joined_by_their_squared_logarithms() -> None:
    low, high = month_range(1e6, 1_200, 1.5, SUNDAY)
    assert 1e6 / low == pytest.approx(exp(hypot(log(1.5), log(0.64))))
    assert high / 1e6 == pytest.approx(exp(hypot(log(1.5), log(3.6))))
    assert month_range(1.0, 1_200, 1.5, SUNDAY)[0] == 1.0  # no scenario holds less


def test_the_range_of_a_month_is_told_where_it_is_wide(sample: UsageSummary) -> None:
    [text] = log_month_texts(sample)
    assert text.startswith(
        "Requests per month: 13.1M, range 5.5M to 23M, from 5,985 requests in 20 minutes. The lower end"
    )
    assert "rests on weekends" in month_texts(1e6, (6e5, 4e6), (100, 1_200), SUNDAY)[0]
    assert month_texts(1e6, (0.99e6, 1.01e6), (1e6, MEASURED_SPAN_S), MONDAY) == []


def test_bursts_count_as_fewer_requests() -> None:
    """Of four full windows two hold everything: 4 x 25 / 3 over a mean of 5."""
    assert arrival_variance_ratio([10, 0, 10, 0, 3]) == pytest.approx(100 / 3 / 5)
    assert arrival_variance_ratio([5, 5, 5, 5, 0]) == 1.0
    assert arrival_variance_ratio([7]) == arrival_variance_ratio([0, 0, 9]) == 1.0


def test_a_log_fills_the_ranges_of_its_workload(sample: UsageSummary) -> None:
    workload = log_workload(sample, BEFORE)
    assert workload.sample_requests == 5_985
    assert workload.requests_range == pytest.approx((5.5e6, 23e6), rel=1e-2)
    assert workload.peak_range == pytest.approx((3.64, 11.4), rel=1e-2)


def test_the_peak_of_a_week_is_measured_where_the_log_has_one(sample: UsageSummary) -> None:
    whole = week_peak(replace(sample, span_s=MEASURED_SPAN_S))
    assert (whole.central_ratio, whole.basis) == (sample.peaks[0].ratio, "measured")
    assert week_peak(sample).low_ratio == pytest.approx(3.1 * sample.peaks[0].ratio, rel=0.02)


def test_yaml_of_a_hostile_log_stays_comments(tmp_path: Path, sample: UsageSummary) -> None:
    evil = "12:30 # a\nname: evil\u2028name: x\r\x85\x00: [*y"
    found = read_text(tmp_path, csv_text([f"{row},7" for row in ROWS], f"{HEADER},cached_tokens"), name="log.csv")
    summary = replace(found, name=evil, notes=(evil,), peaks=tuple(replace(peak, why=evil) for peak in found.peaks))
    scenario = read_scenario(write(tmp_path, to_workload_yaml(summary) + REST, "scenario.yaml"), NOW.date())
    assert scenario.name == "Our workload"
    assert (scenario.workload.cached_frac, scenario.workload.cached_basis) == (21 / 600, "measured")


def test_yaml_refuses_what_no_scenario_may_hold(tmp_path: Path) -> None:
    found = read_text(tmp_path, csv_text(["2026-10-05T09:00:00Z,100,0", "2026-10-05T09:00:30Z,300,1"]))
    with pytest.raises(DataError, match=r"log\.csv: Output tokens, mean must be at least 1 \(you entered 0\.5\)"):
        to_workload_yaml(found)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "workload.yaml"
    assert main(["workload", str(SAMPLE), "--out", str(out)]) == 0
    assert yaml.safe_load(out.read_text())["workload"]["lengths_basis"] == "measured"
    assert main(["workload", str(write(tmp_path, ""))]) == 2
    assert capsys.readouterr().err == "crossover: log.csv is empty (0 bytes); export the log again.\n"


def test_batch_requests_of_a_log_are_the_share_that_can_wait(tmp_path: Path) -> None:
    lines = [f"2026-10-05T09:{n:02}:00Z,100,{n + 1},{'batch' if n % 4 == 0 else 'default'}" for n in range(12)]
    summary = read_text(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens,service_tier"))
    after = log_workload(summary, BEFORE)
    assert (after.batch_frac, after.deferrable_frac) == (0.25, 0.25)


def _office_hours(days: int, zone: str) -> str:
    """A request every quarter of an hour from 9:00 to 17:00; the first day is a Monday."""
    times = [
        f"2026-10-{5 + day:02}T{hour:02}:{minute:02}:00{zone}"
        for day in range(days)
        for hour in range(9, 17)
        for minute in range(0, 60, 15)
    ]
    return csv_text([f"{time},100,10" for time in (*times, f"2026-10-{5 + days:02}T09:00:00{zone}")])


@pytest.mark.parametrize(("zone", "first_hour"), [("Z", 9), ("+02:00", 7)])
def test_a_week_of_known_moments_tells_the_tokens_by_hour_of_day(tmp_path: Path, zone: str, first_hour: int) -> None:
    workload = log_workload(read_text(tmp_path, _office_hours(14, zone)), BEFORE)
    busy = [hour for hour, frac in enumerate(workload.hourly_frac) if frac > 0]
    assert busy == list(range(first_hour, first_hour + 8))
    assert [workload.hourly_frac[hour] for hour in busy] == pytest.approx([1 / 8] * 8, rel=0.03)
    assert sum(workload.hourly_frac) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("days", "zone"), [(14, ""), (4, "Z")])
def test_without_a_time_zone_or_a_week_the_hours_are_not_known(tmp_path: Path, days: int, zone: str) -> None:
    before = BEFORE.model_copy(update={"hourly_frac": (1 / 24,) * 24})
    assert log_workload(read_text(tmp_path, _office_hours(days, zone)), before).hourly_frac == ()
