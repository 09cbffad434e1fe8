"""Benchmark configurations from a CSV of measured or planned runs, or the reason why a row cannot be predicted."""

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from calculators.calibration.arrival_modes import Admission, ArrivalKind, BenchmarkConfig, Doubt, Pools
from calculators.calibration.run_details import (
    arrival_kind,
    benchmark_yield,
    draft_host_us,
    fitted_engine,
    format_doubts,
    launch_told,
    length_kind,
    length_scale,
    release_ratio,
    short_run_doubts,
    told_pools,
)
from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.format_spelling import format_meant
from calculators.catalog.hardware import Gpu
from calculators.catalog.launches import Launch, Launches
from calculators.catalog.models import Model
from calculators.catalog.techniques import MAX_DRAFT_TOK
from calculators.errors import DataError, UnknownId
from calculators.performance.gpu_memory import MemorySettings
from calculators.performance.links import islands_count
from calculators.performance.model_size import KV_ELEMENT_BYTES, LINEAR_BITS
from calculators.performance.released_checkpoints import released_checkpoint
from calculators.performance.replica import ReplicaConfig
from calculators.performance.step_time import MAX_BATCH
from calculators.units import count, plural

_MAX_FILE_BYTES = 64_000_000
_MAX_ROWS = 200_000
_REQUIRED = ("model", "gpu", "isl", "osl")
_FIGURE_COLUMNS = ("predicted_output_tok_s_per_gpu", "predicted_ttft_ms_mean", "predicted_tpot_ms_mean")
PREDICTION_COLUMNS = (
    *("row", *_FIGURE_COLUMNS, "status", "reason"),
    *("predicted_weights_gib_per_gpu", "predicted_kv_capacity_tok", "fits"),
    *(f"{figure}_{end}" for figure in _FIGURE_COLUMNS for end in ("low", "high")),
)

USUAL_DRAFTS = 3
"""Tokens that published runs with multi-token prediction draft where they do not say; one with attention ranks."""
PredictionStatus = Literal["ok", "extrapolated", "unsupported"]
_BATCH_CAPS = {"tensorrt": 2048.0, "vllm": 1024.0, "sglang": 1024.0}
"""Batch cap of each engine in a maximum-throughput benchmark (defaults at the end of 2025)."""
_BENCHMARK_REQUESTS = {
    (128.0, 128.0): 30_000.0,
    (128.0, 4096.0): 1_500.0,
    (1000.0, 2000.0): 1_500.0,
    (2048.0, 2048.0): 1_500.0,
    (5000.0, 500.0): 1_500.0,
    (20000.0, 2000.0): 1_000.0,
}
"""Requests of a maximum-throughput run by input and output length, else 3,000 (TensorRT-LLM documentation, performance
overview)."""
_FITTED_CONTEXT_TOK = 32_768
_FITTED_BATCH = 1_024
_POOL_COLUMNS = tuple(f"{pool}_{name}" for pool in ("prefill", "decode") for name in ("workers", "gpus"))
_POOLS_DOUBT = Doubt("separate_pools", "prefill and decode run apart, which few published runs show")
_LARGEST = 1e9  # no sensible cell holds a larger number


