"""Replicas as arrays of numbers: a model in a precision on GPUs, with the fitted efficiencies of hardware and engine."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.efficiency import Efficiency, EngineFit, EngineId
from calculators.catalog.engine_memory import engine_family
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
from calculators.performance import quantization_recipe as recipes
from calculators.performance.cache_layout import cached_element_bytes, index_scale_ratio, reads_plain_fp8
from calculators.performance.draft_layers import NO_DRAFTS, draft_numbers
from calculators.performance.format_speed import arithmetic_numbers, cache_ratios, unpacking_us, verify_walk_us
from calculators.performance.gpu_memory import (
    DEFAULTS,
    MemorySettings,
    activation_numbers,
    engine_numbers,
    is_large,
    memory_terms,
)
from calculators.performance.links import islands_count, network_columns
from calculators.performance.model_size import KV_ELEMENT_BYTES, LINEAR_BITS, parameters, stored_bytes, visible_bytes
from calculators.performance.quantization_recipe import Recipe, RecipeWeights
from calculators.performance.released_checkpoints import checkpoint_weights, released_checkpoint, replicated_numbers
from calculators.performance.shape_numbers import gpu_numbers, shape_numbers, step_kernels
from calculators.performance.split_shapes import attention_columns, weight_columns
from calculators.scenario.demand import Array


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """Configuration of one replica: model, precision and GPU, split over `tensor_parallel` GPUs, times attention ranks and
    pipeline stages; over several machines where one does not hold it."""

    model: Model
    gpu: Gpu
    precision: Precision
    tensor_parallel: int
    attention_ranks: int = 1
    """Attention data parallelism: copies of the attention layers that each serve their own requests and share the experts."""
    pipeline_stages: int = 1
    kv_element_bytes: float = KV_ELEMENT_BYTES
    expert_ranks: int = 1
    """Expert parallelism: groups of GPUs that each hold whole experts. 1: every GPU holds a slice of every expert."""
    engine: EngineId = "vllm"
    one_phase: bool = False
    """Whether it serves only prefill or only decode, with kernels and batches for that phase alone."""
    recipe: Recipe | None = None
    """Precision by class of tensors, in place of `precision`. The KV cache's is in `kv_element_bytes`."""
    memory: MemorySettings = DEFAULTS
    """What the user sets of the engine's memory, and its version."""
    release_ratio: float = 1.0
    """Kernel launches of the engine's release, relative to the fitted ones."""

    @property
    def gpus_in_step(self) -> int:
        """GPUs that work on one layer together."""
        return self.tensor_parallel * self.attention_ranks

    @property
    def gpus_count(self) -> int:
        """GPUs of the replica, all pipeline stages together."""
        return self.tensor_parallel * self.attention_ranks * self.pipeline_stages

    @property
    def is_over_machines(self) -> bool:
        """Whether a network between machines carries its messages."""
        return islands_count(self.gpu, self.gpus_count) > 1

    @property
    def label(self) -> str:
        """Model, precision, number of GPUs and GPU, as on screen."""
        weights = self.precision.upper() if self.recipe is None else "with a custom recipe"
        return f"{self.model.name} {weights} on {self.gpus_count}× {self.gpu.name}"


