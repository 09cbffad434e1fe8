"""Roles of the columns."""

from pathlib import Path

import pytest
from request_logs import HEADER, NOW, ROWS, csv_text, json_lines, read_text, write

from calculators.logs.request_file import LogError
from calculators.logs.request_log import read_log

VERTEX = [
    {
        "logging_time": f"2026-10-05T09:0{minute}:00.123Z",
        "full_response": {"usageMetadata": {"promptTokenCount": 160, "cachedContentTokenCount": 50, **output}},
    }
    for minute, output in ((3, {"candidatesTokenCount": 5, "thoughtsTokenCount": 2}), (4, {"thoughtsTokenCount": 7}))
]


def test_given_roles_replace_the_guess(tmp_path: Path) -> None:
    path = write(tmp_path, json_lines(VERTEX), "log.jsonl")
    usage = "full_response.usageMetadata"
    roles = {"time": "logging_time", "input": f"{usage}.promptTokenCount", "output": f"{usage}.thoughtsTokenCount"}
    found = read_log(path, name="mine", role_of=roles, now=NOW)
    assert (found.name, found.output_tok.mean_tok, found.cached_frac) == ("mine", 4.5, 50 / 160)
    assert read_log(path, role_of={**roles, "cache_read": ""}, now=NOW).cached_frac is None
    with pytest.raises(LogError, match="no column"):
        read_log(path, role_of={**roles, "input": "nothing"}, now=NOW)


def test_input_excludes_cache_can_be_given(tmp_path: Path) -> None:
    text = csv_text([f"{row},50" for row in ROWS], f"{HEADER},cached_tokens")
    assert read_text(tmp_path, text).input_tok.mean_tok == 200
    assert read_text(tmp_path, text, input_excludes_cache=True).input_tok.mean_tok == 250
    more = text.replace(",50", ",500")
    assert read_text(tmp_path, more).input_tok.mean_tok == 700
    with pytest.raises(LogError, match="less than the cached tokens"):
        read_text(tmp_path, more, input_excludes_cache=False)
