"""The ranges of the traffic in words."""

from dataclasses import dataclass

from calculators.scenario.schema import Workload
from calculators.scenario.traffic_range import EXACT, TOLD_RATIO, lengths_ratio, peak_ratios, volume_ratios
from calculators.units import count, signed_percent, significant


@dataclass(frozen=True, slots=True)
class RangeWords:
    """The range of each figure; empty where it has none."""

    volume: str = ""
    lengths: str = ""
    peak: str = ""
    growth: str = ""


def traffic_range_words(workload: Workload) -> RangeWords:
    """The ranges of requests per month, mean token lengths, peak and monthly growth."""
    low, high = (count(ratio * workload.requests_per_month) for ratio in volume_ratios(workload))
    least, most = workload.peak_range
    off, growths = lengths_ratio(workload), workload.growth_range
    return RangeWords(
        volume="" if low == high else f"{low} to {high}",
        lengths="" if off < TOLD_RATIO else f"within a factor of {significant(off)}",
        peak="" if peak_ratios(workload) == EXACT else f"{significant(least)} to {significant(most)}",
        growth=" to ".join(map(signed_percent, growths)) if growths[0] < growths[1] else "",
    )


def in_brackets(words: str) -> str:
    """A range behind its figure; nothing for no range."""
    return f" ({words})" if words else ""
