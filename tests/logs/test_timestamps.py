"""Times as logs write them."""

import pytest

from calculators.errors import DataError
from calculators.logs.timestamps import seconds

NOON = 1_793_534_400.0  # 2026-11-01T12:00:00Z


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-01T12:00:00Z",
        "2026-11-01 12:00:00",
        "2026-11-01T13:00:00+01:00",
        1_793_534_400,
        "1793534400",
        1_793_534_400_000,
        1_793_534_400_000_000,
        1_793_534_400_000_000_000,
    ],
)
def test_one_moment_however_it_is_written(value: object) -> None:
    assert seconds(value, "line 1") == NOON


@pytest.mark.parametrize(
    "value", ["yesterday", float("nan"), "nan", float("inf"), -1, True, None, [1], 10**400, "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_time_is_refused_without_repeating_it(value: object) -> None:
    with pytest.raises(DataError, match=r"^line 7: timestamp: not a time"):
        seconds(value, "line 7: timestamp")
