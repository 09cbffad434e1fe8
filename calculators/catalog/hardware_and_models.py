"""What the data files may say: one strict model for each kind of YAML file.

Every group of values names a source of its own file and how far to trust it; a key that is not listed here is an error.
Files carry the units that vendors publish, in the key; properties convert to base units, once.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from calculators.units import BYTES_PER_GB, FLOPS_PER_TFLOPS

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.\-]*$", max_length=64)]
HubId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*(/[A-Za-z0-9_.\-]+)?$", max_length=200)]
"""A model's name on Hugging Face; it goes into commands, so nothing that a shell or YAML would read."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(gt=0)]
Confidence = Literal["high", "medium", "low"]
SourceKind = Literal["vendor_list", "library", "quote", "measured", "paper", "secondary", "derived", "assumption"]
Precision = Literal["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"]
Commitment = Literal["spot", "on_demand", "1y", "3y", "5y"]


class Record(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Record):
    """Where a value was read, and when."""

    title: str
    url: str | None = None
    accessed: date
    """The day the value held at its source, as precisely as it is known."""
    kind: SourceKind
    note: str | None = None


class Sourced(Record):
    """A group of values that can say where it came from. `source` is a key of the file's `sources`."""

    source: str
    confidence: Confidence


class SourcedFile(Record):
    sources: dict[str, Source] = Field(min_length=1)


# --- hardware_profiles/gpus/*.yaml -------------------------------------------------------------------------------


class GpuMemory(Sourced):
    capacity_gb: Positive
    bandwidth_gb_s: Positive


class GpuCompute(Sourced):
    """Dense peak rates. Marketing sheets print the 2:4 sparse ones, twice as high: those must not come here.

    None: the hardware has no fast path for that format; the weights still save memory, the arithmetic is 16 bit.
    """

    bf16_dense_tflops: Positive
    fp8_dense_tflops: Positive | None
    int8_dense_tops: Positive | None
    fp4_dense_tflops: Positive | None


class GpuLinks(Sourced):
    kind: str
    per_direction_gb_s: Positive | None
    """Scale-up link of one GPU, one direction; None: PCIe only."""
    domain_gpus: PositiveCount
    """How many GPUs that link joins."""
    pcie_per_direction_gb_s: Positive | None


class GpuPower(Sourced):
    tdp_w: Positive


class Gpu(SourcedFile):
    """One accelerator."""

    id: Id
    name: str
    vendor: Literal["nvidia", "amd"]
    generation: Literal["ampere", "ada", "hopper", "blackwell", "cdna3", "cdna4"]
    launched: int
    consumer: bool = False
    """A gaming card: its driver licence bars data centres, so it is searched only when the user names it."""
    aliases: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    memory: GpuMemory
    compute: GpuCompute
    links: GpuLinks
    power: GpuPower

    @property
    def memory_bytes(self) -> float:
        return self.memory.capacity_gb * BYTES_PER_GB

    @property
    def bandwidth_bytes_s(self) -> float:
        return self.memory.bandwidth_gb_s * BYTES_PER_GB

    @property
    def link_bytes_s(self) -> float:
        """What tensor parallelism can use between GPUs of one node, per direction."""
        return (self.links.per_direction_gb_s or self.links.pcie_per_direction_gb_s or 16.0) * BYTES_PER_GB

    def dense_flops(self, precision: Precision) -> float:
        """Peak arithmetic rate for weights stored in `precision`; weight-only and missing formats compute in 16 bit."""
        native_tflops = {
            "bf16": self.compute.bf16_dense_tflops,
            "fp8": self.compute.fp8_dense_tflops,
            "int8": self.compute.int8_dense_tops,
            "int4": None,
            "nvfp4": self.compute.fp4_dense_tflops if self.vendor == "nvidia" else None,
            "mxfp4": self.compute.fp4_dense_tflops,
        }[precision]
        return (native_tflops or self.compute.bf16_dense_tflops) * FLOPS_PER_TFLOPS


# --- model_profiles/*.yaml ---------------------------------------------------------------------------------------


