"""How much each tensor of a checkpoint loses in each weight format, measured on its actual weights.

Tensors are mapped into memory and read a few rows at a time, so a file may be larger than the memory. Weight error is a
proxy: it ignores activations, so a release must be gated on evals.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf, isfinite, log10
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calculators.errors import DataError
from calculators.quantization.evidence import FUSED
from calculators.quantization.rounding import INT4_GROUP, ROUNDINGS, effective_bits
from calculators.quantization.safetensors import FLOAT_TYPES, NAME_CHARS, Tensor, read_header, shard_files
from calculators.units import printable

CHUNK_VALUES = 4_000_000
OUTLIER_DEVIATIONS = 6.0
"""A normal distribution has one in 500 million beyond it."""
QUANTIZED_TYPES = ("F8_E4M3", "F8_E5M2", "F6_E2M3", "F6_E3M2", "F4", "I8", "U8", "I32")
"""Types that quantized weights are stored in; packed ones are in U8 and I32."""
HELPERS = re.compile(r"(scales?(_inv|_2)?|zero_points?|q?zeros|g_idx|input_scale|weight_shape)$")
"""Names of what a quantized tensor needs beside its weights: scales and zero points."""
CLASS_PATTERNS: tuple[tuple[str, str], ...] = (
    # first match wins; names of Llama, Qwen, Mistral, Gemma, DeepSeek, GLM, Phi, Falcon, gpt-oss and MoE checkpoints
    ("router", r"(router|(^|\.)gate)\.weight$|mlp\.gate\.|block_sparse_moe\.gate\.|shared_expert_gate"),
    ("experts", r"(?<!shared_)experts?[._]"),
    ("embeddings", r"embed|wte\."),
    ("lm_head", r"lm_head|(^|\.)output\.weight$"),
    ("norms and biases", r"norm|ln_|bias$"),
    ("other attention", r"linear_attn|indexer|mamba|conv1d"),
    ("query, key, value", r"qkv|c_attn|query_key_value"),
    ("query", r"q_proj|q_a_proj|q_b_proj|\.wq\."),
    ("key", r"k_proj|kv_a_proj|\.wk\."),
    ("value", r"v_proj|kv_b_proj|\.wv\."),
    ("attention output", r"o_proj|out_proj|\.wo\.|attn\.c_proj|attention\.dense\."),
    ("gate, up", r"gate_up"),
    ("gate", r"gate_proj|\.w1\."),
    ("up", r"up_proj|\.w3\.|dense_h_to_4h|c_fc"),
    ("down", r"down_proj|\.w2\.|mlp\.c_proj|dense_4h_to_h"),
)
SCHEMA = "name: text, class: text, shape: [count], outlier_frac: 0 to 1, not_finite_count: weights that are not finite numbers, sqnr_db: {format: decibels, or null without noise or without signal}, effective_bits: {format: bits a weight}"
"""The keys of `TensorLoss.to_json`, in a line."""


@dataclass(frozen=True, slots=True)
class TensorLoss:
    """Signal-to-quantization-noise ratio of one tensor per format, in decibels (6 dB are one bit). Outliers are excluded,
    since a few large weights would dominate the energy and hide the loss in all others."""

    name: str
    kind: str
    shape: tuple[int, ...]
    outlier_frac: float
    sqnr_db: dict[str, float]
    """By format; minus infinity: nothing of the signal is left."""
    not_finite_count: int = 0
    """Weights that are not finite numbers, counted as zero: the checkpoint itself is damaged."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, see `SCHEMA`; infinite ratios are null."""
        return {
            "name": self.name,
            "class": self.kind,
            "shape": list(self.shape),
            "outlier_frac": self.outlier_frac,
            "not_finite_count": self.not_finite_count,
            "sqnr_db": {name: db if isfinite(db) else None for name, db in self.sqnr_db.items()},
            "effective_bits": {name: effective_bits(name, self.shape[-1]) for name in self.sqnr_db},
        }


@dataclass(frozen=True, slots=True)
class CheckpointSurvey:
    """What a checkpoint holds, from its headers alone."""

    shards: tuple[Path, ...]
    measured_count: int
    """Matrices of 16 or more bits."""
    quantized_count: int
    """Matrices already quantized, which are skipped: their loss cannot be measured."""
    quantized_dtypes: tuple[str, ...]
    other_count: int
    """Vectors, scales and other tensors that are not weight matrices."""


def tensor_class(name: str) -> str:
    """The class of a tensor from its name; 'other' if no pattern matches."""
    return next((kind for kind, pattern in CLASS_PATTERNS if re.search(pattern, name.lower())), "other")


def survey(path: Path) -> CheckpointSurvey:
    """What `scan_checkpoint` will measure and what it will skip. Raises DataError."""
    files = shard_files(path)
    tensors = [tensor for file in files for tensor in read_header(file)]
    packed = [t for t in tensors if _is_matrix(t) and t.dtype in QUANTIZED_TYPES]
    measured = sum(_is_matrix(t) and t.dtype in FLOAT_TYPES for t in tensors)
    dtypes = tuple(sorted({t.dtype for t in packed}))
    return CheckpointSurvey(
        shards=files,
        measured_count=measured,
        quantized_count=len(packed),
        quantized_dtypes=dtypes,
        other_count=len(tensors) - measured - len(packed),
    )


