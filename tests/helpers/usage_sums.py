"""Small invented exports of sums, and their readings."""

import json
from pathlib import Path
from typing import Any

from calculators.logs.aggregate_workload import NO_ANSWERS
from calculators.logs.aggregates import read_aggregate
from calculators.logs.lengths_and_rates import LoadReading
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_tables import UsageTable, usage_tables

DAY_1_S = 1_790_812_800
"""2026-10-01, 00:00 UTC."""


def group(model: str, input_tok: int, output_tok: int, requests: int, **more: Any) -> dict[str, Any]:
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": input_tok,
        "output_tokens": output_tok,
        "num_model_requests": requests,
        "model": model,
        **more,
    }


def page(*days: list[dict[str, Any]], first_day: int = 0, has_more: bool = False) -> dict[str, Any]:
    """A page of OpenAI's usage report with one bucket a day."""
    starts = [DAY_1_S + 86_400 * (first_day + index) for index in range(len(days))]
    buckets = [{"start_time": s, "end_time": s + 86_400, "results": r} for s, r in zip(starts, days, strict=True)]
    return {"object": "page", "data": buckets, "has_more": has_more}


def write(folder: Path, content: Any, name: str = "") -> Path:
    plain = content if isinstance(content, str) else json.dumps(content)
    path = folder / (name or ("export.csv" if isinstance(content, str) else "export.json"))
    path.write_text(plain, encoding="utf-8")
    return path


def first_table(folder: Path, content: Any) -> UsageTable:
    return next(usage_tables(write(folder, content)))


def read(folder: Path, content: Any, answers: UsageAnswers = NO_ANSWERS) -> LoadReading:
    path = write(folder, content)
    reading = read_aggregate(path, path.name, answers)
    assert reading is not None
    return reading


def tokens(reading: LoadReading) -> tuple[int | None, ...]:
    """Input, of it read from and written to a cache, and output."""
    return reading.input_tok, reading.cache_read_tok, reading.cache_write_tok, reading.output_tok
