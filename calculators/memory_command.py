"""`python -m calculators memory --model M --gpu G ...`: where the memory of each GPU goes, and whether the model fits."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from calculators.errors import DataError

_OPTIONS: Mapping[str, tuple[str, str, str]] = {
    # option: column of a benchmark's row, metavar, help
    "gpus": ("n_gpu", "N", "GPUs in all (default: tp x pp x dp)"),
    "tp": ("tp", "N", "tensor parallelism (default: all GPUs)"),
    "pp": ("pp", "N", "pipeline stages"),
    "dp": ("dp", "N", "attention data parallelism: ranks that share the experts"),
    "ep": ("ep", "N", "expert parallelism"),
    "precision": (
        "weight_dtype",
        "FORMAT",
        "of the checkpoint: bf16, fp8, int8, int4, nvfp4, mxfp4 (default: as released)",
    ),
    "kv": ("kv_dtype", "FORMAT", "of the KV cache: bf16 or fp8 (default: as the checkpoint sets it)"),
    "utilization": (
        "utilization",
        "SHARE",
        "--gpu-memory-utilization, --mem-fraction-static or free_gpu_memory_fraction",
    ),
    "engine-version": ("engine_version", "VERSION", "as 0.19.0 (default: the newest known)"),
    "max-batched-tokens": ("max_num_batched_tokens", "N", "tokens of the largest batch (default: the engine's)"),
    "max-num-seqs": ("max_num_seqs", "N", "sequences of the largest batch (default: the engine's)"),
    "draft-gib": ("draft_gib", "GIB", "weights of a draft model, all GPUs together"),
    "mtp": (
        "mtp_tokens",
        "N",
        "tokens that the model's own layers for multi-token prediction draft (default: they do not load)",
    ),
    "max-model-len": ("max_model_len", "N", "tokens of the longest request (default: the model's window)"),
}

OPEN_REASON = "one request fits, by less than the {:.1f} GiB that nine of ten logged starts were within"


def add_memory_command(commands: Any) -> None:
    """Adds the command and its options to the parser of the command line."""
    memory = commands.add_parser("memory", help="where the memory of each GPU goes, and whether a model fits")
    memory.add_argument("--model", required=True, metavar="M", help="id, name or alias of a model profile")
    memory.add_argument("--gpu", required=True, metavar="G", help="id, name or alias of a GPU profile")
    memory.add_argument("--engine", choices=("vllm", "sglang", "tensorrt-llm"), default="vllm")
    for option, (column, metavar, words) in _OPTIONS.items():
        memory.add_argument(f"--{option}", dest=column, default="", metavar=metavar, help=words)
    memory.add_argument("--json", action="store_true", help="the same as JSON")
    memory.set_defaults(run=_memory)


def _memory(options: argparse.Namespace) -> None:
    from calculators.catalog.load import load_catalog
    from calculators.performance.memory_sum import memory_sum

    catalog = load_catalog()
    config = _config(options, catalog)
    figures = _figures(config, memory_sum(config, catalog), catalog)
    print(json.dumps(figures, indent=1) if options.json else "\n".join(_text(figures)))


def _config(options: argparse.Namespace, catalog: Any) -> Any:
    """The replica that the options describe. Raises DataError for one that cannot be, naming the option."""
    from calculators.calibration.configurations import parse_point

    columns = {column: str(getattr(options, column)).strip() for column, _, _ in _OPTIONS.values()}
    share = columns["utilization"]
    if share and not _is_share(share):
        raise DataError(f"--utilization {share[:30]}: not a share between 0 and 1; write it as 0.9")
    if columns["engine_version"] and not columns["engine_version"][:1].isdigit():
        raise DataError(f"--engine-version {columns['engine_version'][:30]}: not a version; write it as 0.19.0")
    row = {"model": options.model, "gpu": options.gpu, "engine": options.engine, "isl": "1", "osl": "1", **columns}
    point = parse_point(row, catalog)
    if isinstance(point, str):
        raise DataError(_with_options(point))
    return point.config


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text) <= 1
    except ValueError:
        return False


def _with_options(reason: str) -> str:
    """A reason with the option in place of the column that it names."""
    named = {column: f"--{option}" for option, (column, _, _) in _OPTIONS.items()}
    first, _, rest = reason.partition(" ")
    return f"{named.get(first, first)} {rest}"


def _figures(config: Any, told: Any, catalog: Any) -> dict[str, Any]:
    from calculators.performance.memory_sum import vllm_line

    spread = catalog.engine_memory.errors.room_error_p90_frac
    return {
        "model": config.model.id,
        "gpu": config.gpu.id,
        "gpus": config.gpus_count,
        "precision": config.precision,
        "engine": catalog.engine_memory.of(config.engine, config.memory.version).engine,
        "visible_gib_per_gpu": round(told.visible_gib, 2),
        "utilization": round(told.share_frac, 3),
        "lines_gib_per_gpu": {line.name: round(line.gib, 2) for line in told.lines},
        "weights_gib_per_gpu": round(told.weights_gib, 3),
        "kv_room_gib_per_gpu": round(told.kv_room_gib, 3),
        "max_model_len": int(told.context_tok),
        "kv_request_gib_per_gpu": round(told.kv_request_gib, 3),
        "kv_capacity_tok": int(told.kv_capacity_tok),
        "kv_capacity_range_tok": [int(told.kv_capacity_tok * (1 - spread)), int(told.kv_capacity_tok * (1 + spread))],
        "concurrency": round(told.concurrency, 2),
        "fits": told.verdict,
        "reason": told.reason or (OPEN_REASON.format(told.margin_gib) if told.verdict == "open" else ""),
        "vllm_line": vllm_line(told, config.attention_ranks),
    }


def _text(figures: Mapping[str, Any]) -> list[str]:
    """The sum line by line, then the figures by name."""
    head = (
        f"{figures['model']} in {figures['precision']} on {figures['gpus']}x {figures['gpu']}, {figures['engine']}: GiB of each GPU of "
        f"{figures['visible_gib_per_gpu']} GiB visible, setting {figures['utilization']}"
    )
    lines = [f"  {name:<12} {gib:>9.2f}" for name, gib in figures["lines_gib_per_gpu"].items()]
    low, high = figures["kv_capacity_range_tok"]
    names = ("weights_gib_per_gpu", "kv_room_gib_per_gpu", "kv_capacity_tok", "fits", "reason")
    told = [f"{name}: {figures[name]}" for name in names]
    return [head, *lines, *told, f"likely between {low:,} and {high:,} tokens", figures["vllm_line"]]
