"""Where the memory of a GPU goes, as an inference engine counts it: weights, the largest batch, graphs, buffers, and the room
that they leave for the KV cache. The one rule for whether a model fits.

Every argument is an array (n, 1) or a number; bytes are of one GPU. The terms are what engines allocate; their few
coefficients are fitted to start-up logs (tools/fit_memory.py) and depend on the engine's version.
"""

from dataclasses import asdict, dataclass

import numpy as np

from calculators.catalog.engine_memory import EngineMemory
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
from calculators.scenario.demand import Array
from calculators.units import BYTES_PER_GIB

NumberOrArray = float | Array
DRIVER_GIB = 0.5
"""What the driver keeps of an NVIDIA GPU: PyTorch sees 79.2 of 79.65 GiB on H100, 139.8 of 140.4 on H200, 178.35 of 179.06
on B200 (start-up logs in calibration/memory_reports.csv); on AMD it sees all."""
LARGE_GIB = 70.0
"""From this size on, but not on A100, vLLM's batches are larger (vllm/engine/arg_utils.py)."""
EXPERT_CHUNK_TOK = 32_768.0
"""Tokens that experts work on at a time, from all attention ranks together (VLLM_FUSED_MOE_CHUNK_SIZE)."""
PAD_HIDDEN = 256.0
PAD_WIDTH = 128.0
"""MXFP4 experts are stored for hidden states in a multiple of the first (2,880 as 3,072 in gpt-oss), and with a split width in a
multiple of the second."""
USUAL_CONTEXT_TOK = 8_192.0
"""Longest request that vLLM's first engine is taken to be started for, where nobody says: its trial batch grows with it."""
TRIAL_CHUNK_TOK = 2_048.0
"""Tokens of vLLM's first engine at a time, for contexts longer than it tried in one batch."""
RAISED_STATIC_FRAC = 0.93
"""SGLang stops and asks for a larger share where the weights are larger than its default one; people then set about this."""
VISION_STATIC_FRAC = 0.95
"""SGLang lowers its default share for a model with a vision tower, and by a tenth of it for each time that the tower is larger
than `USUAL_TOWER_B`, between 0.8 and 1.05 (adjust_mem_fraction_for_vlm)."""
USUAL_TOWER_B = 0.302
"""24 layers of 1,024 values, 12 x 1,024^2 parameters each."""
STATE_ROOM_RATIO = 0.9
"""Room for linear-attention states over that for the KV cache in SGLang (--mamba-full-memory-ratio)."""
GATHERED_CONTEXTS = 5.0
"""Longest requests whose latents vLLM unpacks at a time to 16 bit while it reads prompts with sparse MLA and an FP8 cache
(get_prefill_workspace_size in FlashMLA's sparse backend)."""
PEERLESS_PARALLEL_FRAC = 0.25
"""Share of `buffers_parallel_gib` that GPUs without fast links take: no all-reduce of one's own, no symmetric memory."""
LINEAR_CHUNK_TOK = 64.0
"""Tokens after which linear attention writes its state, in 32 bit, while it reads a prompt."""
LINEAR_COPIES = 4.0
"""Buffers of linear attention over those states; fitted to two logs of one model."""


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """What the user sets of an engine's memory; None and empty: its default."""

    version: str = ""
    utilization_frac: float | None = None
    batched_tok: float | None = None
    sequences_count: float | None = None
    context_tok: float | None = None
    """Longest request; default: the model's window."""
    draft_gib: float = 0.0
    """Weights of a draft model, split over the GPUs of a step."""
    draft_layers: bool = False
    """Whether the model's own layers for multi-token prediction load and keep a cache."""


DEFAULTS, DRAFTING = MemorySettings(), MemorySettings(draft_layers=True)
"""Shared, so that equal settings are computed once."""


def search_settings(model: Model, drafts: bool) -> MemorySettings:
    """Settings of a replica that nobody set: with the model's own drafting layers where it has some and `drafts`."""
    return DRAFTING if drafts and model.mtp_layers else DEFAULTS


def is_large(gpu: Gpu, visible: float) -> bool:
    """Whether vLLM's larger default batches apply."""
    return visible >= LARGE_GIB * BYTES_PER_GIB and gpu.generation != "ampere"