@dataclass(frozen=True, slots=True)
class ReplicaArrays:
    """Replicas as arrays (n, 1), one row each, per GPU of the replica unless stated. Units are the suffixes of the names."""

    always_read_bytes: Array
    """Weights that every step reads: attention, dense layers and head."""
    head_bytes: Array
    four_bit: Array
    """1: four-bit weights, whose scales and unpacking slow the reads. 0: others."""
    dense_flop_per_tok: Array
    expert_bytes: Array
    expert_flop_per_tok: Array
    expert_activation_bytes: Array
    """Inputs and outputs of a token's experts, in 16 bit: k x (2 x hidden + 3 x width) in every MoE layer."""
    experts_count: Array
    experts_per_token_count: Array
    expert_ranks_count: Array
    expert_width: Array
    """Columns of one expert's matrix on one GPU; narrow ones use the GPU poorly."""
    peak_flops: Array
    bandwidth_bytes_s: Array
    kv_full_bytes_per_tok: Array
    kept_frac: Array
    """Share of `kv_full_bytes_per_tok` that is kept: below 1 where layers read the cache of another."""
    kv_sliding_bytes_per_tok: Array
    window_tok: Array
    sparse_frac: Array
    """Share of the full-attention layers that read only `sparse_tok` selected tokens of their cache."""
    sparse_tok: Array
    index_bytes_per_tok: Array
    """Keys of the indexer that selects them; every token reads all of them."""
    state_bytes: Array
    """Fixed-size states of linear attention, of one request."""
    heads_per_cache_count: Array
    """Query heads that share one cached head."""
    prompt_flop_per_tok2: Array
    """FLOP of full-attention layers per prompt token and token that it attends to."""
    decode_flop_per_tok2: Array
    """FLOP of full-attention layers per decoding token and cached token; more with MLA, which works on the compressed cache."""
    sliding_flop_per_tok2: Array
    """FLOP of sliding-window layers per token, prompt or decoding, and token that it attends to."""
    index_flop_per_tok2: Array
    """FLOP of the indexer per new token and cached token."""
    attention_peak_flops: Array
    kv_room_bytes: Array
    layers_count: Array
    kernels_count: Array
    """Kernels of one decode step, all layers."""
    prefill_kernels_count: Array
    tensor_parallel_count: Array
    attention_ranks_count: Array
    hidden_bytes: Array
    link_bytes_s: Array
    pipeline_stages_count: Array
    islands_count: Array
    """Groups of GPUs that only a network between machines joins; 1: fast links join all that work on a layer."""
    network_bytes_s: Array
    collective_bytes_per_tok: Array
    """Bytes that one GPU sends to other islands in a message, per token of its attention rank; `direct_`: in direct messages."""
    network_latency_us: Array
    direct_bytes_per_tok: Array
    direct_latency_us: Array
    exposed_frac: Array
    """Share of the messages between islands that arithmetic cannot hide."""
    hops_count: Array
    """Borders between pipeline stages that lie between machines."""
    hop_latency_us: Array
    exchange_latency_us: Array
    """Wait for the slowest rank when tokens are exchanged within an island, of a pool that does nothing else meanwhile."""
    grouped_gain_ratio: Array
    grouped_half_tok: Array
    format_compute_frac: Array
    """Share of the peak that FP8 and FP4 achieve, relative to 16 bit; scaling and power limits take the rest."""
    compute_frac: Array
    gemm_pad_tok: Array
    weight_bandwidth_frac: Array
    expert_compute_frac: Array
    expert_bandwidth_frac: Array
    expert_half_width: Array
    expert_pad_tok: Array
    expert_passes: Array
    pick_evenness: Array
    four_bit_read_frac: Array
    kv_bandwidth_frac: Array
    prefill_attention_frac: Array
    link_frac: Array
    cache_read_ratio: Array
    """Time of decode attention over what its bytes take; `cache_prompt_ratio`: of prompt attention."""
    cache_prompt_ratio: Array
    unpacking_us: Array
    draft_step_frac: Array
    verify_walk_us: Array
    release_ratio: Array
    kernel_us: Array
    layer_overhead_parallel_us: Array
    collective_latency_us: Array
    kernel_factor: Array
    multiply_factor: Array
    launch_factor: Array
    parallel_factor: Array
    link_factor: Array
    group_read_exponent: Array
    step_overhead_us: Array
    request_overhead_us: Array
    first_token_overhead_ms: Array
    first_token_kernel_us: Array
    first_token_own_ratio: Array
    first_token_others_ratio: Array

    def rows(self, keep: NDArray[np.bool_]) -> "ReplicaArrays":
        """The replicas selected by a boolean array (n,)."""
        return ReplicaArrays(**{f.name: getattr(self, f.name)[keep] for f in fields(self)})


def with_recipe(config: ReplicaConfig, recipe: Recipe) -> ReplicaConfig:
    """`config` with weights and KV cache stored by a recipe."""
    return replace(config, recipe=recipe, kv_element_bytes=recipes.kv_element_bytes(config.model.shape, recipe))


_OF_ENGINE = frozenset(EngineFit.model_fields)
COEFFICIENTS = tuple(f.name for f in fields(ReplicaArrays) if f.name in _OF_ENGINE or f.name in Efficiency.model_fields)
"""Names of the fitted fields of `ReplicaArrays`; each is a field of `Efficiency` or `EngineFit`."""

SENDS_DIRECT: tuple[EngineId, ...] = ("vllm", "sglang")
"""Engines whose wide expert parallelism uses DeepEP; TensorRT-LLM gathers all tokens on every GPU between machines."""

Columns = dict[str, Array]
"""Arrays (n, 1) by name, one row per replica."""


