"""Sizes of a model computed apart from the code under test: weights of a checkpoint, memory left on a GPU, and the recipe
that a checkpoint's precision alone stands for."""

from calculators.catalog.base import Precision
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Shape
from calculators.performance.model_size import (
    LINEAR_BITS,
    REST_FRAC,
    USABLE_FRAC,
    WORKSPACE_BYTES,
    parameters,
    visible_bytes,
)
from calculators.performance.quantization_recipe import BLOCKS, Recipe, TensorClass, with_formats


def weight_bytes(shape: Shape, precision: Precision) -> float:
    """Bytes of all weights: 16-bit tables, and 16-bit attention in MXFP4 checkpoints."""
    counts, linear_bits = parameters(shape), LINEAR_BITS[precision]
    attention_bits = 16 if precision == "mxfp4" else linear_bits
    blocks_bits = attention_bits * counts.attention + linear_bits * (counts.dense_mlp + counts.experts)
    return (16 * counts.embeddings + blocks_bits) / 8


def kv_room_bytes(
    gpu: Gpu, shape: Shape, precision: Precision, tensor_parallel: int, takes_rest: bool = False
) -> float:
    """Memory left for the KV cache on each GPU; negative where the model does not fit."""
    used = weight_bytes(shape, precision) / tensor_parallel + WORKSPACE_BYTES
    return (visible_bytes(gpu) - used) * REST_FRAC if takes_rest else visible_bytes(gpu) * USABLE_FRAC - used


def uniform(precision: Precision) -> Recipe:
    """The recipe of a checkpoint in one precision, router included; attention stays in 16 bit in MXFP4."""
    kinds: tuple[TensorClass, ...] = ("gate", "up", "down", "router", "experts") if precision == "mxfp4" else BLOCKS
    return with_formats(kinds, precision, "bf16" if precision == "int4" else precision)
