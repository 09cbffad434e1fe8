"""Records within model_profiles/*.yaml: the formats of one released checkpoint, and a tower for images that loads with it."""

from calculators.catalog.base import HubId, Positive, Precision, Sourced


class Checkpoint(Sourced):
    """Which tensors a released checkpoint stores in which format. A format that is not given is `precision`; tables are in 16
    bit unless it says otherwise; routers and norms always are."""

    hf_id: HubId
    precision: Precision
    """The format by which the checkpoint is known: that of its experts, or else of its feed-forward layers."""
    size_ratio: Positive | None = None
    """Bytes of the experts over those with groups of the usual size: 4.5 over 4.15 bits for INT4 in groups of 32."""
    attention: Precision | None = None
    """Queries, keys and values of attention layers."""
    attention_output: Precision | None = None
    other_attention: Precision | None = None
    """Linear attention and indexers."""
    dense_mlp: Precision | None = None
    """Dense feed-forward layers and shared experts."""
    edge_blocks: Precision | None = None
    """Lowest precision of the first and the last block."""
    lm_head: Precision = "bf16"
    engine: str | None = None
    """The engine that is run with it by default, where a model has several in one precision."""
    note: str | None = None


class VisionTower(Sourced):
    """The encoder of images and its projection; engines load it with the model in 16 bit, whole on every GPU or split."""

    params_b: Positive
    is_split: bool = False
    """Whether tensor parallelism splits it."""


class Workspace(Sourced):
    """What engines keep for a model on every GPU beside all that its dimensions explain, by their start-up logs."""

    kept_gib: Positive
