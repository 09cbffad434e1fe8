"""Prefill and decode of one request, term by term: what a decode step and the prefill of a prompt spend their time on,
which resource is the bottleneck of each, and where that puts them on the GPU's roofline.

Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model", CACM 2009.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from calculators.performance.percentiles import tpot_percentile_s, ttft_percentile_s
from calculators.performance.queueing import at_rate, largest_req_s, queue_model
from calculators.performance.replica import ReplicaArrays
from calculators.performance.request_mix import RequestMix
from calculators.performance.step_time import (
    CHUNK_TOK,
    collectives_s,
    decode_attention_flop,
    expert_share_touched,
    exposed_network_s,
    first_token_overhead_s,
    kv_read_s,
    overhead_s,
    prompt_attention_flop,
    prompt_attention_s,
    read_bytes,
    step_s,
    weights_s,
)
from calculators.scenario.demand import Array

Bottleneck = Literal["bandwidth", "compute", "links", "overhead"]
PhaseKind = Literal["prefill", "decode"]
TermKind = Literal[
    "weight_read",
    "weight_multiply",
    "weight_multiply_exposed",
    "expert_gather",
    "kv_read",
    "prompt_attention",
    "communication",
    "overhead",
]
_ENDLESS = 1e30  # a rate so high that its part of a roofline vanishes
_LOADS_FRAC: Array = np.concatenate([np.linspace(0.02, 0.9, 23), [0.94, 0.97, 0.99]])

TERM_BOTTLENECK: dict[TermKind, Bottleneck] = {
    "weight_read": "bandwidth",
    "weight_multiply": "compute",
    "weight_multiply_exposed": "compute",
    "expert_gather": "compute",
    "kv_read": "bandwidth",
    "prompt_attention": "compute",
    "communication": "links",
    "overhead": "overhead",
}
BOTTLENECKS: tuple[Bottleneck, ...] = get_args(Bottleneck)


@dataclass(frozen=True, slots=True)
class TimeTerm:
    """One part of a phase's time, in seconds."""

    kind: TermKind
    time_s: float

    @property
    def bottleneck(self) -> Bottleneck:
        return TERM_BOTTLENECK[self.kind]


@dataclass(frozen=True, slots=True)
class Phase:
    """Prefill or decode on one GPU of a replica: time, its terms, FLOP and bytes moved."""

    kind: PhaseKind
    batch: float
    """Requests in the phase: 1 for prefill."""
    total_s: float
    terms: tuple[TimeTerm, ...]
    flop: float
    moved_bytes: float

    @property
    def bottleneck(self) -> Bottleneck:
        """The resource that takes most of the time."""
        return max(BOTTLENECKS, key=self._time_s)

    @property
    def bottleneck_share_frac(self) -> float:
        """Share of the time that the bottleneck takes."""
        return self._time_s(self.bottleneck) / sum(term.time_s for term in self.terms)

    @property
    def intensity_ratio(self) -> float:
        """Arithmetic intensity, FLOP per byte moved."""
        return self.flop / self.moved_bytes

    @property
    def achieved_flops(self) -> float:
        return self.flop / self.total_s

    def at_speed(self, ratio: float) -> "Phase":
        """The same work at so many times the speed; every term takes the same share of it."""
        terms = tuple(TimeTerm(term.kind, term.time_s / ratio) for term in self.terms)
        return replace(self, total_s=self.total_s / ratio, terms=terms)

    def share_frac(self, kind: TermKind) -> float:
        """Share of the time that one kind of term takes."""
        return sum(term.time_s for term in self.terms if term.kind == kind) / self.total_s

    def _time_s(self, bottleneck: Bottleneck) -> float:
        return sum(term.time_s for term in self.terms if term.bottleneck == bottleneck)


def decode_phase(m: ReplicaArrays, batch: float, context_tok: float) -> Phase:
    """One decode step of `batch` requests with `context_tok` tokens of context each, on a single replica (one row)."""
    tokens, context, none = np.array([batch]), np.array([context_tok]), np.zeros(1)
    flop = _linear_flop(m, batch) + batch * _one(decode_attention_flop(m, context))
    caches = batch * _one(read_bytes(m, context))
    kv_read = TimeTerm("kv_read", _one(m.kernel_factor * kv_read_s(m, tokens, context)))
    return Phase(
        kind="decode",
        batch=batch,
        total_s=_one(step_s(m, tokens, context, none, none)),
        terms=(*_weight_terms(m, batch), kv_read, *_other_terms(m, batch, batch)),
        flop=flop,
        moved_bytes=_weight_bytes(m, batch) + caches,
    )


def prefill_phase(m: ReplicaArrays, prompt_tok: float, hit_tok: float = 0.0) -> Phase:
    """Prefill of one prompt in as many chunks as it takes, on a single replica (one row). The first `hit_tok` tokens come
    from the prefix cache."""
    fresh = max(prompt_tok - hit_tok, 1.0)
    chunk = min(fresh, float(CHUNK_TOK))
    chunks, attended = fresh / chunk, np.array([hit_tok + fresh / 2])
    one, none = np.array([chunk]), np.zeros(1)
    attention = TimeTerm("prompt_attention", _one(m.kernel_factor * prompt_attention_s(m, one, attended)))
    terms = (*_weight_terms(m, chunk), attention, *_other_terms(m, chunk, 0.0))
    flop = _linear_flop(m, chunk) + chunk * _one(prompt_attention_flop(m, attended))
    return Phase(
        kind="prefill",
        batch=1.0,
        total_s=_one(step_s(m, none, none, one, attended)) * chunks,
        terms=tuple(TimeTerm(term.kind, term.time_s * chunks) for term in terms),
        flop=flop * chunks,
        moved_bytes=_weight_bytes(m, chunk) * chunks,
    )