def engine_numbers(entry: EngineMemory, settings: MemorySettings, large: bool) -> dict[str, float]:
    """An engine's settings and coefficients as numbers; NaN where a default depends on the model or on the GPU."""
    fields = entry.model_dump(exclude={"engine", "since", "ids", "source", "confidence", "rule"})
    batched = entry.batched_large_tok if large else entry.batched_tok
    sequences = entry.sequences_large_count if large else entry.sequences_count
    chosen = {
        "utilization_frac": settings.utilization_frac or entry.utilization_frac,
        "batched_tok": settings.batched_tok or batched,
        "sequences_count": settings.sequences_count or sequences,
    }
    numbers = {**fields, **chosen}
    return {
        **{name: np.nan if value is None else float(value) for name, value in numbers.items()},
        "is_share": float(entry.rule == "share"),
        "is_static": float(entry.rule == "static"),
    }


@dataclass(frozen=True, slots=True)
class ActivationShape:
    """Numbers of a model that its activations depend on."""

    hidden_values: float
    expert_hidden: float
    """Width of a routed expert's input."""
    vocab_values: float
    dense_width: float
    """Columns of the widest dense layer or shared expert."""
    picked_width: float
    """Columns of all experts of a token."""
    picks_count: float
    graph_layers: float
    linear_state_values: float
    """Of one layer, where some are linear."""
    context_tok: float
    """For the trial batch alone."""
    window_context_tok: float
    """Longest request: as set, else the model's window."""
    table_bytes: float
    """One table of embeddings."""
    tables_bytes: float
    vision_bytes: float
    tower_is_split: float
    tower_frac: float
    """Change of SGLang's default share for the vision tower."""
    draft_bytes: float
    latent_values: float
    """Of a cached token in one layer of sparse MLA; 0 for other attention."""
    has_linear: float
    workspace_gib: float


def activation_numbers(model: Model, settings: MemorySettings) -> dict[str, float]:
    """`ActivationShape` of a model, by name."""
    shape, mlp = model.shape, model.shape.mlp
    picks = mlp.experts_per_token or 0
    table = 2.0 * shape.vocab_size * shape.hidden_size
    a, tower_b = shape.attention, model.vision.params_b if model.vision else 0.0
    is_sparse_latent = a.kind == "mla" and a.index_layers > 0 and a.sparse_pool_tok == 1
    return asdict(
        ActivationShape(
            hidden_values=shape.hidden_size,
            expert_hidden=mlp.expert_hidden_size or shape.hidden_size,
            vocab_values=shape.vocab_size,
            dense_width=max(mlp.intermediate_size or 0 if mlp.dense_layers else 0, mlp.shared_intermediate_size),
            picked_width=picks * (mlp.expert_intermediate_size or 0),
            picks_count=picks,
            graph_layers=shape.layers,
            linear_state_values=shape.attention.linear_state_values if shape.attention.linear_layers else 0,
            window_context_tok=settings.context_tok or model.published.context_tok,
            context_tok=settings.context_tok or min(model.published.context_tok, USUAL_CONTEXT_TOK),
            table_bytes=table,
            tables_bytes=table * (1 if shape.tied_embeddings else 2),
            vision_bytes=2e9 * tower_b,
            tower_is_split=bool(model.vision and model.vision.is_split),
            tower_frac=tower_share(tower_b),
            draft_bytes=settings.draft_gib * BYTES_PER_GIB,
            latent_values=(a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0) if is_sparse_latent else 0,
            has_linear=a.linear_layers > 0,
            workspace_gib=model.workspace.kept_gib if model.workspace else 0.0,
        )
    )


def tower_share(tower_b: float) -> float:
    """SGLang's default share with a vision tower of so many billion parameters over that without one."""
    return VISION_STATIC_FRAC * min(max(1.1 - 0.1 * tower_b / USUAL_TOWER_B, 0.8), 1.05) if tower_b else 1.0


def seen_bytes(visible: NumberOrArray, is_nvidia: NumberOrArray) -> Array:
    """Bytes that PyTorch sees of a GPU."""
    return np.asarray(visible - is_nvidia * DRIVER_GIB * BYTES_PER_GIB, dtype=float)


def largest_batch_tok(
    batched_tok: NumberOrArray, context_tok: NumberOrArray, longest_trial_tok: NumberOrArray
) -> Array:
    """Tokens of the largest batch: as set, else the whole context of vLLM's first engine, in chunks from a length on."""
    whole = np.where(np.asarray(context_tok) > longest_trial_tok, TRIAL_CHUNK_TOK, context_tok)
    return np.where(np.isnan(batched_tok), whole, batched_tok)


