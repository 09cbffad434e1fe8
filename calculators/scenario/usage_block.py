"""What a workload file carries of the file that it was made from, besides workload and API: what was read, inferred, assumed
and is missing, load over time, and the split by model, team and key.

Small by its limits, so that a log too large for the page arrives there as a file of some kilobytes, with its charts.
"""

from datetime import datetime
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, model_validator

from calculators.catalog.base import Record
from calculators.units import printable

MAX_SENTENCES = 200
MAX_SENTENCE_CHARS = 1_000
MAX_SERIES_POINTS = 1_000
MAX_SPLIT_VALUES = 60
MAX_VALUE_CHARS = 300
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Sentences = Annotated[tuple[Annotated[str, Field(max_length=MAX_SENTENCE_CHARS)], ...], Field(max_length=MAX_SENTENCES)]
Number = Annotated[int | float, Field(ge=0, lt=1e18)]
Amounts = Annotated[tuple[Number, ...], Field(min_length=1, max_length=MAX_SERIES_POINTS)] | None
Amount = Number | None
Dollars = Annotated[int | float, Field(gt=-1e18, lt=1e18)]


class UsageSeries(Record):
    """Amounts of each step from `start` on; None where the file does not have them."""

    start: datetime = Field(title="Start")
    step_s: Annotated[float, Field(gt=0, le=1e9)] = Field(title="Seconds of a step")
    requests: Amounts = Field(None, title="Requests")
    tokens: Amounts = Field(None, title="Tokens")
    spend_usd: Annotated[tuple[Dollars, ...], Field(min_length=1, max_length=MAX_SERIES_POINTS)] | None = Field(
        None, title="Spend"
    )

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        if len({len(values) for values in (self.requests, self.tokens, self.spend_usd) if values is not None}) > 1:
            raise ValueError("requests, tokens and spend need one value for each step; correct their lengths")
        return self


class SplitValue(Record):
    """What one model, team or key was used for. None: not known."""

    value: Annotated[str, Field(max_length=MAX_VALUE_CHARS)] = Field(title="Name")
    requests: Amount = Field(None, title="Requests")
    input_tok: Amount = Field(None, title="Input tokens")
    cache_read_tok: Amount = Field(None, title="Cached input tokens")
    cache_write_tok: Amount = Field(None, title="Cache writes")
    output_tok: Amount = Field(None, title="Output tokens")
    spend_usd: Dollars | None = Field(None, title="Spend")
    input_p95_tok: Amount = Field(None, title="Input tokens, p95")
    output_p95_tok: Amount = Field(None, title="Output tokens, p95")


Split = Annotated[tuple[SplitValue, ...], Field(max_length=MAX_SPLIT_VALUES)]


class RequestLengths(Record):
    """Tokens of one request."""

    mean_tok: Number = Field(title="Mean")
    p50_tok: Number = Field(title="Median")
    p95_tok: Number = Field(title="p95")
    p99_tok: Number = Field(title="p99")
    max_tok: Number = Field(title="Longest")


class WindowPeak(Record):
    """The busiest window over the mean one."""

    window_s: Annotated[int, Field(gt=0)] = Field(title="Seconds of a window")
    ratio: Number = Field(title="Peak-to-average ratio, requests")
    tokens_ratio: Number = Field(title="Peak-to-average ratio, tokens")
    basis: Annotated[str, Field(max_length=20, pattern="^(measured|bounded|assumed)$")] = Field(title="Basis")
    why: Annotated[str, Field(max_length=MAX_SENTENCE_CHARS)] = Field("", title="Details")


class UsageBlock(Record):
    """The `usage:` block of a workload file."""

    read: Sentences = Field((), title="Read")
    inferred: Sentences = Field((), title="Inferred")
    assumed: Sentences = Field((), title="Assumed")
    missing: Sentences = Field((), title="Not in the file")
    series: UsageSeries | None = Field(None, title="Load over time")
    models: Split = Field((), title="Models")
    groups: Annotated[dict[Annotated[str, Field(max_length=20)], Split], Field(max_length=10)] = Field(
        {}, title="Split by team, key and endpoint"
    )
    input_lengths: RequestLengths | None = Field(None, title="Input lengths")
    output_lengths: RequestLengths | None = Field(None, title="Output lengths")
    peaks: Annotated[tuple[WindowPeak, ...], Field(max_length=10)] = Field((), title="Peaks")


def sentences_of(texts: tuple[str, ...]) -> list[str]:
    """Texts as the block takes them: safe to show, and of bounded length and number."""
    return [printable(text, MAX_SENTENCE_CHARS) for text in texts[:MAX_SENTENCES]]


def usage_block_yaml(block: UsageBlock) -> str:
    """The block as text, under the key `usage`; rows and series on lines of their own."""
    plain = block.model_dump(mode="json", exclude_defaults=True)
    if not plain:
        return ""
    text: str = yaml.dump(
        {"usage": plain},
        Dumper=_DUMPER,
        sort_keys=False,
        allow_unicode=True,
        width=120,
        default_flow_style=None,
    )
    return text
