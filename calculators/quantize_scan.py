"""How much each tensor of a checkpoint loses in each weight format, measured on its actual weights.

Reads a safetensors file as it lies on disk: an eight-byte length, a JSON header, the numbers. Tensors are mapped into
memory and worked on a few rows at a time, so the file may be larger than the memory. Weight error is a proxy: it does not
know what the activations do, and an evaluation must gate.
"""

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf, log10
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calculators.weight_formats import FORMATS
from calculators.yaml_files import DataError

MAX_HEADER_BYTES = 100_000_000  # as the format itself allows
MAX_TENSORS = 200_000
CHUNK_VALUES = 4_000_000
OUTLIER_DEVIATIONS = 6.0
"""A normal distribution has one in 500 million beyond it."""
DTYPES: dict[str, str] = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
CLASSES: tuple[tuple[str, str], ...] = (
    # first match wins; names of Llama, Qwen, Mistral, Gemma, DeepSeek, GLM, gpt-oss and MoE checkpoints
    ("router", r"(router|(^|\.)gate)\.weight$|mlp\.gate\.|block_sparse_moe\.gate\."),
    ("experts", r"experts?[._]"),
    ("embeddings", r"embed|wte\."),
    ("lm_head", r"lm_head|output\.weight$"),
    ("norms", r"norm|ln_"),
    ("query", r"q_proj|q_a_proj|q_b_proj|\.wq\."),
    ("key", r"k_proj|kv_a_proj|\.wk\."),
    ("value", r"v_proj|kv_b_proj|\.wv\."),
    ("query, key, value", r"qkv|c_attn"),
    ("attention output", r"o_proj|out_proj|\.wo\.|attn\.c_proj"),
    ("gate", r"gate_proj|\.w1\."),
    ("up", r"up_proj|\.w3\.|gate_up"),
    ("down", r"down_proj|\.w2\.|mlp\.c_proj"),
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's place in the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset_bytes: int

    @property
    def values_count(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) if self.shape else 1


@dataclass(frozen=True, slots=True)
class Loss:
    """What one tensor loses. Signal over quantisation noise in decibels: 6 dB are one bit."""

    name: str
    kind: str
    shape: tuple[int, ...]
    outlier_frac: float
    sqnr_db: dict[str, float]


def tensor_class(name: str) -> str:
    """What a tensor is for, from its name; 'other' where no rule knows it."""
    return next((kind for kind, pattern in CLASSES if re.search(pattern, name.lower())), "other")


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
    return [_tensor(name, entry, 8 + length, size, path.name) for name, entry in entries]


def _tensor(name: str, entry: Any, start_bytes: int, size_bytes: int, file: str) -> Tensor:
    try:
        dtype, shape = str(entry["dtype"]), tuple(int(n) for n in entry["shape"])
        begin, end = (int(n) for n in entry["data_offsets"])
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{file}: tensor '{name[:80]}' has no dtype, shape and data_offsets") from None
    whole = 0 <= begin <= end <= size_bytes - start_bytes and all(0 <= n < 2**40 for n in shape) and len(shape) < 16
    tensor = Tensor(name, dtype, shape, start_bytes + begin)
    if not whole or (dtype in DTYPES and end - begin != np.dtype(DTYPES[dtype]).itemsize * tensor.values_count):
        raise DataError(f"{file}: tensor '{name[:80]}' does not fit its place; the file is cut off or damaged")
    return tensor


def scan(path: Path, progress: Callable[[float], None] = lambda _: None) -> Iterator[Loss]:
    """Every weight matrix, in the order of the file; vectors, empty and already quantised tensors are passed over.
    `progress` is told the share done. Raises DataError."""
    tensors = read_header(path)
    total = sum(t.values_count for t in tensors) or 1
    done = 0
    for tensor in tensors:
        if len(tensor.shape) >= 2 and tensor.dtype in DTYPES and tensor.values_count:
            yield _loss(path, tensor)
        done += tensor.values_count
        progress(done / total)


def _loss(path: Path, tensor: Tensor) -> Loss:
    signal, outliers, noise = 0.0, 0, dict.fromkeys(FORMATS, 0.0)
    deviation = _deviation(path, tensor)
    for rows in _chunks(path, tensor):
        signal += float(np.sum(np.square(rows, dtype=np.float64)))
        outliers += int(np.count_nonzero(np.abs(rows) > OUTLIER_DEVIATIONS * deviation))
        for name, rule in FORMATS.items():
            noise[name] += float(np.sum(np.square(rule(rows) - rows, dtype=np.float64)))
    return Loss(
        name=tensor.name,
        kind=tensor_class(tensor.name),
        shape=tensor.shape,
        outlier_frac=outliers / tensor.values_count,
        sqnr_db={name: _decibels(signal, lost) for name, lost in noise.items()},
    )


def _deviation(path: Path, tensor: Tensor) -> float:
    """Root mean square of the weights: their mean is next to zero."""
    squares = sum(float(np.sum(np.square(rows, dtype=np.float64))) for rows in _chunks(path, tensor))
    return float((squares / tensor.values_count) ** 0.5)


def _chunks(path: Path, tensor: Tensor) -> Iterator[NDArray[np.float32]]:
    """A few rows at a time as float32; leading dimensions, such as experts, count as rows."""
    columns = tensor.shape[-1]
    rows = tensor.values_count // columns
    mapped = np.memmap(path, np.dtype(DTYPES[tensor.dtype]), "r", tensor.offset_bytes, (rows, columns))
    step = max(CHUNK_VALUES // columns, 1)
    for start in range(0, rows, step):
        part = np.asarray(mapped[start : start + step])
        if tensor.dtype == "BF16":
            part = (part.astype(np.uint32) << 16).view(np.float32)
        values = part.astype(np.float32)
        yield np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def _decibels(signal: float, noise: float) -> float:
    if signal == 0:
        return inf
    return inf if noise == 0 else 10 * log10(signal / noise)
