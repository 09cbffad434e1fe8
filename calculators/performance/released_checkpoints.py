"""The recipe of a released checkpoint: what each class of its tensors is stored in, as its own file says."""

from dataclasses import replace

from calculators.catalog.base import Precision
from calculators.catalog.checkpoints import Checkpoint
from calculators.catalog.efficiency import EngineId
from calculators.catalog.engine_memory import engine_family
from calculators.catalog.models import Model
from calculators.performance.model_size import BILLION, LINEAR_BITS
from calculators.performance.quantization_recipe import Recipe, RecipeWeights, recipe_weights


def released_checkpoint(model: Model, precision: Precision, engine: EngineId = "vllm") -> Checkpoint | None:
    """The checkpoint that is run in this precision: the engine's own, else the first; None where no file is known."""
    known = [c for c in model.checkpoints if c.precision == precision]
    own = [c for c in known if c.engine == engine_family(engine)]
    return next(iter((*own, *(c for c in known if c.engine is None))), None)


def checkpoint_recipe(checkpoint: Checkpoint) -> Recipe:
    """Precision of each class of a checkpoint's tensors. Routers and the input table are in 16 bit."""
    usual = checkpoint.precision
    attention, dense = checkpoint.attention or usual, checkpoint.dense_mlp or usual
    return Recipe(
        lm_head=checkpoint.lm_head,
        query=attention,
        key=attention,
        value=attention,
        attention_output=checkpoint.attention_output or attention,
        other_attention=checkpoint.other_attention or attention,
        gate=dense,
        up=dense,
        down=dense,
        experts=usual,
        edge_blocks=checkpoint.edge_blocks,
    )


def checkpoint_weights(model: Model, checkpoint: Checkpoint) -> RecipeWeights:
    """Bytes of a checkpoint's tensors; the experts with the scales of their own groups."""
    weights = recipe_weights(model.shape, checkpoint_recipe(checkpoint))
    if checkpoint.size_ratio is None:
        return weights
    experts = weights.experts_bytes * checkpoint.size_ratio
    return replace(weights, stored_bytes=weights.stored_bytes - weights.experts_bytes + experts, experts_bytes=experts)


def replicated_bytes(model: Model, attention: Precision) -> float:
    """Bytes of what tensor parallelism leaves whole on every GPU, whole model: MLA's projections into low rank and its indexers,
    stored in `attention`, and routers in 16 bit (ReplicatedLinear in vLLM and SGLang)."""
    shape, a, mlp = model.shape, model.shape.attention, model.shape.mlp
    ranks = (a.q_lora_rank or 0) + (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    low_rank = a.full_layers * shape.hidden_size * ranks + a.extra_params_b * BILLION if a.kind == "mla" else 0.0
    return LINEAR_BITS[attention] / 8 * max(low_rank, 0.0) + 2.0 * mlp.moe_layers * shape.hidden_size * (
        mlp.experts or 0
    )


def replicated_numbers(model: Model, precision: Precision, recipe: Recipe | None, engine: EngineId) -> dict[str, float]:
    """Those bytes, in the format of attention: of the recipe, else of the released checkpoint."""
    released = released_checkpoint(model, precision, engine)
    kept = released.attention if released else None
    return {"replicated_bytes": replicated_bytes(model, recipe.query if recipe else kept or precision)}
