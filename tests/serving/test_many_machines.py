"""Commands of a replica that spans several machines."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from serving_jobs import PLAN, job_of

from calculators.catalog.serving import ServingEngine
from calculators.serving.commands import Job, plain, plan_assumptions, server
from calculators.serving.files import serving_files
from calculators.serving.many_machines import machine_flags, machine_gpus, machines_note, machines_of_replica

RANKS = {"attention_ranks": 16, "expert_ranks": 16}


def job(engine: ServingEngine, tp: int, config: dict[str, Any]) -> Job:
    assert PLAN is not None
    return job_of(
        engine, "deepseek-v3", tp=tp, config=config, offer=replace(PLAN.offer, gpu_id="h100-sxm", gpus_per_machine=8)
    )


@pytest.mark.parametrize(
    ("engine", "tp", "config", "flags"),
    [
        ("vllm", 1, RANKS, "--data-parallel-size-local 8 --data-parallel-start-rank 0 --data-parallel-address one"),
        ("vllm", 8, {"pipeline_stages": 2}, "--nnodes 2 --node-rank 0 --master-addr one"),
        ("sglang", 1, RANKS, "--nnodes 2 --node-rank 0 --dist-init-addr one:20000"),
        ("vllm", 8, {}, ""),
    ],
)
def test_the_machines_of_a_replica_find_each_other(
    engine: ServingEngine, tp: int, config: dict[str, Any], flags: str
) -> None:
    assert " ".join(machine_flags(engine, job(engine, tp, config).plan, "one")) == flags


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_the_command_is_one_that_the_engine_takes(engine: ServingEngine) -> None:
    found = job(engine, 1, RANKS)
    words = [plain(word) for word in server(found)]
    assert "first-machine" in " ".join(words)
    assert any("One replica spans 2 machines" in note for note in plan_assumptions(found))


def test_the_others_are_told_their_rank() -> None:
    assert "--data-parallel-start-rank 8 and --headless" in next(machines_note("vllm", job("vllm", 1, RANKS).plan))
    assert "--node-rank 1." in next(machines_note("sglang", job("sglang", 1, RANKS).plan))
    assert not list(machines_note("vllm", job("vllm", 8, {}).plan))


def test_a_container_asks_for_the_gpus_of_one_machine() -> None:
    found = job("vllm", 1, RANKS)
    assert (machines_of_replica(found.plan), machine_gpus(found.plan)) == (2, 8)
    files = serving_files(found.engine, found.plan, found.scenario, found.demand, "digest", date(2026, 11, 30))
    assert "nvidia.com/gpu: 8" in files.manifest


def test_each_pool_is_started_in_its_own_layout() -> None:
    wide = job("vllm", 1, RANKS)
    worker = replace(wide.config, tensor_parallel=8, attention_ranks=1, expert_ranks=1)
    plan = replace(
        wide.plan, capacity=replace(wide.plan.capacity, prefill_config=worker, prefill_req_s=1.0), prefill_replicas=3
    )
    pools = replace(wide, plan=plan)
    assert plan.prefill_workers == 6
    assert pools.of_pool("decode") is pools
    words = {role: [plain(word) for word in server(pools, role)] for role in ("prefill", "decode")}
    assert "--data-parallel-size" in words["decode"]
    assert "--data-parallel-size" not in words["prefill"]
    assert words["prefill"][words["prefill"].index("--tensor-parallel-size") + 1] == "8"


def test_a_replica_is_measured_with_the_requests_of_all_its_ranks() -> None:
    wide, alone = job("vllm", 1, RANKS), job("vllm", 8, {})
    assert wide.concurrency == 16 * alone.concurrency
