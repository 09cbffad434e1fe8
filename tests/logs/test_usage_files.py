"""One entry for files of usage."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from request_logs import HEADER, NOW, ROWS, csv_text, json_lines, write
from same_log import ROUTES, routed

from calculators.catalog.load import ROOT
from calculators.logs.request_file import LogError
from calculators.logs.request_statistics import LengthStatistics
from calculators.logs.usage_files import read_usage, usage_workload
from calculators.logs.usage_questions import UsageAnswers
from calculators.scenario.schema import Workload


def test_files_of_different_columns_and_kinds_are_one_log(tmp_path: Path) -> None:
    """600 input and 40 output tokens in the first, 70 and 7 in the second."""
    first = write(tmp_path, csv_text(ROWS), "a.csv")
    objects: list[dict[str, object]] = [
        {"created_at": "2026-10-05T09:20:00Z", "usage": {"prompt_tokens": 70, "completion_tokens": 7}}
    ]
    empty = [write(tmp_path, HEADER, "c.csv"), write(tmp_path, "[]", "d.json")]
    reading = read_usage([first, write(tmp_path, json_lines(objects), "b.jsonl"), *empty], now=NOW)
    assert reading.read[-2:] == ("c.csv: no data rows, left out.", "d.json: no data rows, left out.")
    assert (reading.requests, reading.input_tok, reading.output_tok) == (4, 670, 47)
    assert reading.name == "a.csv and 1 more file"
    assert reading.end is not None
    assert reading.end.minute == 20


def test_a_broken_file_among_several_is_named(tmp_path: Path) -> None:
    broken = write(tmp_path, csv_text(["x,y,z"], HEADER), "second.csv")
    with pytest.raises(LogError, match=r"second\.csv"):
        read_usage([write(tmp_path, csv_text(ROWS), "first.csv"), broken], now=NOW)


def test_bad_lines_are_counted_in_the_file_that_has_them(tmp_path: Path) -> None:
    many = [f"2026-10-05T09:{n // 60:02}:{n % 60:02}.5Z,{n + 1},{n % 7}" for n in range(600)]
    first = write(tmp_path, csv_text([*many, "1,2,3,4,5"]), "a.csv")
    second = write(tmp_path, csv_text([row.replace("T09", "T10") for row in many]), "b.csv")
    assert read_usage([first, second], now=NOW).read[1] == "Excluded rows: 1 (unreadable rows)."


def test_clocks_of_two_kinds_are_no_one_log(tmp_path: Path) -> None:
    relative = write(tmp_path, csv_text(["0.5,1,1", "9.5,2,2"], "time_s,input,output"), "b.csv")
    with pytest.raises(LogError, match="one by one"):
        read_usage([write(tmp_path, csv_text(ROWS)), relative], now=NOW)


def test_the_reading_says_what_is_missing(tmp_path: Path) -> None:
    missing = read_usage([write(tmp_path, csv_text(ROWS))], now=NOW).missing
    assert "The log does not say which model answered." in missing
    assert "The log does not say what the requests cost in US dollars." in missing


BEFORE = Workload(
    requests_per_month=1, input_tok=1, output_tok=1, input_p95_tok=1, output_p95_tok=1, cached_basis="assumed"
)


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("prompt_len,output_len\n10,5\n20,7\n60,9\n", {"requests_per_month": 99.0}),
        (
            "window_start_s,requests_per_s\n0,40\n600,80\n1200,60\n",
            {"input_tok_per_request": 700.0, "output_tok_per_request": 70.0},
        ),
        (
            "Date;Input tokens;Output tokens;Cache read tokens\n2026-10-05;100;40;30\n2026-10-06;200;60;30\n",
            {"input_excludes_cache": True, "requests": 40.0},
        ),
    ],
)
def test_each_question_has_a_field_and_its_answer_ends_it(
    tmp_path: Path, text: str, answers: dict[str, float | bool]
) -> None:
    path = write(tmp_path, text)
    asked = read_usage([path]).questions
    assert {question.field for question in asked} == set(answers)
    told = UsageAnswers()
    for question in asked:
        told = told.with_answer(question, answers[question.field])
    reading = read_usage([path], told)
    assert reading.questions == ()
    workload = usage_workload(reading, BEFORE, told)
    assert workload.source == "log:log.csv"
    if "requests_per_month" in answers:
        assert workload.requests_per_month == 99
    if "requests" in answers:
        assert workload.input_tok == pytest.approx(360 / 40)


BILL = "start_time,end_time,amount_value,amount_currency\n1791158400,1791244800,2.5,usd\n"  # 2026-10-05


@pytest.mark.parametrize("usage", [csv_text(ROWS), "Date;Input tokens;Output tokens;Requests\n2026-10-05;900;40;3\n"])
@pytest.mark.parametrize("bill_first", [True, False])
def test_a_bill_beside_a_file_with_tokens_gives_the_spend(tmp_path: Path, usage: str, bill_first: bool) -> None:
    bill, tokens = write(tmp_path, BILL, "bill.csv"), write(tmp_path, usage, "usage.csv")
    alone = read_usage([bill], now=NOW)
    assert "Which export" in alone.questions[0].text
    together = read_usage([bill, tokens] if bill_first else [tokens, bill], now=NOW)
    assert (together.spend_usd, together.requests, together.questions) == (2.5, 3, ())


def test_the_money_of_two_bills_is_added(tmp_path: Path) -> None:
    texts = [
        f"date,description,amount\n2026-10-01,{who},{usd}\n2026-10-02,{who},{usd}\n"
        for who, usd in (("OpenAI", 5), ("xAI", 7))
    ]
    bills = [write(tmp_path, text, f"bill{place}.csv") for place, text in enumerate(texts)]
    usage = write(
        tmp_path, "date,requests,input_tokens,output_tokens\n2026-10-01,2,30,9\n2026-10-02,3,20,9\n", "usage.csv"
    )
    assert read_usage([bills[0], usage, bills[1]], now=NOW).spend_usd == 24
    assert read_usage(bills, now=NOW).spend_usd == 24


def test_a_bill_of_another_month_is_refused(tmp_path: Path) -> None:
    late = csv_text([row.replace("10-05", "11-05") for row in ROWS])
    with pytest.raises(LogError, match="no day in common"):
        read_usage([write(tmp_path, BILL, "bill.csv"), write(tmp_path, late, "usage.csv")], now=NOW)


SAMPLE = ROOT / "sample_logs" / "azure_conversation_2023.csv"
RATES = "window_start_s,requests_per_s\n" + "".join(f"{600 * n},{40 + n % 7}\n" for n in range(144))


@pytest.mark.parametrize("route", ROUTES)
def test_a_real_trace_has_its_figures_by_every_route(tmp_path: Path, route: str) -> None:
    """5,985 requests in 20 minutes, counted by hand from the file."""
    read = read_usage(routed(tmp_path, route, SAMPLE.read_text()), now=NOW)
    summary = read.summary
    assert summary is not None
    assert (read.requests, read.input_tok, read.output_tok) == (5_985, 6_882_830, 1_512_323)
    assert [round(value) for value in _quantiles(summary.input_tok)] == [1_042, 4_081, 4_107, 14_050]
    assert [round(value) for value in _quantiles(summary.output_tok)] == [202, 479, 625, 1_000]
    assert summary.request_rate_req_s == pytest.approx(4.989, abs=0.0005)
    assert [round(peak.ratio, 2) for peak in summary.peaks[:1]] == [1.19]
    assert bool(read.questions) == (route == "overlap")  # rows without an id, in both files


def _quantiles(lengths: LengthStatistics) -> tuple[float, ...]:
    return lengths.p50_tok, lengths.p95_tok, lengths.p99_tok, lengths.max_tok


@pytest.mark.parametrize("route", ROUTES[:-2])
def test_rates_are_the_same_by_every_route(tmp_path: Path, route: str) -> None:
    read = read_usage(routed(tmp_path, route, RATES))
    assert (read.kind, read.requests) == ("rates", pytest.approx(600 * sum(40 + n % 7 for n in range(144))))


def _eight(folder: Path) -> list[Path]:
    """Eight logs that differ, of several formats."""
    texts = [csv_text([row.replace(",3", f",{number + 1}3") for row in ROWS]) for number in range(8)]
    files = list[Path]()
    for number, (route, text) in enumerate(zip((*ROUTES[:11:2], "array", "zip"), texts, strict=True)):
        (folder / str(number)).mkdir()
        files += routed(folder / str(number), route, text)
    return files


def test_eight_threads_at_once_read_what_one_reads_after_the_other(tmp_path: Path) -> None:
    files = _eight(tmp_path)
    alone = [read_usage([file], now=NOW).to_json() for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda file: read_usage([file], now=NOW).to_json(), files * 2))
    assert together == alone * 2
    assert len({one["input_tok"] for one in alone}) == 8


ZONED = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from calculators.logs.usage_files import read_usage
read = (read_usage([Path(path)], now=datetime(2026, 11, 23, tzinfo=UTC)) for path in sys.argv[1:])
print(json.dumps([[one.to_json(), [repr(question) for question in one.questions]] for one in read]))
"""


def test_the_time_zone_of_the_machine_changes_nothing(tmp_path: Path) -> None:
    """Local times, dates without a time, Parquet times without a zone, days of a workbook and seconds since 1970."""
    local = csv_text([row.replace("T", " ").replace("Z", "") for row in ROWS])
    (tmp_path / "texts").mkdir()
    files = [
        write(tmp_path, local, "local.csv"),
        *routed(tmp_path / "texts", "parquet", local),
        write(tmp_path, csv_text(["46300.375,100,10", "46300.385416667,300,20"]), "days.csv"),
        write(tmp_path, csv_text(["05/10/2026 23:30,100,10", "06/10/2026 00:30,300,20"]), "words.csv"),
        write(
            tmp_path, "Date;Input tokens;Output tokens;Requests\n2026-10-05;900;40;3\n2026-10-06;900;40;3\n", "sums.csv"
        ),
        write(tmp_path, BILL, "bill.csv"),
    ]
    said = set[str]()
    for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
        command = [sys.executable, "-c", ZONED, *map(str, files)]
        environment = {**os.environ, "TZ": zone}
        said.add(subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert len(said) == 1
