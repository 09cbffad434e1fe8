"""Request logs written for a test, and read back."""

import json
from datetime import UTC, datetime
from pathlib import Path

from calculators.logs.request_log import UsageSummary, read_log

NOW = datetime(2026, 11, 23, tzinfo=UTC)


CANARY = "CANARY-my-secret-prompt"


HEADER = "timestamp,input_tokens,output_tokens"


ROWS = ["2026-10-05T09:00:00Z,100,10", "2026-10-05T09:00:30Z,300,30", "2026-10-05T09:10:00Z,200,0"]


def write(folder: Path, content: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def csv_text(rows: list[str], header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def json_lines(objects: list[dict[str, object]]) -> str:
    return "".join(json.dumps(item) + "\n" for item in objects)


def read_text(folder: Path, content: str | bytes, name: str = "log.csv", **options: object) -> UsageSummary:
    return read_log(write(folder, content, name), now=NOW, **options)  # type: ignore[arg-type]


def input_sum_tok(summary: UsageSummary) -> float:
    return summary.input_tok.mean_tok * summary.used_row_count
