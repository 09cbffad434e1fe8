"""Canonical rows of a text of documents, for tests."""

import json
from pathlib import Path
from typing import Any

from calculators.logs.documents import FlatLog, flattened

T1, T2 = "2026-10-05T09:00:00Z", "2026-10-05T09:10:00Z"


def flat_log(folder: Path, text: str, name: str = "log.json") -> FlatLog | None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return flattened(path, name)


def flat_rows(folder: Path, content: object, name: str = "log.json") -> list[dict[str, Any]]:
    """Rows of text, or of objects written one a line."""
    lines = content if isinstance(content, list) else [content]
    flat = flat_log(folder, content if isinstance(content, str) else "\n".join(map(json.dumps, lines)), name)
    assert flat is not None
    with flat.file as file:
        file.seek(0)
        return [json.loads(line) for line in file]


def tokens(row: dict[str, Any]) -> tuple[int | None, ...]:
    """All input, output, cache reads, cache writes."""
    return row["input"], row["output"], row["cache_read"], row["cache_write"]


def used(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that are good calls of a model, not answered by a gateway."""
    return [row for row in rows if row["status"] == "ok" and row["kind"] == "GENERATION" and not row["cache_hit"]]
