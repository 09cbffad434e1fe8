"""Quantization recipes: a precision for each class of tensors, its parameters and bytes, and the rate of its arithmetic.

A precision that a GPU has no arithmetic for still saves memory and bandwidth; its weights are unpacked and multiplied in
16 bit (`Gpu.dense_flops`). Norms and biases always stay in 16 bit and are not counted: less than a thousandth of any model.
"""

from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from calculators.catalog.base import Precision
from calculators.catalog.efficiency import Efficiency
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Shape
from calculators.catalog.speed_rules import SpeedRules
from calculators.performance.format_speed import EXPANDED, arithmetic_numbers
from calculators.performance.model_size import LINEAR_BITS, other_attention_parameters, projections

TensorClass = Literal[
    "embeddings", "lm_head", "query", "key", "value", "attention output", "other attention", "gate", "up", "down", "router", "experts"
]  # fmt: skip
"""Gate, up and down are those of dense layers and shared experts; other attention is linear attention and indexers."""
TENSOR_CLASSES: tuple[TensorClass, ...] = get_args(TensorClass)
BLOCKS: tuple[TensorClass, ...] = TENSOR_CLASSES[2:]
LINEAR: tuple[TensorClass, ...] = tuple(kind for kind in BLOCKS if kind != "router")
KvFormat = Literal["bf16", "int8", "fp8", "nvfp4", "mxfp4", "int4", "turboquant", "int2"]
ActivationFormat = Literal["bf16", "fp8", "int8", "nvfp4", "mxfp4"]
WEIGHT_FORMATS: tuple[Precision, ...] = get_args(Precision)
KV_FORMATS: tuple[KvFormat, ...] = get_args(KvFormat)
ACTIVATION_FORMATS: tuple[ActivationFormat, ...] = get_args(ActivationFormat)

