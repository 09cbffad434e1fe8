"""The peak of a week from less, worked out by hand."""

from dataclasses import replace
from math import exp, hypot, log, sqrt

import pytest

from calculators.logs.peak_estimate import WEEK_S, SeenPeak, peak_estimate

SEEN = SeenPeak(ratio=1.19, hour_ratio=1.0, window_s=60, span_s=1_200, rate_req_s=40)


@pytest.mark.parametrize(
    ("rate_req_s", "low", "central", "high"),
    [(40, 1.6, 2.0, 3.0), (5, 3.1, 4.5, 9.5), (0.3, 3.5, 10, 27)],
)
def test_a_short_log_is_scaled_by_the_rhythm_of_its_size(
    rate_req_s: float, low: float, central: float, high: float
) -> None:
    estimate = peak_estimate(replace(SEEN, rate_req_s=rate_req_s))
    chance = exp(1.96 / sqrt(1.19 * rate_req_s * 60))  # of the requests in the busiest minute
    below, above = (exp(hypot(log(chance), log(end / central))) for end in (low, high))
    ratios = (estimate.low_ratio, estimate.central_ratio, estimate.high_ratio)
    assert ratios == pytest.approx([1.19 * central / below, 1.19 * central, 1.19 * central * above])
    assert estimate.basis == "assumed"


def test_a_busiest_minute_of_three_requests_may_be_chance() -> None:
    few = peak_estimate(SeenPeak(ratio=16, hour_ratio=16, window_s=60, span_s=WEEK_S, rate_req_s=3 / 16 / 60))
    assert few.high_ratio / few.central_ratio == pytest.approx(exp(1.96 / sqrt(3)))
    assert few.central_ratio / few.low_ratio == pytest.approx(exp(1.96 / sqrt(3)))
    many = peak_estimate(SeenPeak(ratio=16, hour_ratio=16, window_s=60, span_s=WEEK_S, rate_req_s=100))
    assert many.high_ratio == pytest.approx(16, rel=0.01)


def test_a_rhythm_that_the_log_shows_is_not_counted_twice() -> None:
    """Three days with a busiest hour of 2.5 times the mean, and a minute of 1.2 times that hour: 3, more than 1.2 x 2."""
    estimate = peak_estimate(replace(SEEN, ratio=3.0, hour_ratio=2.5, span_s=3 * 86_400))
    assert (estimate.low_ratio, estimate.central_ratio) == (pytest.approx(3, rel=0.03), pytest.approx(3))
    assert estimate.high_ratio == pytest.approx(1.2 * 3, rel=0.01)


def test_a_week_of_minutes_is_measured() -> None:
    estimate = peak_estimate(replace(SEEN, ratio=4.0, hour_ratio=3.0, span_s=WEEK_S))
    assert (estimate.central_ratio, estimate.basis) == (4, "measured")
    assert (estimate.low_ratio, estimate.high_ratio) == pytest.approx((4, 4), rel=0.03)


def test_hours_are_a_lower_bound_of_the_minute() -> None:
    week = peak_estimate(replace(SEEN, ratio=3.0, hour_ratio=3.0, window_s=3_600, span_s=WEEK_S))
    assert week.central_ratio == pytest.approx(3 * 1.17)
    short = peak_estimate(replace(SEEN, ratio=1.27, hour_ratio=1.27, window_s=3_600, span_s=7_200))
    assert short.central_ratio == pytest.approx(2.0 * 1.17)


def test_days_say_nothing_of_the_hours() -> None:
    week = peak_estimate(replace(SEEN, ratio=1.3, hour_ratio=1.3, window_s=86_400, span_s=WEEK_S))
    assert week.central_ratio == pytest.approx(1.3 * 2.0)
    day = peak_estimate(replace(SEEN, ratio=1.0, window_s=86_400, span_s=86_400))
    month = peak_estimate(replace(SEEN, ratio=1.0, window_s=30 * 86_400, span_s=30 * 86_400))
    assert day.central_ratio == month.central_ratio == pytest.approx(1.4 * 2.0)
    assert month.basis == "assumed"
