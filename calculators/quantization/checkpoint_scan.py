"""How much each tensor of a checkpoint loses in each weight format, measured on its actual weights.

Reads a safetensors file as it lies on disk: an eight-byte length, a JSON header, the numbers; or all shards of a folder or
of a model.safetensors.index.json, one after another. Tensors are mapped into memory and worked on a few rows at a time, so
a file may be larger than the memory. Weight error is a proxy: it does not know what the activations do, and an evaluation
must gate.
"""

import json
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, log10, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calculators.errors import DataError
from calculators.quantization.rounding import FORMATS, INT4_GROUP, effective_bits
from calculators.units import printable

MAX_HEADER_BYTES = 100_000_000  # as the format itself allows
MAX_TENSORS = 200_000
"""Of one shard."""
MAX_SHARDS = 2_000
INDEX = ".safetensors.index.json"
CHUNK_VALUES = 4_000_000
MAX_DIMENSIONS = 16
OUTLIER_DEVIATIONS = 6.0
"""A normal distribution has one in 500 million beyond it."""
DTYPES: dict[str, str] = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
QUANTISED = ("F8_E4M3", "F8_E5M2", "F6_E2M3", "F6_E3M2", "F4", "I8", "U8", "I32")
"""Types that quantised weights are stored in, packed ones in U8 and I32."""
HELPERS = re.compile(r"(scales?(_inv|_2)?|zero_points?|q?zeros|g_idx|input_scale|weight_shape)$")
"""What a quantised tensor needs beside its weights: never weights themselves."""
CLASSES: tuple[tuple[str, str], ...] = (
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
SCHEMA = "name: text, class: text, shape: [count], outlier_frac: 0 to 1, not_finite_count: weights that are no number, sqnr_db: {format: decibels, or null without noise or without signal}, effective_bits: {format: bits a weight}"
"""Of `Loss.to_json`, in a line."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's place in the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset_bytes: int
    size_bytes: int

    @property
    def values_count(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Loss:
    """What one tensor loses. Signal over quantisation noise in decibels: 6 dB are one bit. Of its ordinary weights: a few
    outliers carry so much of the energy that what is lost of all others would not show."""

    name: str
    kind: str
    shape: tuple[int, ...]
    outlier_frac: float
    sqnr_db: dict[str, float]
    """Minus infinity: nothing is left of it."""
    not_finite_count: int = 0
    """Weights that are no number, counted as zero: the checkpoint itself is broken."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, none of them infinite: see `SCHEMA`."""
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
class Survey:
    """What a checkpoint holds, from its headers alone."""

    shards: tuple[Path, ...]
    measured_count: int
    """Matrices of 16 or more bits."""
    quantised_count: int
    """Matrices already quantised, passed over: what they lost is lost."""
    quantised_dtypes: tuple[str, ...]
    other_count: int
    """Vectors, scales and whatever else is no weight matrix."""

    @property
    def words(self) -> str:
        """What is passed over, in a sentence; empty if nothing is quantised."""
        if not self.quantised_count:
            return ""
        kinds = ", ".join(self.quantised_dtypes)
        return f"Quantised already, so passed over: {self.quantised_count:,} ({kinds}). Matrices measured: {self.measured_count:,}."


def tensor_class(name: str) -> str:
    """What a tensor is for, from its name; 'other' where no rule knows it."""
    return next((kind for kind, pattern in CLASSES if re.search(pattern, name.lower())), "other")


def shards(path: Path) -> tuple[Path, ...]:
    """The safetensors files of a checkpoint: one file, those that an index names, or those of a folder. Raises DataError."""
    if path.is_dir():
        indices = sorted(path.glob(f"*{INDEX}"))
        return shards(indices[0]) if indices else _some(sorted(path.glob("*.safetensors")), path)
    if not path.name.endswith(INDEX):
        return (path,)
    if path.stat().st_size > MAX_HEADER_BYTES:
        raise DataError(f"{path.name}: larger than an index can be; name the model's own index file")
    try:
        named = set(json.loads(path.read_bytes())["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(f"{path.name}: not an index; it has no weight_map of tensors to files") from None
    if wrong := sorted(
        printable(str(name))[:80] for name in named if not isinstance(name, str) or name != Path(name).name
    ):
        raise DataError(f"{path.name}: '{wrong[0]}' is not the name of a file beside it")
    found = _some([path.parent / name for name in sorted(named)], path)
    if missing := [shard.name for shard in found if not shard.is_file()]:
        raise DataError(f"{path.name}: names {missing[0]}, which is not there; fetch all {len(found)} shards")
    return found


def _some(found: list[Path], path: Path) -> tuple[Path, ...]:
    if not 0 < len(found) <= MAX_SHARDS:
        raise DataError(f"{path.name}: {len(found):,} safetensors files; between 1 and {MAX_SHARDS:,} are read")
    return tuple(found)


def survey(path: Path) -> Survey:
    """What `scan_checkpoint` will measure and what it passes over. Raises DataError."""
    files = shards(path)
    tensors = [tensor for file in files for tensor in read_header(file)]
    packed = [t for t in tensors if _is_matrix(t) and t.dtype in QUANTISED]
    measured = sum(_is_matrix(t) and t.dtype in DTYPES for t in tensors)
    dtypes = tuple(sorted({t.dtype for t in packed}))
    return Survey(files, measured, len(packed), dtypes, len(tensors) - measured - len(packed))


def _is_matrix(tensor: Tensor) -> bool:
    return len(tensor.shape) >= 2 and tensor.values_count > 0 and not HELPERS.search(tensor.name.lower())


def read_header(path: Path) -> list[Tensor]:
    """Every tensor of the file. Raises DataError when it is not a whole safetensors file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER_BYTES + 1
        if length > min(MAX_HEADER_BYTES, size - 8):
            raise DataError(f"{path.name}: not a safetensors file; its header does not fit")
        text = file.read(length)
    try:
        header: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(f"{path.name}: not a safetensors file; its header is not JSON") from None
    if not isinstance(header, dict):
        raise DataError(f"{path.name}: not a safetensors file; its header is not an object")
    entries = [(name, entry) for name, entry in header.items() if name != "__metadata__"]
    if len(entries) > MAX_TENSORS:
        raise DataError(f"{path.name}: more than {MAX_TENSORS:,} tensors; scan one shard at a time")
    tensors = [_tensor(name, entry, 8 + length, size, path.name) for name, entry in entries]
    in_order = sorted((t for t in tensors if t.size_bytes), key=lambda t: t.offset_bytes)
    for before, after in pairwise(in_order):
        if after.offset_bytes < before.offset_bytes + before.size_bytes:
            raise DataError(f"{path.name}: tensor '{printable(after.name)[:80]}' overlaps another; the file is damaged")
    return tensors


def _tensor(name: str, entry: Any, start_bytes: int, size_bytes: int, file: str) -> Tensor:
    try:
        dtype, shape = str(entry["dtype"]), tuple(entry["shape"])
        begin, end = entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{file}: tensor '{printable(name)[:80]}' has no dtype, shape and data_offsets") from None
    if len(shape) >= MAX_DIMENSIONS or not all(type(n) is int and 0 <= n < 2**40 for n in (*shape, begin, end)):
        raise DataError(
            f"{file}: tensor '{printable(name)[:80]}': shape and data_offsets must be whole numbers, 0 or more"
        )
    tensor = Tensor(name, dtype, shape, start_bytes + begin, end - begin)
    whole = begin <= end <= size_bytes - start_bytes and tensor.values_count <= 8 * tensor.size_bytes  # a bit at least
    if not whole or (dtype in DTYPES and tensor.size_bytes != np.dtype(DTYPES[dtype]).itemsize * tensor.values_count):
        raise DataError(
            f"{file}: tensor '{printable(name)[:80]}' does not fit its place; the file is cut off or damaged"
        )
    return tensor


def scan_checkpoint(path: Path, progress: Callable[[float], None] = lambda _: None) -> Iterator[Loss]:
    """Every weight matrix, shard by shard in the order of the file; vectors, scales, empty and already quantised tensors
    are passed over (`survey` counts them). `progress` is told the share done. Raises DataError."""
    held = [(file, tensor) for file in shards(path) for tensor in read_header(file)]
    total = sum(tensor.values_count for _, tensor in held) or 1
    done = 0
    for file, tensor in held:
        if _is_matrix(tensor) and tensor.dtype in DTYPES:
            yield _loss(file, tensor)
        done += tensor.values_count
        progress(done / total)


def worst_by_class(losses: Iterable[Loss]) -> dict[str, dict[str, float]]:
    """The least signal over noise of each class in each format, in the order of the file: the map of one's own model."""
    found: dict[str, dict[str, float]] = {}
    for loss in losses:
        seen = found.setdefault(loss.kind, dict(loss.sqnr_db))
        found[loss.kind] = {name: min(db, seen[name]) for name, db in loss.sqnr_db.items()}
    return found


def _loss(path: Path, tensor: Tensor) -> Loss:
    signal, outliers, noise = 0.0, 0, dict.fromkeys(FORMATS, 0.0)
    deviation, broken = _deviation(path, tensor)
    for rows, _ in _chunks(path, tensor):
        ordinary = np.abs(rows) / OUTLIER_DEVIATIONS <= deviation
        outliers += rows.size - int(np.count_nonzero(ordinary))
        signal += float(np.sum(np.square(rows, dtype=np.float64), where=ordinary))
        for name, rule in FORMATS.items():
            with np.errstate(over="ignore", invalid="ignore"):  # weights near the largest number
                noise[name] += float(np.sum(np.square(rule(rows) - rows, dtype=np.float64), where=ordinary))
    return Loss(
        name=tensor.name,
        kind=tensor_class(tensor.name),
        shape=tensor.shape,
        outlier_frac=outliers / tensor.values_count,
        sqnr_db={name: _decibels(signal, lost, broken == tensor.values_count) for name, lost in noise.items()},
        not_finite_count=broken,
    )


def _deviation(path: Path, tensor: Tensor) -> tuple[float, int]:
    """Root mean square of the weights, whose mean is next to zero; and how many are no number."""
    squares, broken = 0.0, 0
    for rows, bad in _chunks(path, tensor):
        squares += float(np.sum(np.square(rows, dtype=np.float64)))
        broken += bad
    return float((squares / tensor.values_count) ** 0.5), broken


def _chunks(path: Path, tensor: Tensor) -> Iterator[tuple[NDArray[np.float32], int]]:
    """A few rows at a time as float32, and how many of them are no number and taken as zero; leading dimensions, such as
    experts, count as rows. Formats pad a row to whole groups, so short rows count as longer ones."""
    columns = tensor.shape[-1]
    if columns > CHUNK_VALUES:
        raise DataError(
            f"tensor '{printable(tensor.name)[:80]}' has rows of {columns:,} weights; at most {CHUNK_VALUES:,} are read"
        )
    rows = tensor.values_count // columns
    mapped = np.memmap(path, np.dtype(DTYPES[tensor.dtype]), "r", tensor.offset_bytes, (rows, columns))
    step = max(CHUNK_VALUES // (-(-columns // INT4_GROUP) * INT4_GROUP), 1)
    for start in range(0, rows, step):
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
