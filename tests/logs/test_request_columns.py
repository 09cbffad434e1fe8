"""Columns known by name."""

from pathlib import Path

import pytest
from request_logs import HEADER, ROWS, csv_text, read_text, write

from calculators.logs.request_columns import fitting_columns, matching_columns
from calculators.logs.request_mapping import guess_columns


def test_openrouter(tmp_path: Path) -> None:
    header = "generation_id,created_at,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,cancelled"
    rows = [f"g{minute},2026-10-05 09:0{minute}:00.851,160,7,3,50,false" for minute in (3, 4)]
    found = read_text(tmp_path, csv_text([*rows, "g9,2026-10-05 09:09:00.000,1,0,0,0,true"], header))
    assert (found.used_row_count, found.input_tok.mean_tok, found.output_tok.mean_tok) == (2, 160, 7)
    assert found.cached_frac == pytest.approx(50 / 160)
    assert found.dropped == (("failed requests", 1),)


def test_litellm_reads_metadata_and_leaves_out_its_own_cache(tmp_path: Path) -> None:
    header = "request_id,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,metadata,cache_hit,status"
    cell = '"{""usage_object"": {""prompt_tokens"": 160, ""prompt_tokens_details"": {""cached_tokens"": 50}}}"'
    rows = [
        f"l{minute},167,160,7,2026-10-05 09:0{minute}:00.851,2026-10-05 09:09:00,{cell},{hit},{status}"
        for minute, hit, status in (
            (2, "True", "success"),
            (3, "False", "success"),
            (4, "", "success"),
            (5, "", "failure"),
        )
    ]
    found = read_text(tmp_path, csv_text(rows, header))
    assert (found.used_row_count, found.input_tok.mean_tok, found.cached_frac) == (2, 160, 50 / 160)
    assert dict(found.dropped) == {"failed requests": 1, "served from the gateway cache": 1}


def test_competing_columns_are_not_sure(tmp_path: Path) -> None:
    guess = guess_columns(write(tmp_path, csv_text([f"{row},7" for row in ROWS], f"{HEADER},prompt_tokens")))
    assert not guess.sure
    assert "could be the input" in guess.reason
    guess = guess_columns(write(tmp_path, csv_text(ROWS, "timestamp,foo,output_tokens")))
    assert not guess.sure
    assert "No column looks like the input" in guess.reason


def _statuses(*cells: str) -> list[str]:
    return [match.column for match in fitting_columns("status", ("reply",), [{"reply": cell} for cell in cells])]


def test_a_column_of_http_statuses_is_known_by_its_cells() -> None:
    assert _statuses("HTTP 200", "HTTP 503") == _statuses("200", "429", "") == _statuses("200 OK") == ["reply"]
    assert _statuses("200", "400") == _statuses("200", "1024", "429") == _statuses("thanks", "HTTP 200") == []


def test_a_time_in_utc_is_taken_before_a_local_one() -> None:
    def times(*columns: str) -> list[str]:
        return [match.column for match in matching_columns("time", columns)]

    assert times("timestamp_local", "timestamp_utc") == times("timestamp", "timestamp_utc") == ["timestamp_utc"]
    assert times("created_at", "timestamp_utc") == ["timestamp_utc", "created_at"]
    assert times("timestamp_local") == ["timestamp_local"]


def test_cached_tokens_in_other_languages_are_a_part_as_in_english() -> None:
    assert [matching_columns("cache_read", [name])[0].name for name in ("Jetons en cache", "cache_tokens_read")] == [
        "cachedtokens",
        "",
    ]
