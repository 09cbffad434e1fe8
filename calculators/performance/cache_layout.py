"""How engines lay out what they cache, where that is not one value after another."""

from calculators.catalog.efficiency import EngineId
from calculators.catalog.engine_memory import engine_family
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Shape
from calculators.performance.model_size import INDEX_ELEMENT_BYTES, KV_ELEMENT_BYTES

SPARSE_LATENT_BYTES = 656.0
"""Of a token and layer of sparse MLA in FP8: 512 values, a 32-bit scale for each 128 of them, and a rope key of 64 values in
16 bit (fp8_ds_mla in vLLM; SGLang has the same)."""
SPARSE_LATENT_VALUES = 576.0
POOLED_LATENT_BYTES = 584.0
"""Of an entry of DeepSeek V4: 448 values, an 8-bit scale for each 64 of them and one more, and a rope key of 64 values in 16
bit (DeepSeek V4's fp8_ds_mla in vLLM)."""
POOLED_LATENT_VALUES = 512.0


def reads_plain_fp8(gpu: Gpu, engine: EngineId) -> bool:
    """Whether the engine's sparse MLA reads a plain FP8 cache: vLLM on Blackwell GPUs with HBM (FLASHINFER_MLA_SPARSE)."""
    return engine_family(engine) == "vllm" and gpu.generation == "blackwell" and gpu.links.domain_gpus > 1


def cached_element_bytes(shape: Shape, element_bytes: float, is_plain: bool = False) -> float:
    """Mean bytes of a cached value: as set, but for sparse MLA in FP8, which keeps scales and a 16-bit rope key unless the
    engine `reads_plain_fp8`."""
    a = shape.attention
    width = (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    is_sparse_latent = a.kind == "mla" and a.index_layers > 0 and width == SPARSE_LATENT_VALUES
    is_pooled = a.kind == "mla" and a.index_layers > 0 and width == POOLED_LATENT_VALUES
    if is_pooled and element_bytes == 1.0:
        return POOLED_LATENT_BYTES / POOLED_LATENT_VALUES
    scaled = is_sparse_latent and element_bytes == 1.0 and not is_plain
    return SPARSE_LATENT_BYTES / SPARSE_LATENT_VALUES if scaled else element_bytes


def index_scale_ratio(shape: Shape) -> float:
    """Bytes of a cached indexer key over those of DeepSeek's, which are in FP8. Beside grouped-query attention (MiniMax-M3) the
    keys are in 16 bit."""
    return 1.0 if shape.attention.kind == "mla" else KV_ELEMENT_BYTES / INDEX_ELEMENT_BYTES


def pooled_state_bytes(shape: Shape) -> float:
    """Bytes that pooled attention (DeepSeek V4) keeps in vLLM of each token of its window and of the batch that is read, all
    layers: the plain latent, and a value and a weight in 32 bit until the pooled entry is made. Sparse layers pool in two
    overlapping series, and so does their indexer."""
    a = shape.attention
    if max(a.sparse_pool_tok, a.dense_pool_tok) == 1:
        return 0.0
    pair = 2 * 4.0 * ((a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0))
    sparse = POOLED_LATENT_BYTES + 2 * pair + 2 * 2 * 4.0 * a.index_dim
    return a.sparse_layers * sparse + (a.full_layers - a.sparse_layers) * (POOLED_LATENT_BYTES + pair)
