"""Scanning a checkpoint: a tiny one with a planted outlier layer, and files that are none."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calculators.__main__ import main
from calculators.errors import DataError
from calculators.quantization import checkpoint_scan as quantize_scan
from calculators.quantization.checkpoint_scan import (
    SCHEMA,
    read_header,
    scan_checkpoint,
    shards,
    survey,
    tensor_class,
    worst_by_class,
)
from calculators.quantization.rounding import FORMATS

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
    losses = list(scan_checkpoint(model))
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
    [found] = scan_checkpoint(save(tmp_path / "m.safetensors", {"w": (dtype, weights)}))
    [other] = scan_checkpoint(save(tmp_path / "n.safetensors", {"w": ("BF16", bf16(weights))}))
    assert found.sqnr_db == pytest.approx(other.sqnr_db)


def test_experts_of_three_dimensions_count_as_rows_and_chunks_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "m.safetensors", {"mlp.experts.w": ("F32", RNG.normal(size=(4, 8, 32)).astype(np.float32))})
    [whole] = scan_checkpoint(path)
    monkeypatch.setattr(quantize_scan, "CHUNK_VALUES", 64)
    [parts] = scan_checkpoint(path)
    assert whole.kind == "experts"
    assert parts.sqnr_db == pytest.approx(whole.sqnr_db)


def test_progress_ends_at_one(model: Path) -> None:
    seen: list[float] = []
    list(scan_checkpoint(model, seen.append))
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
        ("model.layers.3.mlp.shared_experts.gate_proj.weight", "gate"),
        ("model.layers.3.mlp.shared_expert_gate.weight", "router"),
        ("model.layers.0.self_attn.qkv_proj.weight", "query, key, value"),
        ("model.layers.0.mlp.gate_up_proj.weight", "gate, up"),
        ("model.layers.0.mlp.experts.gate_up_proj", "experts"),
        ("model.layers.0.linear_attn.in_proj_qkvz.weight", "other attention"),
        ("model.layers.0.self_attn.indexer.wk.weight", "other attention"),
        ("model.layers.0.input_layernorm.weight", "norms and biases"),
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


def _packed(values: np.ndarray, dtype: str) -> tuple[str, np.ndarray]:
    return dtype, values.astype(np.int32 if dtype == "I32" else np.uint8)


def test_what_is_quantised_already_is_counted_and_its_scales_are_no_weights(tmp_path: Path) -> None:
    """An FP8 layer with its block scales in 32 bit, a packed INT4 layer, and one in 16 bit."""
    ones = np.ones((4, 8), dtype=np.float32)
    path = save(
        tmp_path / "m.safetensors",
        {
            "a.q_proj.weight": _packed(ones, "F8_E4M3"),
            "a.q_proj.weight_scale_inv": ("F32", ones),
            "a.up_proj.qweight": _packed(ones, "I32"),
            "a.up_proj.scales": ("F16", ones.astype(np.float16)),
            "a.up_proj.qzeros": _packed(ones, "I32"),
            "a.down_proj.weight": ("BF16", bf16(ones)),
            "a.norm.weight": ("F32", ones[0]),
        },
    )
    found = survey(path)
    assert (found.measured_count, found.quantised_count, found.other_count) == (1, 2, 4)
    assert found.quantised_dtypes == ("F8_E4M3", "I32")
    assert found.words == "Quantised already, so passed over: 2 (F8_E4M3, I32). Matrices measured: 1."
    assert [loss.name for loss in scan_checkpoint(path)] == ["a.down_proj.weight"]


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


def test_shards_are_scanned_one_after_another(sharded: Path) -> None:
    index = sharded / "model.safetensors.index.json"
    for path in (sharded, index):
        seen: list[float] = []
        assert [loss.name for loss in scan_checkpoint(path, seen.append)] == [LAYER.format(i) for i in range(2)]
        assert seen == [0.5, 1.0]
        assert survey(path).measured_count == 2
    index.unlink()
    assert [file.name[:11] for file in shards(sharded)] == ["model-00001", "model-00002"]


def test_an_index_that_is_none_or_points_elsewhere_is_refused(sharded: Path, tmp_path: Path) -> None:
    index = sharded / "model.safetensors.index.json"
    for content, why in (
        ("[]", "no weight_map"),
        ("{", "not an index"),
        ('{"weight_map": []}', "no weight_map"),
        ('{"weight_map": {}}', "0 safetensors files"),
        ('{"weight_map": {"a": "../secret.safetensors"}}', "not the name of a file beside it"),
        ('{"weight_map": {"a": 7}}', "not the name of a file beside it"),
        ('{"weight_map": {"a": "gone.safetensors"}}', "fetch all 1 shards"),
    ):
        index.write_text(content)
        with pytest.raises(DataError, match=why):
            shards(sharded)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="0 safetensors files"):
        shards(tmp_path / "empty")


def test_the_map_of_one_s_own_model_is_the_worst_of_each_class(model: Path) -> None:
    losses = list(scan_checkpoint(model))
    found = worst_by_class(losses)
    assert list(found) == ["down"]
    assert found["down"] == {name: min(t.sqnr_db[name] for t in losses) for name in FORMATS}


def test_a_loss_is_json_without_infinities_and_says_what_a_weight_takes(tmp_path: Path) -> None:
    [zero] = scan_checkpoint(save(tmp_path / "m.safetensors", {"w": ("F32", np.zeros((2, 128), dtype=np.float32))}))
    plain = json.loads(json.dumps(zero.to_json(), allow_nan=False))
    assert set(plain) == {part.split(":")[0] for part in SCHEMA.split(", ") if part.split(":")[0].isidentifier()}
    assert plain["sqnr_db"] == dict.fromkeys(FORMATS)
    assert plain["effective_bits"]["int4"] == 4 + 20 / 128


def test_the_command_lists_the_worst_first(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantize-scan", str(model)]) == 0
    out = capsys.readouterr().out
    assert "an evaluation must gate" in out
    assert main(["quantize-scan", str(model), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert len(plain["tensors"]) == 4
    assert set(plain["tensors"][0]["sqnr_db"]) == {"fp8", "int8", "int4", "nvfp4", "mxfp4"}
    assert main(["quantize-scan", str(model) + ".missing"]) == 2


# --- files that lie ----------------------------------------------------------------------------------------------


def raw_file(path: Path, header: str, blob: bytes = bytes(64)) -> Path:
    text = header.encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)
    return path


@pytest.mark.parametrize(
    "entry",
    [
        '{"dtype": "F32", "shape": [1e999, 2], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": [1, 2], "data_offsets": [0, Infinity]}',
        '{"dtype": "F32", "shape": [1.9, 2.9], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": ["1", "2"], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": [true, 2], "data_offsets": [0, 8]}',
        '{"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}',
        '{"dtype": "I64", "shape": [8589934593, 8589934591], "data_offsets": [0, 16]}',
        '{"dtype": "F32", "shape": [4294967296, 4294967296, 1], "data_offsets": [0, 0]}',
        '{"dtype": "F32", "shape": [1, 2], "data_offsets": [8, 0]}',
        '{"dtype": "F32", "shape": 3, "data_offsets": [0, 8]}',
    ],
)
def test_a_header_that_lies_is_one_clear_error(tmp_path: Path, entry: str) -> None:
    with pytest.raises(DataError, match=r"^lies.safetensors: tensor 'w'"):
        read_header(raw_file(tmp_path / "lies.safetensors", f'{{"w": {entry}}}'))


def test_tensors_that_overlap_are_refused(tmp_path: Path) -> None:
    one = '{"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}'
    other = '{"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]}'
    with pytest.raises(DataError, match="overlaps another"):
        read_header(raw_file(tmp_path / "two.safetensors", f'{{"a": {one}, "b": {other}}}'))
    apart = other.replace("[8, 24]", "[16, 32]")
    assert len(read_header(raw_file(tmp_path / "apart.safetensors", f'{{"a": {one}, "b": {apart}}}'))) == 2


def test_weights_that_are_no_number_are_counted_and_nothing_is_called_lossless(tmp_path: Path) -> None:
    some, none = np.ones((4, 128), dtype=np.float32), np.full((4, 128), np.nan, dtype=np.float32)
    some[1] = np.inf
    beyond = np.full((4, 128), 1e300)
    tensors = {"some": ("F32", some), "none": ("F32", none), "beyond": ("F64", beyond)}
    found = {loss.name: loss for loss in scan_checkpoint(save(tmp_path / "broken.safetensors", tensors))}
    assert found["some"].not_finite_count == 128
    assert (found["none"].not_finite_count, found["beyond"].not_finite_count) == (512, 512)
    assert set(found["none"].sqnr_db.values()) == {-np.inf}
    assert found["none"].to_json()["not_finite_count"] == 512


def test_weights_near_the_largest_number_are_measured_without_overflow(tmp_path: Path) -> None:
    large = (RNG.choice([-1.0, 1.0], (4, 256)) * RNG.uniform(2e38, 3e38, (4, 256))).astype(np.float32)
    (loss,) = scan_checkpoint(save(tmp_path / "large.safetensors", {"w": ("F32", large)}))
    assert loss.not_finite_count == 0
    assert all(not np.isnan(db) for db in loss.sqnr_db.values())
    assert 5 < loss.sqnr_db["int4"] < 60


def test_short_rows_are_read_in_no_larger_pieces_than_long_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formats pad a row of one weight to a group of 128."""
    padded: list[int] = []

    def rule(rows: np.ndarray) -> np.ndarray:
        padded.append(rows.shape[0] * -(-rows.shape[1] // 128) * 128)
        return rows

    monkeypatch.setattr(quantize_scan, "FORMATS", {"fp8": rule})
    monkeypatch.setattr(quantize_scan, "CHUNK_VALUES", 4_096)
    thin = RNG.normal(0, 1, (1_000, 1)).astype(np.float32)
    list(scan_checkpoint(save(tmp_path / "thin.safetensors", {"w": ("F32", thin)})))
    assert max(padded) <= 4_096
    wide = np.ones((1, 5_000), dtype=np.float32)
    with pytest.raises(DataError, match="rows of 5,000 weights"):
        list(scan_checkpoint(save(tmp_path / "wide.safetensors", {"w": ("F32", wide)})))


def test_control_codes_in_names_do_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b[2J\x1b]0;owned\x07\nfake line"
    path = save(tmp_path / "codes.safetensors", {name: ("F32", np.ones((2, 2), dtype=np.float32))})
    assert main(["quantize-scan", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": "../x\n\x1b[31mred"}}), encoding="utf-8")
    assert main(["quantize-scan", str(index)]) == 2
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert told.count("\n") == 1
