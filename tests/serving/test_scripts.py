"""The scripts, run by a real shell with stand-ins for the engines: what reaches the engine, and what stops before it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from serving_jobs import ENGINES, PLAN, files_of, hostile, job_of, words

from calculators.catalog.serving import ServingEngine
from calculators.scenario.schema import Techniques
from calculators.serving.commands import KEYS
from calculators.serving.scripts import name_of


def executed(script: str, folder: Path, *arguments: str) -> list[list[str]]:
    """What the programs of a script are really given when bash runs it, in a folder where they only write that down."""
    calls = folder / "calls"
    calls.write_text("")
    for name in ("vllm", "python"):
        (folder / name).write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" END >> '{calls}'\n")
        (folder / name).chmod(0o755)
    (folder / "script").write_text(script)
    environment = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "VLLM_API_KEY": "key",
        "SGLANG_API_KEY": "key",
        "HOME": str(folder),
        "ADDRESS": "10.0.0.7",
    }
    subprocess.run(["bash", "script", *arguments], cwd=folder, env=environment, check=True)
    runs = calls.read_text().split("END\0")
    return [one.split("\0")[:-1] for one in runs[:-1]]


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_names_reach_the_program_as_one_word_and_run_nothing(engine: ServingEngine, tmp_path: Path) -> None:
    job = hostile(job_of(engine, precision="bf16"))
    made = files_of(job)
    received = executed(made.command, tmp_path)
    assert received == [[word.replace("${SGLANG_API_KEY}", "key") for word in words(job)[1:]]]
    assert len(executed(made.benchmark, tmp_path)) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls", "python", "script", "vllm"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_script_stops_where_no_key_is_set(engine: ServingEngine, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(files_of(job_of(engine)).command)
    done = subprocess.run(
        ["bash", "script"], cwd=tmp_path, env={"PATH": "/nowhere:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"{KEYS[engine]}: set it to the API key" in done.stderr


def test_two_pools_on_one_machine_have_gpus_of_their_own_and_a_router() -> None:
    offer = replace(PLAN.offer, gpus_per_machine=8)
    made = files_of(job_of("vllm", techniques=Techniques(disaggregation=True), tp=2, offer=offer))
    assert "vllm-router" in made.command
    assert "CUDA_VISIBLE_DEVICES=0,1 " in made.command
    assert "CUDA_VISIBLE_DEVICES=2,3 " in made.command
    amd = files_of(job_of("sglang", gpu="mi300x", techniques=Techniques(disaggregation=True), tp=2, offer=offer))
    assert "HIP_VISIBLE_DEVICES=2,3 " in amd.command
    assert "sglang_router.launch_router" in amd.command


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("role", ["prefill", "decode"])
def test_two_pools_that_need_a_machine_each_are_started_by_name(
    engine: ServingEngine, role: str, tmp_path: Path
) -> None:
    offer = replace(PLAN.offer, gpus_per_machine=8)
    job = job_of(engine, "deepseek-v3.2", techniques=Techniques(disaggregation=True), tp=8, offer=offer)
    script = files_of(job).command
    assert "CUDA_VISIBLE_DEVICES=8" not in script
    (received,) = executed(script, tmp_path, role)
    assert received[received.index("--host") + 1] == "10.0.0.7"
    assert any(role in word or {"prefill": "producer", "decode": "consumer"}[role] in word for word in received)


def test_a_name_is_one_that_dns_and_files_take() -> None:
    assert name_of(job_of("vllm")) == "vllm-qwen3-5-27b"
    odd = job_of("vllm")
    model = odd.config.model.model_copy(update={"id": "../Ünï code/" + "x" * 200})
    config = replace(odd.config, model=model)
    named = replace(odd, plan=replace(odd.plan, capacity=replace(odd.plan.capacity, config=config)))
    assert len(name_of(named)) < 60
    assert name_of(named).replace("-", "").isalnum()
