"""What the user measured, and what the product requires."""

import pytest
from pydantic import ValidationError

from calculators.scenario.evidence import Evidence


def test_what_nobody_said_is_not_known() -> None:
    assert set(Evidence().model_dump(exclude={"api_latency_source"}).values()) == {None}


@pytest.mark.parametrize("changes", [{"needed_uptime_frac": 1.0}, {"api_uptime_frac": 1.2}, {"api_ttft_p95_ms": 0.0}])
def test_what_cannot_be_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Evidence(**changes)
