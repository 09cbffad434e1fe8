"""The plan as command lines: servers, router and benchmark of vLLM and SGLang, for the versions in serving_data.

A word of a command is plain text, or a Variable that the reader sets: a checkpoint or key that nobody may invent. Plain
text comes from files and users, so it is quoted wherever it is written out.
"""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from calculators.catalog.serving import ServingEngine
from calculators.errors import DataError
from calculators.fleet.machine_offers import OWNED_SERVER_GPUS
from calculators.fleet.staircase import FleetPlan
from calculators.performance.replica import ReplicaConfig
from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Demand
from calculators.scenario.schema import Scenario
from calculators.serving.engine_choice import has_heads, shared_prefix_frac
from calculators.serving.flag_check import Facts, check_commands

Role = Literal["both", "prefill", "decode"]
LENGTH_STEP_TOK = 1_024
BENCH_SECONDS = 300
BENCH_ROUNDS = 10
MAX_BENCH_PROMPTS = 20_000
SEED = 0
PORTS: dict[ServingEngine, int] = {"vllm": 8000, "sglang": 30000}
KEYS: dict[ServingEngine, str] = {"vllm": "VLLM_API_KEY", "sglang": "SGLANG_API_KEY"}
ONLINE = {("bf16", "fp8"): "fp8"}
"""Formats that both engines quantise to while loading, from the released one."""
BOOTSTRAP_PORT = 8998


@dataclass(frozen=True, slots=True)
class Variable:
    """Something the reader must set."""

    name: str
    meaning: str


Token = str | Variable
DRAFT = Variable("DRAFT_MODEL", "an EAGLE-3 draft for this very model")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be served: the plan, and the workload it was made for."""

    engine: ServingEngine
    plan: FleetPlan
    scenario: Scenario
    demand: Demand

    @property
    def config(self) -> ReplicaConfig:
        return self.plan.config

    @property
    def context_tok(self) -> int:
        return int(self.config.model.published.context_tok)

    @property
    def needed_tok(self) -> int:
        """The 95th-percentile prompt and answer together, or the longest pair of a measured distribution."""
        lengths, demand = self.demand.lengths, self.demand
        longest = (lengths.input_tok + lengths.output_tok).max() if self.scenario.workload.cells else 0.0
        return ceil(max(demand.input_p95_tok + demand.output_p95_tok, float(longest)))

    @property
    def fits(self) -> bool:
        return self.needed_tok <= self.context_tok

    @property
    def max_tok(self) -> int:
        """Rounded up, but never beyond the model's context."""
        return min(ceil(self.needed_tok / LENGTH_STEP_TOK) * LENGTH_STEP_TOK, self.context_tok)

    @property
    def cap(self) -> int:
        return self.scenario.techniques.batch_cap

    @property
    def roles(self) -> tuple[Role, ...]:
        return ("prefill", "decode") if self.scenario.techniques.disaggregation else ("both",)

    @property
    def pools_share_machine(self) -> bool:
        """Whether one machine has GPUs for a prefill and a decode server."""
        return 2 * self.config.gpus_count <= (self.plan.offer.gpus_per_machine or OWNED_SERVER_GPUS)

    @property
    def concurrency(self) -> int:
        """Requests decoding at once on a replica at its capacity."""
        return max(min(round(self.plan.capacity.batch), self.cap * self.config.attention_ranks), 1)

    @property
    def replica_req_s(self) -> float:
        """Of one replica at the peak; of a prefill and a decode server together, what the busier of both can be given."""
        return self.demand.peak_req_s / max(self.plan.replicas, self.plan.prefill_replicas, 1)

    @property
    def prefix_tok(self) -> int:
        """Tokens that a benchmark's prompts have in common: what the replica is taken to find cached."""
        hit = self.scenario.workload.self_hit_frac if self.scenario.techniques.prefix_caching else 0.0
        return min(round(self.demand.input_tok * hit), max(round(self.demand.input_tok) - 1, 0))


def checkpoint(job: Job) -> tuple[Token, str | None]:
    """What to load, and the format to quantise it to while loading; None: it is in the plan's format already."""
    model, precision = job.config.model, job.config.precision
    released = model.published.native_precision
    if precision == released:
        return model.hf_id, None
    if online := ONLINE.get((released, precision)):
        return model.hf_id, online
    meaning = f"a checkpoint of {model.hf_id} in {precision.upper()}, which you make or trust"
    return Variable(f"MODEL_{precision.upper()}", meaning), None


