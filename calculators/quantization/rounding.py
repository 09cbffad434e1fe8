"""Weights rounded to the formats of inference engines.

Each function takes a matrix (rows are output channels) and returns it as the format would give it back, in the same shape.
Scales are those that engines choose without calibration: FP8 and INT8 one per row; INT4 one with a zero point per 128
columns; NVFP4 an E4M3 scale per 16 columns over one of the whole row; MXFP4 a power of two per 32 columns (OCP Microscaling
Formats specification, 2023).
"""

from collections.abc import Callable, Mapping
from math import ceil

import numpy as np
from numpy.typing import NDArray

WeightArray = NDArray[np.float32]
FP8_MAX, FP4_MAX = 448.0, 6.0
INT4_GROUP, NVFP4_BLOCK, MXFP4_BLOCK = 128, 16, 32
_TINY = np.float32(1e-30)


def fp8(weights: WeightArray) -> WeightArray:
    """Weights in E4M3 with one scale per row."""
    scale = np.maximum(np.abs(weights).max(axis=1, keepdims=True), _TINY) / FP8_MAX
    return np.asarray(_e4m3(weights / scale) * scale, dtype=np.float32)


def int8(weights: WeightArray) -> WeightArray:
    """Weights in symmetric INT8 with one scale per row."""
    scale = np.maximum(np.abs(weights).max(axis=1, keepdims=True), _TINY) / 127
    return np.asarray(np.clip(np.rint(weights / scale), -127, 127) * scale, dtype=np.float32)


def int4(weights: WeightArray) -> WeightArray:
    """Weights in asymmetric INT4 with 16 levels per 128 columns, as AWQ and GPTQ store them."""

    def group(x: WeightArray) -> WeightArray:
        low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
        low, high = np.minimum(low, 0), np.maximum(high, 0)
        scale = np.maximum(high / 15 - low / 15, _TINY)
        zero = np.rint(-low / scale)
        return np.asarray((np.clip(np.rint(x / scale) + zero, 0, 15) - zero) * scale, dtype=np.float32)

    return _in_groups(weights, INT4_GROUP, group)


def nvfp4(weights: WeightArray) -> WeightArray:
    """Weights in E2M1 with an E4M3 scale per 16 columns, itself relative to one of the whole row."""
    whole = np.maximum(np.abs(weights).max(axis=1, keepdims=True), _TINY) / (FP4_MAX * FP8_MAX)

    def group(x: WeightArray) -> WeightArray:
        scale = _e4m3(np.abs(x).max(axis=-1, keepdims=True) / FP4_MAX)
        scale = np.where(scale == 0, 1.0, scale)
        return np.asarray(_e2m1(x / scale) * scale, dtype=np.float32)

    return np.asarray(_in_groups(np.asarray(weights / whole, dtype=np.float32), NVFP4_BLOCK, group) * whole)


def mxfp4(weights: WeightArray) -> WeightArray:
    """Weights in E2M1 with a power-of-two scale per 32 columns."""

    def group(x: WeightArray) -> WeightArray:
        largest = np.maximum(np.abs(x).max(axis=-1, keepdims=True), _TINY)
        scale = np.exp2(np.floor(np.log2(largest)) - 2)  # 6 is 1.5 x 2^2
        return np.asarray(_e2m1(x / scale) * scale, dtype=np.float32)

    return _in_groups(weights, MXFP4_BLOCK, group)


ROUNDINGS: Mapping[str, Callable[[WeightArray], WeightArray]] = {
    "fp8": fp8,
    "int8": int8,
    "int4": int4,
    "nvfp4": nvfp4,
    "mxfp4": mxfp4,
}
"""Weights (rows, columns) rounded to a format and back, by the format's name."""


def effective_bits(name: str, columns: int) -> float:
    """Bits per weight including its scales, in rows of `columns`: a 32-bit scale per row (FP8, INT8, NVFP4), a 16-bit scale
    and a 4-bit zero point per 128 columns (INT4), 8-bit scales per 16 (NVFP4) or 32 columns (MXFP4)."""
    bits, group, scale_bits, row_bits = {
        "fp8": (8, columns, 32, 0),
        "int8": (8, columns, 32, 0),
        "int4": (4, INT4_GROUP, 16 + 4, 0),
        "nvfp4": (4, NVFP4_BLOCK, 8, 32),
        "mxfp4": (4, MXFP4_BLOCK, 8, 0),
    }[name]
    return bits + (ceil(columns / group) * scale_bits + row_bits) / columns


def _e4m3(x: NDArray[np.floating]) -> WeightArray:
    """Values rounded to the nearest number with four exponent and three mantissa bits; steps of 2^-9 below 2^-6."""
    return _minifloat(x, mantissa_bits=3, least_exponent=-6, largest=FP8_MAX)


def _e2m1(x: NDArray[np.floating]) -> WeightArray:
    """Values rounded to the nearest of 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives."""
    return _minifloat(x, mantissa_bits=1, least_exponent=0, largest=FP4_MAX)


def _minifloat(x: NDArray[np.floating], mantissa_bits: int, least_exponent: int, largest: float) -> WeightArray:
    """Values rounded to steps of 2^(exponent - mantissa bits), ties to even; the exponent is read off the bits of a 32-bit float."""
    single = np.ascontiguousarray(x, dtype=np.float32)
    exponent = ((single.view(np.int32) >> 23) & 0xFF) - 127
    step = ((np.maximum(exponent, least_exponent) - mantissa_bits + 127) << 23).astype(np.int32).view(np.float32)
    return np.asarray(np.clip(np.rint(single / step) * step, -largest, largest), dtype=np.float32)


def _in_groups(weights: WeightArray, size: int, rule: Callable[[WeightArray], WeightArray]) -> WeightArray:
    """A rule applied to every `size` columns of each row; a shorter last group is padded with zeros."""
    rows, columns = weights.shape
    short = -columns % size
    padded = np.pad(weights, ((0, 0), (0, short))) if short else weights
    return rule(padded.reshape(rows, -1, size)).reshape(rows, -1)[:, :columns]
