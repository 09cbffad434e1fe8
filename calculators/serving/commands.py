"""Command lines of a fleet plan: servers, router and benchmark of vLLM and SGLang, for the versions in serving_data.

A word of a command is plain text, or a Variable that the reader sets: a checkpoint or key that nobody may invent. Plain
text comes from files and users, so it is quoted wherever it is written out.
"""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from calculators.catalog.serving import ServingEngine
from calculators.errors import DataError
from calculators.fleet.plan import FleetPlan
from calculators.performance.links import SERVER_GPUS
from calculators.performance.replica import ReplicaConfig
from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Demand, needed_context_tok
from calculators.scenario.schema import Scenario
from calculators.serving.engine_choice import has_heads, shared_prefix_frac
from calculators.serving.flag_check import Facts, check_commands
from calculators.serving.many_machines import machine_flags, machines_note
from calculators.units import plural

Role = Literal["both", "prefill", "decode"]
LENGTH_STEP_TOK = 1_024
BENCH_SECONDS = 300
BENCH_ROUNDS = 10
MAX_BENCH_PROMPTS = 20_000
SEED = 0
PORTS: dict[ServingEngine, int] = {"vllm": 8000, "sglang": 30000}
KEYS: dict[ServingEngine, str] = {"vllm": "VLLM_API_KEY", "sglang": "SGLANG_API_KEY"}
ONLINE = {("bf16", "fp8"): "fp8"}
"""Online quantization that both engines support: (released format, served format) to the name of the method."""
BOOTSTRAP_PORT = 8998
FIRST_MACHINE = "first-machine"
"""Host name of the first machine of a replica that spans several."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that the reader of a generated file must set."""

    name: str
    meaning: str


Token = str | Variable
DRAFT = Variable("DRAFT_MODEL", "an EAGLE-3 draft model trained for this model")


@dataclass(frozen=True, slots=True)
class Job:
    """A deployment job: the fleet plan, the engine, and the workload the plan was sized for."""

    engine: ServingEngine
    plan: FleetPlan
    scenario: Scenario
    demand: Demand

    @property
    def config(self) -> ReplicaConfig:
        return self.plan.config

    @property
    def context_tok(self) -> int:
        """The window to plan with, extended where hosts serve it so."""
        return int(self.config.model.published.window_tok)

    @property
    def needed_tok(self) -> int:
        """Longest request that the context window must hold."""
        return needed_context_tok(self.scenario.workload)

    @property
    def longest_tok(self) -> int:
        """Longest request to accept where the context window allows it: the longest group of a measured distribution."""
        longest = (cell.input_tok + cell.output_tok for cell in self.scenario.workload.cells)
        return ceil(max(self.needed_tok, *longest, 0.0))

    @property
    def fits(self) -> bool:
        return self.needed_tok <= self.context_tok

    @property
    def max_tok(self) -> int:
        """Context length to configure: `longest_tok` rounded up, at most the model's context window."""
        return min(ceil(self.longest_tok / LENGTH_STEP_TOK) * LENGTH_STEP_TOK, self.context_tok)

    @property
    def cap(self) -> int:
        return self.scenario.techniques.batch_cap

    @property
    def roles(self) -> tuple[Role, ...]:
        return ("prefill", "decode") if self.scenario.techniques.disaggregation else ("both",)

    def of_pool(self, role: Role) -> "Job":
        """The job of one pool, whose servers have their own layout."""
        worker = self.plan.capacity.prefill_config
        if role != "prefill" or worker is None:
            return self
        return replace(self, plan=replace(self.plan, capacity=replace(self.plan.capacity, config=worker)))

    @property
    def pools_share_machine(self) -> bool:
        """Whether one machine has enough GPUs for a prefill and a decode server."""
        both = self.of_pool("prefill").config.gpus_count + self.config.gpus_count
        return both <= (self.plan.offer.gpus_per_machine or SERVER_GPUS)

    @property
    def concurrency(self) -> int:
        """Concurrent requests of one replica at its capacity."""
        each = max(min(round(self.plan.capacity.batch), self.cap), 1)
        return each * self.config.attention_ranks * self.config.pipeline_stages

    @property
    def replica_req_s(self) -> float:
        """Peak requests per second for one replica; with disaggregation, for one prefill and one decode server together."""
        return self.demand.peak_req_s / max(self.plan.replicas, self.plan.prefill_workers, 1)

    @property
    def prefix_tok(self) -> int:
        """Shared prefix of the benchmark's prompts, so that the replica hits its cache as often as the plan assumes."""
        return min(round(self.demand.input_tok * self.scenario.own_hit_frac), max(round(self.demand.input_tok) - 1, 0))


