"""The plan as files to start it with: launch script, Compose file, Kubernetes manifest and benchmark, for either engine.

YAML is made from plain values, so it is always valid. No secret stands in any file: keys come from the environment, or
from a Kubernetes secret that the header says how to make. Ports are open to this machine only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from calculators.catalog.serving import Image, ServingEngine, stack_file
from calculators.fleet.staircase import FleetPlan
from calculators.scenario.demand import Demand
from calculators.scenario.schema import Scenario
from calculators.serving.commands import (
    KEYS,
    PORTS,
    Job,
    Role,
    Token,
    Variable,
    in_shell,
    plan_assumptions,
    router,
    server,
    unset_stops,
    variables,
)
from calculators.serving.scripts import ADDRESS, benchmark_script, first_gpu, header, launch_script, name_of

SECRET, SETTINGS = "serving-keys", "serving-settings"
SHARED_MEMORY_GIB = 16
STARTUP_S = 3_600
"""Loading hundreds of gigabytes of weights over a network takes long."""
PYTHON_PROBE = "import urllib.request as u; u.urlopen('http://{host}:{port}/health', timeout=20)"


@dataclass(frozen=True, slots=True)
class ServingFiles:
    """Everything to start one engine with, as text."""

    engine: ServingEngine
    command: str
    compose: str
    manifest: str
    benchmark: str
    stem: str
    """Begins the file names."""

    @property
    def by_name(self) -> dict[str, str]:
        texts = {
            "launch.sh": self.command,
            "compose.yaml": self.compose,
            "kubernetes.yaml": self.manifest,
            "benchmark.sh": self.benchmark,
        }
        return {f"{self.stem}-{ending}": text for ending, text in texts.items()}


def serving_files(
    engine: ServingEngine, plan: FleetPlan, scenario: Scenario, demand: Demand, digest: str, today: date
) -> ServingFiles:
    """Raises DataError when the plan contradicts itself."""
    job = Job(engine, plan, scenario, demand)
    made = f"Made by Crossover from prices and profiles {digest} on {today}; nothing here was run."
    return ServingFiles(
        engine=engine,
        command=launch_script(job, made),
        compose=_compose(job, made),
        manifest=_manifest(job, made),
        benchmark=benchmark_script(job, made),
        stem=name_of(job),
    )


# --- headers -----------------------------------------------------------------------------------------------------


def image_of(job: Job) -> Image:
    config = job.config
    return next(
        image
        for image in stack_file().images
        if image.engine == job.engine
        and image.vendor == config.gpu.vendor
        and image.generation in (None, config.gpu.generation)
    )


def _image_note(job: Job) -> str:
    image = image_of(job)
    return f"Image {image.image}: {image.note}."


# --- Compose -----------------------------------------------------------------------------------------------------


def _compose(job: Job, made: str) -> str:
    apart = job.roles != ("both",) and not job.pools_share_machine
    where = (
        "A machine holds one pool's server: start it with --profile prefill or --profile decode. Both listen in the private network."
        if apart
        else "One machine of the plan; the same file on each. Ports are open to this machine only: put a gateway with TLS before them."
    )
    hosts = {role: f"{role.upper()}-ADDRESS" if apart else str(role) for role in job.roles}
    notes = [
        *plan_assumptions(job),
        where,
        f"Set {KEYS[job.engine]} in the environment or an .env file that stays out of version control; HF_TOKEN for gated models.",
        _image_note(job),
        *_routing_notes(job, hosts),
    ]
    return header(job, "Compose file", made, notes) + _dump({"name": name_of(job), "services": dict(_services(job))})


def _routing_notes(job: Job, hosts: dict[Role, str]) -> Iterator[str]:
    """`hosts`: where each pool answers."""
    if job.roles != ("both",):
        urls = {role: [f"http://{host}:{PORTS[job.engine]}"] for role, host in hosts.items()}
        words = router(job, urls["prefill"], urls["decode"], "0.0.0.0")  # noqa: S104 - in a container beside them
        yield f"Start a router in the same network, before both pools: {' '.join(in_shell(word) for word in words)}"
    elif job.plan.replicas > 1 and job.scenario.techniques.prefix_caching:
        yield (
            "Caches are per replica: send requests that share a prefix to the same one. The address of the client decides "
            "here, which fails behind a gateway: then use a router that knows prefixes."
        )


def _services(job: Job) -> Iterator[tuple[str, dict[str, Any]]]:
    """The replicas that one machine holds; of two pools one server each."""
    gpus, plan, port = job.config.gpus_count, job.plan, PORTS[job.engine]
    if job.roles != ("both",):
        for i, role in enumerate(job.roles):
            yield role, _service(job, role, port + i, first_gpu(job, role))
        return
    count = min(max(plan.offer.replicas_per_machine(gpus), 1), plan.replicas + plan.spare_replicas)
    for i in range(count):
        yield f"replica-{i}", _service(job, "both", port + i, i * gpus)


def _service(job: Job, role: Role, port: int, first: int) -> dict[str, Any]:
    """One server. Pools on machines of their own speak to each other, so they are on the network of the machine."""
    inner, apart = PORTS[job.engine], role != "both" and not job.pools_share_machine
    host: Token = ADDRESS if apart else "0.0.0.0"  # noqa: S104 - inside the container; the port is bound to localhost
    program, arguments = _split(server(job, role, host))
    devices = [str(gpu) for gpu in range(first, first + job.config.gpus_count)]
    environment = {KEYS[job.engine]: f"${{{KEYS[job.engine]}:?set it}}", "HF_TOKEN": "${HF_TOKEN:-}"}
    if role != "both" and job.engine == "vllm":
        environment |= {"VLLM_NIXL_SIDE_CHANNEL_HOST": _in_compose(ADDRESS) if apart else str(role)}
    probe = PYTHON_PROBE.format(host=_in_compose(ADDRESS) if apart else "127.0.0.1", port=inner)
    alone: dict[str, Any] = {"profiles": [role], "network_mode": "host"}
    return {
        "image": image_of(job).image,
        "entrypoint": program,
        "command": [_in_compose(word) for word in arguments],
        **(alone if apart else {"ports": [f"127.0.0.1:{port}:{inner}"]}),
        "environment": environment | _devices_environment(job, devices),
        "volumes": ["${HF_HOME:-~/.cache/huggingface}:/root/.cache/huggingface"],
        "shm_size": f"{SHARED_MEMORY_GIB}gb",
        "ulimits": {"memlock": -1},
        "restart": "unless-stopped",
        "healthcheck": {
            "test": ["CMD", "python3", "-c", probe],
            **{"interval": "15s", "timeout": "25s", "retries": 4, "start_period": f"{STARTUP_S}s"},
        },
        **_devices(job, devices),
    }


def _split(words: Sequence[Token]) -> tuple[list[str], list[Token]]:
    """The program, and what it is given."""
    count = 2 if words[0] == "vllm" else 3
    program = [str(word) for word in words[:count]]
    return (["python3", *program[1:]] if program[0] == "python" else program), list(words[count:])


def _in_compose(word: Token) -> str:
    """Compose fills in ${...} itself; a dollar sign of plain text is doubled."""
    if isinstance(word, Variable):
        return unset_stops(word)
    return word.replace("$", "$$")


def _devices(job: Job, devices: list[str]) -> dict[str, Any]:
    if job.config.gpu.vendor == "amd":
        return {"devices": ["/dev/kfd", "/dev/dri"], "group_add": ["video"], "security_opt": ["seccomp=unconfined"]}
    reserved = {"driver": "nvidia", "device_ids": devices, "capabilities": ["gpu"]}
    return {"deploy": {"resources": {"reservations": {"devices": [reserved]}}}}


def _devices_environment(job: Job, devices: list[str]) -> dict[str, str]:
    return {"HIP_VISIBLE_DEVICES": ",".join(devices)} if job.config.gpu.vendor == "amd" else {}


# --- Kubernetes --------------------------------------------------------------------------------------------------


def _manifest(job: Job, made: str) -> str:
    needed = [v for role in job.roles for v in variables(server(job, role)) if v.name != KEYS[job.engine]]
    notes = [
        *plan_assumptions(job),
        f"First: kubectl create secret generic {SECRET} --from-literal={KEYS[job.engine]}=... --from-literal=HF_TOKEN=...",
        *(
            f"And: kubectl create configmap {SETTINGS} --from-literal={v.name}=... ({v.meaning})"
            for v in dict.fromkeys(needed)
        ),
        "Reachable inside the cluster only; for one region. Weights are loaded again by each new pod: a shared volume spares that.",
        _image_note(job),
        *_routing_notes(job, {role: f"{name_of(job)}-{role}" for role in job.roles}),
    ]
    documents = [document for role in job.roles for document in _documents(job, role)]
    return header(job, "Kubernetes manifest", made, notes) + "---\n".join(_dump(d) for d in documents)


def replicas_of(job: Job, role: Role) -> tuple[int, int]:
    """Those of a pool that the peak needs, and its spares; together the pools hold the plan's."""
    plan = job.plan
    if role == "both":
        return plan.replicas, plan.spare_replicas
    if role == "prefill":
        return max(plan.prefill_replicas, 1), plan.spare_replicas // 2
    return plan.replicas, plan.spare_replicas - plan.spare_replicas // 2


