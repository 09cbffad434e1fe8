"""Both pools are charged, and the decode pool is spared the prompts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog import load_catalog
from calculators.disaggregation import PREFILL_BUSY_FRAC, pools
from calculators.machine import Setup, machine
from calculators.throughput import cache_bytes, prefill_s, tpot_s

CATALOG = load_catalog()
M = machine([Setup(CATALOG.model("llama-3.3-70b"), CATALOG.gpu("h100-sxm"), "fp8", 4)], CATALOG)
LINK_BYTES_S = 400e9 / 8


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.floats(0.01, 200), st.floats(100, 20_000), st.floats(10, 1_000))
def test_it_never_costs_fewer_gpus_than_its_two_pools(rate: float, prompt: float, output: float) -> None:
    found = pools(M, 4, rate, prompt, output, 0.05, LINK_BYTES_S)
    assert found is not None
    assert found.gpus == 4 * (found.prefill_replicas + found.decode_replicas)
    assert min(found.prefill_replicas, found.decode_replicas) >= 1
    assert found.prefill_replicas * PREFILL_BUSY_FRAC >= rate * _prefill(prompt) * (1 - 1e-9)


def _prefill(prompt: float) -> float:
    at = np.array([prompt])
    return float(prefill_s(M, np.zeros(1), at, at, at)[0, 0])


def test_tokens_come_faster_than_where_prompts_ride_along() -> None:
    found = pools(M, 4, 20.0, 8_000, 200, 0.05, LINK_BYTES_S)
    assert found is not None
    together = tpot_s(M, np.array([found.batch]), np.array([8_000.0]), np.array([200.0]), np.array([8_000.0]))
    assert found.tpot_s < float(together[0, 0])


def test_the_transfer_is_the_cache_over_the_link() -> None:
    """8,192 tokens of a 70B are 327,680 bytes each: 2.7 GB, 54 ms at 400 Gb/s."""
    found = pools(M, 4, 1.0, 8_192, 200, 0.05, LINK_BYTES_S)
    assert found is not None
    assert float(cache_bytes(M, np.array([8_192.0]))[0, 0]) * 4 == pytest.approx(2.68e9, rel=0.01)
    assert found.transfer_s == pytest.approx(0.0537, rel=0.01)


def test_a_target_no_batch_meets_has_no_pools() -> None:
    assert pools(M, 4, 1.0, 1_000, 200, 1e-5, LINK_BYTES_S) is None
