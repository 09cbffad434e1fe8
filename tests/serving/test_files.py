"""The generated files: every command passes the recorded parsers, every YAML holds the plan's numbers, nothing is secret."""

import re
from dataclasses import replace

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving_jobs import (
    CATALOG,
    ENGINES,
    FOUND,
    HOSTILE,
    PLAN,
    PLANNED,
    TODAY,
    commands_of,
    documents,
    files_of,
    hostile,
    job_of,
    of_kind,
)

from calculators.catalog.serving import ServingEngine
from calculators.catalog.yaml_reader import parse_yaml
from calculators.errors import DataError
from calculators.fleet.plan import FleetPlan
from calculators.scenario.schema import Techniques
from calculators.serving.commands import KEYS, Job, plan_facts
from calculators.serving.files import image_of, replicas_of, serving_files
from calculators.serving.flag_check import complaints

# --- every scenario ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(PLANNED))
def test_every_command_of_every_scenario_passes_the_recorded_parsers(name: str, engine: ServingEngine) -> None:
    scenario, found, plan = PLANNED[name]
    assert plan is not None
    made = serving_files(engine, plan, scenario, found.demand, CATALOG.digest, TODAY)
    known = plan_facts(Job(engine, plan, scenario, found.demand))
    checked = [*commands_of(made.command), *commands_of(made.benchmark)]
    assert len(checked) == 3
    for argv in checked:
        assert complaints(engine, argv, known) == []
    service = yaml.safe_load(made.compose)["services"]["replica-0"]
    program = {"vllm": ["vllm", "serve"], "sglang": ["python", "-m", "sglang.launch_server"]}[engine]
    assert complaints(engine, [*program, *service["command"]], known) == []
    (deployment,) = of_kind(made.manifest, "Deployment")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert complaints(engine, [*program, *container["args"]], known) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(PLANNED))
def test_the_manifest_holds_the_numbers_of_the_plan(name: str, engine: ServingEngine) -> None:
    scenario, found, plan = PLANNED[name]
    assert plan is not None
    made = serving_files(engine, plan, scenario, found.demand, CATALOG.digest, TODAY)
    (deployment,) = of_kind(made.manifest, "Deployment")
    assert deployment["spec"]["replicas"] == plan.replicas + plan.spare_replicas
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    vendor = "amd" if plan.config.gpu.vendor == "amd" else "nvidia"
    assert container["resources"]["limits"] == {f"{vendor}.com/gpu": plan.config.gpus_count}
    (budget,) = of_kind(made.manifest, "PodDisruptionBudget")
    assert budget["spec"]["minAvailable"] == plan.replicas
    assert CATALOG.digest in made.manifest
    assert str(TODAY) in made.manifest


def test_some_scenarios_have_a_fleet_and_some_have_none() -> None:
    assert 0 < len(PLANNED) < len(FOUND)


# --- two pools ---------------------------------------------------------------------------------------------------


def test_two_pools_have_a_deployment_each_and_the_plans_replicas() -> None:
    pools = Techniques(disaggregation=True)
    job = job_of("vllm", techniques=pools, tp=2, replicas=3, prefill_replicas=2, spare_replicas=2)
    assert (replicas_of(job, "prefill"), replicas_of(job, "decode")) == ((2, 1), (3, 1))
    made = files_of(job)
    deployments = {d["metadata"]["name"]: d["spec"]["replicas"] for d in of_kind(made.manifest, "Deployment")}
    assert sum(deployments.values()) == job.plan.replicas + job.plan.prefill_replicas + job.plan.spare_replicas
    services = {d["metadata"]["name"] for d in of_kind(made.manifest, "Service")}
    assert all(f"http://{name}:8000" in made.manifest for name in services)


@pytest.mark.parametrize(
    ("engine", "gpus", "apart"), [("vllm", 8, False), ("sglang", 8, False), ("vllm", 4, True), ("sglang", 4, True)]
)
def test_no_server_is_given_a_gpu_that_its_machine_lacks(engine: ServingEngine, gpus: int, apart: bool) -> None:
    offer = replace(PLAN.offer, gpus_per_machine=gpus)
    job = job_of(engine, techniques=Techniques(disaggregation=True), tp=4, offer=offer)
    services = yaml.safe_load(files_of(job).compose)["services"]
    for role, service in services.items():
        (reserved,) = service["deploy"]["resources"]["reservations"]["devices"]
        assert all(int(device) < gpus for device in reserved["device_ids"])
        assert service.get("profiles") == ([role] if apart else None)
        assert ("ports" in service) != apart


