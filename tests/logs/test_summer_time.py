"""Local times at a change of the clocks."""

from datetime import datetime

from calculators.logs.summer_time import local_time_note, order_note


def test_an_hour_that_comes_twice_or_is_missing_is_local_time() -> None:
    """Europe goes back on 2026-10-25 from 3 to 2 and North America on 2026-11-01 from 2 to 1; Europe ahead on 2026-03-29."""
    even, doubled, missing = [1] * 240, [1] * 60 + [2] * 60 + [1] * 120, [1] * 60 + [0] * 60 + [1] * 120
    autumn, west, spring = datetime(2026, 10, 25, 1), datetime(2026, 11, 1), datetime(2026, 3, 29, 1)
    assert local_time_note(autumn, even) is None
    assert "2026-10-25 02:00 comes twice" in str(local_time_note(autumn, doubled))
    assert "2026-11-01 01:00 comes twice" in str(local_time_note(west, doubled))
    assert "2026-03-29 02:00 is missing" in str(local_time_note(spring, missing))
    assert local_time_note(datetime(2026, 10, 24, 1), doubled) is None


def test_one_jump_back_within_the_doubled_hour_is_local_time_too() -> None:
    times = ["2026-10-25 01:50:00", "2026-10-25 02:56:00", "2026-10-25 02:02:00", "2026-10-25 03:10:00"]
    american = ["11/01/2026 1:50 AM", "11/01/2026 1:05 AM", "11/01/2026 12:10 PM"]
    assert all("comes twice" in str(order_note(rows, False)) for rows in (times, times[::-1], american))
    assert "comes twice" in str(order_note(["25.10.2026, 02:50", "25.10.2026, 02:10", "25.10.2026, 03:10"], True))
    assert order_note([text.replace("-25", "-24") for text in times], False) is None
    assert order_note([*times, times[0]], False) is None
