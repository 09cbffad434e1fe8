"""Configurations in, predictions out: parsing of each cell, each kind of run, and that no row is ever dropped."""

import csv
from pathlib import Path

import pytest

from calculators.calibration import predict as prediction
from calculators.calibration.arrival_modes import BenchmarkConfig, predict_rates
from calculators.calibration.configurations import PREDICTION_COLUMNS, parse_point, read_points
from calculators.calibration.predict import Prediction, predict, write_predictions
from calculators.catalog.load import load_catalog
from calculators.errors import DataError

CATALOG = load_catalog()
BASE = {
    "row": "7",
    "engine": "vLLM",
    "model": "llama-3.3-70b",
    "gpu": "h100-sxm",
    "n_gpu": "4.0",
    "tp": "4",
    "weight_dtype": "fp8",
    "isl": "1000",
    "osl": "500",
    "concurrency_or_batch": "32",
    "scenario": "closed-loop concurrency",
}


def point(**cells: str) -> BenchmarkConfig:
    found = parse_point(BASE | cells, CATALOG)
    assert isinstance(found, BenchmarkConfig), found
    return found


def answer(**cells: str) -> Prediction:
    return predict([BASE | cells], CATALOG)[0]


def test_the_cells_of_a_plain_row() -> None:
    p = point()
    assert (p.config.model.id, p.config.gpu.id, p.config.precision) == ("llama-3.3-70b", "h100-sxm", "fp8")
    assert (p.config.tensor_parallel, p.config.attention_ranks, p.config.pipeline_stages) == (4, 1, 1)
    assert (p.kind, p.input_tok, p.output_tok, p.batch, p.doubts) == ("closed", 1000, 500, 32, ())


def test_lengths_drawn_below_the_nominal_one_are_scaled() -> None:
    assert point(isl_osl_kind="uniform[0.8,1.0]x nominal").input_tok == pytest.approx(900)
    assert point(isl_osl_kind="fixed (assumed by source tool)").input_tok == 1000


@pytest.mark.parametrize(
    ("cells", "tensor", "ranks", "batch"),
    [
        ({"n_gpu": "8"}, 4, 1, 16),  # two replicas share the clients
        ({"n_gpu": "", "tp": ""}, 1, 1, 32),
        ({"n_gpu": "8", "tp": ""}, 8, 1, 32),
        ({"n_gpu": "8", "tp": "4", "pp": "2"}, 4, 1, 16),  # two stages hold half the batch each
        ({"model": "deepseek-r1", "gpu": "b200-sxm", "n_gpu": "8", "tp": "1", "dp": "8"}, 1, 8, 4),
        ({"model": "deepseek-r1", "gpu": "b200-sxm", "n_gpu": "8", "tp": "8", "dp": "8"}, 1, 8, 4),
        ({"n_gpu": "8", "tp": "4", "dp": "2"}, 4, 1, 16),  # a dense model's ranks are replicas
    ],
)
def test_how_gpus_are_split(cells: dict[str, str], tensor: int, ranks: int, batch: float) -> None:
    p = point(**cells)
    assert (p.config.tensor_parallel, p.config.attention_ranks, p.batch) == (tensor, ranks, batch)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"scenario": ""}, "closed"),
        ({"scenario": "low-latency"}, "static"),  # published as one static batch of 1
        ({"scenario": "offline static batch"}, "static"),
        ({"scenario": "offline static batch (max-throughput)"}, "static"),
        ({"scenario": "offline (max-throughput)"}, "saturated"),
        ({"scenario": "server (latency-bound)"}, "saturated"),
        ({"scenario": "server (latency-bound)", "request_rate": "3"}, "open"),
        ({"scenario": "open loop", "request_rate": "3"}, "open"),
        ({"scenario": "", "concurrency_or_batch": "", "request_rate": "3"}, "open"),
    ],
)
def test_kinds_of_run(cells: dict[str, str], kind: str) -> None:
    assert point(**cells).kind == kind