def plan_facts(job: Job) -> Facts:
    """What a command is checked against beside the engine's options."""
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
    """What the reader should know before starting it."""
    yield f"Requests of more than {job.max_tok:,} tokens, prompt and answer, are refused; the workload's long ones have {job.needed_tok:,}."
    model, online = checkpoint(job)
    if online:
        yield f"The released 16-bit weights are quantised to {online.upper()} while loading; evaluate the quality first."
    if isinstance(model, Variable):
        yield f"{model.name}: {model.meaning}; its format is read from the checkpoint."
    techniques = job.scenario.techniques
    if techniques.speculation:
        yield f"Speculation drafts {techniques.draft_tok} tokens a pass: measure how many are accepted, and drop it if few."
    if job.config.kv_element_bytes <= 1:
        yield "The cache is FP8: evaluate long contexts first."
    if techniques.disaggregation:
        library = "the package nixl in the image, and " if job.engine == "vllm" else ""
        yield f"Caches cross the network between the pools: that takes {library}your RDMA devices in the containers."
    if job.engine == "sglang":
        yield "SGLang takes its key on the command line only, so it shows in the process list."


# --- servers -----------------------------------------------------------------------------------------------------


def server(job: Job, role: Role = "both", host: Token = "127.0.0.1", port: int | None = None) -> list[Token]:
    """The launch command of one replica, checked. Raises DataError when the plan contradicts itself."""
    if not job.fits:
        raise DataError(
            f"workload: its long requests are {job.needed_tok:,} tokens, prompt and answer, more than the "
            f"{job.context_tok:,} of {job.config.model.name}; shorten them, or accept a model with a longer context"
        )
    heads, split = job.config.model.shape.attention.query_heads, job.config.tensor_parallel
    if heads % split:
        raise DataError(
            f"--tensor-parallel-size {split}: {heads} attention heads do not divide evenly; split fewer ways"
        )
    if job.config.model.hf_id.startswith("-"):
        raise DataError(f"hf_id: {job.config.model.hf_id[:40]!r} is not the name of a model; correct its profile")
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
    if online:
        yield from ("--quantization", online)
    if config.kv_element_bytes <= 1:
        yield from ("--kv-cache-dtype", "fp8")
    yield from ("--max-model-len", str(job.max_tok), "--max-num-seqs", str(job.cap))
    yield from ("--max-num-batched-tokens", str(CHUNK_TOK))
    yield "--enable-prefix-caching" if techniques.prefix_caching else "--no-enable-prefix-caching"
    if techniques.speculation:  # of both pools, whose caches must look alike
        yield from ("--spec-method", "mtp") if has_heads(config) else ("--spec-method", "eagle3", "--spec-model", DRAFT)
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
    """A decode server of its own keeps no prefix cache, so there is none to order requests by."""
    if not job.scenario.techniques.prefix_caching:
        yield "--disable-radix-cache"
    elif shared_prefix_frac(job.scenario) > 0 and role != "decode":
        yield from ("--schedule-policy", "lpm")


def _sglang_drafts(job: Job) -> Iterator[Token]:
    count = job.scenario.techniques.draft_tok
    yield from ("--speculative-algorithm", "NEXTN" if has_heads(job.config) else "EAGLE3")
    if not has_heads(job.config):
        yield from ("--speculative-draft-model-path", DRAFT)
    yield from ("--speculative-num-steps", str(count), "--speculative-eagle-topk", "1")
    yield from ("--speculative-num-draft-tokens", str(count + 1))


def router(job: Job, prefill: Sequence[Token], decode: Sequence[Token], host: str = "127.0.0.1") -> list[Token]:
    """What stands in front of two pools. Of packages of their own, so their options are not checked here."""
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
    """What each run measures, and its command: as many clients as the replica holds at capacity, then the peak's rate."""
    make = {"vllm": _vllm_bench, "sglang": _sglang_bench}[job.engine]
    rate = max(job.replica_req_s, 1e-3)
    prompts = min(max(ceil(rate * BENCH_SECONDS), 50), MAX_BENCH_PROMPTS)
    runs = [
        (
            f"at capacity: {job.concurrency} clients, each waiting for its answer",
            [*make(job, "capacity", max(job.concurrency * BENCH_ROUNDS, 50))],
        ),
        (
            f"at the peak: {rate:.3g} requests a second, as each replica is to carry",
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
    return word if isinstance(word, str) else f"${{{word.name}}}"


def unset_stops(variable: Variable) -> str:
    """The value, or a stop with its meaning: for shells and Compose, both of which would read signs of the meaning."""
    meaning = "".join(char if char.isalnum() or char in " ./,_-" else " " for char in variable.meaning)
    return f"${{{variable.name}:?set it to {meaning}}}"


def variables(words: Sequence[Token]) -> list[Variable]:
    """What the reader must set, once each."""
    return list(dict.fromkeys(word for word in words if isinstance(word, Variable)))


def in_shell(word: Token) -> str:
    """Quoted so that a shell takes it as it is; a Variable stops the command with its meaning while it is not set."""
    if isinstance(word, Variable):
        return f'"{unset_stops(word)}"'
    return shlex.quote(word)
