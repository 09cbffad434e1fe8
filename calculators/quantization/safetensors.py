"""Tensors of a checkpoint in the safetensors format: an eight-byte length, a JSON header, the numbers. One file, or all shards
of a folder or of a model.safetensors.index.json.

Headers are checked in full before anything is read: a file of strangers may lie about sizes and places.
"""

import json
import struct
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from calculators.errors import DataError
from calculators.units import printable

MAX_HEADER_BYTES = 25_000_000  # 200,000 tensors; the format allows four times as much
MAX_TENSORS = 200_000
"""Of one shard."""
MAX_SHARDS = 2_000
MAX_DIMENSIONS = 16
NAME_CHARS = 80
"""Shown of a name in a message."""
INDEX = ".safetensors.index.json"
FLOAT_TYPES: dict[str, str] = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""Types of 16 or more bits, with what numpy reads them as."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Name, type and place of a tensor in its file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset_bytes: int
    size_bytes: int

    @property
    def values_count(self) -> int:
        """Weights in the tensor."""
        return prod(self.shape)


def shard_files(path: Path) -> tuple[Path, ...]:
    """The safetensors files of a checkpoint: one file, those that an index names, or those of a folder. Raises DataError."""
    if path.is_dir():
        indices = sorted(path.glob(f"*{INDEX}"))
        return shard_files(indices[0]) if indices else _some(sorted(path.glob("*.safetensors")), path)
    if not path.name.endswith(INDEX):
        return (path,)
    if path.stat().st_size > MAX_HEADER_BYTES:
        raise DataError(f"{path.name}: too large for an index; choose model.safetensors.index.json")
    try:
        named = set(json.loads(path.read_bytes())["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(
            f"{path.name}: not a safetensors index: it has no weight_map from tensors to files. Choose model.safetensors.index.json"
        ) from None
    if wrong := sorted(
        printable(str(name), NAME_CHARS) for name in named if not isinstance(name, str) or name != Path(name).name
    ):
        raise DataError(f"{path.name}: '{wrong[0]}' is not the name of a file beside it")
    files = _some([path.parent / name for name in sorted(named)], path)
    if missing := [file.name for file in files if not file.is_file()]:
        raise DataError(f"{path.name}: names {missing[0]}, which is not there; fetch all {len(files)} shards")
    return files


def _some(files: list[Path], path: Path) -> tuple[Path, ...]:
    if not 0 < len(files) <= MAX_SHARDS:
        raise DataError(f"{path.name}: {len(files):,} safetensors files; between 1 and {MAX_SHARDS:,} are read")
    return tuple(files)


def read_header(path: Path) -> list[Tensor]:
    """All tensors of one file, in the order of its header. Raises DataError if the file is not a whole safetensors file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER_BYTES + 1
        if length > min(MAX_HEADER_BYTES, size - 8):
            raise DataError(
                f"{path.name}: not a safetensors file: its header does not fit. Choose another file or download it again"
            )
        text = file.read(length)
    try:
        header: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(
            f"{path.name}: not a safetensors file: its header is not JSON. Choose another file or download it again"
        ) from None
    if not isinstance(header, dict):
        raise DataError(
            f"{path.name}: not a safetensors file: its header is not an object. Choose another file or download it again"
        )
    entries = [(name, entry) for name, entry in header.items() if name != "__metadata__"]
    if len(entries) > MAX_TENSORS:
        raise DataError(f"{path.name}: more than {MAX_TENSORS:,} tensors; scan one shard at a time")
    tensors = [_tensor(name, entry, 8 + length, size, path.name) for name, entry in entries]
    in_order = sorted((t for t in tensors if t.size_bytes), key=lambda t: t.offset_bytes)
    for before, after in pairwise(in_order):
        if after.offset_bytes < before.offset_bytes + before.size_bytes:
            raise DataError(
                f"{path.name}: tensor '{printable(after.name, NAME_CHARS)}' overlaps another; the file is damaged, download it again"
            )
    return tensors


def _tensor(name: str, entry: Any, start_bytes: int, size_bytes: int, file: str) -> Tensor:
    try:
        dtype, shape = str(entry["dtype"]), tuple(entry["shape"])
        begin, end = entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise DataError(
            f"{file}: tensor '{printable(name, NAME_CHARS)}' has no dtype, shape and data_offsets"
        ) from None
    if len(shape) >= MAX_DIMENSIONS or not all(type(n) is int and 0 <= n < 2**40 for n in (*shape, begin, end)):
        raise DataError(
            f"{file}: tensor '{printable(name, NAME_CHARS)}': shape and data_offsets must be whole numbers, 0 or more"
        )
    tensor = Tensor(name, dtype, shape, start_bytes + begin, end - begin)
    whole = begin <= end <= size_bytes - start_bytes and tensor.values_count <= 8 * tensor.size_bytes  # a bit at least
    if not whole or (
        dtype in FLOAT_TYPES and tensor.size_bytes != np.dtype(FLOAT_TYPES[dtype]).itemsize * tensor.values_count
    ):
        raise DataError(
            f"{file}: tensor '{printable(name, NAME_CHARS)}' does not fit its place; the file is cut off or damaged, download it again"
        )
    return tensor
