"""What a file of usage says: requests, tokens, period, models and spend, and what it leaves open.

One record for every kind of file, so that command line, page and tests read the same. Tokens are sums over the file.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from calculators.logs.load_series import LoadSeries
from calculators.logs.request_log import UsageSummary
from calculators.logs.usage_questions import UsageQuestion
from calculators.logs.usage_share import UsageShare

ReadingKind = Literal["requests", "aggregate", "lengths", "rates"]


@dataclass(frozen=True, slots=True)
class UsageReading:
    """A file of usage, read. `input_tok` is all input, cached and written included; `output_tok` includes reasoning; None
    is unknown, never zero."""

    kind: ReadingKind
    name: str
    requests: float | None
    input_tok: int | None
    cache_read_tok: int | None
    cache_write_tok: int | None
    output_tok: int | None
    start: datetime | None
    end: datetime | None
    models: tuple[UsageShare, ...] = ()
    groups: Mapping[str, tuple[UsageShare, ...]] = field(default_factory=dict)
    """As `models`, by team, project, workspace, key, app and endpoint, those that the file names."""
    series: LoadSeries | None = None
    """Load over time; None for a file without times."""
    spend_usd: float | None = None
    read: tuple[str, ...] = ()
    """What was read, as sentences."""
    inferred: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    questions: tuple[UsageQuestion, ...] = ()
    """Empty when nothing is in doubt."""
    summary: UsageSummary | None = None
    """Lengths, peaks and arrivals, of a log of requests only."""
    seller: str = ""
    """Who sold the tokens, as price lists name it; empty where the file does not say."""
    bill_span_s: float | None = None
    """Period of the spend, where a bill of its own gave it."""
    bill_name: str = ""
    """The file of that bill."""
    bill_seller: str = ""
    """Whose bill it is, as `seller`."""

    @property
    def is_bill(self) -> bool:
        """Whether the file holds money and no tokens."""
        return self.input_tok is None and self.spend_usd is not None

    @property
    def spend_span_s(self) -> float | None:
        """Period in which `spend_usd` was spent; None where it is not known."""
        if self.bill_span_s is not None or self.start is None or self.end is None:
            return self.bill_span_s
        return self.summary.span_s if self.summary else (self.end - self.start).total_seconds()

    def to_json(self) -> dict[str, Any]:
        """Plain values for other programs."""
        return {
            "kind": self.kind,
            "name": self.name,
            "requests": self.requests,
            "input_tok": self.input_tok,
            "cache_read_tok": self.cache_read_tok,
            "cache_write_tok": self.cache_write_tok,
            "output_tok": self.output_tok,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "models": [_plain_share(share, "model") for share in self.models],
            "groups": {group: [_plain_share(share, "value") for share in self.groups[group]] for group in self.groups},
            "series": None if self.series is None else asdict(self.series) | {"start": self.series.start.isoformat()},
            "spend_usd": self.spend_usd,
            "read": list(self.read),
            "inferred": list(self.inferred),
            "assumed": list(self.assumed),
            "missing": list(self.missing),
            "questions": [{"text": q.text, "answers": list(q.answers), "option": q.option} for q in self.questions],
        }


def _plain_share(share: UsageShare, name: str) -> dict[str, Any]:
    """The figures of a share, its value under this name."""
    figures = asdict(share)
    return {name: figures.pop("value")} | figures
