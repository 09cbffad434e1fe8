"""Shell scripts of a fleet plan: one starts a replica or a pair of pools, one benchmarks it."""

import re
from collections.abc import Iterator, Sequence

from calculators.catalog.serving import engine_flags
from calculators.serving.commands import (
    KEYS,
    PORTS,
    Job,
    Role,
    Token,
    Variable,
    benchmarks,
    in_shell,
    plan_assumptions,
    router,
    server,
)
from calculators.serving.engine_choice import ENGINE_NAMES
from calculators.serving.many_machines import machine_gpus
from calculators.units import count, plural, printable

MAX_NAME_CHARS = 40
ADDRESS = Variable("ADDRESS", "the private network address of this server")
NIXL_PORT = 5600
"""First port of the NIXL side channel; each GPU takes the next one."""


def header(job: Job, what: str, made: str, notes: Sequence[str]) -> str:
    """Comment lines at the top of a file: engine and version, plan, assumptions."""
    lines = [
        f"{ENGINE_NAMES[job.engine]} {engine_flags(job.engine).version}: {job.config.label}, {what}",
        made,
        f"Plan: {job.plan.replicas_words}, {_sizes(job)}"
        + (f", in each of {job.plan.regions} regions" if job.plan.regions > 1 else ""),
        *notes,
    ]
    return "".join(f"# {printable(line)}\n" for line in lines)


def _sizes(job: Job) -> str:
    sizes = [job.of_pool(role).config.gpus_count for role in job.roles]
    if len(set(sizes)) == 1:
        return f"{plural(sizes[-1], 'GPU')} each"
    return f"{plural(sizes[0], 'GPU')} for prefill and {sizes[-1]} for decode each"


def name_of(job: Job) -> str:
    """Name of the deployment, valid in DNS, Compose and file systems."""
    plain = re.sub(r"[^a-z0-9]+", "-", job.config.model.id.lower())[:MAX_NAME_CHARS].strip("-")
    return f"{job.engine}-{plain or 'model'}"


# --- the launch script -------------------------------------------------------------------------------------------


def launch_script(job: Job, made: str) -> str:
    """Script that starts one replica, or a prefill and a decode server with a router."""
    what = "one replica" if job.roles == ("both",) else "one prefill and one decode server, and a router"
    key = KEYS[job.engine]
    lines = [
        "#!/usr/bin/env bash\n" + header(job, what, made, [*plan_assumptions(job), "Listens on localhost only."]),
        "set -euo pipefail",
        f': "${{{key}:?set it to the API key that clients send}}"',
    ]
    if job.roles == ("both",):
        return "\n".join([*lines, "exec " + in_lines(server(job))]) + "\n"
    return "\n".join([*lines, *_pools(job)]) + "\n"


def _pools(job: Job) -> Iterator[str]:
    """Lines that start two servers behind a router: on one machine if it has GPUs for both, else on one machine each."""
    package = "vllm-router" if job.engine == "vllm" else "sglang-router"
    yield f"# The router is the package {package}. Its options were not checked."
    if job.pools_share_machine:
        urls = {role: f"http://127.0.0.1:{_pool_port(job, role)}" for role in job.roles}
        for role in job.roles:
            yield f"{_pool(job, role, '127.0.0.1')} &"
        yield in_lines(router(job, [urls["prefill"]], [urls["decode"]])) + " &"
        yield "wait"
        return
    yield "# Each pool needs its own server. Argument: the role of this server (prefill, decode or router)."
    yield 'case "${1:?prefill, decode or router}" in'
    for role in job.roles:
        yield f"{role})\n{_pool(job, role, ADDRESS)}\n;;"
    addresses = [Variable(f"{role.upper()}_URL", f"http address of the {role} server") for role in job.roles]
    yield f"router)\n{in_lines(router(job, addresses[:1], addresses[1:]))}\n;;\nesac"


def _pool_port(job: Job, role: Role) -> int:
    return PORTS[job.engine] + (100 if role == "prefill" else 200)


def first_gpu(job: Job, role: Role) -> int:
    """Index of the first GPU of a pool's server on its machine."""
    return job.of_pool("prefill").config.gpus_count if role == "decode" and job.pools_share_machine else 0


def _pool(job: Job, role: Role, host: Token) -> str:
    first, gpus = first_gpu(job, role), machine_gpus(job.of_pool(role).plan)
    devices = ",".join(str(gpu) for gpu in range(first, first + gpus))
    side = f"VLLM_NIXL_SIDE_CHANNEL_HOST={in_shell(host)} VLLM_NIXL_SIDE_CHANNEL_PORT={NIXL_PORT + first} "
    return f"{_visible(job)}={devices} {side if job.engine == 'vllm' else ''}{in_lines(server(job, role, host, _pool_port(job, role)))}"


def _visible(job: Job) -> str:
    return "HIP_VISIBLE_DEVICES" if job.config.gpu.vendor == "amd" else "CUDA_VISIBLE_DEVICES"


def in_lines(words: Sequence[Token]) -> str:
    """A command with one option per line, each token quoted for a shell."""
    lines: list[str] = []
    for word in words:
        text = in_shell(word)
        starts = isinstance(word, str) and word.startswith("--")
        if starts or not lines:
            lines.append(text)
        else:
            lines[-1] += f" {text}"
    return " \\\n  ".join(lines)


# --- benchmark ---------------------------------------------------------------------------------------------------


def benchmark_script(job: Job, made: str) -> str:
    """Script that benchmarks one replica at its capacity and at the peak rate."""
    demand = job.demand
    notes = [
        f"Mean lengths of the workload: {plural(demand.input_tok, 'input token')}, {count(job.prefix_tok)} of them shared, and {plural(demand.output_tok, 'output token')}.",
        "Upload the result files on the Candidates page to calibrate the speed model.",
        "To compare engines, run them one after the other on the same machine, with the same lengths and seed.",
    ]
    lines = [
        "#!/usr/bin/env bash\n" + header(job, "benchmark of one replica", made, notes),
        "set -euo pipefail",
        f'export OPENAI_API_KEY="${{{KEYS[job.engine]}:?set it to the key of the server}}"',
    ]
    for what, words in benchmarks(job):
        lines += [f"\n# {what}", in_lines(words)]
    return "\n".join(lines) + "\n"
