"""Profiles of open models."""

import pytest
from pydantic import ValidationError

from calculators.catalog.models import Attention, Mlp


def test_an_incomplete_shape_is_refused() -> None:
    heads = {"query_heads": 8, "kv_heads": 8, "head_dim": 64, "full_layers": 2}
    with pytest.raises(ValidationError, match="kind mla needs"):
        Attention.model_validate({"kind": "mla", **heads})
    with pytest.raises(ValidationError, match="come together"):
        Attention.model_validate({"kind": "gqa", **heads, "sliding_layers": 2})
    with pytest.raises(ValidationError, match="dense_layers needs"):
        Mlp.model_validate({"dense_layers": 2})
    with pytest.raises(ValidationError, match="moe_layers needs"):
        Mlp.model_validate({"dense_layers": 0, "moe_layers": 2, "experts": 8})
