"""24 invented requests, 22 good and 2 failed, and what every export of them must say."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_reading import UsageReading

NOW = datetime(2026, 11, 23, tzinfo=UTC)
INPUT_TOK, OUTPUT_TOK, READ_TOK, WRITE_TOK = 100_985, 9_848, 22_656, 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; `input_tok` and `output_tok` are all of it."""

    id: str
    time_ms: int
    duration_ms: int
    http_code: int
    model: str
    uncached_tok: int
    read_tok: int
    write_tok: int
    visible_tok: int
    reasoning_tok: int

    @property
    def ok(self) -> bool:
        return self.http_code == 200

    @property
    def input_tok(self) -> int:
        return self.uncached_tok + self.read_tok + self.write_tok

    @property
    def output_tok(self) -> int:
        return self.visible_tok + self.reasoning_tok

    @property
    def total_tok(self) -> int:
        return self.input_tok + self.output_tok

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=self.time_ms)

    @property
    def iso(self) -> str:
        return f"{self.moment:%Y-%m-%dT%H:%M:%S}.{self.time_ms % 1_000:03}Z"


_FIGURES = (
    (1791190922851, 11131, 429, "claude-sonnet-4-5", 1856, 0, 1024, 0, 0),
    (1791191043071, 5300, 200, "claude-sonnet-4-5", 2014, 2048, 0, 300, 0),
    (1791191046796, 10723, 200, "claude-sonnet-4-5", 2520, 896, 0, 619, 0),
    (1791191287036, 1373, 200, "gpt-4.1", 8956, 0, 0, 46, 23),
    (1791191347981, 7000, 200, "claude-sonnet-4-5", 5066, 0, 0, 400, 0),
    (1791191398579, 7578, 200, "gpt-4.1", 6811, 0, 0, 290, 144),
    (1791191683866, 7255, 200, "gpt-4.1", 2068, 0, 0, 277, 138),
    (1791191766137, 13477, 200, "claude-sonnet-4-5", 7018, 0, 0, 781, 0),
    (1791192518949, 3991, 200, "gpt-4.1", 576, 0, 0, 223, 0),
    (1791192714655, 9312, 200, "claude-sonnet-4-5", 3500, 0, 0, 536, 0),
    (1791192880322, 12593, 200, "gpt-4.1", 1663, 0, 0, 729, 0),
    (1791193010344, 12032, 200, "claude-sonnet-4-5", 480, 3072, 0, 696, 0),
    (1791193078416, 11675, 200, "claude-sonnet-4-5", 6768, 0, 1024, 675, 0),
    (1791193285145, 8054, 200, "gpt-4.1", 1842, 0, 0, 308, 154),
    (1791193524015, 5691, 200, "gpt-4.1", 1727, 0, 0, 323, 0),
    (1791193875725, 8462, 500, "claude-sonnet-4-5", 1157, 0, 0, 0, 0),
    (1791194408605, 5963, 200, "gpt-4.1", 7901, 0, 0, 339, 0),
    (1791194510669, 7170, 200, "gpt-4.1", 474, 512, 0, 410, 0),
    (1791194960875, 8139, 200, "claude-sonnet-4-5", 6905, 0, 1024, 467, 0),
    (1791196226087, 353, 200, "gpt-4.1", 1151, 3968, 0, 6, 3),
    (1791197296190, 10961, 200, "claude-sonnet-4-5", 2974, 5120, 0, 633, 0),
    (1791197385524, 3498, 200, "gpt-4.1", 3411, 0, 0, 194, 0),
    (1791197432911, 9652, 200, "claude-sonnet-4-5", 1785, 0, 0, 556, 0),
    (1791197819946, 10026, 200, "gpt-4.1", 671, 7040, 0, 386, 192),
)
CALLS = tuple(
    Call(
        id=f"call_{number}",
        time_ms=figures[0],
        duration_ms=figures[1],
        http_code=figures[2],
        model=figures[3],
        uncached_tok=figures[4],
        read_tok=figures[5],
        write_tok=figures[6],
        visible_tok=figures[7],
        reasoning_tok=figures[8],
    )
    for number, figures in enumerate(_FIGURES)
)
GOOD = tuple(call for call in CALLS if call.ok)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def lines(objects: Iterable[Any]) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in objects)


def read_files(folder: Path, *contents: str | bytes, answers: UsageAnswers | None = None) -> UsageReading:
    """The reading of files with these contents."""
    paths = [folder / f"export{number}" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_usage(paths, answers, now=NOW)


def sums(reading: UsageReading) -> tuple[float | None, int | None, int | None]:
    """Requests, input and output."""
    return reading.requests, reading.input_tok, reading.output_tok


ALL = (22, INPUT_TOK, OUTPUT_TOK)
