"""Weights, caches and attention of a model split over the GPUs of a replica, as columns (n, 1) per GPU."""

from collections.abc import Mapping

import numpy as np

from calculators.scenario.demand import Array

SplitColumns = Mapping[str, Array]
"""Arrays (n, 1) by name: the split of each replica, its model's shape, and the bytes of its weights."""


def weight_columns(splits: SplitColumns, shapes: SplitColumns, held: SplitColumns) -> dict[str, Array]:
    """SplitColumns of weights and experts. Expert FLOP are per token of one attention rank: all GPUs share them, but they also
    share the tokens of the other ranks."""
    tp, gpus = splits["tensor_parallel"], splits["gpus_in_step"]
    return {
        "always_read_bytes": held["always_read_bytes"] / tp,
        "head_bytes": shapes["head_bytes"] / tp,
        "four_bit": (held["four_bit_frac"] > 0).astype(float),
        "dense_flop_per_tok": shapes["dense_flop_per_tok"] / tp,
        "expert_bytes": held["experts_bytes"] / gpus,
        "expert_flop_per_tok": shapes["expert_flop_per_tok"] / tp,
        "expert_activation_bytes": shapes["expert_activation_bytes"] / tp,
        "experts_count": shapes["experts"],
        "experts_per_token_count": shapes["experts_per_token"],
        "expert_ranks_count": splits["expert_ranks"],
        "expert_width": shapes["expert_width"] * splits["expert_ranks"] / gpus,
    }


def attention_columns(splits: SplitColumns, shapes: SplitColumns) -> dict[str, Array]:
    """SplitColumns of caches, states and attention. The indexer is not split over GPUs: each selects for all heads."""
    tp = splits["tensor_parallel"]
    shards = np.minimum(tp, shapes["kv_shards"])
    kv_layer = shapes["kv_values_per_layer_tok"] * splits["kv_element_bytes"] / shards
    full_shards = np.minimum(tp, shapes["kv_full_shards"])
    kv_full_layer = shapes["kv_values_per_full_layer_tok"] * splits["kv_element_bytes"] / full_shards
    layer_flop = shapes["flop_per_layer_tok2"] / tp
    prompt_flop, latent_flop = layer_flop * shapes["full_layers"], shapes["latent_flop_per_tok2"] / tp
    return {
        "kv_full_bytes_per_tok": kv_full_layer * shapes["full_layers"],
        "kept_frac": shapes["kept_frac"],
        "kv_sliding_bytes_per_tok": kv_layer * shapes["sliding_layers"],
        "window_tok": shapes["window_tok"],
        "sparse_frac": shapes["sparse_frac"],
        "sparse_tok": shapes["sparse_tok"],
        "index_bytes_per_tok": shapes["index_bytes_per_tok"] * splits["index_scale"],
        "state_bytes": shapes["state_bytes"] / tp,
        "heads_per_cache_count": shapes["heads_per_cache"],
        "prompt_flop_per_tok2": prompt_flop,
        "decode_flop_per_tok2": np.where(latent_flop > 0, latent_flop, prompt_flop),
        "sliding_flop_per_tok2": layer_flop * shapes["sliding_layers"],
        "index_flop_per_tok2": shapes["index_flop_per_tok2"],
    }
