"""Flags and notes of a replica that spans several machines. Commands are those of its first machine."""

from collections.abc import Iterator
from math import ceil

from calculators.catalog.serving import ServingEngine
from calculators.fleet.plan import FleetPlan
from calculators.performance.links import SERVER_GPUS


def machine_gpus(plan: FleetPlan) -> int:
    """GPUs that one replica uses on one machine."""
    each = plan.offer.gpus_per_machine or SERVER_GPUS
    return min(plan.config.gpus_count, each)


def machines_of_replica(plan: FleetPlan) -> int:
    """Machines that one replica spans."""
    return ceil(plan.config.gpus_count / machine_gpus(plan))


def machine_flags(engine: ServingEngine, plan: FleetPlan, address: str) -> Iterator[str]:
    """Flags by which the machines of one replica find each other at `address`, as of the first; none for one machine."""
    machines, config = machines_of_replica(plan), plan.config
    if machines == 1:
        return
    if engine == "sglang":
        yield from ("--nnodes", str(machines), "--node-rank", "0", "--dist-init-addr", f"{address}:20000")
    elif config.attention_ranks > 1:
        local = max(machine_gpus(plan) // config.tensor_parallel, 1)
        yield from ("--data-parallel-size-local", str(local), "--data-parallel-start-rank", "0")
        yield from ("--data-parallel-address", address)
    else:
        yield from ("--nnodes", str(machines), "--node-rank", "0", "--master-addr", address)


def machines_note(engine: ServingEngine, plan: FleetPlan) -> Iterator[str]:
    """How to start the other machines of a replica; none for one machine."""
    machines = machines_of_replica(plan)
    if machines == 1:
        return
    ranks = engine == "vllm" and plan.config.attention_ranks > 1
    step = max(machine_gpus(plan) // plan.config.tensor_parallel, 1) if ranks else 1
    flag = "--data-parallel-start-rank" if ranks else "--node-rank"
    headless = " and --headless" if engine == "vllm" else ""
    yield (
        f"One replica spans {machines} machines on one fast network. This is its first: start the others with {flag} "
        f"{', '.join(str(i * step) for i in range(1, min(machines, 4)))}{', ...' if machines > 4 else ''}{headless}."
    )
