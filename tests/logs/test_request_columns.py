"""Columns known by name."""

from pathlib import Path

import pytest
from request_logs import HEADER, ROWS, csv_text, read_text, write

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