class Attention(Record):
    """Heads, and how many layers attend in which way. `kind: mla` caches one latent vector a token and layer."""

    kind: Literal["gqa", "mla"]
    query_heads: PositiveCount
    kv_heads: PositiveCount
    head_dim: PositiveCount
    q_lora_rank: PositiveCount | None = None
    kv_lora_rank: PositiveCount | None = None
    qk_nope_head_dim: PositiveCount | None = None
    qk_rope_head_dim: PositiveCount | None = None
    v_head_dim: PositiveCount | None = None
    full_layers: Count
    sliding_layers: Count = 0
    sliding_window_tok: PositiveCount | None = None
    sparse_layers: Count = 0
    """Of the full layers, those whose queries read only `sparse_tok` chosen tokens; the whole cache is kept all the same."""
    sparse_tok: PositiveCount | None = None
    index_layers: Count = 0
    """Layers with an indexer that chooses them: it scores every cached token, and caches a key of `index_dim` for each."""
    index_heads: Count = 0
    index_dim: Count = 0
    linear_layers: Count = 0
    """Layers with a fixed-size state instead of a growing cache (linear attention, state-space)."""
    linear_state_values: Count = 0
    """Numbers in the state of one linear layer and request: value heads x key dimension x value dimension."""
    linear_params_b: NotNegative = 0.0
    """Parameters of all linear layers together, in billions, when they differ from an attention layer."""
    extra_params_b: float = 0.0
    """Parameters of all attention layers together that the shape above cannot say (output gates, indexers, K = V)."""
    gated_output: bool = False

    @model_validator(mode="after")
    def _complete(self) -> "Attention":
        if self.kind == "mla" and not (
            self.kv_lora_rank and self.qk_nope_head_dim and self.qk_rope_head_dim and self.v_head_dim
        ):
            raise ValueError("kind mla needs kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim and v_head_dim")
        if bool(self.sliding_layers) != bool(self.sliding_window_tok):
            raise ValueError("sliding_layers and sliding_window_tok come together")
        if bool(self.sparse_layers) != bool(self.sparse_tok) or self.sparse_layers > self.full_layers:
            raise ValueError("sparse_layers and sparse_tok come together, and sparse layers are among the full ones")
        if len({bool(x) for x in (self.index_layers, self.index_heads, self.index_dim)}) > 1:
            raise ValueError("index_layers, index_heads and index_dim come together")
        if self.index_layers > self.sparse_layers:
            raise ValueError("index_layers are among the sparse_layers")
        return self


class Mlp(Record):
    """Feed-forward layers: `dense_layers` of width `intermediate_size`, and `moe_layers` with routed experts."""

    dense_layers: Count
    intermediate_size: PositiveCount | None = None
    moe_layers: Count = 0
    experts: PositiveCount | None = None
    experts_per_token: PositiveCount | None = None
    expert_intermediate_size: PositiveCount | None = None
    shared_intermediate_size: Count = 0
    matrices: Literal[2, 3] = 3
    """3: gate, up, down; 2: up, down."""

    @model_validator(mode="after")
    def _complete(self) -> "Mlp":
        if self.dense_layers and not self.intermediate_size:
            raise ValueError("dense_layers needs intermediate_size")
        if self.moe_layers and not (self.experts and self.experts_per_token and self.expert_intermediate_size):
            raise ValueError("moe_layers needs experts, experts_per_token and expert_intermediate_size")
        return self


class Shape(Sourced):
    """The dimensions of the network, as in its configuration file."""

    layers: PositiveCount
    hidden_size: PositiveCount
    vocab_size: PositiveCount
    tied_embeddings: bool
    attention: Attention
    mlp: Mlp


class PublishedSize(Sourced):
    """What the maker states."""

    total_params_b: Positive
    active_params_b: Positive
    context_tok: PositiveCount
    native_precision: Precision


class Hosted(Record):
    """Somebody sells this very model by the token: `provider` and `model` as in genai-prices or pricing_data/api."""

    provider: str
    model: str
    note: str | None = None


class QualityHint(Sourced):
    """A public benchmark score: a dated hint, never a verdict on fitness."""

    benchmark: str
    score: float
    note: str | None = None


class Model(SourcedFile):
    """One open-weights model."""

    id: Id
    name: str
    hf_id: HubId
    family: str
    released: str | None
    licence: str | None
    aliases: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    shape: Shape
    published: PublishedSize
    hosted: tuple[Hosted, ...] = ()
    quality_hints: tuple[QualityHint, ...] = ()
