"""Records of pricing_data/load_peaks.yaml: how load spreads over a week, by size of the service."""

from functools import cache

from pydantic import Field, model_validator

from calculators.catalog.base import NotNegative, Range, Record, SourcedFile
from calculators.catalog.load import ROOT, load_sourced


class SizePeaks(Record):
    """Ratios of services from this mean rate on."""

    at_least_req_s: NotNegative
    hour_over_mean: Range
    """Busiest hour of a week over its mean hour."""
    day_over_mean: Range
    minute_over_hour: Range
    """Busiest minute of a week over its busiest hour."""
    minute_over_day: Range


class LoadPeaks(SourcedFile):
    """Records of load_peaks.yaml, the largest services first."""

    by_size: tuple[SizePeaks, ...] = Field(min_length=1)
    month_over_hour: Range
    """Mean rate of a week over the rate of one of its hours: the uncertainty of a month's volume from a short log."""
    month_over_workday_hour: Range
    month_over_weekend_hour: Range
    input_spread: Range
    """95th percentile over mean of lengths, where a file gives the mean alone."""
    output_spread: Range

    @model_validator(mode="after")
    def _falls_to_zero(self) -> "LoadPeaks":
        rates = [size.at_least_req_s for size in self.by_size]
        if rates != sorted(rates, reverse=True) or rates[-1] != 0:
            raise ValueError("by_size needs falling rates, the last one 0")
        return self

    def of_rate(self, rate_req_s: float) -> SizePeaks:
        """Ratios of a service with this mean rate."""
        return next(size for size in self.by_size if rate_req_s >= size.at_least_req_s)


@cache
def load_peaks() -> LoadPeaks:
    """Contents of pricing_data/load_peaks.yaml. Raises DataError naming file and line."""
    return load_sourced(ROOT / "pricing_data/load_peaks.yaml", LoadPeaks)
