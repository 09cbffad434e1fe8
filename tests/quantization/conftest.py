"""Checkpoints that the tests of the scan share."""

import json
from pathlib import Path

import numpy as np
import pytest
from checkpoints import LAYER, bf16, save

RNG = np.random.default_rng(1)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Four layers; the third has a column of outliers, as super-weights and attention sinks make them."""
    tensors: dict[str, tuple[str, np.ndarray]] = {"model.norm.weight": ("F32", np.ones(64, dtype=np.float32))}
    for layer in range(4):
        weights = RNG.normal(0, 0.02, (128, 256)).astype(np.float32)
        if layer == 2:
            weights[:, 7] *= 60
        tensors[LAYER.format(layer)] = ("BF16", bf16(weights))
    return save(tmp_path / "tiny.safetensors", tensors, __metadata__={"format": "pt"})


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    names = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    for layer, name in enumerate(names):
        save(folder / name, {LAYER.format(layer): ("F32", RNG.normal(size=(8, 32)).astype(np.float32))})
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {LAYER.format(i): name for i, name in enumerate(names)}})
    )
    return folder