def checkpoint(job: Job) -> tuple[Token, str | None]:
    """Checkpoint to load, and the online quantization method; None where the checkpoint already has the plan's format."""
    model, precision = job.config.model, job.config.precision
    released = model.published.native_precision
    if precision == released:
        return model.hf_id, None
    if online := ONLINE.get((released, precision)):
        return model.hf_id, online
    meaning = (
        f"a checkpoint of {model.hf_id} in {precision.upper()}, which you make or download from a source you trust"
    )
    return Variable(f"MODEL_{precision.upper()}", meaning), None


def plan_facts(job: Job) -> Facts:
    """Facts about the plan that flags are checked against, beside the engine's own options."""
    released = job.config.model.published.native_precision
    _, online = checkpoint(job)
    return {
        "experts count": float(job.config.model.shape.mlp.experts or 0),
        "checkpoint format": released if online else job.config.precision,
        "needed tok": float(job.needed_tok),
        "context tok": float(job.context_tok),
        "gpus count": float(job.config.gpus_count),
    }


def plan_assumptions(job: Job) -> Iterator[str]:
    """Assumptions of the plan, as comment lines of the generated files."""
    yield f"Requests above {job.max_tok:,} tokens (prompt plus output) are rejected; the longest requests of this workload need {job.longest_tok:,}."
    published = job.config.model.published
    if published.served is not None and job.max_tok > published.context_tok:
        yield f"Requests above {published.context_tok:,} tokens need the extended window: {published.served.how}."
    yield from machines_note(job.engine, job.plan)
    model, online = checkpoint(job)
    if online:
        yield f"The 16-bit weights are quantized to {online.upper()} at load time: run your own evals first."
    if isinstance(model, Variable):
        yield f"{model.name}: {model.meaning}; the engine reads the format from the checkpoint."
    techniques = job.scenario.techniques
    if techniques.speculation:
        yield f"Speculative decoding drafts {plural(techniques.draft_tok, 'token')} per pass: measure the acceptance rate, and turn it off if it is low."
    if job.config.kv_element_bytes <= 1:
        yield "The KV cache is FP8: evaluate long contexts first."
    if techniques.disaggregation:
        library = "the package nixl in the image, and " if job.engine == "vllm" else ""
        yield f"KV caches are sent from prefill to decode servers over the network: this needs {library}RDMA devices in the containers."
    if job.engine == "sglang":
        yield "SGLang accepts its API key on the command line only, so the key is visible in the process list."


# --- servers -----------------------------------------------------------------------------------------------------


def server(job: Job, role: Role = "both", host: Token = "127.0.0.1", port: int | None = None) -> list[Token]:
    """Launch command of one replica, checked against the engine's flags. Raises DataError when the plan contradicts itself."""
    if not job.fits:
        raise DataError(
            f"The longest requests need {job.needed_tok:,} tokens (prompt plus output), more than the context window of "
            f"{job.config.model.name} ({job.context_tok:,}). Shorten them, or choose a model with a longer context."
        )
    job = job.of_pool(role)
    heads, split = job.config.model.shape.attention.query_heads, job.config.tensor_parallel
    if heads % split:
        raise DataError(
            f"--tensor-parallel-size {split}: {heads} attention heads cannot be split evenly. Use fewer GPUs per replica."
        )
    if job.config.model.hf_id.startswith("-"):
        raise DataError(f"{job.config.model.hf_id[:40]!r} is not a model name. Correct the model profile.")
    make = {"vllm": _vllm, "sglang": _sglang}[job.engine]
    words = [*make(job, role, host, port or PORTS[job.engine])]
    check_commands(job.engine, [plain(word) for word in words], plan_facts(job))
    return words


