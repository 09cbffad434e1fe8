"""The two phases of one request, term by term: what a decoding step and a prompt's prefill spend their time on, which
wall each hits, and where that puts them on the GPU's roofline (Williams et al., CACM 2009)."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.performance import percentiles as tails
from calculators.performance import queueing as latency
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.request_mix import RequestMix
from calculators.performance.step_time import (
    CHUNK_TOK,
    collectives_s,
    decode_attention_flop,
    expert_share_touched,
    kv_read_s,
    overhead_s,
    prompt_attention_flop,
    prompt_attention_s,
    read_bytes,
    step_s,
    weights_s,
)
from calculators.scenario.demand import Array

Wall = Literal["bandwidth", "compute", "links", "overhead"]
ENDLESS = 1e30  # a rate so high that its part of a roofline vanishes
LOADS_FRAC: Array = np.concatenate([np.linspace(0.02, 0.9, 23), [0.94, 0.97, 0.99]])

REMEDIES: dict[Wall, str] = {
    "bandwidth": "fewer bytes a token: a coarser weight or cache format, more requests sharing one reading of the weights, "
    "or memory with more bandwidth",
    "compute": "fewer operations: prefix caching, a smaller active model, or a GPU and format with a higher peak",
    "links": "fewer GPUs a replica, or faster links between them",
    "overhead": "a larger batch, CUDA graphs, or a model with fewer layers: the GPU waits for its instructions",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a phase's time."""

    name: str
    time_s: float
    wall: Wall


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of one kind on one GPU of the replica."""

    name: str
    total_s: float
    terms: tuple[Term, ...]
    flop: float
    moved_bytes: float

    @property
    def wall(self) -> Wall:
        """What most of the time goes to."""
        walls = {wall: sum(t.time_s for t in self.terms if t.wall == wall) for wall in REMEDIES}
        return max(walls, key=lambda wall: walls[wall])

    @property
    def wall_share_frac(self) -> float:
        return sum(t.time_s for t in self.terms if t.wall == self.wall) / sum(t.time_s for t in self.terms)

    @property
    def intensity_ratio(self) -> float:
        """Operations for each byte moved."""
        return self.flop / self.moved_bytes

    @property
    def achieved_flops(self) -> float:
        return self.flop / self.total_s


def decode_phase(m: ReplicaArrays, batch: float, context_tok: float, name: str = "Decode") -> Phase:
    """One step of `batch` requests, a token each, `context_tok` tokens behind each of them."""
    tokens, context, none = np.array([batch]), np.array([context_tok]), np.zeros(1)
    flop = _linear_flop(m, batch) + batch * _one(decode_attention_flop(m, context))
    caches = batch * _one(read_bytes(m, context))
    total = _one(step_s(m, tokens, context, none, none))
    cache_term = Term("reading caches", _one(m.kernel_factor * kv_read_s(m, tokens, context)), "bandwidth")
    return Phase(
        name,
        total,
        (*_weight_terms(m, batch), cache_term, *_rest(m, batch, batch)),
        flop,
        _weight_bytes(m, batch) + caches,
    )


def prefill_phase(m: ReplicaArrays, prompt_tok: float, hit_tok: float = 0.0, name: str = "Prefill") -> Phase:
    """A prompt alone, in as many chunks as it takes; the first `hit_tok` tokens come from a cache."""
    fresh = max(prompt_tok - hit_tok, 1.0)
    chunk = min(fresh, float(CHUNK_TOK))
    chunks, attended = fresh / chunk, np.array([hit_tok + fresh / 2])
    one, none = np.array([chunk]), np.zeros(1)
    attention_s = _one(m.kernel_factor * prompt_attention_s(m, one, attended))
    terms = (*_weight_terms(m, chunk), Term("attention over the prompt", attention_s, "compute"), *_rest(m, chunk, 0.0))
    flop = _linear_flop(m, chunk) + chunk * _one(prompt_attention_flop(m, attended))
    total = _one(step_s(m, none, none, one, attended))
    scaled = tuple(Term(t.name, t.time_s * chunks, t.wall) for t in terms)
    return Phase(name, total * chunks, scaled, flop * chunks, _weight_bytes(m, chunk) * chunks)


def _weight_terms(m: ReplicaArrays, tokens: float) -> tuple[Term, ...]:
    """Reading the weights, and what multiplying by them adds: the roofline hides the shorter behind the longer.

    Gathering the tokens of each expert grows with the tokens as arithmetic does, and published runs cannot tell the two
    apart, so it counts as arithmetic.
    """
    rows, bare = np.array([tokens]), replace(m, expert_passes=np.zeros_like(m.expert_passes))
    together = _one(m.kernel_factor * weights_s(bare, rows))
    read = _one(m.kernel_factor * weights_s(replace(bare, peak_flops=np.full_like(m.peak_flops, ENDLESS)), rows))
    gather = Term("gathering tokens for experts", _one(m.kernel_factor * weights_s(m, rows)) - together, "compute")
    if together - read > read:  # arithmetic is the longer: reading hides behind it
        return Term("multiplying by weights", together, "compute"), gather
    rest = Term("multiplying by weights, not hidden", max(together - read, 0.0), "compute")
    return Term("reading weights", read, "bandwidth"), rest, gather


def _rest(m: ReplicaArrays, tokens: float, batch: float) -> tuple[Term, Term]:
    links = _one(m.kernel_factor * collectives_s(m, np.array([tokens])))
    return Term("links between GPUs", links, "links"), Term(
        "launches and scheduler", _one(overhead_s(m, np.array([batch]))), "overhead"
    )


def _linear_flop(m: ReplicaArrays, tokens: float) -> float:
    return tokens * (_one(m.dense_flop_per_tok) + _one(m.expert_flop_per_tok))


def _weight_bytes(m: ReplicaArrays, tokens: float) -> float:
    return _one(m.always_read_bytes + m.expert_bytes * expert_share_touched(m, np.array([tokens])))


def _one(value: Array) -> float:
    return float(np.asarray(value).reshape(-1)[0])


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """One replica from nearly idle to full. Arrays (b,)."""

    req_s: Array
    batch: Array
    tpot_s: Array
    tpot_p95_s: Array
    ttft_p50_s: Array
    ttft_p95_s: Array
    ttft_p99_s: Array
    slots_count: float
    """Requests whose caches fit at once."""


def load_curve(m: ReplicaArrays, traffic: RequestMix) -> LoadCurve:
    """Latency against load for a single setup."""
    replica = latency.queue_model(m, traffic)
    points = latency.at_rate(replica, LOADS_FRAC[None, :] * latency.largest_req_s(replica))
    p50, p95, p99 = (tails.ttft_percentile_s(points, share)[0] for share in (0.5, 0.95, 0.99))
    tpot_p95 = tails.tpot_percentile_s(points, 0.95)[0]
    slots = _one(replica.slots)
    return LoadCurve(points.req_s[0], points.batch[0], points.tpot_s[0], tpot_p95, p50, p95, p99, slots)


@dataclass(frozen=True, slots=True)
class Roofline:
    """A roofline: the flat part and the slope."""

    flops: float
    bandwidth_bytes_s: float

    @property
    def ridge_ratio(self) -> float:
        return self.flops / self.bandwidth_bytes_s

    def full_batch_count(self, weight_bytes: float) -> float:
        """B* = ridge x bytes of a weight / 2: requests decoding at once from which multiplying takes longer than reading
        the weights, each of which costs every request two operations."""
        return self.ridge_ratio * weight_bytes / 2


def rooflines(m: ReplicaArrays) -> tuple[Roofline, Roofline]:
    """Of the data sheet, and of what engines reach of it with this model: the fitted efficiencies."""
    sheet = Roofline(_one(m.peak_flops), _one(m.bandwidth_bytes_s))
    mostly_experts = _one(m.expert_flop_per_tok) > _one(m.dense_flop_per_tok)
    compute = _one(m.expert_compute_frac if mostly_experts else m.compute_frac) * _one(m.format_compute_frac)
    reading = _one(m.expert_bandwidth_frac if mostly_experts else m.weight_bandwidth_frac)
    return sheet, Roofline(sheet.flops * compute, sheet.bandwidth_bytes_s * reading)


def one_machine(config: ReplicaConfig, catalog: Catalog) -> ReplicaArrays:
    """A single setup as arrays."""
    return replica_arrays([config], catalog)
