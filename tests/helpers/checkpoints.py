"""Tiny safetensors files, written as the format's page describes it."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

LAYER = "model.layers.{}.mlp.down_proj.weight"


def bf16(values: np.ndarray) -> np.ndarray:
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def save(path: Path, tensors: dict[str, tuple[str, np.ndarray]], cut: int = 0, **header: Any) -> Path:
    """A safetensors file as the format's page describes it."""
    entries, blob = dict(header), b""
    for name, (dtype, values) in tensors.items():
        raw = values.tobytes()
        entries[name] = {"dtype": dtype, "shape": values.shape, "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob[: len(blob) - cut])
    return path


def raw_file(path: Path, header: str, blob: bytes = bytes(64)) -> Path:
    text = header.encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)
    return path
