"""The error file that the Batch APIs write beside the output file: failed requests, none of which used a token."""

import json
from pathlib import Path

from calculators.logs.log_bytes import START_BYTES

MAX_BATCH_LINE_CHARS = 2_000_000
FIRST_BAD_STATUS = 400
"""HTTP statuses from here on are failures."""


def failed_request_count(path: Path) -> int:
    """How many requests of a batch the file holds if all of them failed; 0 for any other file."""
    try:
        with path.open("rb") as file:
            if b'"custom_id"' not in file.read(START_BYTES):
                return 0
        count = 0
        with path.open(encoding="utf-8") as text:
            while line := text.readline(MAX_BATCH_LINE_CHARS):
                if not line.strip():
                    continue
                if not _is_failed(json.loads(line)):
                    return 0
                count += 1
    except (OSError, ValueError):
        return 0
    return count


def _is_failed(record: object) -> bool:
    if not isinstance(record, dict) or "custom_id" not in record:
        return False
    response = record.get("response")
    if not isinstance(response, dict):
        return bool(record.get("error"))
    body, status = response.get("body"), response.get("status_code")
    is_bad = bool(record.get("error")) or (isinstance(status, int) and status >= FIRST_BAD_STATUS)
    return is_bad and not (isinstance(body, dict) and body.get("usage"))
