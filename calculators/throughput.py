"""How fast a model runs on GPUs: the time of one engine step, and from it TPOT, TTFT and requests a second.

One step of continuous batching with chunked prefill carries `batch` decoding requests, one token each, and a share of
somebody's prompt. Its time on each of the replica's GPUs is a sum of things that happen one after another:

    weights       a soft maximum of reading them once (bytes / bandwidth) and multiplying by them (FLOPs / peak)
    KV cache      read once for every decoding request
    attention     over the prompt tokens of this step
    collectives   two all-reduces a layer when the model is split over GPUs
    overhead      kernel launches by layer, scheduler by step, sampling and bookkeeping by request

The roofline terms follow Williams et al., "Roofline", CACM 2009; the split into prefill and decode Pope et al.,
"Efficiently Scaling Transformer Inference", arXiv:2211.05102. Efficiencies are fitted (hardware_profiles/
efficiency.yaml). Everything is vectorised: arrays of setups (n, 1) against a grid of batch sizes (b,).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from calculators.catalog import Catalog
from calculators.memory import (
    KV_ELEMENT_BYTES,
    LINEAR_BITS,
    attention_bits,
    kv_bytes_per_layer_tok,
    kv_room_bytes,
    kv_shards,
    parameters,
)
from calculators.records import Efficiency, Gpu, Model, Precision
from calculators.units import BYTES_PER_GB
from calculators.workload import Array

SOFT_MAXIMUM_POWER = 4.0
"""How sharp the roofline's knee is; infinity would be a hard maximum."""
MAX_BATCH = 256
"""Requests decoding at once: the engines' usual cap (vLLM max_num_seqs)."""
CHUNK_TOK = 2048
"""Prompt tokens an engine takes into one step (vLLM max_num_batched_tokens with chunked prefill)."""
PCIE_GB_S = 16.0  # where a profile names no link: PCIe 3.0 x16
TAIL_FRAC = 0.05  # the p95 of waiting times

BATCH_GRID: Array = np.unique(np.round(np.geomspace(1, MAX_BATCH, 40))).astype(float)


@dataclass(frozen=True, slots=True)
class Setup:
    """One replica: a model in a format, split over `tensor_parallel` GPUs of one machine, times ranks and stages."""

    model: Model
    gpu: Gpu
    precision: Precision
    tensor_parallel: int
    attention_ranks: int = 1
    """Attention data parallelism: copies of the attention that each serve their own requests and share the experts."""
    pipeline_stages: int = 1
    kv_element_bytes: float = KV_ELEMENT_BYTES

    @property
    def gpus_in_step(self) -> int:
        """GPUs that work on one layer together."""
        return self.tensor_parallel * self.attention_ranks

    @property
    def gpus_count(self) -> int:
        return self.tensor_parallel * self.attention_ranks * self.pipeline_stages

    @property
    def label(self) -> str:
        return f"{self.model.name} {self.precision.upper()} on {self.tensor_parallel}× {self.gpu.name}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Setups as numbers, one row each; per GPU of the replica unless it says otherwise. Arrays (n, 1)."""

    always_read_bytes: Array
    """Attention, dense layers and head: read by every step."""
    expert_bytes: Array
    experts_count: Array
    experts_per_token_count: Array
    linear_flop_per_tok: Array
    peak_flops: Array
    bandwidth_bytes_s: Array
    kv_full_bytes_per_tok: Array
    kv_sliding_bytes_per_tok: Array
    window_tok: Array
    prompt_flop_per_tok2: Array
    """Attention FLOPs per prompt token and token it attends to."""
    decode_flop_per_tok2: Array
    """The same for a decoding token; more with MLA, which then works on the compressed cache."""
    attention_peak_flops: Array
    kv_room_bytes: Array
    layers_count: Array
    is_moe: Array
    tensor_parallel_count: Array
    attention_ranks_count: Array
    hidden_bytes: Array
    link_bytes_s: Array
    compute_frac: Array
    weight_bandwidth_frac: Array
    kv_bandwidth_frac: Array
    prefill_attention_frac: Array
    link_frac: Array
    layer_overhead_s: Array
    step_overhead_s: Array
    collective_latency_s: Array
    request_overhead_s: Array
    prefill_interference_frac: Array
    first_token_overhead_s: Array

    def rows(self, keep: Array) -> "Machine":
        """Only the setups selected by a boolean array (n,)."""
        return Machine(*(getattr(self, f.name)[keep] for f in fields(self)))


