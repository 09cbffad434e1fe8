"""Scanning a checkpoint: a tiny one with a planted outlier layer, and files that are none."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calculators import quantize_scan
from calculators.__main__ import main
from calculators.quantize_scan import read_header, scan, tensor_class
from calculators.yaml_files import DataError

RNG = np.random.default_rng(1)
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


def test_the_planted_outlier_layer_is_found(model: Path) -> None:
    losses = list(scan(model))
    assert [t.name for t in losses] == [LAYER.format(i) for i in range(4)]
    worst = max(losses, key=lambda t: t.outlier_frac)
    assert worst.name == LAYER.format(2)
    assert worst.outlier_frac == pytest.approx(1 / 256, rel=0.5)
    assert all(t.outlier_frac == 0 for t in losses if t is not worst)
    plain = [t for t in losses if t is not worst]
    assert all(t.kind == "down" for t in losses)
    assert worst.sqnr_db["int8"] < min(t.sqnr_db["int8"] for t in plain) + 20
    for t in plain:
        assert t.sqnr_db["int8"] > t.sqnr_db["fp8"] > t.sqnr_db["int4"] > 15


@pytest.mark.parametrize(("dtype", "kind"), [("F64", np.float64), ("F32", np.float32), ("F16", np.float16)])
def test_every_float_type_gives_the_same_answer(tmp_path: Path, dtype: str, kind: type) -> None:
    weights = (RNG.integers(-64, 65, (32, 64)) / 64).astype(kind)
    [found] = scan(save(tmp_path / "m.safetensors", {"w": (dtype, weights)}))
    [other] = scan(save(tmp_path / "n.safetensors", {"w": ("BF16", bf16(weights))}))
    assert found.sqnr_db == pytest.approx(other.sqnr_db)


def test_experts_of_three_dimensions_count_as_rows_and_chunks_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "m.safetensors", {"mlp.experts.w": ("F32", RNG.normal(size=(4, 8, 32)).astype(np.float32))})
    [whole] = scan(path)
    monkeypatch.setattr(quantize_scan, "CHUNK_VALUES", 64)
    [parts] = scan(path)
    assert whole.kind == "experts"
    assert parts.sqnr_db == pytest.approx(whole.sqnr_db)


def test_progress_ends_at_one(model: Path) -> None:
    seen: list[float] = []
    list(scan(model, seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("model.embed_tokens.weight", "embeddings"),
        ("lm_head.weight", "lm_head"),
        ("model.layers.0.self_attn.q_proj.weight", "query"),
        ("model.layers.0.self_attn.kv_a_proj_with_mqa.weight", "key"),
        ("model.layers.0.self_attn.o_proj.weight", "attention output"),
        ("model.layers.0.mlp.gate_proj.weight", "gate"),
        ("model.layers.0.mlp.gate.weight", "router"),
        ("model.layers.0.mlp.experts.3.down_proj.weight", "experts"),
        ("model.layers.0.input_layernorm.weight", "norms"),
        ("something.else", "other"),
    ],
)
def test_classes_by_name(name: str, kind: str) -> None:
    assert tensor_class(name) == kind


def test_a_damaged_file_is_refused(tmp_path: Path, model: Path) -> None:
    short = tmp_path / "short.safetensors"
    for content, why in (
        (b"", "header does not fit"),
        (b"\xff" * 16, "header does not fit"),
        (struct.pack("<Q", 4) + b"oops", "not JSON"),
        (struct.pack("<Q", 2) + b"[]", "not an object"),
        (struct.pack("<Q", 9) + b'{"a": {}}', "has no dtype"),
        (model.read_bytes()[:-10], "cut off"),
    ):
        short.write_bytes(content)
        with pytest.raises(DataError, match=why):
            read_header(short)
    huge = {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}
    text = json.dumps({"w": huge}).encode()
    short.write_bytes(struct.pack("<Q", len(text)) + text + b"1234")
    with pytest.raises(DataError, match="does not fit its place"):
        read_header(short)


def test_the_command_lists_the_worst_first(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantize-scan", str(model)]) == 0
    out = capsys.readouterr().out
    assert "an evaluation must gate" in out
    assert main(["quantize-scan", str(model), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert len(plain["tensors"]) == 4
    assert set(plain["tensors"][0]["sqnr_db"]) == {"fp8", "int8", "int4", "nvfp4", "mxfp4"}
    assert main(["quantize-scan", str(model) + ".missing"]) == 2