def _vllm(job: Job, role: Role, host: Token, port: int) -> Iterator[Token]:
    config, techniques = job.config, job.scenario.techniques
    model, online = checkpoint(job)
    yield from ("vllm", "serve", model, "--host", host, "--port", str(port))
    yield from ("--tensor-parallel-size", str(config.tensor_parallel))
    if config.attention_ranks > 1:
        yield from ("--data-parallel-size", str(config.attention_ranks))
    if config.pipeline_stages > 1:
        yield from ("--pipeline-parallel-size", str(config.pipeline_stages))
    if config.expert_ranks > 1:
        yield "--enable-expert-parallel"
    yield from machine_flags("vllm", job.plan, FIRST_MACHINE)
    if online:
        yield from ("--quantization", online)
    if config.kv_element_bytes <= 1:
        yield from ("--kv-cache-dtype", "fp8")
    yield from ("--max-model-len", str(job.max_tok), "--max-num-seqs", str(job.cap))
    yield from ("--max-num-batched-tokens", str(CHUNK_TOK))
    yield "--enable-prefix-caching" if techniques.prefix_caching else "--no-enable-prefix-caching"
    if techniques.speculation:  # of both pools, whose caches must look alike
        yield from (
            ("--spec-method", "mtp")
            if has_heads(config, "vllm")
            else ("--spec-method", "eagle3", "--spec-model", DRAFT)
        )
        yield from ("--spec-tokens", str(techniques.draft_tok))
    if role != "both":
        kv_role = "kv_producer" if role == "prefill" else "kv_consumer"
        yield from ("--kv-transfer-config", json.dumps({"kv_connector": "NixlConnector", "kv_role": kv_role}))


def _sglang(job: Job, role: Role, host: Token, port: int) -> Iterator[Token]:
    config, techniques = job.config, job.scenario.techniques
    model, online = checkpoint(job)
    yield from ("python", "-m", "sglang.launch_server", "--model-path", model, "--host", host, "--port", str(port))
    yield from ("--api-key", Variable(KEYS["sglang"], "the key that clients send"))
    yield from ("--tp-size", str(config.gpus_in_step))
    if config.attention_ranks > 1:
        yield from ("--attn-dp-size", str(config.attention_ranks))
    if config.pipeline_stages > 1:
        yield from ("--pp-size", str(config.pipeline_stages))
    if config.expert_ranks > 1:
        yield from ("--ep-size", str(config.expert_ranks))
    yield from machine_flags("sglang", job.plan, FIRST_MACHINE)
    if online:
        yield from ("--quantization", online)
    if config.kv_element_bytes <= 1:
        yield from ("--kv-cache-dtype", "fp8_e4m3")
    yield from ("--context-length", str(job.max_tok))
    yield from ("--max-running-requests", str(job.cap * config.attention_ranks))
    yield from ("--chunked-prefill-size", str(CHUNK_TOK * config.attention_ranks))
    yield from _sglang_cache(job, role)
    if techniques.speculation:
        yield from _sglang_drafts(job)
    if role != "both":
        backend = "mori" if config.gpu.vendor == "amd" else "mooncake"
        yield from ("--disaggregation-mode", role, "--disaggregation-transfer-backend", backend)


def _sglang_cache(job: Job, role: Role) -> Iterator[Token]:
    """Cache flags of SGLang. A dedicated decode server keeps no prefix cache, so it gets no cache-aware scheduling."""
    if not job.scenario.techniques.prefix_caching:
        yield "--disable-radix-cache"
    elif shared_prefix_frac(job.scenario) > 0 and role != "decode":
        yield from ("--schedule-policy", "lpm")


def _sglang_drafts(job: Job) -> Iterator[Token]:
    count = job.scenario.techniques.draft_tok
    yield from ("--speculative-algorithm", "NEXTN" if has_heads(job.config, "sglang") else "EAGLE3")
    if not has_heads(job.config, "sglang"):
        yield from ("--speculative-draft-model-path", DRAFT)
    yield from ("--speculative-num-steps", str(count), "--speculative-eagle-topk", "1")
    yield from ("--speculative-num-draft-tokens", str(count + 1))


def router(job: Job, prefill: Sequence[Token], decode: Sequence[Token], host: str = "127.0.0.1") -> list[Token]:
    """Router command for a prefill and a decode pool. Routers are separate packages, so their options are not checked."""
    addresses: list[Token] = []
    for url in prefill:
        addresses += ["--prefill", url, *([str(BOOTSTRAP_PORT)] if job.engine == "sglang" else [])]
    for url in decode:
        addresses += ["--decode", url]
    end: list[Token] = ["--host", host, "--port", str(PORTS[job.engine])]
    if job.engine == "vllm":
        return ["vllm-router", "--policy", "consistent_hash", "--vllm-pd-disaggregation", *addresses, *end]
    return ["python", "-m", "sglang_router.launch_router", "--pd-disaggregation", *addresses, *end]


