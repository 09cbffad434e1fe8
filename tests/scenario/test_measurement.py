"""A benchmark of the user's own server has at least one speed."""

from typing import Any

import pytest

from calculators.errors import DataError
from calculators.scenario.measurement import parse_measurement

RUN: dict[str, Any] = {"source": "run.json", "model": "llama-3.3-70b", "gpu": "h100-sxm", "precision": "fp8"}
RUN |= {"input_tok": 1000, "output_tok": 200, "concurrency_count": 8}


def test_one_speed_is_enough_and_none_is_refused() -> None:
    assert parse_measurement({**RUN, "tpot_ms": 20}).tpot_ms == 20
    with pytest.raises(DataError, match="neither TTFT, TPOT nor output throughput"):
        parse_measurement(RUN)


def test_a_wrong_value_is_named_by_its_label() -> None:
    with pytest.raises(DataError, match="TPOT, mean"):
        parse_measurement({**RUN, "tpot_ms": -1})