def read_points(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, every cell as text. Raises DataError that names the file, the line and a remedy."""
    if not path.is_file():
        raise DataError(f"{path.name}: no such file; check the path")
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise DataError(f"{path.name}: larger than {count(_MAX_FILE_BYTES / 1e6)} MB; split the file")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            _check_header(header, path.name)
            reader.fieldnames = header
            return _rows(reader, path.name)
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8 text; save the file as CSV UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path.name}: not a readable CSV file ({error}); save it again as CSV UTF-8") from None


def _check_header(header: Sequence[str], name: str) -> None:
    if not header:
        raise DataError(
            f"{name}: the file is empty; name the columns in the first line, at least {', '.join(_REQUIRED)}"
        )
    missing = [column for column in _REQUIRED if column not in header]
    if missing:
        raise DataError(
            f"{name}:1: missing column{'s' * (len(missing) > 1)} {', '.join(missing)}; add to the first line"
        )
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise DataError(f"{name}:1: the column '{twice[0]}' is given twice; keep one")


def _rows(reader: "csv.DictReader[str]", name: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for row in reader:
        if None in row or None in row.values():
            raise DataError(
                f"{name}:{reader.line_num}: the row has more or fewer cells than columns; quote cells that contain commas"
            )
        if len(rows) == _MAX_ROWS:
            raise DataError(f"{name}: more than {count(_MAX_ROWS)} rows; split the file")
        rows.append(row)
    return rows


class _UnsupportedError(Exception):
    """The reason why a row cannot be predicted."""


def parse_point(row: Mapping[str, str], catalog: Catalog) -> BenchmarkConfig | str:
    """Configuration of one row, or the reason why it cannot be predicted."""
    try:
        missing = [name for name in _REQUIRED if not _text(row, name)]
        if missing:
            raise _UnsupportedError(f"{', '.join(missing)}: empty")
        point = _with_drafts((_pools_point if _has_pools(row) else _point)(row, catalog), row, catalog)
        if _text(row, "launch") not in ("", *get_args(Launch)):
            raise _UnsupportedError(f"launch '{_text(row, 'launch')[:20]}' is not one of {', '.join(get_args(Launch))}")
        doubts = (*point.doubts, *_range_doubts(point, catalog))
        return replace(point, doubts=doubts, launch=launch_told(row, catalog.launches))
    except (_UnsupportedError, UnknownId) as error:
        return str(error)


def _point(row: Mapping[str, str], catalog: Catalog) -> BenchmarkConfig:
    model, gpu = catalog.model(_text(row, "model")), catalog.gpu(_text(row, "gpu"))
    kind, engine = arrival_kind(_text(row, "scenario")), _text(row, "engine").lower()
    precision, doubts = _precision(row, model, gpu)
    layout, replicas = _layout(row, model)
    attention_dp = not _text(row, "engine_version").startswith("0.")
    if kind == "saturated" and "tensorrt" in engine and model.shape.mlp.moe_layers and attention_dp:
        layout = (1, layout[0] * layout[1], layout[2])  # its published runs turn attention data parallelism on
    tensor_parallel, attention_ranks, pipeline_stages = layout
    config = ReplicaConfig(
        model=model,
        gpu=gpu,
        precision=precision,
        tensor_parallel=tensor_parallel,
        attention_ranks=attention_ranks,
        pipeline_stages=pipeline_stages,
        kv_element_bytes=_kv_bytes(row, engine, precision, model, catalog.launches),
        expert_ranks=_expert_ranks(row, model, layout, kind),
        engine=fitted_engine(row, engine, gpu),
        memory=memory_settings(row),
        release_ratio=release_ratio(row, catalog.speed_rules),
    )
    shares = replicas * config.attention_ranks * config.pipeline_stages
    scale = _scale(row)
    rate, batch = _number(row, "request_rate", math.inf), _number(row, "concurrency_or_batch", math.nan)
    return BenchmarkConfig(
        config=config,
        kind=_kind_given(kind, batch, rate),
        input_tok=_number(row, "isl") * scale,
        output_tok=_number(row, "osl") * scale,
        batch=(1.0 if math.isnan(batch) and kind in ("closed", "static") else batch) / shares,
        request_rate=rate / shares,
        batch_cap=next((cap for name, cap in _BATCH_CAPS.items() if name in engine), float(MAX_BATCH)),
        requests=_requests(row, engine) / shares,
        lengths=length_kind(_text(row, "isl_osl_kind")),
        admission=Admission(_number(row, "poll_steps", 0.0), _number(row, "gather_steps", 0.0)),
        doubts=(*doubts, *format_doubts(model, precision), *_run_doubts(row, kind, engine)),
    )


def _scale(row: Mapping[str, str]) -> float:
    scale = length_scale(_text(row, "isl_osl_kind"))
    if scale <= 0:
        raise _UnsupportedError("isl_osl_kind means lengths of zero")
    return scale


def _requests(row: Mapping[str, str], engine: str) -> float:
    """Requests of a run: as stated, else those of TensorRT-LLM's published tables, else without end."""
    known = _BENCHMARK_REQUESTS.get((_number(row, "isl"), _number(row, "osl")), 3000.0)
    return _number(row, "num_prompts", known if "tensorrt" in engine else math.inf)


def _has_pools(row: Mapping[str, str]) -> bool:
    return "disagg" in _text(row, "kind").lower() or "disagg" in _text(row, "scenario").lower()


def _pools_point(row: Mapping[str, str], catalog: Catalog) -> BenchmarkConfig:
    """Configuration of a run with separate pools. Its columns: workers, GPUs of one, expert parallelism and attention data
    parallelism of each pool; `max_num_seqs` is the limit of a decode worker's attention rank."""
    row, doubts = told_pools(row)
    empty = [name for name in _POOL_COLUMNS if not _text(row, name)]
    if empty:
        raise _UnsupportedError(f"a run with separate pools needs {', '.join(empty)}")
    prefill, decode = (_pool_config(row, pool, catalog) for pool in ("prefill", "decode"))
    scale = _scale(row)
    engine = _text(row, "engine").lower()
    return BenchmarkConfig(
        config=decode,
        kind="closed",
        input_tok=_number(row, "isl") * scale,
        output_tok=_number(row, "osl") * scale,
        batch=_number(row, "concurrency_or_batch", 1.0),
        request_rate=math.inf,
        batch_cap=next((cap for name, cap in _BATCH_CAPS.items() if name in engine), float(MAX_BATCH)),
        requests=math.inf,
        lengths="near",
        doubts=(*_precision(row, decode.model, decode.gpu)[1], *_engine_doubts(row, engine), _POOLS_DOUBT, *doubts),
        pools=Pools(
            prefill,
            prefill_workers=_number(row, "prefill_workers"),
            decode_workers=_number(row, "decode_workers"),
            slots_count=_number(row, "max_num_seqs"),
        ),
    )


def _pool_config(row: Mapping[str, str], pool: str, catalog: Catalog) -> ReplicaConfig:
    """One worker of a pool: all its GPUs are attention ranks, or all share each request's attention."""
    model, gpu, engine = (
        catalog.model(_text(row, "model")),
        catalog.gpu(_text(row, "gpu")),
        _text(row, "engine").lower(),
    )
    precision, gpus = _precision(row, model, gpu)[0], _whole(row, f"{pool}_gpus", 1)
    ranks = gpus if _text(row, f"{pool}_dp_attention").lower() in ("true", "1", "yes") else 1
    return ReplicaConfig(
        model=model,
        gpu=gpu,
        precision=precision,
        tensor_parallel=gpus // ranks,
        attention_ranks=ranks,
        kv_element_bytes=_kv_bytes(row, engine, precision, model, catalog.launches),
        expert_ranks=min(_whole(row, f"{pool}_ep", gpus), gpus) if model.shape.mlp.moe_layers else 1,
        engine=fitted_engine(row, engine, gpu),
        one_phase=True,
    )


def _with_drafts(point: BenchmarkConfig, row: Mapping[str, str], catalog: Catalog) -> BenchmarkConfig:
    """The run with the draft tokens of its `mtp_tokens` cell, at its `tokens_per_pass`, else as of `benchmark_yield`."""
    count = _draft_tok(row, USUAL_DRAFTS if point.config.attention_ranks == 1 else 1)
    if not count:
        return point
    expected = benchmark_yield(row, point.config.model, min(count, MAX_DRAFT_TOK), catalog)
    yielded = _number(row, "tokens_per_pass", expected)
    doubts = [doubt for doubt in point.doubts if doubt.code != "speculation"]
    text = f"{plural(count, 'draft token')} taken to yield {yielded:.2g} tokens per pass"
    told = replace(point, draft_tok=count, tokens_per_pass=yielded, doubts=(*doubts, Doubt("speculation", text)))
    return replace(told, draft_host_us=draft_host_us(row, catalog.speed_rules))


def _draft_tok(row: Mapping[str, str], usual: int) -> int:
    """Tokens that the model's own layers draft per pass: as stated, else the `usual` number where they are said to draft."""
    stated, spec = _text(row, "mtp_tokens"), _text(row, "spec") or _text(row, "spec_decode").removeprefix("on: ")
    if stated and not stated.strip("0."):
        return 0
    return _whole(row, "mtp_tokens", usual if spec.lower().startswith("mtp") else 0)


def _kind_given(kind: ArrivalKind, batch: float, rate: float) -> ArrivalKind:
    """Arrival mode that the given numbers allow: open arrivals need a rate, a closed loop a number of clients."""
    if kind == "open" and math.isinf(rate):
        return "saturated"
    return "open" if kind == "closed" and math.isnan(batch) and math.isfinite(rate) else kind


def _precision(row: Mapping[str, str], model: Model, gpu: Gpu) -> tuple[Precision, tuple[Doubt, ...]]:
    """Weight precision as stated, else as in the checkpoint's name, else the released one with a doubt. Four-bit floats are
    MXFP4 where NVFP4 does not exist: on AMD, and in models released in MXFP4."""
    native, text = model.published.native_precision, _text(row, "weight_dtype")
    precision = format_meant(text or _text(row, "model"))
    if text and precision is None:
        raise _UnsupportedError(f"weight_dtype '{text[:30]}' is not one of {', '.join(LINEAR_BITS)}")
    if precision is None:
        return native, (Doubt("precision_assumed", f"weight_dtype is empty, {native} assumed"),)
    if precision == "nvfp4" and (native == "mxfp4" or gpu.vendor == "amd"):
        return "mxfp4", ()
    return precision, ()


def _kv_bytes(row: Mapping[str, str], engine: str, precision: Precision, model: Model, launches: Launches) -> float:
    """Bytes per KV-cache element: as stated, else FP8 where the checkpoint sets it, which NVIDIA's ModelOpt checkpoints do: all in
    NVFP4, and those in FP8. Whoever tunes a run takes those, others the maker's own where there is one."""
    stated, released = format_meant(_text(row, "kv_dtype")), released_checkpoint(model, precision)
    is_tuned = launch_told(row, launches) == "tuned" and model.published.native_precision == "bf16"
    name = _text(row, "model") if "/" in _text(row, "model") else released.hf_id if released else ""
    is_modelopt = is_tuned or name.startswith("nvidia/")
    requantized = precision == "fp8" and is_modelopt and "sglang" not in engine
    quantized = precision == "nvfp4" or requantized or ("tensorrt" in engine and precision == "fp8")
    unstated = 1.0 if quantized and not _text(row, "kv_dtype") else KV_ELEMENT_BYTES
    return LINEAR_BITS[stated] / 8 if stated else unstated


def _layout(row: Mapping[str, str], model: Model) -> tuple[tuple[int, int, int], float]:
    """Parallelism of one replica (tensor, attention ranks, pipeline stages), and the number of replicas on the GPUs."""
    stages, ranks = _whole(row, "pp", 1), _whole(row, "dp", 1)
    gpus = _whole(row, "n_gpu", 0)
    tensor = _whole(row, "tp", max((gpus or 1) // (stages * ranks), 1))
    if gpus == tensor * stages and tensor % ranks == 0:
        tensor //= ranks  # engines that count attention ranks inside tp
    used = tensor * ranks * stages
    if gpus and gpus < used:
        raise _UnsupportedError(f"n_gpu is {gpus}, but tp x pp x dp is {used}")
    replicas = (gpus or used) / used
    if model.shape.mlp.moe_layers == 0:  # without experts to share, ranks are replicas
        return (tensor, 1, stages), replicas * ranks
    return (tensor, ranks, stages), replicas


def _expert_ranks(row: Mapping[str, str], model: Model, layout: tuple[int, int, int], kind: ArrivalKind) -> int:
    """Expert parallelism: as stated, else all GPUs of the replica where it has attention ranks."""
    gpus = layout[0] * layout[1]
    stated = _whole(row, "ep", gpus if layout[1] > 1 else 1)
    return min(stated, gpus) if model.shape.mlp.moe_layers else 1


def memory_settings(row: Mapping[str, str]) -> MemorySettings:
    """Settings of the engine's memory that a row states in columns of their own; without a longest request, the row's lengths."""
    version = _text(row, "engine_version")
    return MemorySettings(
        version=version if version[:1].isdigit() else "",
        utilization_frac=_setting(row, "utilization"),
        batched_tok=_setting(row, "max_num_batched_tokens"),
        sequences_count=_setting(row, "max_num_seqs"),
        context_tok=_setting(row, "max_model_len"),
        draft_gib=_setting(row, "draft_gib") or 0.0,
        draft_layers=_draft_tok(row, usual=1) > 0,
    )


def _setting(row: Mapping[str, str], name: str) -> float | None:
    value = _number(row, name)
    return None if math.isnan(value) else value


def _run_doubts(row: Mapping[str, str], kind: ArrivalKind, engine: str) -> tuple[Doubt, ...]:
    short = short_run_doubts(kind, _number(row, "num_prompts", math.inf))
    return (*short, *_engine_doubts(row, engine))


def _engine_doubts(row: Mapping[str, str], engine: str) -> Iterable[Doubt]:
    if engine and not any(name in engine for name in _BATCH_CAPS):
        yield Doubt("engine_not_fitted", f"engine '{engine[:30]}' was not in the fit")
    if re.search("nightly|dev", _text(row, "engine_version").lower()):
        yield Doubt("development_build", "development build of the engine, not a release")
    if _text(row, "spec_decode").lower().startswith("on"):
        yield Doubt("speculation", "speculative decoding is not modeled for benchmarks")
    if _text(row, "prefix_cache").lower().startswith("on"):
        yield Doubt("prefix_caching", "prefix caching is on, its hit rate is unknown")


def _range_doubts(point: BenchmarkConfig, catalog: Catalog) -> Iterable[Doubt]:
    if catalog.is_extrapolated(point.config.gpu):
        yield Doubt("few_runs", f"few measured runs on {point.config.gpu.generation}")
    if point.input_tok + point.output_tok > _FITTED_CONTEXT_TOK:
        yield Doubt("long_context", f"longer than the {count(_FITTED_CONTEXT_TOK)} tokens of the fitted runs")
    widest = max(p.gpus_count for p in (point.config, point.pools.prefill if point.pools else point.config))
    islands = islands_count(point.config.gpu, widest)
    if islands > 1:
        yield Doubt(
            "over_machines", f"spans {islands} machines; few published runs show what the network between them costs"
        )
    if point.pools is None and math.isfinite(point.batch) and point.batch > _FITTED_BATCH:
        yield Doubt("large_batch", f"batch larger than the {count(_FITTED_BATCH)} of the fitted runs")


def _text(row: Mapping[str, str], name: str) -> str:
    return (row.get(name) or "").strip()


def _number(row: Mapping[str, str], name: str, blank: float = math.nan) -> float:
    """Positive number of a cell; `blank` where it is empty."""
    text = _text(row, name)
    if not text:
        return blank
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value > 0 or (math.isinf(value) and name != "request_rate") or (math.isfinite(value) and value > _LARGEST):
        raise _UnsupportedError(f"{name} '{text[:30]}' is not a positive number")
    return value


def _whole(row: Mapping[str, str], name: str, blank: int) -> int:
    value = _number(row, name, blank)
    if value != int(value):
        raise _UnsupportedError(f"{name} '{_text(row, name)[:30]}' is not a whole number")
    return int(value)