def test_the_format_of_the_cache() -> None:
    assert point().config.kv_element_bytes == 1  # NVIDIA's FP8 checkpoint of a model published in 16 bit says so
    assert point(engine="SGLang").config.kv_element_bytes == 2
    assert point(model="deepseek-r1").config.kv_element_bytes == 2  # published in FP8 with a 16-bit cache
    assert point(weight_dtype="bf16").config.kv_element_bytes == 2
    assert point(kv_dtype="fp8").config.kv_element_bytes == 1
    assert point(engine="TensorRT-LLM").config.kv_element_bytes == 1
    assert point(engine="TensorRT-LLM", kv_dtype="bf16").config.kv_element_bytes == 2
    assert point(engine="TensorRT-LLM", weight_dtype="fp16").config.kv_element_bytes == 2


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
        ({"scenario": "disaggregated closed-loop"}, "not modeled"),
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
        ({"spec_decode": "on: MTP 3"}, "speculative decoding"),
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


def test_a_closed_loop_obeys_littles_law() -> None:
    p = answer()
    assert p.output_tok_s_per_gpu
    assert p.ttft_ms
    assert p.tpot_ms
    assert p.status == "ok"
    latency_s = (p.ttft_ms + 499 * p.tpot_ms) / 1e3
    assert p.output_tok_s_per_gpu * 4 == pytest.approx(32 * 500 / latency_s)


def test_clients_beyond_the_memory_wait() -> None:
    """70B in FP8 leaves one H100 little room: more clients bring longer waits, not more tokens."""
    few, many = (answer(n_gpu="1", tp="1", concurrency_or_batch=c) for c in ("64", "512"))
    assert few.ttft_ms
    assert many.ttft_ms
    assert many.output_tok_s_per_gpu == pytest.approx(few.output_tok_s_per_gpu)
    assert many.ttft_ms > 4 * few.ttft_ms
    assert many.tpot_ms == pytest.approx(few.tpot_ms)


def test_a_static_batch() -> None:
    p = answer(scenario="offline static batch", concurrency_or_batch="8")
    assert p.output_tok_s_per_gpu
    assert p.ttft_ms
    assert p.tpot_ms
    assert p.output_tok_s_per_gpu * 4 == pytest.approx(8 * 500 / ((p.ttft_ms + 499 * p.tpot_ms) / 1e3))


def test_maximum_throughput_has_no_ttft_and_beats_a_small_batch() -> None:
    most, small = answer(scenario="offline (max-throughput)", concurrency_or_batch=""), answer()
    assert most.ttft_ms is None
    assert most.output_tok_s_per_gpu
    assert small.output_tok_s_per_gpu
    assert most.output_tok_s_per_gpu > small.output_tok_s_per_gpu


def test_an_open_loop_serves_what_arrives_until_it_cannot() -> None:
    calm = answer(scenario="open loop", request_rate="2", concurrency_or_batch="")
    busy = answer(scenario="open loop", request_rate="10000", concurrency_or_batch="")
    most = answer(scenario="offline (max-throughput)", concurrency_or_batch="")
    assert calm.output_tok_s_per_gpu == pytest.approx(2 * 500 / 4)
    assert calm.ttft_ms
    assert calm.tpot_ms
    assert busy.tpot_ms
    assert calm.tpot_ms < busy.tpot_ms
    assert busy.ttft_ms is None
    assert busy.output_tok_s_per_gpu == pytest.approx(most.output_tok_s_per_gpu)


def test_replicas_and_stages_change_nothing_per_gpu() -> None:
    base = answer(concurrency_or_batch="16")
    for cells in ({"n_gpu": "8"}, {"n_gpu": "8", "pp": "2"}):
        twice = answer(concurrency_or_batch="32", **cells)
        assert twice.output_tok_s_per_gpu == pytest.approx(base.output_tok_s_per_gpu)
        assert twice.tpot_ms == pytest.approx(base.tpot_ms)


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


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"model,gpu,isl\n", "missing column osl"),
        (b"model,gpu,isl,osl,osl\n", "'osl' is given twice"),
        (b"model,gpu,isl,osl\na,b\n", ":2: the row has more or fewer cells"),
        (b"model,gpu,isl,osl\na,b,1,2,3\n", ":2: the row has more or fewer cells"),
        (b"model,gpu,isl,osl\n\xff\xfe,b,1,2\n", "not UTF-8"),
        (b'model,gpu,isl,osl\n"a"x,b,1,2\n', "not a readable CSV"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        read_points(path)


def test_missing_and_unwritable_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_points(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be written"):
        write_predictions(tmp_path / "no-folder" / "out.csv", [])