def _is_matrix(tensor: Tensor) -> bool:
    return len(tensor.shape) >= 2 and tensor.values_count > 0 and not HELPERS.search(tensor.name.lower())


def scan_checkpoint(
    path: Path, progress: Callable[[float], None] = lambda _: None, limit_s: float = inf
) -> Iterator[TensorLoss]:
    """Losses of every weight matrix, shard by shard in the order of the file. Vectors, scales, empty and already quantized
    tensors are skipped (`survey` counts them). `progress` is called with the share done. Raises DataError, also
    after `limit_s` seconds."""
    end_s = time.monotonic() + limit_s
    held = [(file, tensor) for file in shard_files(path) for tensor in read_header(file)]
    total = sum(tensor.values_count for _, tensor in held) or 1
    done = 0
    for file, tensor in held:
        if _is_matrix(tensor) and tensor.dtype in FLOAT_TYPES:
            yield _loss(file, tensor, end_s)
        done += tensor.values_count
        progress(done / total)


def worst_by_class(losses: Iterable[TensorLoss]) -> dict[str, dict[str, float]]:
    """The lowest ratio in dB of each class in each format, classes in the order of the file: the map of the user's model."""
    worst: dict[str, dict[str, float]] = {}
    for loss in losses:
        seen = worst.setdefault(loss.kind, dict(loss.sqnr_db))
        worst[loss.kind] = {name: min(db, seen[name]) for name, db in loss.sqnr_db.items()}
    return worst


def worst_of_row(losses: Iterable[TensorLoss], row: str, stored: str) -> float | None:
    """The lowest ratio in dB that a scanned checkpoint keeps in one row of the map and format, fused tensors included;
    None if not measured."""
    worst = worst_by_class(losses)
    kinds = [kind for kind in worst if row in FUSED.get(kind, (kind,))]
    return min((worst[kind][stored] for kind in kinds if stored in worst[kind]), default=None)


def _loss(path: Path, tensor: Tensor, end_s: float) -> TensorLoss:
    signal, outliers, noise = 0.0, 0, dict.fromkeys(ROUNDINGS, 0.0)
    deviation, broken = _deviation(path, tensor, end_s)
    for rows, _ in _chunks(path, tensor, end_s):
        ordinary = np.abs(rows) / OUTLIER_DEVIATIONS <= deviation
        outliers += rows.size - int(np.count_nonzero(ordinary))
        signal += float(np.sum(np.square(rows, dtype=np.float64), where=ordinary))
        for name, rule in ROUNDINGS.items():
            with np.errstate(over="ignore", invalid="ignore"):  # weights near the largest number
                noise[name] += float(np.sum(np.square(rule(rows) - rows, dtype=np.float64), where=ordinary))
    return TensorLoss(
        name=tensor.name,
        kind=tensor_class(tensor.name),
        shape=tensor.shape,
        outlier_frac=outliers / tensor.values_count,
        sqnr_db={name: _decibels(signal, lost, broken == tensor.values_count) for name, lost in noise.items()},
        not_finite_count=broken,
    )


def _deviation(path: Path, tensor: Tensor, end_s: float) -> tuple[float, int]:
    """Root mean square of the weights, whose mean is close to zero; and how many are not finite."""
    squares, broken = 0.0, 0
    for rows, bad in _chunks(path, tensor, end_s):
        squares += float(np.sum(np.square(rows, dtype=np.float64)))
        broken += bad
    return float((squares / tensor.values_count) ** 0.5), broken


def _chunks(path: Path, tensor: Tensor, end_s: float) -> Iterator[tuple[NDArray[np.float32], int]]:
    """A few rows at a time as float32, with the count of weights that are not finite and taken as zero. Leading dimensions,
    such as experts, count as rows. Formats pad a row to whole groups, so short rows count as longer ones."""
    columns = tensor.shape[-1]
    if columns > CHUNK_VALUES:
        raise DataError(
            f"tensor '{printable(tensor.name, NAME_CHARS)}' has rows of {columns:,} weights; at most {CHUNK_VALUES:,} are read"
        )
    rows = tensor.values_count // columns
    mapped = np.memmap(path, np.dtype(FLOAT_TYPES[tensor.dtype]), "r", tensor.offset_bytes, (rows, columns))
    step = max(CHUNK_VALUES // (-(-columns // INT4_GROUP) * INT4_GROUP), 1)
    for start in range(0, rows, step):
        if time.monotonic() > end_s:
            raise DataError(
                f"{path.name}: takes too long to scan here; scan it on the command line: python -m calculators quantize-scan"
            )
        part = np.asarray(mapped[start : start + step])
        if tensor.dtype == "BF16":
            part = (part.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over="ignore"):  # of 64 bit
            values = part.astype(np.float32)
        bad = int(np.count_nonzero(~np.isfinite(values)))
        yield np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0) if bad else values, bad


def _decibels(signal: float, noise: float, broken: bool = False) -> float:
    if broken or not isfinite(noise):
        return -inf
    if signal == 0:
        return inf
    return inf if noise == 0 else 10 * log10(signal / noise)
