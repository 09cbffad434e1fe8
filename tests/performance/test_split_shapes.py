"""What a model's shape becomes on one GPU of a replica."""

import numpy as np
import pytest

from calculators.catalog.load import load_catalog
from calculators.performance.model_size import parameters
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.split_shapes import weight_columns

LIVE = load_catalog()


def test_the_head_is_split_like_the_other_weights() -> None:
    model = LIVE.model("llama-3.1-8b")
    m = replica_arrays([ReplicaConfig(model, LIVE.gpu("h100-sxm"), "fp8", tp) for tp in (1, 4)], LIVE)
    assert m.head_bytes[:, 0].tolist() == pytest.approx([2 * parameters(model.shape).head / tp for tp in (1, 4)])
    assert np.all(m.head_bytes < m.always_read_bytes)


def test_experts_are_shared_by_all_gpus_and_dense_weights_by_those_of_one_rank() -> None:
    two = {"tensor_parallel": np.array([[2.0]]), "gpus_in_step": np.array([[8.0]]), "expert_ranks": np.array([[8.0]])}
    names = ("head_bytes", "dense_flop_per_tok", "expert_flop_per_tok", "expert_activation_bytes", "experts")
    shapes = {name: np.array([[16.0]]) for name in (*names, "experts_per_token", "expert_width")}
    held = {name: np.array([[16.0]]) for name in ("always_read_bytes", "four_bit_frac", "experts_bytes")}
    columns = weight_columns(two, shapes, held)
    assert float(columns["always_read_bytes"][0, 0]) == 8
    assert float(columns["expert_bytes"][0, 0]) == 2
    assert float(columns["expert_width"][0, 0]) == 16