def sampling_bytes(sequences: NumberOrArray, vocab: NumberOrArray, logit_bytes: NumberOrArray) -> NumberOrArray:
    """Logits of all sequences in 32 bit, and their copies and order while the next token is drawn."""
    return sequences * vocab * logit_bytes


def layer_bytes(tokens: NumberOrArray, hidden: NumberOrArray, width: NumberOrArray) -> NumberOrArray:
    """Activations of one layer in 16 bit: input, residual and output; gate, up and their product."""
    return 2.0 * tokens * (3.0 * hidden + 3.0 * width)


def routed_bytes(
    tokens: NumberOrArray, picks: NumberOrArray, hidden: NumberOrArray, picked_width: NumberOrArray
) -> NumberOrArray:
    """Buffers of routed tokens in 16 bit: gate, up and their product, and an output for each expert of a token."""
    return 2.0 * tokens * (3.0 * picked_width + picks * hidden)


def linear_bytes(tokens: NumberOrArray, state_values: NumberOrArray) -> NumberOrArray:
    """Buffers of one linear-attention layer while it reads a batch of prompts."""
    return LINEAR_COPIES * 4.0 * tokens / LINEAR_CHUNK_TOK * state_values


def gathered_bytes(c: dict[str, Array]) -> Array:
    """Latents of several prompts in 16 bit, of one layer: what vLLM unpacks an FP8 cache into for sparse MLA, where the GPU has
    no kernel that reads it as it is."""
    unpacks = (c["is_share"] > 0) & (c["kv_element_bytes"] < 2) & (c["reads_plain_fp8"] == 0)
    gathered: Array = unpacks * GATHERED_CONTEXTS * c["window_context_tok"] * 2.0 * c["latent_values"]
    return gathered


def captured_sizes(sequences: NumberOrArray) -> Array:
    """Batch sizes that vLLM captures as CUDA graphs: 1, 2, 4, then each 8 up to 256 and each 16 up to 512."""
    largest = np.minimum(2.0 * np.asarray(sequences, dtype=float), 512.0)
    return 3.0 + np.floor(np.minimum(largest, 256.0) / 8) + np.floor(np.maximum(largest - 256.0, 0.0) / 16)


def static_frac(seen: NumberOrArray, gpus: NumberOrArray, attention_ranks: NumberOrArray) -> Array:
    """SGLang's default share for weights and cache: what 512 MiB, 1.5 MiB for each token of a prefill chunk, 2 MiB for each
    captured batch (5 or 6.5 more for each attention rank) and 1 GiB per 8 GPUs leave, at least 10 GiB above 60 GiB."""
    memory_gib = np.asarray(seen, dtype=float) / BYTES_PER_GIB
    chunk_tok = np.select([memory_gib < 35, memory_gib < 59, memory_gib < 156], [2_048.0, 4_096.0, 8_192.0], 16_384.0)
    few = np.asarray(gpus) < 4
    middle = np.where(few, 256.0, 512.0)
    batches = np.select([memory_gib < 35, memory_gib < 59, memory_gib < 156], [24.0, 160.0, middle], 512.0)
    ranks = np.asarray(attention_ranks, dtype=float)
    shared = np.where(ranks > 1, batches * ranks * np.where(batches > 300, 4.5, 3.0), 0.0)
    chunk_tok = np.maximum(chunk_tok / np.where(ranks > 1, ranks, 1.0), 2_048.0)
    reserved_mib = 512 + 1.5 * chunk_tok + 2 * batches + 1_024 * np.asarray(gpus) / 8 + shared
    reserved_gib = np.maximum(reserved_mib / 1_024, np.where(memory_gib > 59, 10.0, 0.0))
    left: Array = 1.0 - reserved_gib / memory_gib
    return left


def padded(values: NumberOrArray, multiple: float) -> Array:
    """Values rounded up to a multiple, over the values."""
    ratio: Array = np.ceil(np.asarray(values) / multiple) * multiple / values
    return ratio


