"""Rows of a list of benchmark runs as configurations: every cell, every arrival mode, and files that are refused."""

from pathlib import Path

import pytest
from benchmark_rows import point

from calculators.calibration.configurations import read_points
from calculators.errors import DataError


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


@pytest.mark.parametrize(
    ("cells", "precision"),
    [
        ({"model": "nvidia/Llama-3.3-70B-Instruct-FP8", "weight_dtype": ""}, "fp8"),
        ({"model": "RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16", "weight_dtype": ""}, "int4"),
        ({"model": "llama-3.3-70b-FP8", "weight_dtype": "bf16/fp16"}, "bf16"),
        ({"weight_dtype": "float8_e4m3fn"}, "fp8"),
        ({"weight_dtype": "w8a8"}, "int8"),
        ({"weight_dtype": "fp4", "gpu": "B200"}, "nvfp4"),
        ({"weight_dtype": "fp4", "gpu": "MI355X"}, "mxfp4"),
        ({"weight_dtype": "FP4", "model": "gpt-oss-120b"}, "mxfp4"),
    ],
)
def test_a_format_is_read_from_its_column_and_else_from_the_name(cells: dict[str, str], precision: str) -> None:
    read = point(**cells)
    assert read.config.precision == precision
    assert "precision_assumed" not in {doubt.code for doubt in read.doubts}


def test_the_format_of_the_cache() -> None:
    assert point(source="InferenceX").config.kv_element_bytes == 1  # tuned, with NVIDIA's FP8 checkpoint
    assert point().config.kv_element_bytes == 2
    assert point(engine="SGLang").config.kv_element_bytes == 2
    assert point(model="deepseek-r1").config.kv_element_bytes == 2  # published in FP8 with a 16-bit cache
    assert point(weight_dtype="bf16").config.kv_element_bytes == 2
    assert point(kv_dtype="fp8").config.kv_element_bytes == 1
    assert point(engine="TensorRT-LLM").config.kv_element_bytes == 1
    assert point(engine="TensorRT-LLM", kv_dtype="bf16").config.kv_element_bytes == 2
    assert point(engine="TensorRT-LLM", weight_dtype="fp16").config.kv_element_bytes == 2


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


@pytest.mark.parametrize(
    ("cells", "element_bytes"),
    [
        ({"model": "Qwen/Qwen3-32B-FP8"}, 2.0),  # the maker's own, launched as vLLM ships
        ({"model": "nvidia/Llama-3.3-70B-Instruct-FP8"}, 1.0),  # ModelOpt sets it
        ({"model": "qwen3-32b", "source": "aiconfigurator silicon_sample.csv"}, 1.0),  # a tuned run takes ModelOpt's
        ({"model": "qwen3-32b", "kv_dtype": "fp8"}, 1.0),
        ({"model": "qwen3-32b", "weight_dtype": "nvfp4", "gpu": "b200-sxm"}, 1.0),
        ({"model": "qwen3-32b", "engine": "TensorRT-LLM"}, 1.0),
        ({"model": "qwen3-32b", "engine": "SGLang", "source": "InferenceX"}, 2.0),
    ],
    ids=str,
)
def test_the_cache_is_in_8_bit_where_the_checkpoint_sets_it(cells: dict[str, str], element_bytes: float) -> None:
    assert point(**{"weight_dtype": "fp8", **cells}).config.kv_element_bytes == element_bytes


@pytest.mark.parametrize(
    "cells",
    [{}, {"spec": "mtp"}, {"spec_decode": "on: mtp"}, {"mtp_tokens": "2"}, {"spec": "mtp", "mtp_tokens": "0"}],
    ids=str,
)
def test_drafting_layers_are_in_memory_where_and_only_where_they_draft(cells: dict[str, str]) -> None:
    run = point(model="deepseek-v3", n_gpu="8", tp="8", **cells)
    assert run.config.memory.draft_layers is (run.draft_tok > 0) is (cells != {} and cells.get("mtp_tokens") != "0")