# --- benchmark ---------------------------------------------------------------------------------------------------


def benchmarks(job: Job) -> list[tuple[str, list[Token]]]:
    """Benchmark runs as (what it measures, command): first at the replica's concurrency, then at the peak request rate."""
    make = {"vllm": _vllm_bench, "sglang": _sglang_bench}[job.engine]
    rate = max(job.replica_req_s, 1e-3)
    prompts = min(max(ceil(rate * BENCH_SECONDS), 50), MAX_BENCH_PROMPTS)
    runs = [
        (
            f"at capacity: {plural(job.concurrency, 'concurrent client')}",
            [*make(job, "capacity", max(job.concurrency * BENCH_ROUNDS, 50))],
        ),
        (
            f"at the peak: {plural(rate, 'request')}/s, the share of one replica",
            [*make(job, "peak", prompts), "--request-rate", f"{rate:.6g}"],
        ),
    ]
    for _, words in runs:
        check_commands(job.engine, [plain(word) for word in words])
    return runs


def _result_name(job: Job, run: str, ending: str) -> str:
    config = job.config
    return (
        f"{job.engine}-{config.model.id}-{config.gpu.id}-{config.precision}-tp{config.tensor_parallel}-{run}.{ending}"
    )


def _vllm_bench(job: Job, run: str, prompts: int) -> Iterator[Token]:
    model, _ = checkpoint(job)
    fresh, answer = max(round(job.demand.input_tok) - job.prefix_tok, 1), max(round(job.demand.output_tok), 1)
    yield from ("vllm", "bench", "serve", "--backend", "vllm", "--base-url", f"http://127.0.0.1:{PORTS['vllm']}")
    yield from ("--model", model, "--dataset-name", "random", "--random-prefix-len", str(job.prefix_tok))
    yield from ("--random-input-len", str(fresh), "--random-output-len", str(answer), "--ignore-eos")
    yield from ("--num-prompts", str(prompts), "--seed", str(SEED), "--temperature", "0")
    if run == "capacity":
        yield from ("--max-concurrency", str(job.concurrency))
    yield from ("--percentile-metrics", "ttft,tpot,itl,e2el", "--metric-percentiles", "50,95,99")
    yield from ("--save-result", "--result-filename", _result_name(job, run, "json"))


def _sglang_bench(job: Job, run: str, prompts: int) -> Iterator[Token]:
    model, _ = checkpoint(job)
    fresh, answer = max(round(job.demand.input_tok) - job.prefix_tok, 1), max(round(job.demand.output_tok), 1)
    base = f"http://127.0.0.1:{PORTS['sglang']}"
    yield from ("python", "-m", "sglang.benchmark.serving", "--backend", "sglang", "--base-url", base)
    yield from ("--model", model)
    if job.prefix_tok:
        yield from ("--dataset-name", "generated-shared-prefix", "--gsp-num-groups", "1")
        yield from ("--gsp-prompts-per-group", str(prompts), "--gsp-system-prompt-len", str(job.prefix_tok))
        yield from ("--gsp-question-len", str(fresh), "--gsp-output-len", str(answer))
    else:
        yield from ("--dataset-name", "random-ids", "--random-range-ratio", "1")
        yield from ("--random-input-len", str(fresh), "--random-output-len", str(answer))
    yield from ("--num-prompts", str(prompts), "--seed", str(SEED))
    if run == "capacity":
        yield from ("--max-concurrency", str(job.concurrency))
    yield from ("--output-file", _result_name(job, run, "jsonl"))


# --- words in a shell --------------------------------------------------------------------------------------------


def plain(word: Token) -> str:
    """A token as text; a variable as its name in braces."""
    return word if isinstance(word, str) else f"${{{word.name}}}"


def unset_stops(variable: Variable) -> str:
    """A token for shells and Compose: its value, or an expansion that stops with the variable's meaning when unset."""
    meaning = "".join(char if char.isalnum() or char in " ./,_-" else " " for char in variable.meaning)
    return f"${{{variable.name}:?set it to {meaning}}}"


def variables(words: Sequence[Token]) -> list[Variable]:
    """Variables that the reader must set, without repeats."""
    return list(dict.fromkeys(word for word in words if isinstance(word, Variable)))


def in_shell(word: Token) -> str:
    """A token quoted for a shell; an unset Variable stops the command and prints its meaning."""
    if isinstance(word, Variable):
        return f'"{unset_stops(word)}"'
    return shlex.quote(word)
