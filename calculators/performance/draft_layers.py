"""Layers for multi-token prediction that a checkpoint carries: their weights, and the cache that they keep."""

import numpy as np

from calculators.catalog.base import Precision
from calculators.catalog.models import Model
from calculators.performance.model_size import BILLION, LINEAR_BITS, parameters, projections
from calculators.scenario.demand import Array

NO_DRAFTS: dict[str, Array] = {"draft_layer_bytes": np.zeros((1, 1)), "draft_cache_ratio": np.ones((1, 1))}
"""`draft_numbers` as columns where no replica loads any."""


def draft_layer_bytes(model: Model, precision: Precision) -> float:
    """Weights of all these layers: each is one more block of the model's last kind and a projection of two hidden states into
    one (DeepSeek-V3, arXiv:2412.19437, section 2.2); tables are shared with the model. Checkpoints in four bit leave them in
    16 bit (exclude lists of NVIDIA's and Qwen's)."""
    shape, mlp = model.shape, model.shape.mlp
    a, p = shape.attention, parameters(shape)
    attention = sum(projections(shape)) + a.extra_params_b * BILLION / max(a.full_layers + a.sliding_layers, 1)
    dense = (
        mlp.matrices
        * shape.hidden_size
        * (mlp.shared_intermediate_size if mlp.moe_layers else mlp.intermediate_size or 0)
    )
    block = attention + dense + p.experts / max(mlp.moe_layers, 1) + 2.0 * shape.hidden_size**2
    return model.mtp_layers * block * (LINEAR_BITS[precision] if LINEAR_BITS[precision] >= 8 else 16) / 8


def draft_cache_ratio(model: Model) -> float:
    """Growing cache with these layers over that without: each keeps as much as a full-attention layer."""
    return 1 + model.mtp_layers / max(model.shape.attention.full_layers, 1)


def draft_numbers(model: Model, precision: Precision, is_on: bool) -> dict[str, float]:
    """Weights of these layers and their part of the cache, where they are loaded."""
    if not is_on:
        return {"draft_layer_bytes": 0.0, "draft_cache_ratio": 1.0}
    return {"draft_layer_bytes": draft_layer_bytes(model, precision), "draft_cache_ratio": draft_cache_ratio(model)}
