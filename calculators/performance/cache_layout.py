"""How engines lay out what they cache, where that is not one value after another."""

from calculators.catalog.models import Shape
from calculators.performance.model_size import INDEX_ELEMENT_BYTES, KV_ELEMENT_BYTES

SPARSE_LATENT_BYTES = 656.0
"""Of a token and layer of sparse MLA in FP8: 512 values, a 32-bit scale for each 128 of them, and a rope key of 64 values in
16 bit (fp8_ds_mla in vLLM; SGLang has the same)."""
SPARSE_LATENT_VALUES = 576.0


def cached_element_bytes(shape: Shape, element_bytes: float) -> float:
    """Mean bytes of a cached value: as set, but for sparse MLA in FP8, which keeps scales and a 16-bit rope key."""
    a = shape.attention
    width = (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    is_sparse_latent = a.kind == "mla" and a.index_layers > 0 and width == SPARSE_LATENT_VALUES
    return SPARSE_LATENT_BYTES / SPARSE_LATENT_VALUES if is_sparse_latent and element_bytes == 1.0 else element_bytes


def index_scale_ratio(shape: Shape) -> float:
    """Bytes of a cached indexer key over those of DeepSeek's, which are in FP8. Beside grouped-query attention (MiniMax-M3) the
    keys are in 16 bit."""
    return 1.0 if shape.attention.kind == "mla" else KV_ELEMENT_BYTES / INDEX_ELEMENT_BYTES
