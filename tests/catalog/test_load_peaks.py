"""How load spreads over a week, by size."""

import pytest
from pydantic import ValidationError

from calculators.catalog.load_peaks import LoadPeaks, load_peaks


@pytest.mark.parametrize(("rate_req_s", "hour"), [(1_000, 2.0), (30, 2.0), (29.9, 4.5), (3, 4.5), (2.9, 10), (0, 10)])
def test_a_smaller_service_has_the_higher_peak(rate_req_s: float, hour: float) -> None:
    assert load_peaks().of_rate(rate_req_s).hour_over_mean.central == hour


def test_the_sizes_fall_to_zero() -> None:
    plain = load_peaks().model_dump()
    with pytest.raises(ValidationError, match="falling rates, the last one 0"):
        LoadPeaks.model_validate({**plain, "by_size": plain["by_size"][:-1]})
