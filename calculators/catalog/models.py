"""Records of model_profiles/*.yaml: the shape of one open-weights model, what its maker states, and who hosts it."""

from typing import Literal

from pydantic import model_validator

from calculators.catalog.base import (
    Count,
    HubId,
    Id,
    NotNegative,
    Positive,
    PositiveCount,
    Precision,
    Record,
    Sourced,
    SourcedFile,
)
from calculators.catalog.checkpoints import Checkpoint, VisionTower, Workspace

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
    qk_rope_head_dim: Count | None = None
    v_head_dim: PositiveCount | None = None
    keys_are_values: bool = False
    """The cached latent serves as key and as value as it is, without an up-projection."""
    o_lora_rank: PositiveCount | None = None
    """Rank of an output projection through a bottleneck, for each of `o_groups` groups of heads."""
    o_groups: PositiveCount = 1
    full_layers: Count
    full_kv_heads: PositiveCount | None = None
    """Key heads of the full layers, of `full_head_dim`, where they differ from those of the sliding layers."""
    full_head_dim: PositiveCount | None = None
    sliding_layers: Count = 0
    sliding_window_tok: PositiveCount | None = None
    sparse_layers: Count = 0
    """Of the full layers, those whose queries read only `sparse_tok` chosen tokens; the whole cache is kept all the same."""
    sparse_tok: PositiveCount | None = None
    index_layers: Count = 0
    """Layers with an indexer that chooses them: it scores every cached token, and caches a key of `index_dim` for each."""
    index_heads: Count = 0
    index_dim: Count = 0
    sparse_pool_tok: PositiveCount = 1
    """Tokens that one cached entry of a sparse layer stands for; `sparse_tok` counts tokens all the same."""
    dense_pool_tok: PositiveCount = 1
    """Tokens that one cached entry of the other full layers stands for."""
    index_pool_tok: PositiveCount = 1
    """Tokens that one cached key of an indexer stands for."""
    kept_entries_per_tok: Positive | None = None
    """Entries that all full layers together keep per token, where layers read the cache of another; every one reads all the
    same."""
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
        if self.kind == "mla" and None in (
            *(self.kv_lora_rank, self.qk_nope_head_dim),
            *(self.qk_rope_head_dim, self.v_head_dim),
        ):
            raise ValueError("kind mla needs kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim and v_head_dim")
        if bool(self.sliding_layers) != bool(self.sliding_window_tok):
            raise ValueError("sliding_layers and sliding_window_tok come together")
        if bool(self.full_kv_heads) != bool(self.full_head_dim):
            raise ValueError("full_kv_heads and full_head_dim come together")
        if bool(self.sparse_layers) != bool(self.sparse_tok) or self.sparse_layers > self.full_layers:
            raise ValueError("sparse_layers and sparse_tok come together, and sparse layers are among the full ones")
        if len({bool(x) for x in (self.index_layers, self.index_heads, self.index_dim)}) > 1:
            raise ValueError("index_layers, index_heads and index_dim come together")
        if self.index_layers > self.sparse_layers:
            raise ValueError("index_layers are among the sparse_layers")
        return self

    @property
    def layers(self) -> int:
        """Layers that attend, in whichever way."""
        return self.full_layers + self.sliding_layers + self.linear_layers


class Mlp(Record):
    """Feed-forward layers: `dense_layers` of width `intermediate_size`, and `moe_layers` with routed experts."""

    dense_layers: Count
    intermediate_size: PositiveCount | None = None
    moe_layers: Count = 0
    experts: PositiveCount | None = None
    experts_per_token: PositiveCount | None = None
    expert_intermediate_size: PositiveCount | None = None
    expert_hidden_size: PositiveCount | None = None
    """Width of a routed expert's input and output, where a projection narrows the hidden state to it and another widens it
    again (latent experts). Shared experts work on the hidden state."""
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

    @property
    def layers(self) -> int:
        """Layers with a feed-forward part, dense or of experts."""
        return self.dense_layers + self.moe_layers


class Shape(Sourced):
    """The dimensions of the network, as in its configuration file."""

    layers: PositiveCount
    hidden_size: PositiveCount
    vocab_size: PositiveCount
    tied_embeddings: bool
    attention: Attention
    mlp: Mlp

    @model_validator(mode="after")
    def _complete(self) -> "Shape":
        """Most layers attend and then have a feed-forward part; hybrids have layers with only one of the two."""
        attention, mlp = self.attention.layers, self.mlp.layers
        if not max(attention, mlp) <= self.layers <= attention + mlp:
            raise ValueError("layers: each attends, or has a feed-forward part, or both")
        return self


class ServedWindow(Sourced):
    """A context window other than the maker's that hosts serve, and how: with scaled rotary positions, most often."""

    context_tok: PositiveCount
    how: str


class PublishedSize(Sourced):
    """Size, context length and precision as the maker states them."""

    total_params_b: Positive
    active_params_b: Positive
    context_tok: PositiveCount
    """Tokens of the window that the model has as released, without an extension to switch on."""
    served: ServedWindow | None = None
    native_precision: Precision

    @property
    def served_context_tok(self) -> int | None:
        """Tokens of the window that hosts serve, where it differs from `context_tok`."""
        return self.served.context_tok if self.served else None

    @property
    def window_tok(self) -> int:
        """Tokens of the window to plan with: what hosts serve, else what the maker states."""
        return self.served_context_tok or self.context_tok


class Hosted(Record):
    """A hosted offer of this model, by the token: `provider` and `model` as in genai-prices or pricing_data/api."""

    provider: str
    model: str
    note: str | None = None


class Successor(Sourced):
    """The newer model of the same family and about the same size to move to, as its maker or a seller says."""

    model: Id


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
    vision: VisionTower | None = None
    workspace: Workspace | None = None
    mtp_layers: Count = 0
    """Layers for multi-token prediction in the released checkpoint; engines load them where they draft with them."""
    checkpoints: tuple[Checkpoint, ...] = ()
    """Released checkpoints whose tensors are known one by one."""
    hosted: tuple[Hosted, ...] = ()
    superseded_by: Successor | None = None
    quality_hints: tuple[QualityHint, ...] = ()
