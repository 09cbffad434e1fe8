"""Sizes of a model computed apart from the code under test: weights of a checkpoint, memory left on a GPU, and the recipe
that a checkpoint's precision alone stands for."""

from calculators.catalog.base import Precision
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Shape
from calculators.performance.model_size import LINEAR_BITS, parameters, visible_bytes
from calculators.performance.quantization_recipe import BLOCKS, Recipe, with_formats

DRIVER_BYTES = 0.5 * 2**30
FLAT_BYTES = 1.4 * 2**30
"""What every engine of the test data keeps beside weights and one token's activations."""
SHARE = 0.92


def weight_bytes(shape: Shape, precision: Precision) -> float:
    """Bytes of all weights of a checkpoint with 16-bit tables and every linear layer in one precision."""
    counts, linear_bits = parameters(shape), LINEAR_BITS[precision]
    return (16 * counts.embeddings + linear_bits * (counts.attention + counts.dense_mlp + counts.experts)) / 8


def beside_bytes(shape: Shape, tensor_parallel: int) -> float:
    """What the engines of the test data keep beside the weights of a dense model: a flat sum, and 3 hidden vectors and 3 rows of
    the feed-forward layer of one token."""
    width = (shape.mlp.intermediate_size or 0) / tensor_parallel
    return FLAT_BYTES + 2 * (3 * shape.hidden_size + 3 * width)


def kv_room_bytes(gpu: Gpu, shape: Shape, precision: Precision, tensor_parallel: int) -> float:
    """Memory left for the KV cache on each NVIDIA GPU of the test data; negative where the dense model does not fit."""
    used = weight_bytes(shape, precision) / tensor_parallel + beside_bytes(shape, tensor_parallel)
    return (visible_bytes(gpu) - DRIVER_BYTES) * SHARE - used


def uniform(precision: Precision) -> Recipe:
    """The recipe of a checkpoint in one precision, router included."""
    return with_formats(BLOCKS, precision, "bf16" if precision == "int4" else precision)