def machine(setups: Sequence[Setup], catalog: Catalog) -> Machine:
    """Setups as arrays, with the efficiencies of each GPU's generation."""
    rows = [_row(setup, catalog.efficiency(setup.gpu)) for setup in setups]
    return Machine(*(np.array(column, dtype=float)[:, None] for column in zip(*rows, strict=True)))


def _row(setup: Setup, fit: Efficiency) -> tuple[float, ...]:
    """One row of `Machine`, in the order of its fields."""
    shape, gpu, tp = setup.model.shape, setup.gpu, setup.tensor_parallel
    p, a, mlp = parameters(shape), shape.attention, shape.mlp
    linear_bytes = LINEAR_BITS[setup.precision] / 8
    always = 2 * p.head + attention_bits(setup.precision) / 8 * p.attention + linear_bytes * p.dense_mlp
    kv_layer = kv_bytes_per_layer_tok(shape, setup.kv_element_bytes) / kv_shards(shape, tp)
    value_dim = a.v_head_dim or a.head_dim
    prompt_flop = 2 * a.query_heads * (a.head_dim + value_dim) * (a.full_layers + a.sliding_layers) / tp
    latent_dim = 2 * (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    decode_flop = 2 * a.query_heads * latent_dim * a.full_layers / tp if a.kind == "mla" else prompt_flop
    is_moe = float(mlp.moe_layers > 0)
    layer_us = fit.layer_overhead_us + fit.layer_overhead_moe_us * is_moe
    layer_us += fit.layer_overhead_parallel_us * (setup.gpus_in_step > 1)
    return (
        *(always / tp, linear_bytes * p.experts / setup.gpus_in_step),
        *(float(mlp.experts or 1), float(mlp.experts_per_token or 1)),
        *(2 * p.active / tp, gpu.dense_flops(setup.precision), gpu.bandwidth_bytes_s),
        *(kv_layer * a.full_layers, kv_layer * a.sliding_layers, float(a.sliding_window_tok or 0)),
        *(prompt_flop, decode_flop, gpu.dense_flops("bf16"), _room_bytes(setup, always)),
        *(float(shape.layers), is_moe, float(tp), float(setup.attention_ranks)),
        *(2.0 * shape.hidden_size, link_bytes_s(gpu, setup.gpus_in_step)),
        *(fit.compute_frac, fit.weight_bandwidth_frac, fit.kv_bandwidth_frac),
        *(fit.prefill_attention_frac, fit.link_frac, layer_us * 1e-6, fit.step_overhead_us * 1e-6),
        *(fit.collective_latency_us * 1e-6, fit.request_overhead_us * 1e-6),
        *(fit.prefill_interference_frac, fit.first_token_overhead_ms * 1e-3),
    )


def _room_bytes(setup: Setup, always_bytes: float) -> float:
    """Memory for caches on each GPU; every attention rank after the first holds the always-read weights once more."""
    copies = always_bytes / setup.tensor_parallel * (1 - 1 / setup.attention_ranks) / setup.pipeline_stages
    return kv_room_bytes(setup.gpu, setup.model.shape, setup.precision, setup.gpus_count) - copies


def link_bytes_s(gpu: Gpu, gpus: int) -> float:
    """Rate of one GPU's link when `gpus` talk to each other: beyond the scale-up domain it is PCIe."""
    if gpus <= gpu.links.domain_gpus:
        return gpu.link_bytes_s
    return (gpu.links.pcie_per_direction_gb_s or PCIE_GB_S) * BYTES_PER_GB


def expert_share_touched(m: Machine, tokens: Array) -> Array:
    """Share of the experts that at least one of `tokens` picks: 1 - (1 - k/E)^tokens, routing taken as uniform."""
    return 1 - (1 - m.experts_per_token_count / m.experts_count) ** (tokens * m.attention_ranks_count)


def weights_s(m: Machine, tokens: Array) -> Array:
    """Reading the weights and multiplying `tokens` rows by them: the soft maximum of the two."""
    bytes_read = m.always_read_bytes + m.expert_bytes * expert_share_touched(m, tokens)
    read = bytes_read / (m.bandwidth_bytes_s * m.weight_bandwidth_frac)
    multiply = m.linear_flop_per_tok * tokens / (m.peak_flops * m.compute_frac)
    return soft_maximum(read, multiply)


def kv_read_s(m: Machine, batch: Array, context_tok: Array) -> Array:
    """Attention of the decoding tokens: reading `batch` caches of `context_tok` tokens each and multiplying by them."""
    read = batch * cache_bytes(m, context_tok) / (m.bandwidth_bytes_s * m.kv_bandwidth_frac)
    multiply = batch * m.decode_flop_per_tok2 * context_tok / (m.attention_peak_flops * m.compute_frac)
    return soft_maximum(read, multiply)


def cache_bytes(m: Machine, context_tok: Array) -> Array:
    """KV-cache bytes of one request on one GPU."""
    return m.kv_full_bytes_per_tok * context_tok + m.kv_sliding_bytes_per_tok * np.minimum(context_tok, m.window_tok)


def prompt_attention_s(m: Machine, prompt_tok: Array, attended_tok: Array) -> Array:
    """Attention of prompt tokens over the tokens before them (the mean over a causal prompt is half its length)."""
    return m.prompt_flop_per_tok2 * prompt_tok * attended_tok / (m.attention_peak_flops * m.prefill_attention_frac)


def collectives_s(m: Machine, tokens: Array) -> Array:
    """Two all-reduces a layer; a ring moves 2(n-1)/n of the activations over each link. With attention ranks, sending
    tokens to the experts and back moves about as much."""
    n = m.tensor_parallel_count * m.attention_ranks_count
    moved_bytes = tokens * m.hidden_bytes * 2 * (n - 1) / n
    once = m.collective_latency_s + moved_bytes / (m.link_bytes_s * m.link_frac)
    return np.where(n > 1, 2 * m.layers_count * once, 0.0)


def step_s(m: Machine, batch: Array, context_tok: Array, prompt_tok: Array, attended_tok: Array) -> Array:
    """Time of one engine step with `batch` decoding requests and `prompt_tok` prompt tokens. Broadcasts."""
    tokens = batch + prompt_tok
    return (
        weights_s(m, tokens)
        + kv_read_s(m, batch, context_tok)
        + prompt_attention_s(m, prompt_tok, attended_tok)
        + collectives_s(m, tokens)
        + m.layers_count * m.layer_overhead_s
        + m.step_overhead_s
        + batch * m.request_overhead_s
    )


def tpot_s(m: Machine, batch: Array, input_tok: Array, output_tok: Array, fresh_tok: Array) -> Array:
    """Time per output token in steady state: while one request makes `output_tok` tokens, each of the `batch` requests
    brings one prompt, of which `fresh_tok` are not cached: batch x fresh / output prompt tokens in every step."""
    return step_s(m, batch, input_tok + output_tok / 2, batch * fresh_tok / output_tok, input_tok / 2)


def closed_loop_s(m: Machine, batch: Array, input_tok: Array, output_tok: Array) -> tuple[Array, Array]:
    """Mean TTFT and TPOT when `batch` clients each send their next request as soon as the last one is answered.

    They fall into step, so prompts come in waves: of the others' prefills a part delays one's decoding, and the rest is
    waited for before the first token.
    """
    context, others, none = input_tok + output_tok / 2, np.maximum(batch - 1, 0.0), np.zeros(1)
    share = m.prefill_interference_frac
    tpot = step_s(m, batch, context, share * others * input_tok / output_tok, input_tok / 2)
    own = prefill_s(m, none, context, input_tok, input_tok)
    return own * (1 + (1 - share) * others) + m.first_token_overhead_s, tpot


def static_batch_s(m: Machine, batch: Array, input_tok: Array, output_tok: Array) -> tuple[Array, Array]:
    """TTFT and TPOT of a batch that starts and ends together: all prompts are computed, then all decode."""
    none = np.zeros(1)
    first = prefill_s(m, none, input_tok, batch * input_tok, input_tok)
    return first, step_s(m, batch, input_tok + output_tok / 2, none, none)


def prefill_s(m: Machine, batch: Array, context_tok: Array, fresh_tok: Array, prompt_tok: Array) -> Array:
    """Time to compute a prompt, chunk by chunk, while `batch` others go on decoding in the same steps."""
    chunk = np.minimum(fresh_tok, CHUNK_TOK)
    return fresh_tok / chunk * step_s(m, batch, context_tok, chunk, prompt_tok / 2)


def largest_batch(m: Machine, input_tok: Array, output_tok: Array, cap: float | Array = MAX_BATCH) -> Array:
    """Requests whose caches fit at once, at most the engine's cap; below 1: not even one does."""
    per_request = cache_bytes(m, input_tok + output_tok)
    unlimited = np.full(np.broadcast(m.kv_room_bytes, per_request).shape, np.inf)
    room = np.divide(m.kv_room_bytes, per_request, out=unlimited, where=per_request > 0)
    return np.minimum(np.where(m.kv_room_bytes > 0, room, 0.0), cap)


def soft_maximum(a: Array, b: Array) -> Array:
    """(a^p + b^p)^(1/p), scaled so that it neither over- nor underflows."""
    top = np.maximum(a, b)
    ratio = np.divide(np.minimum(a, b), top, out=np.zeros(np.broadcast(a, b).shape), where=top > 0)
    return top * (1 + ratio**SOFT_MAXIMUM_POWER) ** (1 / SOFT_MAXIMUM_POWER)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a replica is asked to serve: mean lengths, the share it need not prefill, and the tail."""

    input_tok: float
    output_tok: float
    input_p95_tok: float
    input_cv2_ratio: float
    """Squared coefficient of variation of the input length: prompts of unequal length queue longer."""
    hit_frac: float = 0.0

    @property
    def fresh_tok(self) -> float:
        return max(self.input_tok * (1 - self.hit_frac), 1.0)


@dataclass(frozen=True, slots=True)
class Operating:
    """Every setup at every batch of the grid. Arrays (n, b)."""

    batch: Array
    tpot_s: Array
    ttft_p95_s: Array
    ttft_mean_s: Array
    req_s: Array
    """Requests a second one replica completes with this many in flight."""
    fits: NDArray[np.bool_]
    """Whether the caches of that many fit in memory."""


def operating_points(m: Machine, traffic: Traffic, batch: Array = BATCH_GRID) -> Operating:
    """TPOT, TTFT and completed requests a second for each setup (n) and batch size (b).

    Requests a second by Little's law over the decode phase: batch / (output x TPOT). TTFT: prompts queue for the
    prefill share of the steps like customers of an M/G/1 server (Pollaczek-Khinchine), whose tail is taken as
    exponential; then comes the prompt's own prefill and the step that makes the first token.
    """
    fresh = np.asarray(traffic.fresh_tok)
    context = np.asarray(traffic.input_tok + traffic.output_tok / 2)
    tpot = tpot_s(m, batch, np.asarray(traffic.input_tok), np.asarray(traffic.output_tok), fresh)
    req_s = m.attention_ranks_count * batch / (traffic.output_tok * tpot)
    own = prefill_s(m, batch, context, fresh, np.asarray(traffic.input_tok))
    long_tok = max(traffic.input_p95_tok * (1 - traffic.hit_frac), 1.0)
    long_prompt = prefill_s(m, batch, context, np.asarray(long_tok), np.asarray(traffic.input_p95_tok))
    busy = np.minimum(req_s / m.attention_ranks_count * own, 1 - 1e-9)
    scale = own * (1 + traffic.input_cv2_ratio) / 2 / (1 - busy)
    wait_p95 = scale * np.log(np.maximum(busy / TAIL_FRAC, 1.0))
    return Operating(
        batch=batch,
        tpot_s=tpot,
        ttft_p95_s=wait_p95 + long_prompt,
        ttft_mean_s=busy * scale + own,
        req_s=req_s,
        fits=batch <= largest_batch(m, np.asarray(traffic.input_tok), np.asarray(traffic.output_tok)),
    )