def _weight_terms(m: ReplicaArrays, tokens: float) -> tuple[TimeTerm, ...]:
    """Terms of the weights for a step of `tokens` tokens: reads, and the multiplication that they do not hide.

    The roofline hides the shorter of the two behind the longer. Gathering the tokens of each expert grows with the tokens
    as arithmetic does, and published runs cannot tell the two apart, so it counts as compute.
    """
    rows, bare = np.array([tokens]), replace(m, expert_passes=np.zeros_like(m.expert_passes))
    together = _one(m.kernel_factor * weights_s(bare, rows))
    read = _one(m.kernel_factor * weights_s(replace(bare, peak_flops=np.full_like(m.peak_flops, _ENDLESS)), rows))
    gather = TimeTerm("expert_gather", _one(m.kernel_factor * weights_s(m, rows)) - together)
    if together - read > read:
        return TimeTerm("weight_multiply", together), gather
    return TimeTerm("weight_read", read), TimeTerm("weight_multiply_exposed", max(together - read, 0.0)), gather


def _other_terms(m: ReplicaArrays, tokens: float, batch: float) -> tuple[TimeTerm, TimeTerm]:
    """Communication for `tokens` tokens, and overhead of a step with `batch` decoding requests."""
    rows = np.array([tokens])
    beyond = exposed_network_s(m, rows, m.kernel_factor * weights_s(m, rows))
    links = _one(m.kernel_factor * collectives_s(m, rows) + beyond)
    return TimeTerm("communication", links), TimeTerm("overhead", _one(overhead_s(m, np.array([batch]))))


def _linear_flop(m: ReplicaArrays, tokens: float) -> float:
    return tokens * (_one(m.dense_flop_per_tok) + _one(m.expert_flop_per_tok))


def _weight_bytes(m: ReplicaArrays, tokens: float) -> float:
    return _one(m.always_read_bytes + m.expert_bytes * expert_share_touched(m, np.array([tokens])))


def _one(value: Array) -> float:
    return float(np.asarray(value).reshape(-1)[0])


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """Latency of one replica from nearly idle to full. Arrays (b,), in order of load."""

    req_s: Array
    batch: Array
    tpot_s: Array
    tpot_p95_s: Array
    ttft_p50_s: Array
    ttft_p95_s: Array
    ttft_p99_s: Array
    slots_count: float
    """Requests whose KV caches fit at once, at most the engine's batch cap."""

    def at_speed(self, throughput: Array, decode: Array, first_token: Array) -> "LoadCurve":
        """The curve of a replica whose speeds are so many times these, at each batch (b,) or at all of them (1,)."""
        return replace(
            self,
            req_s=self.req_s * throughput,
            tpot_s=self.tpot_s / decode,
            tpot_p95_s=self.tpot_p95_s / decode,
            ttft_p50_s=self.ttft_p50_s / first_token,
            ttft_p95_s=self.ttft_p95_s / first_token,
            ttft_p99_s=self.ttft_p99_s / first_token,
        )


def load_curve(m: ReplicaArrays, mix: RequestMix) -> LoadCurve:
    """Latency against load of a single replica (one row), in closed form."""
    queue = queue_model(m, mix)
    points = at_rate(queue, _LOADS_FRAC[None, :] * largest_req_s(queue))
    before_s = first_token_overhead_s(m)[0]
    p50, p95, p99 = (ttft_percentile_s(points, share)[0] + before_s for share in (0.5, 0.95, 0.99))
    return LoadCurve(
        req_s=points.req_s[0],
        batch=points.batch[0],
        tpot_s=points.tpot_s[0],
        tpot_p95_s=tpot_percentile_s(points, 0.95)[0],
        ttft_p50_s=p50,
        ttft_p95_s=p95,
        ttft_p99_s=p99,
        slots_count=_one(queue.slots),
    )


@dataclass(frozen=True, slots=True)
class Roofline:
    """Roofline of one GPU: peak FLOP/s (the flat part) and memory bandwidth (the slope)."""

    flops: float
    bandwidth_bytes_s: float

    @property
    def ridge_ratio(self) -> float:
        """Arithmetic intensity of the ridge point, FLOP per byte."""
        return self.flops / self.bandwidth_bytes_s

    def attainable_flops(self, intensity_ratio: Array) -> Array:
        """FLOP/s at each arithmetic intensity: min(peak, intensity x bandwidth)."""
        return np.minimum(self.flops, intensity_ratio * self.bandwidth_bytes_s)

    def full_batch_count(self, weight_bytes: float) -> float:
        """Batch from which decode is compute-bound on its weights: B* = ridge x bytes per weight / 2, because each request
        costs every weight two operations."""
        return self.ridge_ratio * weight_bytes / 2


def rooflines(m: ReplicaArrays) -> tuple[Roofline, Roofline]:
    """Rooflines of a single replica's GPU: of the data sheet, and of what engines achieve with this model (the fitted
    efficiencies)."""
    sheet = Roofline(_one(m.peak_flops), _one(m.bandwidth_bytes_s))
    mostly_experts = _one(m.expert_flop_per_tok) > _one(m.dense_flop_per_tok)
    compute = _one(m.expert_compute_frac if mostly_experts else m.compute_frac) * _one(m.format_compute_frac)
    reading = _one(m.expert_bandwidth_frac if mostly_experts else m.weight_bandwidth_frac)
    return sheet, Roofline(sheet.flops * compute, sheet.bandwidth_bytes_s * reading)