def weights_each_bytes(c: dict[str, Array]) -> Array:
    """Weights of one GPU. The stage with the head counts; every attention rank after the first holds another copy of the
    always-read weights; tensor parallelism leaves low-rank projections, indexers and routers whole on each GPU; MXFP4 experts
    are padded; the vision tower is whole on each GPU or split."""
    stages, gpus = c["pipeline_stages"], c["gpus_in_step"]
    again = c["always_read_bytes"] / c["tensor_parallel"] * (1 - 1 / c["attention_ranks"])
    spread = np.where(
        stages > 1, c["table_bytes"] + (c["stored_bytes"] - c["tables_bytes"]) / stages, c["stored_bytes"]
    )
    width = np.maximum(c["expert_width"] * c["expert_ranks"] / gpus, 1.0)
    wider = np.where(width < c["expert_width"], padded(width, PAD_WIDTH), 1.0)
    stored = wider * padded(c["expert_hidden"], PAD_HIDDEN) - 1
    whole = c["replicated_bytes"] * (1 - 1 / c["tensor_parallel"])
    experts = c["is_padded"] * stored * c["experts_bytes"] / gpus
    tower = c["vision_bytes"] / np.where(c["tower_is_split"] > 0, c["tensor_parallel"], 1.0)
    weights: Array = spread / gpus + (again + whole + experts) / stages + tower
    return weights


def memory_terms(c: dict[str, Array]) -> dict[str, Array]:
    """Bytes of one GPU by what they are for, and the room for the KV cache: negative where the model does not fit.

    `c`: columns of `engine_numbers`, `activation_numbers`, the split and the weights, by name.
    """
    seen, gpus, tp = seen_bytes(c["visible_bytes"], c["is_nvidia"]), c["gpus_in_step"], c["tensor_parallel"]
    tokens = largest_batch_tok(c["batched_tok"], c["context_tok"], c["longest_trial_tok"])
    routed_tok = np.maximum(np.minimum(tokens * c["attention_ranks"], EXPERT_CHUNK_TOK), tokens)
    routed = routed_bytes(routed_tok, c["picks_count"], c["hidden_values"], c["picked_width"] / gpus)
    busiest = np.maximum(
        sampling_bytes(c["sequences_count"], c["vocab_values"], c["logit_bytes"]),
        layer_bytes(tokens, c["hidden_values"], c["dense_width"] / tp),
    )
    routed = c["expert_copies_ratio"] * routed + linear_bytes(tokens, c["linear_state_values"] / tp)
    peerless = np.where(c["domain_gpus"] > 1, 1.0, PEERLESS_PARALLEL_FRAC)
    several = (gpus > 1) * c["buffers_parallel_gib"] * peerless
    terms = {
        "weights_bytes": weights_each_bytes(c),
        "draft_bytes": (c["draft_bytes"] + c["draft_layer_bytes"]) / gpus,
        "activations_bytes": np.maximum(busiest + routed, gathered_bytes(c)) + c["base_gib"] * BYTES_PER_GIB,
        "graphs_bytes": c["graph_layer_mib"] * c["graph_layers"] / c["pipeline_stages"]
        * captured_sizes(c["sequences_count"]) * BYTES_PER_GIB / 1_024,
        "buffers_bytes": (c["buffers_gib"] + several + c["buffers_each_gib"] * (gpus - 1) + c["workspace_gib"]) * BYTES_PER_GIB,
    }  # fmt: skip
    share = _share(c, terms, seen)
    return {**terms, "seen_bytes": seen, "share_frac": share, "room_bytes": _room(c, terms, seen, share)}


def _share(c: dict[str, Array], terms: dict[str, Array], seen: Array) -> Array:
    """Share of the memory that the engine's setting stands for."""
    usual = c["tower_frac"] * static_frac(seen, c["gpus_in_step"] * c["pipeline_stages"], c["attention_ranks"])
    too_small = (seen - terms["buffers_bytes"]) * usual <= terms["weights_bytes"] + terms["draft_bytes"]
    static = np.where(too_small, np.maximum(usual, RAISED_STATIC_FRAC), usual)
    share: Array = np.where(np.isnan(c["utilization_frac"]), static, c["utilization_frac"])
    return share


def _room(c: dict[str, Array], terms: dict[str, Array], seen: Array, share: Array) -> Array:
    """Room for the KV cache under each engine's rule, as in `EngineMemory`."""
    weights, buffers = terms["weights_bytes"] + terms["draft_bytes"], terms["buffers_bytes"]
    beside = terms["activations_bytes"] + terms["graphs_bytes"] + buffers
    room: Array = np.select(
        [c["is_share"] > 0, c["is_static"] > 0],
        [
            seen * share - weights - beside,
            ((seen - buffers) * share - weights) / (1 + STATE_ROOM_RATIO * c["has_linear"]),
        ],
        (seen - weights - beside) * share,
    )
    return room
