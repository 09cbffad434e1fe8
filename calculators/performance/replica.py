"""A replica as numbers: a model in a format on GPUs, with the efficiencies of the hardware and of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.efficiency import Efficiency, EngineFit, EngineId
from calculators.catalog.hardware_and_models import Gpu, Model, Precision, Shape
from calculators.catalog.load import Catalog
from calculators.performance import quantization_recipe as recipes
from calculators.performance.model_size import (
    KV_ELEMENT_BYTES,
    LINEAR_BITS,
    attention_bits,
    index_bytes_per_tok,
    kv_bytes_per_layer_tok,
    kv_shards,
    linear_state_bytes,
    parameters,
    room_beside_bytes,
    stored_bytes,
)
from calculators.performance.quantization_recipe import Recipe, Weights
from calculators.scenario.demand import Array
from calculators.units import BYTES_PER_GB

PCIE_GB_S = 16.0  # where a profile names no link: PCIe 3.0 x16


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
    expert_ranks: int = 1
    """Groups of GPUs that hold whole experts of their own; 1: every GPU holds a slice of every expert."""
    engine: EngineId = "vllm"
    recipe: Recipe | None = None
    """A format for each class of tensors, in place of `precision`; the cache's is in `kv_element_bytes`."""

    @property
    def gpus_in_step(self) -> int:
        """GPUs that work on one layer together."""
        return self.tensor_parallel * self.attention_ranks

    @property
    def gpus_count(self) -> int:
        return self.tensor_parallel * self.attention_ranks * self.pipeline_stages

    @property
    def label(self) -> str:
        weights = self.precision.upper() if self.recipe is None else "by an own recipe"
        return f"{self.model.name} {weights} on {self.tensor_parallel}× {self.gpu.name}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Setups as numbers, one row each; per GPU of the replica unless it says otherwise. Arrays (n, 1)."""

    always_read_bytes: Array
    """Attention, dense layers and head: read by every step."""
    four_bit: Array
    """1: the weights take four bits, whose scales and unpacking slow the reading."""
    dense_flop_per_tok: Array
    expert_bytes: Array
    expert_flop_per_tok: Array
    expert_activation_bytes: Array
    """What a token's picks take in and put out, in 16 bit: k x (2 x hidden + 3 x width) in every MoE layer."""
    experts_count: Array
    experts_per_token_count: Array
    expert_ranks_count: Array
    expert_width: Array
    """Columns of one expert's matrix on one GPU: narrow ones fill the GPU badly."""
    peak_flops: Array
    bandwidth_bytes_s: Array
    kv_full_bytes_per_tok: Array
    kv_sliding_bytes_per_tok: Array
    window_tok: Array
    sparse_frac: Array
    """Share of the full layers that read only `sparse_tok` chosen tokens of their cache."""
    sparse_tok: Array
    index_bytes_per_tok: Array
    """Keys by which they are chosen: all read by every token."""
    state_bytes: Array
    """Fixed-size states of linear attention, of one request."""
    heads_per_cache_count: Array
    """Query heads that share one cached head."""
    prompt_flop_per_tok2: Array
    """Full layers' attention FLOPs per prompt token and token it attends to."""
    decode_flop_per_tok2: Array
    """The same for a decoding token; more with MLA, which then works on the compressed cache."""
    sliding_flop_per_tok2: Array
    """The same of sliding layers, for either."""
    index_flop_per_tok2: Array
    """Scoring one cached token for one new one."""
    attention_peak_flops: Array
    kv_room_bytes: Array
    layers_count: Array
    kernels_count: Array
    """Kernels of one step, all layers."""
    tensor_parallel_count: Array
    attention_ranks_count: Array
    hidden_bytes: Array
    link_bytes_s: Array
    format_compute_frac: Array
    """What of the peak FP8 and FP4 reach, relative to 16 bit: scaling and power take their share."""
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
    first_token_own_ratio: Array
    first_token_others_ratio: Array

    def rows(self, keep: NDArray[np.bool_]) -> "Machine":
        """Only the setups selected by a boolean array (n,)."""
        return Machine(*(getattr(self, f.name)[keep] for f in fields(self)))


def with_recipe(setup: Setup, recipe: Recipe) -> Setup:
    """The same replica with weights and cache stored by a recipe."""
    return replace(setup, recipe=recipe, kv_element_bytes=recipes.kv_element_bytes(setup.model.shape, recipe))


_NAMES = [f.name for f in fields(Machine)]
COEFFICIENTS = tuple(_NAMES[_NAMES.index("compute_frac") :])
"""The fields of `Machine` that are fitted: each has the name of one in `Efficiency` or `EngineFit`."""


def machine(setups: Sequence[Setup], catalog: Catalog) -> Machine:
    """Setups as arrays, with the efficiencies of each GPU's generation and each engine."""
    fits = {
        (s.gpu.generation, s.engine): (catalog.efficiency(s.gpu), catalog.engine(s.engine))
        for s in {(s.gpu.generation, s.engine): s for s in setups}.values()
    }
    fitted = {group: _fitted_row(*records) for group, records in fits.items()}
    rows = {  # a setup may be there more than once, to be sized at several speeds
        id(s): _row(s, fits[group][0], fitted[group])
        for s, group in {id(s): (s, (s.gpu.generation, s.engine)) for s in setups}.values()
    }
    return Machine(*np.array([rows[id(s)] for s in setups], dtype=float).T[:, :, None])


def _fitted_row(fit: Efficiency, engine: EngineFit) -> tuple[float, ...]:
    return tuple(float(getattr(engine if hasattr(engine, name) else fit, name)) for name in COEFFICIENTS)