def replica_arrays(configs: Sequence[ReplicaConfig], catalog: Catalog) -> ReplicaArrays:
    """Arrays (n, 1) of the replicas, with fitted efficiencies. Raises UnknownId for an engine or generation without a fit."""
    models, gpu_ids = [id(s.model) for s in configs], [id(s.gpu) for s in configs]
    stored = [_storage(s) for s in configs]
    shapes = _columns(configs, models, lambda s: shape_numbers(s.model.shape))
    gpus = _columns(configs, gpu_ids, lambda s: gpu_numbers(s.gpu, catalog.links))
    held = _columns(configs, stored, lambda s: asdict(config_weights(s)))
    placed = list(zip(gpu_ids, stored, strict=True))
    rates = _columns(configs, placed, lambda s: _rates(s, catalog))
    fitted = _columns(configs, [(s.gpu.generation, s.engine) for s in configs], lambda s: _fitted(s, catalog))
    splits = _splits(configs)
    engines = _engine_columns(configs, catalog)
    kinds = [(*key, s.engine, s.kv_element_bytes, s.release_ratio) for key, s in zip(placed, configs, strict=True)]
    formats = _columns(configs, kinds, lambda s: _format_numbers(s, catalog))
    terms = memory_terms({**engines, **splits, **gpus, **held, "expert_width": shapes["expert_width"]})
    quantizes, is_fused = rates["peak_flops"] > gpus["peak_flops"], splits["four_bit_pool"] * gpus["has_nvfp4"] > 0
    kernels = step_kernels(shapes, quantizes, is_fused, catalog.links)
    return ReplicaArrays(
        **weight_columns(splits, shapes, held),
        **attention_columns(splits, shapes),
        **_hardware(splits, shapes, gpus, rates),
        **network_columns(splits, shapes, gpus, catalog.links),
        **_coefficients(held, fitted),
        **formats,
        kernels_count=kernels,
        prefill_kernels_count=kernels + shapes["scan_kernels"],
        kv_room_bytes=terms["room_bytes"] / engines["draft_cache_ratio"],
    )


def replica_memory(configs: Sequence[ReplicaConfig], catalog: Catalog) -> Columns:
    """Bytes (n, 1) of one GPU of each replica by what they are for, as of `memory_terms`."""
    widths = _column(max(s.model.shape.mlp.expert_intermediate_size or 0, 1) for s in configs)
    gpus = _columns(configs, [id(s.gpu) for s in configs], lambda s: gpu_numbers(s.gpu, catalog.links))
    held = _columns(configs, [_storage(s) for s in configs], lambda s: asdict(config_weights(s)))
    return memory_terms(
        {**_engine_columns(configs, catalog), **_splits(configs), **gpus, **held, "expert_width": widths}
    )


def _engine_columns(configs: Sequence[ReplicaConfig], catalog: Catalog) -> Columns:
    """Columns of an engine's memory settings, and of what its largest batch depends on in a model."""
    engines = [(s.engine, id(s.memory), id(s.gpu)) for s in configs]
    models, storages = [(id(s.model), id(s.memory)) for s in configs], [_storage(s) for s in configs]
    drafts = any(s.memory.draft_layers for s in configs)
    return {
        **_columns(configs, engines, lambda s: _engine_numbers(s, catalog)),
        **_columns(configs, models, lambda s: activation_numbers(s.model, s.memory)),
        **_columns(configs, storages, lambda s: replicated_numbers(s.model, s.precision, s.recipe, s.engine)),
        **(_columns(configs, list(zip(models, storages, strict=True)), _drafting) if drafts else NO_DRAFTS),
        "is_padded": _column(s.recipe is None and s.precision == "mxfp4" for s in configs),
    }


def _drafting(config: ReplicaConfig) -> dict[str, float]:
    return draft_numbers(config.model, config.precision, config.memory.draft_layers)


def _engine_numbers(config: ReplicaConfig, catalog: Catalog) -> dict[str, float]:
    """Settings and coefficients of an engine on a GPU."""
    entry = catalog.engine_memory.of(config.engine, config.memory.version)
    large = is_large(config.gpu, visible_bytes(config.gpu))
    is_nvidia = float(config.gpu.vendor == "nvidia")
    return {**engine_numbers(entry, config.memory, large), "is_nvidia": is_nvidia}


def _columns(
    configs: Sequence[ReplicaConfig], keys: Sequence[Hashable], row: Callable[[ReplicaConfig], Mapping[str, float]]
) -> Columns:
    """Columns of the numbers that `row` returns for each replica, computed once per distinct key."""
    one_of_each = dict(zip(keys, configs, strict=True))
    place = {key: i for i, key in enumerate(one_of_each)}
    rows = [row(s) for s in one_of_each.values()]
    table = np.array([list(numbers.values()) for numbers in rows], dtype=float).T
    return dict(zip(rows[0], table[:, [place[key] for key in keys], None], strict=True))


def _column(values: Iterable[float]) -> Array:
    return np.array(list(values), dtype=float)[:, None]


