"""Records of pricing_data/workload_presets.yaml: typical workloads to start from."""

from typing import Annotated

from pydantic import Field

from calculators.catalog.base import Fraction, Id, Positive, Sourced, SourcedFile


class Preset(Sourced):
    """A typical workload, to start from."""

    id: Id
    name: str
    what: str
    requests_per_month: Positive
    input_tok: Positive
    output_tok: Positive
    input_spread_ratio: Annotated[float, Field(ge=1, le=20)]
    """95th percentile over mean of the input length."""
    output_spread_ratio: Annotated[float, Field(ge=1, le=20)]
    cached_frac: Fraction
    shared_hit_frac: Fraction = 0.5
    """Share of the hits in prefixes that many requests have, not a conversation's own."""
    peak_ratio: Annotated[float, Field(ge=1)]
    active_h_per_month: Annotated[float, Field(gt=0, le=730)]
    deferrable_frac: Fraction
    ttft_p95_ms: Positive | None
    tpot_ms: Positive | None


class Presets(SourcedFile):
    """Records of workload_presets.yaml, in the order of the page."""

    presets: tuple[Preset, ...] = Field(min_length=1)
