"""Predictions for rows: each has an answer or a reason, and none is ever dropped."""

import csv
from pathlib import Path

import pytest
from benchmark_rows import BASE, CATALOG, answer

from calculators.calibration import predict as prediction
from calculators.calibration.arrival_modes import predict_rates
from calculators.calibration.configurations import PREDICTION_COLUMNS, read_points
from calculators.calibration.predict import predict, write_predictions
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"isl": ""}, "isl: empty"),
        ({"model": "", "gpu": " "}, "model, gpu: empty"),
        ({"model": "no-such-model"}, "unknown model 'no-such-model'"),
        ({"gpu": "Gaudi9"}, "unknown GPU 'Gaudi9'"),
        ({"weight_dtype": "ternary"}, "weight_dtype 'ternary'"),
        ({"isl": "many"}, "isl 'many' is not a positive number"),
        ({"isl": "-5"}, "isl '-5' is not a positive number"),
        ({"osl": "inf"}, "osl 'inf' is not a positive number"),
        ({"isl": "1e30"}, "isl '1e30' is not a positive number"),
        ({"concurrency_or_batch": "nan"}, "concurrency_or_batch 'nan' is not a positive number"),
        ({"tp": "2.5"}, "tp '2.5' is not a whole number"),
        ({"n_gpu": "2"}, "n_gpu is 2, but tp x pp x dp is 4"),
        ({"scenario": "disaggregated closed-loop"}, "needs prefill_workers, prefill_gpus, decode_workers, decode_gpus"),
        ({"model": "deepseek-r1"}, "the weights do not fit on 4×"),
    ],
)
def test_what_cannot_be_predicted_says_why(cells: dict[str, str], reason: str) -> None:
    found = answer(**cells)
    assert found.status == "unsupported"
    assert reason in found.reason
    assert (found.output_tok_s_per_gpu, found.ttft_ms, found.tpot_ms) == (None, None, None)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"engine": "Deepspeed"}, "engine 'deepspeed' was not in the fit"),
        ({"weight_dtype": ""}, "weight_dtype is empty, bf16 assumed"),
        ({"spec_decode": "on: MTP 3"}, "3 draft tokens taken to yield"),
        ({"spec_decode": "on: a draft model"}, "speculative decoding"),
        ({"prefix_cache": "on"}, "prefix caching"),
        ({"isl": "60000"}, "longer than"),
        ({"gpu": "l40s", "n_gpu": "8", "tp": "8"}, "few measured runs on ada"),
    ],
)
def test_what_is_outside_the_fit_says_so(cells: dict[str, str], reason: str) -> None:
    found = answer(**cells)
    assert found.status == "extrapolated"
    assert reason in found.reason
    assert found.tpot_ms is not None


def test_order_is_kept_and_nothing_dropped() -> None:
    rows = [BASE | {"row": "a"}, BASE | {"row": "b", "isl": ""}, BASE | {"row": "c"}, BASE | {"row": ""}]
    assert [p.row for p in predict(rows, CATALOG)] == ["a", "b", "c", "4"]
    assert predict([], CATALOG) == []


def test_optional_columns_may_be_missing() -> None:
    row = {"model": "llama-3.1-8b", "gpu": "h100-sxm", "isl": "100", "osl": "100"}
    assert predict([row], CATALOG)[0].status == "extrapolated"


def test_thousands_of_rows_are_answered_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(prediction, "predict_rates", lambda m, points: asked.append(points) or predict_rates(m, points))
    rows = [BASE | {"concurrency_or_batch": str(1 + n % 200)} for n in range(6_450)]
    assert len(predict(rows, CATALOG)) == 6_450
    assert [len(points) for points in asked] == [6_450]


def test_files_there_and_back(tmp_path: Path) -> None:
    source, target = tmp_path / "points.csv", tmp_path / "predictions.csv"
    source.write_text('\ufeffmodel,gpu,isl,osl,notes\nllama-3.1-8b,h100-sxm,100,100,"a, b"\nnobody,h100-sxm,1,1,\n')
    write_predictions(target, predict(read_points(source), CATALOG))
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == PREDICTION_COLUMNS
    assert [row["status"] for row in rows] == ["extrapolated", "unsupported"]
    assert float(rows[0]["predicted_tpot_ms_mean"]) > 0
    assert rows[1]["predicted_tpot_ms_mean"] == ""


def test_missing_and_unwritable_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_points(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be written"):
        write_predictions(tmp_path / "no-folder" / "out.csv", [])


def test_memory_is_told_beside_the_speeds(live_catalog: Catalog) -> None:
    """Weights and whether it fits, of rows without a speed too; the longest request is the row's own unless it says."""
    row = {"model": "gpt-oss-120b", "gpu": "h100-sxm", "isl": "1024", "osl": "1024", "engine": "vLLM", "tp": "1"}
    settings = {"engine_version": "0.11.0", "utilization": "0.95", "weight_dtype": "mxfp4"}
    short, long, full = predict(
        [row | settings, row | settings | {"max_model_len": "131072"}, row | {"weight_dtype": "bf16"}], live_catalog
    )
    assert short.memory is not None
    assert long.memory is not None
    assert full.memory is not None
    assert short.memory.weights_gib_per_gpu == pytest.approx(64.4, rel=0.01)
    assert (short.memory.reason, full.status) == ("", "unsupported")
    assert "longest request needs" in long.memory.reason
    assert long.memory.reason in long.reason
    assert "do not fit" in full.memory.reason


def test_each_figure_has_a_low_and_a_high_end_around_it(tmp_path: Path) -> None:
    rows = [{**BASE, "row": "1"}, {**BASE, "row": "2", "gpu": "mi300x"}, {**BASE, "row": "3", "gpu": "nonsense"}]
    out = tmp_path / "predictions.csv"
    write_predictions(out, predict(rows, CATALOG))
    with out.open(newline="") as file:
        fitted, few, unknown = csv.DictReader(file)
    widths = []
    for figure in ("predicted_output_tok_s_per_gpu", "predicted_ttft_ms_mean", "predicted_tpot_ms_mean"):
        for told in (fitted, few):
            low, value, high = (float(told[name]) for name in (f"{figure}_low", figure, f"{figure}_high"))
            assert 0 < low < value < high
            widths.append(high / low)
        assert unknown[f"{figure}_low"] == unknown[f"{figure}_high"] == ""
    assert all(few_runs > usual for usual, few_runs in zip(widths[::2], widths[1::2], strict=True))


def test_an_engine_as_it_ships_is_slower_with_many_requests_and_as_fast_alone() -> None:
    for clients, is_slower in (("1", False), ("8", True), ("64", True)):
        run = {**BASE, "concurrency_or_batch": clients, "kv_dtype": "fp8"}
        tuned, shipped, untold = (
            predict([{**run, "launch": told}], CATALOG)[0] for told in ("tuned", "as_shipped", "")
        )
        assert (shipped.tpot_ms > tuned.tpot_ms) is is_slower  # type: ignore[operator]
        assert shipped.ttft_ms == tuned.ttft_ms
        assert untold.tpot_ms == tuned.tpot_ms
    (refused,) = predict([{**BASE, "launch": "by hand"}], CATALOG)
    assert "launch 'by hand' is not one of as_shipped, tuned" in refused.reason
