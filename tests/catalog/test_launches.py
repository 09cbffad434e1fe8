"""What engines lose as they ship, by vendor and engine."""

import pytest
from pydantic import ValidationError

from calculators.catalog.catalog import Catalog
from calculators.catalog.launches import LaunchSpeed


def test_each_launch_speed_is_below_a_tuned_one_and_inside_its_range(live_catalog: Catalog) -> None:
    for one in live_catalog.launches.as_shipped:
        assert 0 < one.low <= one.central <= one.high <= 1
        assert one.source in live_catalog.launches.sources


def test_amd_loses_more_than_nvidia_and_what_is_not_known_runs_as_modeled(live_catalog: Catalog) -> None:
    launches, gpu = live_catalog.launches, live_catalog.gpu
    nvidia, amd = launches.of("vllm", gpu("h100-sxm")), launches.of("vllm", gpu("mi300x"))
    assert nvidia is not None
    assert amd is not None
    assert amd.central < nvidia.central
    assert amd.high / amd.low > nvidia.high / nvidia.low
    assert launches.of("deepspeed", gpu("h100-sxm")) is None


def test_a_range_that_does_not_hold_its_centre_is_refused() -> None:
    row = {
        "vendor": "nvidia",
        "engines": ["vllm"],
        "source": "s",
        "confidence": "low",
        "what": "w",
        "whole_from_batch": 1,
    }
    with pytest.raises(ValidationError, match="must ascend"):
        LaunchSpeed.model_validate({**row, "low": 0.9, "central": 0.8, "high": 1.0})
