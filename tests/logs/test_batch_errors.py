"""Error files of batches."""

import json
from pathlib import Path

import pytest

from calculators.logs.batch_errors import failed_request_count

FAILED = {"custom_id": "a", "response": {"status_code": 429, "body": {"error": {"code": "x"}}}, "error": None}
EXPIRED = {"custom_id": "b", "response": None, "error": {"code": "batch_expired"}}
GOOD = {"custom_id": "c", "response": {"status_code": 200, "body": {"usage": {"prompt_tokens": 1}}}, "error": None}


@pytest.mark.parametrize(
    ("records", "count"), [([FAILED, EXPIRED], 2), ([FAILED, GOOD], 0), ([{"custom_id": "d"}], 0), ([{"a": 1}], 0)]
)
def test_a_file_of_failed_requests_alone_is_counted(tmp_path: Path, records: list[object], count: int) -> None:
    path = tmp_path / "errors.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert failed_request_count(path) == count


def test_a_file_that_cannot_be_read_holds_none(tmp_path: Path) -> None:
    assert failed_request_count(tmp_path / "none.jsonl") == 0
    path = tmp_path / "broken.jsonl"
    path.write_text('{"custom_id": ')
    assert failed_request_count(path) == 0
