"""Records of pricing_data/seller_speeds.yaml: how fast API sellers answered and how long they were up, as others publish it."""

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
        if self.ttft_s is None and self.output_tok_s is None:
            raise ValueError(f"{where}: no figure is given; leave the row out")
        if self.ttft_p95_s is not None and (self.ttft_s is None or self.ttft_p95_s < self.ttft_s):
            raise ValueError(f"{where}: ttft_p95_s must not be below the median, ttft_s")
        return self


class SellerUptime(Sourced):
    """Uptime of a seller's API over a period, as its status page or a monitor publishes it: no promise."""

    provider: Id
    uptime_frac: Fraction
    """Of the API as a whole; where only models are published, of the best one."""
    worst_model_frac: Fraction | None = None
    """Of the model that was down the longest, where models are published one by one."""
    since: date | None
    """The first day that it covers; None: not published."""
    seen: date
    """The last day that it covers."""
    note: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "SellerUptime":
        if self.since is not None and self.since > self.seen:
            raise ValueError(f"{self.provider}: since, {self.since}, must not be after seen, {self.seen}")
        if self.worst_model_frac is not None and self.worst_model_frac > self.uptime_frac:
            raise ValueError(f"{self.provider}: worst_model_frac must not be above uptime_frac")
        return self


class SellerSpeeds(SourcedFile):
    """Records of seller_speeds.yaml; what is not there is not known."""

    speeds: tuple[SellerSpeed, ...] = ()
    uptimes: tuple[SellerUptime, ...] = ()

    @cached_property
    def by_product(self) -> Mapping[tuple[str, str], SellerSpeed]:
        """By provider and model id."""
        return {(speed.provider, speed.model): speed for speed in self.speeds}

    @cached_property
    def uptime_by_provider(self) -> Mapping[str, SellerUptime]:
        return {uptime.provider: uptime for uptime in self.uptimes}

    @model_validator(mode="after")
    def _distinct(self) -> "SellerSpeeds":
        speeds = [f"{speed.provider} {speed.model}" for speed in self.speeds]
        for name, keys in (("speeds", speeds), ("uptimes", [uptime.provider for uptime in self.uptimes])):
            twice = sorted({key for key in keys if keys.count(key) > 1})
            if twice:
                raise ValueError(f"{name}: listed twice: {', '.join(twice)}; keep the newer one")
        return self
