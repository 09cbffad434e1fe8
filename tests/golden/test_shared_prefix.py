"""A published fleet whose requests share prefixes: Qwen3 32B on 16 H100, two to a replica, 14.89 requests/s, each with 6,000 tokens
of one of 150 shared prefixes, 1,200 of its own and 1,000 to write; routed by prefix, so that about 19 come to a replica.

Source: https://github.com/llm-d/llm-d/pull/2071, 2026-07-18.
"""

from typing import Any

from support import scenario

from calculators.catalog.load import load_catalog
from calculators.fleet.candidate_configs import candidate_configs
from calculators.fleet.replica_capacity import replica_capacities
from calculators.scenario.inputs import Inputs

REQ_S, GPUS, TOKENS = (
    14.89,
    16,
    {"input_tok": 7_200, "output_tok": 1_000, "input_p95_tok": 7_200, "output_p95_tok": 1_000},
)


def _gpus_at_the_rate(**workload: Any) -> float:
    """GPUs, not rounded, of replicas on two of them."""
    asked = scenario(
        workload={**TOKENS, "cacheable_frac": 0.833, "self_hit_frac": 0.833, "peak_ratio": 1, **workload},
        candidates=[{"model": "qwen3-32b", "gate": "accepted"}],
        hardware={"gpus": ["h100-sxm"], "precisions": ["bf16"]},
        targets={"ttft_p95_ms": 2_000, "tpot_ms": 60},
    )
    inputs = Inputs.of(asked, load_catalog())
    pairs = [config for config in candidate_configs(asked, inputs.catalog) if config.gpus_count == 2]
    [capacity], _ = replica_capacities(pairs, inputs)
    return REQ_S / capacity.req_s * 2


def test_a_fleet_that_shares_prefixes_is_sized_near_the_published_one() -> None:
    assert abs(_gpus_at_the_rate(shared_hit_frac=1.0, shared_prefixes=19) / GPUS - 1) < 0.4


def test_without_sharing_it_would_be_twice_as_large() -> None:
    assert _gpus_at_the_rate(shared_hit_frac=0.0) > 1.8 * GPUS


def test_routing_at_random_brings_every_prefix_to_every_replica() -> None:
    by_prefix, at_random = (_gpus_at_the_rate(shared_hit_frac=1.0, shared_prefixes=n) for n in (19, 150))
    assert by_prefix < 0.8 * at_random
