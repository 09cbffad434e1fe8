"""A log as a whole: tokens, a span of time, a clock that can be right; caches of a rewritten log stay unknown."""

from pathlib import Path

import pytest
from request_logs import ROWS, csv_text, json_lines, read_text

from calculators.logs.request_checks import check_totals
from calculators.logs.request_file import LogError
from calculators.logs.request_log import UsageSummary

GOOD = {"n": 2, "input": 5, "output": 5, "start": 0, "end": 1}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n": 0}, "no usable request left \\(failed requests: 3\\)"),
        ({"input": 0, "output": 0}, "all token counts are 0"),
        ({"n": 1, "end": 0}, "a single request, so no rate"),
        ({"end": 0}, "a single moment for all requests"),
    ],
)
def test_totals_that_say_nothing_are_refused(wrong: dict[str, int], words: str) -> None:
    check_totals("log.csv", GOOD, {})
    with pytest.raises(LogError, match=words):
        check_totals("log.csv", GOOD | wrong, {"failed requests": 3})


@pytest.mark.parametrize(
    ("time", "words"),
    [("2030-01-01T00:00:00Z", "lies in the future"), ("2009-01-01T00:00:00Z", "lies before 2015")],
)
def test_a_clock_that_cannot_be_right_is_refused(tmp_path: Path, time: str, words: str) -> None:
    with pytest.raises(LogError, match=f"data row 4.*{words}"):
        read_text(tmp_path, csv_text([*ROWS, f"{time},1,1"]))


def test_a_format_without_cache_writes_leaves_them_unknown(tmp_path: Path) -> None:
    def answer(minute: int) -> dict[str, object]:
        counts = {"promptTokenCount": 100, "cachedContentTokenCount": 40, "candidatesTokenCount": 5 + minute}
        return {
            "logging_time": f"2026-10-05T09:0{minute}:00Z",
            "full_response": {"usageMetadata": counts | {"totalTokenCount": 105 + minute}},
        }

    summary: UsageSummary = read_text(tmp_path, json_lines([answer(minute) for minute in range(3)]), "log.jsonl")
    assert (summary.cached_frac, summary.cache_write_frac) == (0.4, None)


def test_cache_columns_beside_columns_of_prefill_and_decode_are_read(tmp_path: Path) -> None:
    header = "request_id,arrived_at,num_prefill_tokens,num_decode_tokens,cache_read_input_tokens"
    rows = [f"r{minute},2026-10-05T09:0{minute}:00Z,100,{5 + minute},40" for minute in range(3)]
    assert read_text(tmp_path, csv_text(rows, header)).cached_frac == 0.4
