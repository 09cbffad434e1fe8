"""What several test modules need: scenarios by their differences from one base case, and hand-made staircases."""

import copy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from calculators.catalog.base import Source
from calculators.catalog.catalog import Catalog
from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.replica_capacity import Capacity
from calculators.fleet.staircase import Staircase
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import Demand, Lengths
from calculators.scenario.schema import Scenario, parse_scenario

FIXED_ROOT = Path(__file__).parents[1] / "data" / "catalog"

TODAY = date(2026, 11, 23)
TEST_SOURCE = Source(title="Invented for the tests", accessed=TODAY, kind="assumption")

BASE: dict[str, Any] = {
    "as_of": TODAY,
    "workload": {
        "requests_per_month": 2_000_000,
        "input_tok": 1_000,
        "output_tok": 300,
        "input_p95_tok": 1_000,
        "output_p95_tok": 300,
        "cacheable_frac": 0.0,
        "self_hit_frac": 0.0,
        "peak_ratio": 4,
    },
    "api": {"provider": "testhost", "model": "closed"},
    "candidates": [{"model": "llama-3.3-70b", "gate": "accepted"}],
    "hardware": {"gpus": ["h100-sxm"], "launch": "tuned", "rent_usd_per_gpu_h": {"h100-sxm": 2.5}},
}
"""The issue's hand check: Llama 3.3 70B, 1000 in, 300 out, 2 million requests a month, 4x peak, H100 at $2.50."""


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it, group by group."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(result.get(key), dict) and not key.startswith("rent_")
        result[key] = merged(result[key], value) if nested else value
    return result


def scenario(**changes: Any) -> Scenario:
    return parse_scenario(merged(BASE, changes))


def failed(provider: str, *models: str) -> dict[str, Any]:
    """Part of an API in use: cheaper models of its maker that failed the evals."""
    return {"step_downs": [{"provider": provider, "model": model, "gate": "not_acceptable"} for model in models]}


NO_GPT_STEP = failed("openai", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-luna")
"""For cases about other options than cheaper models of OpenAI."""


def demand_by_hand(
    requests_per_month: float = 1_000_000.0, input_tok: float = 1_000.0, output_tok: float = 300.0, **changes: Any
) -> Demand:
    """A demand of requests that are all equally long."""
    lengths = Lengths(np.array([1.0]), np.array([input_tok]), np.array([output_tok]))
    plain = Demand(
        requests_per_month=requests_per_month,
        mean_req_s=requests_per_month / 2_628_000,
        peak_req_s=requests_per_month / 657_000,
        effective_peak_ratio=4.0,
        lengths=lengths,
        input_tok=input_tok,
        output_tok=output_tok,
        input_p95_tok=input_tok,
        output_p95_tok=output_tok,
    )
    return replace(plain, **changes)


def staircase(
    catalog: Catalog,
    replica_req_per_month: float,
    machine_usd_per_month: float,
    replicas_per_machine: int = 1,
    spare_replicas: int = 0,
    max_machines: int = 1_000,
) -> Staircase:
    """A staircase whose steps are typed in, so that no modelled speed comes into it."""
    config = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 1)
    capacity = Capacity(
        config=config,
        req_s=replica_req_per_month / 657_000,
        batch=32.0,
        tpot_ms=30.0,
        ttft_p95_ms=300.0,
        limit="tpot_target",
    )
    offer = MachineOffer(
        provider_id="test",
        provider="Test",
        gpu_id="h100-sxm",
        machine="machine",
        gpus_per_machine=replicas_per_machine,
        region=None,
        commitment="on_demand",
        usd_per_gpu_h=machine_usd_per_month / 730 / replicas_per_machine,
        seen=TODAY,
        source=TEST_SOURCE,
        confidence="high",
        basis="list",
    )
    return Staircase(
        capacity=capacity,
        offer=offer,
        replica_req_per_month=replica_req_per_month,
        replicas_per_machine=replicas_per_machine,
        spare_replicas=spare_replicas,
        machine_usd_per_month=machine_usd_per_month,
        max_machines=max_machines,
    )


def two_pools(
    catalog: Catalog, decode_req: float, prefill_req: float, prefill_size: int = 1, **changes: Any
) -> Staircase:
    """A staircase of a prefill and a decode pool, of so many requests a replica; a prefill worker takes the GPUs of
    `prefill_size` decode replicas."""
    plain = staircase(catalog, decode_req, 500, **changes)
    config = plain.capacity.config
    worker = replace(config, tensor_parallel=config.tensor_parallel * prefill_size)
    pair = replace(plain.capacity, prefill_req_s=prefill_req / 657_000, prefill_config=worker)
    return replace(plain, prefill_req_per_month=prefill_req, capacity=pair)
