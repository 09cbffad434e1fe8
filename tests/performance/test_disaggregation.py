"""What each of two pools sees, and the cache that crosses between them."""

import numpy as np
import pytest
from support import demand_by_hand

from calculators.catalog.load import load_catalog
from calculators.performance.disaggregation import prompts_only, tokens_only, transfer_s
from calculators.performance.replica import ReplicaConfig

CATALOG = load_catalog()
LLAMA = ReplicaConfig(CATALOG.model("llama-3.3-70b"), CATALOG.gpu("h100-sxm"), "fp8", 4)


def test_a_prefill_replica_makes_no_further_tokens_and_a_decode_replica_computes_no_prompt() -> None:
    lengths = demand_by_hand(1e6, 4_000, 300).lengths
    prompts, tokens = prompts_only(lengths, 0.25), tokens_only(lengths)
    assert prompts.fresh_tok == pytest.approx(3_000)
    assert prompts.decode_tok < 1e-3
    assert tokens.decode_tok == pytest.approx(299)
    assert tokens.fresh_tok == 1
    assert tokens.context_tok == pytest.approx(4_150)


def test_the_transfer_is_the_whole_cache_over_the_link() -> None:
    """8,192 tokens of a 70B are 327,680 bytes each: 2.7 GB, 54 ms at 400 Gb/s."""
    assert float(transfer_s([LLAMA], 8_192, CATALOG)[0, 0]) == pytest.approx(0.0537, rel=0.01)


def test_a_latent_cache_crosses_once_however_many_gpus_hold_a_copy() -> None:
    """DeepSeek V3: 70,272 bytes a token, 576 values in 61 layers."""
    configs = [ReplicaConfig(CATALOG.model("deepseek-v3"), CATALOG.gpu("h200-sxm"), "fp8", tp) for tp in (4, 8)]
    found = transfer_s(configs, 1_000, CATALOG)[:, 0]
    assert found == pytest.approx(np.array([70_272 * 1_000 / 50e9] * 2))
