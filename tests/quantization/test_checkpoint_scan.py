"""Scanning a checkpoint: a tiny one with a planted outlier layer."""

import json
from pathlib import Path

import numpy as np
import pytest
from checkpoints import LAYER, bf16, save

from calculators.errors import DataError
from calculators.quantization import checkpoint_scan
from calculators.quantization.checkpoint_scan import (
    SCHEMA,
    scan_checkpoint,
    survey,
    tensor_class,
    worst_by_class,
    worst_of_row,
)
from calculators.quantization.rounding import ROUNDINGS

RNG = np.random.default_rng(1)


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
    [loss] = scan_checkpoint(save(tmp_path / "m.safetensors", {"w": (dtype, weights)}))
    [other] = scan_checkpoint(save(tmp_path / "n.safetensors", {"w": ("BF16", bf16(weights))}))
    assert loss.sqnr_db == pytest.approx(other.sqnr_db)


def test_experts_of_three_dimensions_count_as_rows_and_chunks_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "m.safetensors", {"mlp.experts.w": ("F32", RNG.normal(size=(4, 8, 32)).astype(np.float32))})
    [whole] = scan_checkpoint(path)
    monkeypatch.setattr(checkpoint_scan, "CHUNK_VALUES", 64)
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


def _packed(values: np.ndarray, dtype: str) -> tuple[str, np.ndarray]:
    return dtype, values.astype(np.int32 if dtype == "I32" else np.uint8)


def test_what_is_quantized_already_is_counted_and_its_scales_are_no_weights(tmp_path: Path) -> None:
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
    about = survey(path)
    assert (about.measured_count, about.quantized_count, about.other_count) == (1, 2, 4)
    assert about.quantized_dtypes == ("F8_E4M3", "I32")
    assert [loss.name for loss in scan_checkpoint(path)] == ["a.down_proj.weight"]


def test_the_map_of_one_s_own_model_is_the_worst_of_each_class(model: Path) -> None:
    losses = list(scan_checkpoint(model))
    worst = worst_by_class(losses)
    assert list(worst) == ["down"]
    assert worst["down"] == {name: min(t.sqnr_db[name] for t in losses) for name in ROUNDINGS}


def test_a_loss_is_json_without_infinities_and_says_what_a_weight_takes(tmp_path: Path) -> None:
    [zero] = scan_checkpoint(save(tmp_path / "m.safetensors", {"w": ("F32", np.zeros((2, 128), dtype=np.float32))}))
    plain = json.loads(json.dumps(zero.to_json(), allow_nan=False))
    assert set(plain) == {part.split(":")[0] for part in SCHEMA.split(", ") if part.split(":")[0].isidentifier()}
    assert plain["sqnr_db"] == dict.fromkeys(ROUNDINGS)
    assert plain["effective_bits"]["int4"] == 4 + 20 / 128


def test_weights_that_are_no_number_are_counted_and_nothing_is_called_lossless(tmp_path: Path) -> None:
    some, none = np.ones((4, 128), dtype=np.float32), np.full((4, 128), np.nan, dtype=np.float32)
    some[1] = np.inf
    beyond = np.full((4, 128), 1e300)
    tensors = {"some": ("F32", some), "none": ("F32", none), "beyond": ("F64", beyond)}
    by_name = {loss.name: loss for loss in scan_checkpoint(save(tmp_path / "broken.safetensors", tensors))}
    assert by_name["some"].not_finite_count == 128
    assert (by_name["none"].not_finite_count, by_name["beyond"].not_finite_count) == (512, 512)
    assert set(by_name["none"].sqnr_db.values()) == {-np.inf}
    assert by_name["none"].to_json()["not_finite_count"] == 512


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

    monkeypatch.setattr(checkpoint_scan, "ROUNDINGS", {"fp8": rule})
    monkeypatch.setattr(checkpoint_scan, "CHUNK_VALUES", 4_096)
    thin = RNG.normal(0, 1, (1_000, 1)).astype(np.float32)
    list(scan_checkpoint(save(tmp_path / "thin.safetensors", {"w": ("F32", thin)})))
    assert max(padded) <= 4_096
    wide = np.ones((1, 5_000), dtype=np.float32)
    with pytest.raises(DataError, match="rows of 5,000 weights"):
        list(scan_checkpoint(save(tmp_path / "wide.safetensors", {"w": ("F32", wide)})))


def test_shards_are_scanned_one_after_another(sharded: Path) -> None:
    for path in (sharded, sharded / "model.safetensors.index.json"):
        seen: list[float] = []
        assert [loss.name for loss in scan_checkpoint(path, seen.append)] == [LAYER.format(i) for i in range(2)]
        assert seen == [0.5, 1.0]
        assert survey(path).measured_count == 2


def test_a_row_of_the_map_finds_its_tensors_also_in_fused_ones(tmp_path: Path) -> None:
    weights = RNG.normal(size=(8, 128)).astype(np.float32)
    tensors = {"mlp.gate_up_proj.weight": ("F32", weights), "mlp.down_proj.weight": ("F32", weights)}
    losses = list(scan_checkpoint(save(tmp_path / "m.safetensors", tensors)))
    fused = worst_of_row(losses, "gate", "int4")
    assert fused is not None
    assert fused == worst_of_row(losses, "up", "int4") == worst_of_row(losses, "down", "int4")
    assert worst_of_row(losses, "query", "int4") is None


def test_a_scan_that_takes_too_long_says_what_to_do(model: Path) -> None:
    with pytest.raises(DataError, match="quantize-scan"):
        list(checkpoint_scan.scan_checkpoint(model, limit_s=-1.0))