def _documents(job: Job, role: Role) -> Iterator[dict[str, Any]]:
    """Deployment, service and disruption budget of one pool."""
    name = name_of(job) if role == "both" else f"{name_of(job)}-{role}"
    labels = {"app.kubernetes.io/name": name}
    needed, spare = replicas_of(job, role)
    pod = {"metadata": {"labels": labels}, "spec": _pod(job, role)}
    yield {
        **{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}},
        "spec": {
            "replicas": needed + spare,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "template": pod,
        },
    }
    port = {"name": "http", "port": PORTS[job.engine], "targetPort": "http"}
    sticky = {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 3_600}}}
    yield {
        **{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels}},
        "spec": {"selector": labels, "ports": [port], **(sticky if _is_sticky(job, role) else {})},
    }
    allowed = {"minAvailable": needed} if spare else {"maxUnavailable": 1}
    yield {
        **{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name, "labels": labels}},
        "spec": {**allowed, "selector": {"matchLabels": labels}},
    }


def _is_sticky(job: Job, role: Role) -> bool:
    return role == "both" and job.scenario.techniques.prefix_caching


def _pod(job: Job, role: Role) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # a service called vllm-... would set VLLM_PORT in every pod
        "terminationGracePeriodSeconds": 120,
        "containers": [_container(job, role)],
        "volumes": [
            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": f"{SHARED_MEMORY_GIB}Gi"}},
            {"name": "weights", "emptyDir": {}},
        ],
    }


