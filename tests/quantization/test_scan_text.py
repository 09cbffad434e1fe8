"""The scan in words and as the table of the command line."""

import json
from math import inf
from pathlib import Path

import numpy as np
import pytest
from checkpoints import save

from calculators.__main__ import main
from calculators.quantization.checkpoint_scan import CheckpointSurvey, TensorLoss
from calculators.quantization.rounding import ROUNDINGS
from calculators.quantization.scan_text import damage_text, scan_table, scan_takeaway, survey_text, worst_first


def loss(name: str, least_db: float, not_finite_count: int = 0) -> TensorLoss:
    ratios = dict.fromkeys(ROUNDINGS, inf) | {"int4": least_db}
    return TensorLoss(
        name=name,
        kind="down",
        shape=(8, 128),
        outlier_frac=0.004,
        sqnr_db=ratios,
        not_finite_count=not_finite_count,
    )


def test_what_is_skipped_is_counted_with_its_types() -> None:
    about = CheckpointSurvey((), 1, 2, ("F8_E4M3", "I32"), 4)
    assert survey_text(about) == "Skipped because already quantized: 2 matrices (F8_E4M3, I32). Measured: 1."
    assert survey_text(CheckpointSurvey((), 1, 0, (), 4)) == ""


def test_the_takeaway_names_the_tensor_that_loses_most() -> None:
    assert scan_takeaway([loss("a", 30.0), loss("b", 12.34)]) == (
        "b loses most: 12.3 dB remain in its worst format (6 dB are one bit)."
    )
    assert scan_takeaway([loss("a", inf)]).startswith("No tensor loses anything")
    assert scan_takeaway([loss("a", -inf)]) == "a loses everything in its worst format."
    assert [each.name for each in worst_first([loss("a", 30.0), loss("b", 12.0)])] == ["b", "a"]


def test_weights_that_are_not_finite_are_an_error_to_act_on() -> None:
    assert damage_text([loss("a", 30.0)]) == ""
    text = damage_text([loss("a", 30.0), loss("b", 30.0, not_finite_count=3)])
    assert text.startswith("1 tensor with infinite or undefined weights, counted as zero, first b:")
    assert text.endswith("download it again.")


def test_the_table_has_a_line_for_each_tensor_the_worst_first() -> None:
    head, first, second, foot = scan_table([loss("a", 30.0), loss("b", 12.0)]).splitlines()
    assert head.split() == ["tensor", "class", "outliers", *ROUNDINGS]
    assert first.split() == ["b", "down", "0.4%", "exact", "exact", "12", "exact", "exact"]
    assert second.startswith("a ")
    assert "Signal-to-quantization-noise ratio" in foot


def test_the_command_lists_the_worst_first(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantize-scan", str(model)]) == 0
    out = capsys.readouterr().out
    assert "Gate the release on your own evals" in out
    assert main(["quantize-scan", str(model), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert len(plain["tensors"]) == 4
    assert set(plain["tensors"][0]["sqnr_db"]) == {"fp8", "int8", "int4", "nvfp4", "mxfp4"}
    assert main(["quantize-scan", str(model) + ".missing"]) == 2


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