# Bits per cached value with its scales: INT8 a 32-bit scale for 128 values; FP8 one scale for all; NVFP4 and MXFP4 (in
# SGLang) an 8-bit scale for 16; INT4 a 16-bit scale and zero for 128, TurboQuant at 4 bits as much; INT2 the same for 32,
# as in KIVI (arXiv:2402.02750). Derived from the definitions of the formats.
KV_BITS: dict[KvFormat, float] = {
    **{"bf16": 16, "int8": 8.25, "fp8": 8, "nvfp4": 4.5, "mxfp4": 4.5, "int4": 4.25, "turboquant": 4.25, "int2": 3}
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Precision of each class of tensors, of activations and of the KV cache. The default is 16 bit throughout."""

    embeddings: Precision = "bf16"
    lm_head: Precision = "bf16"
    query: Precision = "bf16"
    key: Precision = "bf16"
    value: Precision = "bf16"
    attention_output: Precision = "bf16"
    other_attention: Precision = "bf16"
    gate: Precision = "bf16"
    up: Precision = "bf16"
    down: Precision = "bf16"
    router: Precision = "bf16"
    experts: Precision = "bf16"
    edge_blocks: Precision | None = None
    """Lowest precision of the first and the last block. None: the same as all others."""
    activations: ActivationFormat = "bf16"
    """bf16: weights are unpacked before they are multiplied, whatever they are stored in."""
    keys: KvFormat = "bf16"
    values: KvFormat = "bf16"

    def of(self, kind: TensorClass) -> Precision:
        """Precision of one class of tensors."""
        precision: Precision = getattr(self, field_of(kind))
        return precision


def field_of(kind: str) -> str:
    """Name of the recipe's field for a class of tensors."""
    return kind.replace(" ", "_")


def with_formats(kinds: tuple[TensorClass, ...], weights: Precision, activations: ActivationFormat = "bf16") -> Recipe:
    """Recipe with these classes in one precision and all others in 16 bit."""
    formats = {field_of(kind): weights for kind in kinds}
    chosen = {f.name: formats[f.name] for f in fields(Recipe) if f.name in formats}
    return Recipe(activations=activations, **chosen)


PRESETS: dict[str, Recipe] = {
    # as in released checkpoints: tables, router and norms stay in 16 bit
    "BF16": Recipe(),
    "FP8": with_formats(LINEAR, "fp8", "fp8"),
    "INT8 W8A8": with_formats(LINEAR, "int8", "int8"),
    "INT4 weight-only": with_formats(LINEAR, "int4"),
    "NVFP4": with_formats(LINEAR, "nvfp4", "nvfp4"),
    "MXFP4 experts only": with_formats(("experts",), "mxfp4"),
}
RELEASED: dict[Precision, str] = dict(zip(WEIGHT_FORMATS, PRESETS, strict=True))
"""Preset of a released checkpoint in each precision."""
PRESETS["W4A8: INT4 experts, FP8 rest"] = replace(with_formats(LINEAR, "fp8", "fp8"), experts="int4")


def served_recipe(precision: Precision, kv_element_bytes: float) -> Recipe:
    """Recipe that a fleet's checkpoint and KV cache amount to; the start of a custom recipe."""
    cache: KvFormat = "fp8" if kv_element_bytes < 2 else "bf16"
    return replace(PRESETS[RELEASED[precision]], keys=cache, values=cache)


def by_class(shape: Shape) -> dict[TensorClass, float]:
    """Parameters of each class, whole model; their sum is that of `model_size.parameters`. A tied table counts as embeddings."""
    table = float(shape.vocab_size * shape.hidden_size)
    tables: dict[TensorClass, float] = {"embeddings": table, "lm_head": 0.0 if shape.tied_embeddings else table}
    return tables | _blocks(shape, shape.mlp.dense_layers, shape.mlp.moe_layers, 1.0)


def edges_by_class(shape: Shape) -> dict[TensorClass, float]:
    """Parameters of each class in the first and the last block. In a model with dense and expert layers the first is dense and
    the last has experts, as in DeepSeek, GLM and Llama 4; attention layers of several kinds count with their mean."""
    dense = (shape.mlp.dense_layers > 0) + (shape.mlp.moe_layers == 0)
    frac = min(2 / shape.layers, 1.0)
    return _blocks(shape, min(dense, shape.mlp.dense_layers), min(2 - dense, shape.mlp.moe_layers), frac)


def _blocks(shape: Shape, dense_layers: int, moe_layers: int, attention_frac: float) -> dict[TensorClass, float]:
    """Parameters by class of so many layers and this share of the attention."""
    a, mlp, hidden = shape.attention, shape.mlp, shape.hidden_size
    query, key, value, output = ((a.full_layers + a.sliding_layers) * n * attention_frac for n in projections(shape))
    wide = float(hidden * (dense_layers * (mlp.intermediate_size or 0) + moe_layers * mlp.shared_intermediate_size))
    narrowing = float(moe_layers * hidden * (mlp.expert_hidden_size or 0))
    experts = moe_layers * (mlp.experts or 0)
    return {
        "query": query,
        "key": key,
        "value": value,
        "attention output": output,
        "other attention": other_attention_parameters(shape) * attention_frac,
        "gate": wide if mlp.matrices == 3 else 0.0,
        "up": wide + narrowing,
        "down": wide + narrowing,
        "router": float(experts * hidden),
        "experts": float(
            experts * (mlp.expert_hidden_size or hidden) * mlp.matrices * (mlp.expert_intermediate_size or 0)
        ),
    }


@dataclass(frozen=True, slots=True)
class WeightPart:
    """Parameters of one class in one precision."""

    kind: TensorClass
    count: float
    weights: Precision

    @property
    def bytes(self) -> float:
        return self.count * LINEAR_BITS[self.weights] / 8


def higher_precision(a: Precision, b: Precision) -> Precision:
    """The one with more bits."""
    return a if LINEAR_BITS[a] >= LINEAR_BITS[b] else b


def weight_parts(shape: Shape, recipe: Recipe) -> list[WeightPart]:
    """The whole model in parts of one precision each. A tied table is stored once, in the higher of its two precisions."""
    counts, edges = by_class(shape), edges_by_class(shape)
    table = higher_precision(recipe.embeddings, recipe.lm_head) if shape.tied_embeddings else recipe.embeddings
    parts = [
        WeightPart("embeddings", counts["embeddings"], table),
        WeightPart("lm_head", counts["lm_head"], recipe.lm_head),
    ]
    for kind in BLOCKS:
        inner = recipe.of(kind)
        edge = inner if recipe.edge_blocks is None else higher_precision(inner, recipe.edge_blocks)
        parts += [WeightPart(kind, counts[kind] - edges[kind], inner), WeightPart(kind, edges[kind], edge)]
    return [part for part in parts if part.count]


@dataclass(frozen=True, slots=True)
class RecipeWeights:
    """Bytes of a whole model's weights."""

    stored_bytes: float
    always_read_bytes: float
    """Bytes that every step reads: all but the experts and the input embedding table."""
    experts_bytes: float
    four_bit_frac: float
    """Share of four-bit precisions in the always-read bytes without the head; unpacking slows their reads."""


def recipe_weights(shape: Shape, recipe: Recipe) -> RecipeWeights:
    """Bytes of the weights of a model stored by a recipe."""
    parts = weight_parts(shape, recipe)
    head = "embeddings" if shape.tied_embeddings else "lm_head"
    dense = [part for part in parts if part.kind in BLOCKS and part.kind != "experts"]
    dense_bytes = sum(part.bytes for part in dense)
    return RecipeWeights(
        stored_bytes=sum(part.bytes for part in parts),
        always_read_bytes=dense_bytes + sum(part.bytes for part in parts if part.kind == head),
        experts_bytes=sum(part.bytes for part in parts if part.kind == "experts"),
        four_bit_frac=sum(part.bytes for part in dense if LINEAR_BITS[part.weights] < 8) / dense_bytes,
    )


def kv_formats(shape: Shape, recipe: Recipe) -> tuple[KvFormat, KvFormat]:
    """Formats of cached keys and values. MLA's latent is both, so it takes the higher precision of the two."""
    keys, values = recipe.keys, recipe.values
    if shape.attention.kind == "mla":
        keys = values = max(keys, values, key=lambda name: KV_BITS[name])
    return keys, values


def kv_element_bytes(shape: Shape, recipe: Recipe) -> float:
    """Mean bytes per cached value with its scales, keys and values weighted by their widths."""
    a = shape.attention
    widths = (a.head_dim, a.v_head_dim or a.head_dim)
    bits = (KV_BITS[name] for name in kv_formats(shape, recipe))
    return sum(w * b for w, b in zip(widths, bits, strict=True)) / sum(widths) / 8


def arithmetic_precision(gpu: Gpu, stored: Precision, activations: ActivationFormat) -> Precision:
    """Precision of the arithmetic for weights stored in one precision and activations in another. The same precision, if the
    GPU has arithmetic for it; FP8 for floating-point formats of which one is FP8 and the GPU reads the other natively, and
    for INT4 weights with FP8 activations (W4A8); 16 bit for everything else."""
    if stored == activations:
        return stored if has_native_arithmetic(gpu, stored) else "bf16"
    if (stored, activations) == ("int4", "fp8"):
        return "fp8" if has_native_arithmetic(gpu, "fp8") else "bf16"
    floats = {"fp8", "nvfp4", "mxfp4"}
    if stored in floats and activations in floats and "fp8" in (stored, activations):
        return "fp8" if has_native_arithmetic(gpu, stored) and has_native_arithmetic(gpu, activations) else "bf16"
    return "bf16"


def has_native_arithmetic(gpu: Gpu, precision: Precision) -> bool:
    """Whether the GPU multiplies natively in this precision."""
    return gpu.dense_flops(precision) != gpu.dense_flops("bf16")


def unpacked_precisions(gpu: Gpu, shape: Shape, recipe: Recipe) -> tuple[Precision, ...]:
    """Precisions of the recipe that save memory on this GPU but are multiplied in 16 bit."""
    blocks = [p.weights for p in weight_parts(shape, recipe) if p.kind in BLOCKS and p.weights != "bf16"]
    slow = [name for name in blocks if arithmetic_precision(gpu, name, recipe.activations) == "bf16"]
    return tuple(dict.fromkeys(slow))


def arithmetic_rates(gpu: Gpu, shape: Shape, recipe: Recipe, fit: Efficiency, rules: SpeedRules) -> tuple[float, float]:
    """Peak FLOP/s of a token's arithmetic, and the share achieved relative to 16 bit.

    Classes are computed one after another, so the rate is the harmonic mean of their rates weighted by operations,
    F / sum(F_c / R_c). The head is left out, as in the fit of the efficiencies: only the last token of a prompt is
    multiplied by it. A precision that is unpacked has at most the 16-bit rate.
    """
    picked = (shape.mlp.experts_per_token or 0) / (shape.mlp.experts or 1)
    spent: dict[tuple[float, float], float] = {}
    for part in weight_parts(shape, recipe):
        if part.kind not in BLOCKS:
            continue
        each = part.count * (picked if part.kind == "experts" else 1.0)
        name = arithmetic_precision(gpu, part.weights, recipe.activations)
        rates = arithmetic_numbers(gpu, name, fit, rules)
        if name == "bf16" and part.weights in EXPANDED:
            rates["format_compute_frac"] = rules.expanded_compute_frac.central
        rate = rates["peak_flops"], rates["format_compute_frac"]
        spent[rate] = spent.get(rate, 0.0) + each
    if len(spent) == 1:  # exact; a mean would differ in the last digit
        return next(iter(spent))
    peak_s = sum(flop / peak for (peak, _), flop in spent.items())
    real_s = sum(flop / (peak * frac) for (peak, frac), flop in spent.items())
    return sum(spent.values()) / peak_s, peak_s / real_s
