"""Profiles of open models."""

import pytest
from pydantic import ValidationError

from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Attention, Mlp, Shape


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


def test_the_window_to_plan_with_is_the_one_that_hosts_serve(live_catalog: Catalog) -> None:
    qwen, llama = (live_catalog.model(name).published for name in ("qwen3-32b", "llama-3.3-70b"))
    assert (qwen.context_tok, qwen.served_context_tok, qwen.window_tok) == (40_960, 131_072, 131_072)
    assert (llama.served_context_tok, llama.window_tok) == (None, llama.context_tok)


def test_a_layer_without_any_part_is_refused(live_catalog: Catalog) -> None:
    shape = live_catalog.model("llama-3.1-8b").shape.model_dump()
    for layers in (31, 65):
        with pytest.raises(ValidationError, match="each attends, or has a feed-forward part, or both"):
            Shape.model_validate({**shape, "layers": layers})