def _row(setup: Setup, fit: Efficiency, fitted: tuple[float, ...]) -> tuple[float, ...]:
    """One row of `Machine`. Of a recipe only the four-bit part of the weights is slowed by unpacking."""
    if setup.recipe is None:
        native = setup.gpu.dense_flops(setup.precision) > setup.gpu.dense_flops("bf16")
        frac = fit.format_compute_frac(setup.precision) if native else 1.0
        return (*_shape_row(setup, setup.gpu.dense_flops(setup.precision)), frac, *fitted)
    peak, frac = recipes.rates(setup.gpu, setup.model.shape, setup.recipe, fit)
    slowed, at = weights(setup).four_bit_frac, COEFFICIENTS.index("four_bit_read_frac")
    read_frac = 1 / (slowed / fitted[at] + 1 - slowed) if slowed else fitted[at]
    return (*_shape_row(setup, peak), frac, *fitted[:at], read_frac, *fitted[at + 1 :])


def weights(setup: Setup) -> Weights:
    """Bytes of the whole model, by the recipe or else by the one format of a checkpoint."""
    shape = setup.model.shape
    if setup.recipe is not None:
        return recipes.weights(shape, setup.recipe)
    p, linear_bytes = parameters(shape), LINEAR_BITS[setup.precision] / 8
    return Weights(
        stored_bytes=stored_bytes(p, setup.precision),
        always_read_bytes=2 * p.head + attention_bits(setup.precision) / 8 * p.attention + linear_bytes * p.dense_mlp,
        experts_bytes=linear_bytes * p.experts,
        four_bit_frac=float(linear_bytes < 1),
    )


def _shape_row(setup: Setup, peak: float) -> tuple[float, ...]:
    """One row of `Machine` up to what is fitted, in the order of its fields. `peak`: FLOP/s of the formats."""
    shape, gpu, tp, gpus = setup.model.shape, setup.gpu, setup.tensor_parallel, setup.gpus_in_step
    p, a, mlp = parameters(shape), shape.attention, shape.mlp
    held = weights(setup)
    kv_layer = kv_bytes_per_layer_tok(shape, setup.kv_element_bytes) / kv_shards(shape, tp)
    value_dim = a.v_head_dim or a.head_dim
    per_layer_flop = 2 * a.query_heads * (a.head_dim + value_dim) / tp
    prompt_flop, sliding_flop = per_layer_flop * a.full_layers, per_layer_flop * a.sliding_layers
    latent_dim = 2 * (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    decode_flop = 2 * a.query_heads * latent_dim * a.full_layers / tp if a.kind == "mla" else prompt_flop
    expert_width = mlp.expert_intermediate_size or 0
    return (
        *(held.always_read_bytes / tp, float(held.four_bit_frac > 0), 2 * (p.active - p.active_experts) / tp),
        # a token of one attention rank: its experts' FLOPs are shared by all GPUs, but so are the other ranks' tokens
        *(held.experts_bytes / gpus, 2 * p.active_experts / tp),
        2.0 * mlp.moe_layers * (mlp.experts_per_token or 0) * (2 * shape.hidden_size + 3 * expert_width) / tp,
        *(float(mlp.experts or 1), float(mlp.experts_per_token or 1), float(setup.expert_ranks)),
        max(expert_width, 1) * setup.expert_ranks / gpus,
        *(peak, gpu.bandwidth_bytes_s),
        *(kv_layer * a.full_layers, kv_layer * a.sliding_layers, float(a.sliding_window_tok or 0)),
        *(a.sparse_layers / max(a.full_layers, 1), float(a.sparse_tok or 0), index_bytes_per_tok(shape)),
        *(linear_state_bytes(shape) / tp, a.query_heads / a.kv_heads),
        # the indexer is not split over GPUs: each chooses for all heads
        *(prompt_flop, decode_flop, sliding_flop, 2.0 * a.index_layers * a.index_heads * a.index_dim),
        *(gpu.dense_flops("bf16"), room_bytes(setup)),
        *(
            float(shape.layers),
            kernels_count(shape, peak > gpu.dense_flops("bf16")),
            float(tp),
            float(setup.attention_ranks),
        ),
        *(2.0 * shape.hidden_size, link_bytes_s(gpu, gpus)),
    )


def kernels_count(shape: Shape, quantises: bool) -> float:
    """Kernels in one decoding step, counted from the engines' layers: projections, norms, rotation and cache, attention
    and its reduction; MLA's low-rank and absorbed projections; gates and convolution of linear attention; router, sort,
    gather and scatter of experts; scaling of activations to 8 or 4 bit, two a layer: the others are part of a norm."""
    a, mlp = shape.attention, shape.mlp
    attention = (a.full_layers + a.sliding_layers) * (13 if a.kind == "mla" else 8) + a.linear_layers * 9
    shared = 3 * (mlp.shared_intermediate_size > 0)
    return float(attention + mlp.dense_layers * 3 + mlp.moe_layers * (7 + shared) + 2 * shape.layers * quantises)


def room_bytes(setup: Setup) -> float:
    """Memory for caches on each GPU, negative where the weights do not fit; every attention rank after the first holds
    the always-read weights once more."""
    held = weights(setup)
    copies = held.always_read_bytes / setup.tensor_parallel * (1 - 1 / setup.attention_ranks) / setup.pipeline_stages
    each = held.stored_bytes / setup.gpus_count
    return room_beside_bytes(setup.gpu, each + copies, setup.engine.startswith("tensorrt"))


def link_bytes_s(gpu: Gpu, gpus: int) -> float:
    """Rate of one GPU's link when `gpus` talk to each other: beyond the scale-up domain it is PCIe."""
    if gpus <= gpu.links.domain_gpus:
        return gpu.link_bytes_s
    return (gpu.links.pcie_per_direction_gb_s or PCIE_GB_S) * BYTES_PER_GB
