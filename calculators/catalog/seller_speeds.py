"""Record of pricing_data/seller_speeds.yaml: how fast API sellers answered, as public monitors print it."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator

from calculators.catalog.base import Fraction, Id, Positive, PositiveCount, Sourced, SourcedFile


class SellerSpeed(Sourced):
    """Published medians of one model at one seller, of other people's requests. None: not published."""

    provider: Id
    model: Annotated[str, Field(max_length=200)]
    ttft_s: Positive | None
    """Time to the first token."""
    ttft_p95_s: Positive | None = None
    output_tok_s: Positive | None
    """Of one request, after the first token."""
    uptime_frac: Fraction | None
    prompt_tok: PositiveCount | None
    """Mean prompt of the requests that were measured."""
    seen: date
    """The last day that the medians cover."""

    @property
    def tpot_ms(self) -> float | None:
        """Time per output token."""
        return None if self.output_tok_s is None else 1000 / self.output_tok_s

    @model_validator(mode="after")
    def _says_something(self) -> "SellerSpeed":
        where = f"{self.provider} {self.model}"
        if self.ttft_s is None and self.output_tok_s is None and self.uptime_frac is None:
            raise ValueError(f"{where}: no figure is given; leave the row out")
        if self.ttft_p95_s is not None and (self.ttft_s is None or self.ttft_p95_s < self.ttft_s):
            raise ValueError(f"{where}: ttft_p95_s must not be below the median, ttft_s")
        return self


class SellerSpeeds(SourcedFile):
    """Records of seller_speeds.yaml; what is not there is not known."""

    speeds: tuple[SellerSpeed, ...] = ()

    @cached_property
    def by_product(self) -> Mapping[tuple[str, str], SellerSpeed]:
        """By provider and model id."""
        return {(speed.provider, speed.model): speed for speed in self.speeds}

    @model_validator(mode="after")
    def _distinct(self) -> "SellerSpeeds":
        keys = [(speed.provider, speed.model) for speed in self.speeds]
        twice = sorted({f"{provider} {model}" for provider, model in keys if keys.count((provider, model)) > 1})
        if twice:
            raise ValueError(f"speeds: listed twice: {', '.join(twice)}; keep the newer one")
        return self