def _container(job: Job, role: Role) -> dict[str, Any]:
    words = server(job, role, host="0.0.0.0")  # noqa: S104 - inside the pod
    program, arguments = _split(words)
    resource = "amd.com/gpu" if job.config.gpu.vendor == "amd" else "nvidia.com/gpu"
    health = {"httpGet": {"path": "/health", "port": "http"}, "timeoutSeconds": 20}
    return {
        **{"name": job.engine, "image": image_of(job).image, "command": program},
        "args": [_in_kubernetes(word) for word in arguments],
        "env": list(_environment(job, role, words)),
        "ports": [{"name": "http", "containerPort": PORTS[job.engine]}],
        "resources": {"limits": {resource: job.config.gpus_count}},
        "startupProbe": {**health, "periodSeconds": 20, "failureThreshold": STARTUP_S // 20},
        "readinessProbe": {**health, "periodSeconds": 10, "failureThreshold": 3},
        "livenessProbe": {**health, "periodSeconds": 30, "failureThreshold": 6},
        "securityContext": {"allowPrivilegeEscalation": False},
        "volumeMounts": [
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 - where engines share tensors
            {"name": "weights", "mountPath": "/root/.cache/huggingface"},
        ],
    }


def _environment(job: Job, role: Role, words: Sequence[Token]) -> Iterator[dict[str, Any]]:
    key = KEYS[job.engine]
    yield {"name": key, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": key}}}
    yield {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "HF_TOKEN", "optional": True}}}
    for variable in variables(words):
        if variable.name != key:
            yield {"name": variable.name, "valueFrom": {"configMapKeyRef": {"name": SETTINGS, "key": variable.name}}}
    if role != "both" and job.engine == "vllm":
        yield {"name": "VLLM_NIXL_SIDE_CHANNEL_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def _in_kubernetes(word: Token) -> str:
    """Kubernetes fills in $(...) itself; of plain text it is doubled."""
    return f"$({word.name})" if isinstance(word, Variable) else word.replace("$(", "$$(")


class _Plain(yaml.SafeDumper):
    """Writes a value out each time it occurs: anchors are hard to read and to edit."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Plain, sort_keys=False, width=120, default_flow_style=False, allow_unicode=True)