# --- safety ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_no_secret_and_no_open_port_stands_in_a_file(engine: ServingEngine) -> None:
    made = files_of(job_of(engine))
    services = yaml.safe_load(made.compose)["services"]
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert service["environment"][KEYS[engine]].startswith("${")
    assert "--host 127.0.0.1" in made.command
    (deployment,) = of_kind(made.manifest, "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    keys = {e["name"]: e for e in spec["containers"][0]["env"]}
    assert "secretKeyRef" in keys[KEYS[engine]]["valueFrom"]
    assert spec["enableServiceLinks"] is False
    assert of_kind(made.manifest, "Secret") == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_server_is_probed_and_has_shared_memory_and_time_to_load(engine: ServingEngine) -> None:
    made = files_of(job_of(engine))
    (deployment,) = of_kind(made.manifest, "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    container = spec["containers"][0]
    assert container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"] >= 1_800
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
    assert spec["volumes"][0]["emptyDir"]["medium"] == "Memory"
    assert container["volumeMounts"][0]["mountPath"] == "/dev/shm"
    service = yaml.safe_load(made.compose)["services"]["replica-0"]
    assert service["shm_size"]
    assert "/health" in service["healthcheck"]["test"][-1]


def test_images_are_pinned_by_vendor_and_generation() -> None:
    assert image_of(job_of("vllm")).image == "vllm/vllm-openai:v0.33.0"
    assert image_of(job_of("sglang")).image == "lmsysorg/sglang:v0.5.23"
    assert "rocm" in image_of(job_of("vllm", gpu="mi300x")).image
    assert image_of(job_of("sglang", gpu="mi300x")).image != image_of(job_of("sglang", gpu="mi355x")).image
    assert "check" in files_of(job_of("sglang", gpu="mi300x")).compose


def test_every_gpu_has_an_image_for_both_engines() -> None:
    for gpu in CATALOG.offered_gpus:
        for engine in ENGINES:
            assert ":" in image_of(job_of(engine, gpu=gpu)).image


def test_compose_gives_each_replica_of_a_machine_gpus_and_a_port_of_its_own() -> None:
    assert PLAN is not None
    offer = replace(PLAN.offer, gpus_per_machine=8)
    services = yaml.safe_load(files_of(job_of(tp=2, offer=offer, replicas=5, spare_replicas=1)).compose)["services"]
    assert len(services) == 4
    ids = [s["deploy"]["resources"]["reservations"]["devices"][0]["device_ids"] for s in services.values()]
    assert sorted(i for each in ids for i in each) == [str(i) for i in range(8)]
    assert len({s["ports"][0] for s in services.values()}) == 4


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_names_stay_one_value_in_yaml(engine: ServingEngine) -> None:
    made = files_of(hostile(job_of(engine, precision="bf16")))
    service = yaml.safe_load(made.compose)["services"]["replica-0"]
    assert HOSTILE.replace("$", "$$") in service["command"]
    (deployment,) = of_kind(made.manifest, "Deployment")
    assert HOSTILE.replace("$(", "$$(") in deployment["spec"]["template"]["spec"]["containers"][0]["args"]


def test_the_yaml_is_plain_without_anchors() -> None:
    made = files_of(job_of())
    value, _ = parse_yaml(made.compose.encode(), "compose.yaml")  # the strict reader of this project refuses aliases
    assert value["services"]
    assert "&id" not in made.manifest


# --- any plan ----------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    engine=st.sampled_from(ENGINES),
    model=st.sampled_from(sorted(CATALOG.models)),
    gpu=st.sampled_from(sorted(CATALOG.offered_gpus)),
    precision=st.sampled_from(["native", "fp8", "int8", "int4", "nvfp4"]),
    tp=st.sampled_from([1, 2, 4, 8]),
    techniques=st.builds(
        Techniques,
        batch_cap=st.integers(1, 1_024),
        prefix_caching=st.booleans(),
        kv_cache=st.sampled_from(["bf16", "fp8"]),
        speculation=st.booleans(),
        draft_tok=st.integers(1, 8),
        disaggregation=st.booleans(),
        expert_parallelism=st.booleans(),
    ),
    replicas=st.integers(1, 200),
    spare=st.integers(0, 6),
    hit=st.floats(0, 0.95),
)
def test_any_plan_gives_files_that_parse_and_hold_its_numbers_or_a_reason(
    engine: ServingEngine,
    model: str,
    gpu: str,
    precision: str,
    tp: int,
    techniques: Techniques,
    replicas: int,
    spare: int,
    hit: float,
) -> None:
    known = CATALOG.model(model)
    job = job_of(
        engine,
        model,
        gpu,
        known.published.native_precision if precision == "native" else precision,
        tp,
        techniques,
        {"self_hit_frac": hit},
        {
            "kv_element_bytes": 1.0 if techniques.kv_cache == "fp8" else 2.0,
            "expert_ranks": tp if techniques.expert_parallelism and known.shape.mlp.experts else 1,
        },
        replicas=replicas,
        spare_replicas=spare,
        prefill_replicas=2 if techniques.disaggregation else 0,
    )
    if not job.fits or known.shape.attention.query_heads % tp:
        with pytest.raises(DataError):
            files_of(job)
        return
    made = files_of(job)
    for argv in (*commands_of(made.command), *commands_of(made.benchmark)):
        assert complaints(engine, argv, plan_facts(job)) == []
    deployments = of_kind(made.manifest, "Deployment")
    assert sum(d["spec"]["replicas"] for d in deployments) == replicas + spare + job.plan.prefill_replicas
    assert len(of_kind(made.manifest, "Service")) == len(deployments) == len(job.roles)
    services = yaml.safe_load(made.compose)["services"]
    assert all(re.fullmatch(r"[a-z0-9-]{1,63}", d["metadata"]["name"]) for d in documents(made.manifest))
    assert all(service["image"].partition(":")[2] for service in services.values())


def test_the_plan_itself_is_untouched() -> None:
    before: FleetPlan | None = PLAN
    files_of(job_of())
    assert before == PLAN