def _splits(configs: Sequence[ReplicaConfig]) -> Columns:
    """Parallelism of each replica, and what else its configuration states."""
    tensor_parallel = _column(s.tensor_parallel for s in configs)
    attention_ranks = _column(s.attention_ranks for s in configs)
    plain = [s.kv_element_bytes < KV_ELEMENT_BYTES and reads_plain_fp8(s.gpu, s.engine) for s in configs]
    return {
        "tensor_parallel": tensor_parallel,
        "attention_ranks": attention_ranks,
        "gpus_in_step": tensor_parallel * attention_ranks,
        "pipeline_stages": _column(s.pipeline_stages for s in configs),
        "expert_ranks": _column(s.expert_ranks for s in configs),
        "kv_element_bytes": _column(
            cached_element_bytes(s.model.shape, s.kv_element_bytes, is_plain)
            for s, is_plain in zip(configs, plain, strict=True)
        ),
        "reads_plain_fp8": _column(plain),
        "index_scale": _column(index_scale_ratio(s.model.shape) for s in configs),
        "one_phase": _column(s.one_phase for s in configs),
        "four_bit_pool": _column(s.one_phase and s.precision in ("nvfp4", "mxfp4") for s in configs),
        "sends_direct": _column(s.engine in SENDS_DIRECT for s in configs),
    }


def _rates(config: ReplicaConfig, catalog: Catalog) -> dict[str, float]:
    """Peak FLOP/s of the weights' precision, and the share achieved relative to 16 bit."""
    gpu, fit = config.gpu, catalog.efficiency(config.gpu)
    if config.recipe is None:
        return arithmetic_numbers(gpu, config.precision, fit, catalog.speed_rules)
    peak, frac = recipes.arithmetic_rates(gpu, config.model.shape, config.recipe, fit, catalog.speed_rules)
    return {"peak_flops": peak, "format_compute_frac": frac}


def _format_numbers(config: ReplicaConfig, catalog: Catalog) -> dict[str, float]:
    """What the formats of weights and cache, and the engine's release, do to a step."""
    rules, layers = catalog.speed_rules, config.model.shape.mlp.moe_layers
    experts = config.precision if config.recipe is None else config.recipe.experts
    return {
        **cache_ratios(config.gpu, config.engine, config.kv_element_bytes, rules),
        "unpacking_us": unpacking_us(experts, layers, rules),
        "draft_step_frac": rules.draft_step_frac.central,
        "verify_walk_us": verify_walk_us(config.gpu, config.engine, config.model.shape.attention.full_layers, rules),
        "release_ratio": config.release_ratio,
    }


def _fitted(config: ReplicaConfig, catalog: Catalog) -> dict[str, float]:
    """Fitted coefficients of a GPU's generation and an engine."""
    fit, engine = catalog.efficiency(config.gpu), catalog.engine(config.engine)
    return {name: getattr(engine if name in _OF_ENGINE else fit, name) for name in COEFFICIENTS}


def _coefficients(held: Columns, fitted: Columns) -> Columns:
    """Fitted coefficients of each replica. Unpacking slows only the four-bit part of the weights."""
    slowed, frac = held["four_bit_frac"], fitted["four_bit_read_frac"]
    mixed = (slowed > 0) & (slowed < 1)
    return {**fitted, "four_bit_read_frac": np.where(mixed, 1 / (slowed / frac + 1 - slowed), frac)}


def config_weights(config: ReplicaConfig) -> RecipeWeights:
    """Bytes of the whole model's weights: by the recipe, else as the released checkpoint stores them, else every linear layer in
    the configuration's precision."""
    shape = config.model.shape
    if config.recipe is not None:
        return recipes.recipe_weights(shape, config.recipe)
    released = released_checkpoint(config.model, config.precision, config.engine)
    if released is not None:
        return checkpoint_weights(config.model, released)
    p, linear_bytes = parameters(shape), LINEAR_BITS[config.precision] / 8
    return RecipeWeights(
        stored_bytes=stored_bytes(p, config.precision),
        always_read_bytes=2 * p.head + linear_bytes * (p.attention + p.dense_mlp),
        experts_bytes=linear_bytes * p.experts,
        four_bit_frac=float(linear_bytes < 1),
    )


def _storage(config: ReplicaConfig) -> Hashable:
    """Key of everything that `config_weights` depends on."""
    return id(config.model), config.precision, id(config.recipe), engine_family(config.engine)


def _hardware(splits: Columns, shapes: Columns, gpus: Columns, rates: Columns) -> Columns:
    """Columns of GPU and link rates, and of the messages of a step."""
    linked = np.minimum(splits["gpus_in_step"], gpus["island_gpus"]) <= gpus["domain_gpus"]
    return {
        **rates,
        "bandwidth_bytes_s": gpus["bandwidth_bytes_s"],
        "attention_peak_flops": gpus["peak_flops"],
        "layers_count": shapes["layers"],
        "tensor_parallel_count": splits["tensor_parallel"],
        "attention_ranks_count": splits["attention_ranks"],
        "hidden_bytes": shapes["hidden_bytes"],
        "pipeline_stages_count": splits["pipeline_stages"],
        "link_bytes_s": np.where(linked, gpus["link_bytes_s"], gpus["link_beyond_bytes_s"]),
    }
