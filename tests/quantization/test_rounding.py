"""Each format's rounding by hand, and that none invents or loses more than its bits allow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.performance.model_size import LINEAR_BITS
from calculators.quantization.rounding import ROUNDINGS, _e2m1, _e4m3, effective_bits, fp8, int4, int8, mxfp4, nvfp4

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(0, 0.02, (256, 1024)).astype(np.float32)


def db(rule: object, weights: np.ndarray) -> float:
    noise = rule(weights).astype(float) - weights  # type: ignore[operator]
    return float(10 * np.log10((weights.astype(float) ** 2).sum() / (noise**2).sum()))


def test_e4m3_rounds_to_three_bits_of_mantissa_and_ends_at_448() -> None:
    assert _e4m3(np.array([1.0, 1.06, 1.07, 1.9375, 300.0, 500.0, -17.0])).tolist() == [
        *(1.0, 1.0, 1.125, 2.0, 288.0, 448.0, -16.0)
    ]
    assert _e4m3(np.array([2.0**-9, 2.0**-10 * 0.9, 0.0])).tolist() == [2.0**-9, 0.0, 0.0]


def test_e2m1_knows_eight_sizes() -> None:
    assert _e2m1(np.array([0.2, 0.3, 1.3, 2.4, 2.6, 5.1, 9.0, -3.4])).tolist() == [0, 0.5, 1.5, 2, 3, 6, 6, -3]


def test_scales_by_hand() -> None:
    row = np.array([[127.0, 63.4, -1.0, 0.4]], dtype=np.float32)
    assert int8(row).tolist() == [[127.0, 63.0, -1.0, 0.0]]
    assert mxfp4(np.array([[6.0, 3.4, -0.6, 0.1]], dtype=np.float32)).tolist() == [[6.0, 3.0, -0.5, 0.0]]
    assert int4(np.array([[0.0, 15.0, 7.4]], dtype=np.float32)).tolist() == [[0.0, 15.0, 7.0]]
    assert nvfp4(np.array([[6.0, 3.0, 0.5]], dtype=np.float32)) == pytest.approx(np.array([[6.0, 3.0, 0.5]]))


@pytest.mark.parametrize(
    ("rule", "expected"), [(fp8, 31.5), (int8, 42), (int4, 20.5), (nvfp4, 20.5), (mxfp4, 18.5)], ids=list(ROUNDINGS)
)
def test_normal_weights_lose_what_the_bits_of_the_format_allow(rule: object, expected: float) -> None:
    """4 bits are about 20 dB, 8 bits 42 as integers and 32 with three bits of mantissa."""
    assert db(rule, NORMAL) == pytest.approx(expected, abs=1.5)


@pytest.mark.parametrize("name", ROUNDINGS)
@given(
    st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=70),
    st.sampled_from([0.25, 2.0, 1024.0]),
)
def test_scaling_by_a_power_of_two_scales_the_result(name: str, values: list[float], factor: float) -> None:
    weights = np.array([values], dtype=np.float32)
    weights[np.abs(weights) < 1e-3] = 0
    assert ROUNDINGS[name](weights * np.float32(factor)) == pytest.approx(ROUNDINGS[name](weights) * factor, rel=1e-4)


@pytest.mark.parametrize("name", ROUNDINGS)
def test_zeros_stay_zeros_and_shapes_stay(name: str) -> None:
    rounded = ROUNDINGS[name](np.zeros((3, 50), dtype=np.float32))
    assert rounded.shape == (3, 50)
    assert not rounded.any()


def test_one_outlier_costs_integers_a_row_and_blocks_only_their_block() -> None:
    outlier = NORMAL.copy()
    outlier[:, 0] = 2.0
    rest = outlier[:, 128:]
    for rule, least_lost in ((int8, 10), (int4, -0.5), (nvfp4, -0.5)):
        noise = (rule(outlier)[:, 128:].astype(float) - rest).ravel()
        left = 10 * np.log10((rest.astype(float) ** 2).sum() / (noise**2).sum())
        assert db(rule, NORMAL) - left > least_lost


def test_what_a_weight_takes_with_its_scales_agrees_with_the_memory_of_a_model() -> None:
    for name, bits in LINEAR_BITS.items():
        if name in ROUNDINGS:
            assert effective_bits(name, 8_192) == pytest.approx(bits, rel=0.002)
    assert effective_bits("mxfp4", 48) == 4 + 2 * 8 / 48  # a last shorter group has a scale of its own
