"""The peak of a whole week from a log that shows less: what was measured within the hour, times what the days add.

Only a week shows the rhythm of days and nights. A shorter log gives the burst within an hour; the busiest hour of the
week over its mean is that of services of its size, or the log's own where that is higher.
"""

from dataclasses import dataclass

from calculators.catalog.load_peaks import load_peaks
from calculators.logs.aggregate_times import DAY_S
from calculators.logs.request_statistics import MINUTE_S
from calculators.scenario.schema import Basis
from calculators.scenario.traffic_range import chance_ratio, joint_ratio
from calculators.units import SECONDS_PER_HOUR, significant

WEEK_S = 7 * 86_400
"""A log that covers a whole week shows the daily and weekly rhythm."""


@dataclass(frozen=True, slots=True)
class PeakEstimate:
    """Busiest minute : mean of a week, with its range and how it was found."""

    low_ratio: float
    central_ratio: float
    high_ratio: float
    basis: Basis
    why: str


@dataclass(frozen=True, slots=True)
class SeenPeak:
    """What a file shows: busiest window : mean window of one width, the same of hours, over a span."""

    ratio: float
    hour_ratio: float
    window_s: float
    span_s: float
    rate_req_s: float
    basis: Basis = "measured"

    @property
    def chance(self) -> float:
        """The factor by which the busiest window may be off by chance, from the requests in it."""
        return chance_ratio(self.ratio * self.rate_req_s * self.window_s)


def peak_estimate(seen: SeenPeak) -> PeakEstimate:
    """The peak to size for. Measured where a week of minutes was seen; else estimated. The range holds chance too."""
    whole_week = seen.span_s >= WEEK_S
    if whole_week and seen.window_s <= MINUTE_S:
        words = "Peak-to-average ratio over at least a week."
        return PeakEstimate(seen.ratio / seen.chance, seen.ratio, seen.ratio * seen.chance, seen.basis, words)
    if seen.window_s > SECONDS_PER_HOUR:
        return _of_days(seen)
    return _of_hours(seen, whole_week)


def _of_hours(seen: SeenPeak, whole_week: bool) -> PeakEstimate:
    size = load_peaks().of_rate(seen.rate_req_s)
    rhythm, within = size.hour_over_mean, size.minute_over_hour
    hours = (
        [seen.hour_ratio] * 3
        if whole_week
        else [max(seen.hour_ratio, r) for r in (rhythm.low, rhythm.central, rhythm.high)]
    )
    if seen.window_s <= MINUTE_S:
        bursts, burst_words = [max(seen.ratio / seen.hour_ratio, 1.0)] * 3, "measured"
    else:
        bursts, burst_words = [within.low, within.central, within.high], "typical of services of this size"
    origin = "measured" if whole_week or seen.hour_ratio >= rhythm.central else "typical of services of this size"
    words = (
        f"Peak-to-average ratio: busiest minute over its hour {significant(bursts[1])} ({burst_words}) times busiest hour over the mean of a week "
        f"{significant(hours[1])} ({origin})"
    )
    return _estimate(bursts, hours, seen.chance, words)


def _of_days(seen: SeenPeak) -> PeakEstimate:
    """From sums of days or longer: a day's peak is a factor of services of this size."""
    size = load_peaks().of_rate(seen.rate_req_s)
    days, within = size.day_over_mean, size.minute_over_day
    shown = seen.span_s >= WEEK_S and seen.window_s <= DAY_S
    ratios = [seen.ratio] * 3 if shown else [max(seen.ratio, r) for r in (days.low, days.central, days.high)]
    bursts = [within.low, within.central, within.high]
    origin = "measured" if shown or seen.ratio >= days.central else "typical of services of this size"
    words = (
        f"Peak-to-average ratio: busiest minute over its day {significant(bursts[1])} (typical of services of this size) times busiest day over the "
        f"mean {significant(ratios[1])} ({origin})"
    )
    return _estimate(bursts, ratios, seen.chance, words)


def _estimate(bursts: list[float], rhythms: list[float], chance: float, words: str) -> PeakEstimate:
    low, central, high = (burst * rhythm for burst, rhythm in zip(bursts, rhythms, strict=True))
    low, high = central / joint_ratio(central / low, chance), central * joint_ratio(high / central, chance)
    span = f"{significant(central)}, range {significant(max(low, 1.0))} to {significant(high)}"
    return PeakEstimate(low, central, high, "assumed", f"{words} = {span}.")
