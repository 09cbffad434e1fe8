"""The command line, with the same figures as the pages: `python -m calculators check | compare | decide | record | rerun |
cache-replay | memory | prompt-scan | quantize-scan | serve-files | throughput | update-prices | workload`.

Exit status 0, 2 with one clear line on bad input, or 130 when stopped by Ctrl-C.
"""

import argparse
import contextlib
import json
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_catalog
from calculators.catalog.price_library import price_library_version
from calculators.compare_command import add_compare_command
from calculators.errors import DataError
from calculators.memory_command import add_memory_command
from calculators.price_updates.update_command import add_update_command
from calculators.scenario.files import read_scenario
from calculators.units import printable
from calculators.workload_command import add_workload_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status of a command line: 0, 2 after one line on bad input, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("\ncrossover: stopped.", file=sys.stderr)
        return 130
    except (DataError, OSError) as error:
        told = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else error
        print("crossover: " + "\n".join(printable(line) for line in str(told).splitlines()), file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m calculators", description=__doc__.splitlines()[0] if __doc__ else None
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="validate all data files")
    check.set_defaults(run=_check)
    decide = commands.add_parser("decide", help="the verdict on a scenario file")
    decide.add_argument("scenario", type=Path, metavar="SCENARIO.yaml")
    decide.add_argument("--json", action="store_true", help="print the whole evaluation as JSON")
    decide.set_defaults(run=_decide)
    record = commands.add_parser("record", help="the decision record of a scenario file")
    record.add_argument("scenario", type=Path, metavar="SCENARIO.yaml")
    record.add_argument("--out", type=Path, required=True, metavar="RECORD.md|.html|.json")
    record.add_argument("--dissent", default="", metavar="TEXT", help="dissenting views")
    record.set_defaults(run=_record)
    rerun = commands.add_parser("rerun", help="what changed since a saved decision record")
    rerun.add_argument("record", type=Path, metavar="RECORD.json")
    rerun.set_defaults(run=_rerun)
    throughput = commands.add_parser(
        "throughput", help="predict throughput, TTFT and TPOT of the configurations in a CSV"
    )
    throughput.add_argument("points", type=Path, metavar="POINTS.csv")
    throughput.add_argument("--out", type=Path, required=True, metavar="PREDICTIONS.csv")
    throughput.set_defaults(run=_throughput)
    serve = commands.add_parser("serve-files", help="files that start the self-hosted fleet of a scenario")
    serve.add_argument("scenario", type=Path, metavar="SCENARIO.yaml")
    serve.add_argument("--engine", choices=("vllm", "sglang"), default="vllm")
    serve.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    serve.set_defaults(run=_serve_files)
    _add_measuring(commands)
    add_compare_command(commands)
    add_memory_command(commands)
    add_workload_command(commands)
    add_update_command(commands)
    return parser


def _add_measuring(commands: Any) -> None:
    cache = commands.add_parser("cache-replay", help="prefix-cache hit rate of a log of block hashes")
    cache.add_argument("log", type=Path, metavar="LOG.jsonl")
    cache.add_argument(
        "--capacity-blocks", type=float, default=math.inf, metavar="N", help="KV-cache blocks per replica"
    )
    cache.add_argument(
        "--ttl-s", type=float, default=math.inf, metavar="S", help="time to live of a block after its last use"
    )
    cache.add_argument("--replicas", type=int, default=1, metavar="R")
    cache.add_argument("--routing", choices=("random", "prefix"), default="random")
    cache.add_argument("--block-tok", type=int, default=512, metavar="T", help="tokens per block")
    cache.add_argument("--json", action="store_true")
    cache.set_defaults(run=_cache_replay)
    _add_prompts(commands)
    scan = commands.add_parser("quantize-scan", help="quantization loss of each tensor of a checkpoint")
    scan.add_argument(
        "model", type=Path, metavar="MODEL.safetensors", help="a checkpoint, or the folder or index of a sharded one"
    )
    scan.add_argument("--json", action="store_true")
    scan.set_defaults(run=_quantize_scan)


def _add_prompts(commands: Any) -> None:
    prompts = commands.add_parser(
        "prompt-scan", help="shared prefixes of real prompts, what breaks them, the best order"
    )
    prompts.add_argument("prompts", type=Path, metavar="PROMPTS.jsonl")
    prompts.add_argument(
        "--provider", metavar="ID", help="API provider whose cache rules apply (default: the maker of the log's model)"
    )
    prompts.add_argument("--model", metavar="ID", help="model (default: the one most prompts went to)")
    prompts.add_argument("--engine", default="vllm", metavar="ID", help="inference engine when self-hosted")
    prompts.add_argument(
        "--capacity-tok", type=float, default=math.inf, metavar="N", help="KV-cache tokens per replica when self-hosted"
    )
    prompts.add_argument("--replicas", type=int, default=1, metavar="R")
    prompts.add_argument("--routing", choices=("random", "prefix"), default="random")
    prompts.add_argument("--json", action="store_true")
    prompts.set_defaults(run=_prompt_scan)


def _check(_: argparse.Namespace) -> None:
    from calculators.catalog.dedicated import dedicated_endpoints
    from calculators.catalog.glossary import glossary
    from calculators.catalog.quantization import sensitivity
    from calculators.catalog.serving import engine_flags, flag_conflicts, stack_file
    from calculators.techniques.advice import framework
    from calculators.techniques.effects import techniques

    catalog = load_catalog()
    _check_price_library(catalog)
    _check_defaults(catalog)
    for load in (techniques, framework, sensitivity, stack_file, flag_conflicts, glossary, dedicated_endpoints):
        load()
    for engine in ("vllm", "sglang"):
        engine_flags(engine)
    rents = sum(len(provider.rents) for provider in catalog.rent_providers.values())
    print(
        f"{len(catalog.gpus)} GPUs, {len(catalog.models)} models, {rents} rents of {len(catalog.rent_providers)} providers, "
        f"{sum(len(p.models) for p in catalog.api_providers.values())} API models beside genai-prices: all valid. Data version {catalog.digest}."
    )


def _check_price_library(catalog: Catalog) -> None:
    """Raises DataError where another version of genai-prices is installed than the one whose release day the data hold."""
    known, installed = catalog.corrections_file.library.title, price_library_version()
    if known != installed:
        raise DataError(
            f"library_corrections.yaml: library is {known}, installed is {installed}; write its version and release day there"
        )


def _check_defaults(catalog: Catalog) -> None:
    """Raises DataError where the starting case, a preset or a shipped scenario chooses something without a price today, or
    the starting case a superseded model."""
    from calculators.options.scenario_check import lost_prices
    from calculators.scenario.defaults import default_scenario, preset_targets, preset_workload

    today = date.today()
    start = default_scenario(today)
    asked = {
        f"scenarios/{path.name}": read_scenario(path, today) for path in sorted((ROOT / "scenarios").glob("*.yaml"))
    }
    for preset in catalog.presets.values():
        changed = {"workload": preset_workload(preset), "targets": preset_targets(preset)}
        asked[f"preset {preset.id}"] = start.model_copy(update=changed)
    lost = [f"{name}: {words}" for name, one in asked.items() for words in lost_prices(one, catalog)]
    chosen = (catalog.model(candidate.model) for candidate in start.candidates)
    lost += [
        f"starting case: {model.name} is superseded by {newer.model.name}; take that one"
        for model in chosen
        if (newer := catalog.newer_model(model))
    ]
    if lost:
        raise DataError("\n".join(lost))


def _decide(options: argparse.Namespace) -> None:
    from calculators.evaluate import evaluate, evaluations_by_model, sensitivity_of
    from calculators.report.by_model import choices_by_model
    from calculators.report.confidence_json import with_confidence
    from calculators.report.confidence_text import confidence_lines
    from calculators.report.evaluation_json import to_json
    from calculators.report.evaluation_text import to_text
    from calculators.report.horizon_view import with_horizon
    from calculators.report.mix_json import load_by_hour_json
    from calculators.report.mix_view import mix_view
    from calculators.uncertainty.confidence import confidence_of

    catalog = load_catalog()
    evaluation = evaluate(read_scenario(options.scenario, date.today()), catalog)
    sure = confidence_of(evaluation, catalog)
    sensitivity = sensitivity_of(evaluation, catalog)
    models, mix = choices_by_model(evaluation, evaluations_by_model(evaluation, catalog)), mix_view(evaluation, catalog)
    if options.json:
        plain = to_json(evaluation, sensitivity) | {"by_model": [asdict(model) for model in models]}
        plain = with_horizon(plain, evaluation, catalog) | {"load_by_hour": load_by_hour_json(mix)}
        print(json.dumps(with_confidence(plain, sure), indent=1))
    else:
        beside = [*confidence_lines(evaluation, sure), *([mix.sentence] if mix else [])]
        print(to_text(evaluation, sensitivity, models, beside))


def _record(options: argparse.Namespace) -> None:
    from calculators.evaluate import evaluate, sensitivity_of
    from calculators.report.decision_record import freeze, to_json_text
    from calculators.report.record_page import to_html, to_markdown

    writers = {".md": to_markdown, ".html": to_html, ".json": to_json_text}
    write = writers.get(options.out.suffix)
    if write is None:
        raise DataError(f"--out: '{options.out.name}' has no known extension; use one of {', '.join(writers)}")
    today = date.today()
    catalog = load_catalog()
    evaluation = evaluate(read_scenario(options.scenario, today), catalog)
    record = freeze(evaluation, sensitivity_of(evaluation, catalog), today, options.dissent)
    options.out.write_text(write(record), encoding="utf-8")
    print(f"{options.out}: written")


def _rerun(options: argparse.Namespace) -> None:
    from calculators.evaluate import evaluate, sensitivity_of
    from calculators.report.decision_record import MAX_BYTES, freeze, read_record
    from calculators.report.record_changes import record_changes

    with options.record.open("rb") as file:
        frozen = read_record(file.read(MAX_BYTES + 1), options.record.name)
    today = date.today()
    catalog = load_catalog()
    again = evaluate(frozen.scenario.model_copy(update={"as_of": today}), catalog)
    print(f"Decision of {frozen.made_on}: {frozen.choice}")
    changes = record_changes(frozen, freeze(again, sensitivity_of(again, catalog), today, frozen.dissent))
    for change in changes:
        print(f"  {change.what}: {change.then} -> {change.now}")
    if not changes:
        print("  No change at today's prices.")


def _serve_files(options: argparse.Namespace) -> None:
    from calculators.evaluate import evaluate
    from calculators.serving.files import serving_files

    today = date.today()
    evaluation = evaluate(read_scenario(options.scenario, today), load_catalog())
    build = evaluation.build
    if build is None or build.plan is None:
        why = f" {evaluation.no_fleet.words}" if evaluation.no_fleet is not None else ""
        raise DataError(f"{options.scenario.name}: no self-hosted option qualifies, so there is nothing to serve.{why}")
    made = serving_files(options.engine, build.plan, evaluation.scenario, evaluation.demand, evaluation.digest, today)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in made.by_name.items():
        (options.out / name).write_text(text, encoding="utf-8")
        print(f"{options.out / name}: written")


def _throughput(options: argparse.Namespace) -> None:
    from calculators.calibration.accuracy_text import prediction_counts
    from calculators.calibration.configurations import read_points
    from calculators.calibration.predict import predict, write_predictions

    predictions = predict(read_points(options.points), load_catalog())
    write_predictions(options.out, predictions)
    print(f"{options.out}: {prediction_counts(predictions)}")


def _cache_replay(options: argparse.Namespace) -> None:
    from calculators.prompts.cache_simulator import SimulatedCache, check_settings, read_block_log, replay_blocks

    check_settings(options.capacity_blocks, options.ttl_s, options.replicas, options.block_tok)
    cache = SimulatedCache(
        capacity_blocks=options.capacity_blocks,
        ttl_s=options.ttl_s,
        replicas=options.replicas,
        routing=options.routing,
        block_tok=options.block_tok,
    )
    replay = replay_blocks(read_block_log(options.log), cache)
    print(json.dumps(replay.to_json()) if options.json else replay.text)


def _prompt_scan(options: argparse.Namespace) -> None:
    from calculators.api.cache_terms import engine_cache
    from calculators.logs.prompt_log import read_prompts
    from calculators.prompts.cache_simulator import check_settings
    from calculators.prompts.hit_rates import own_setting
    from calculators.prompts.report import cache_seller, scan_report, scan_text
    from calculators.prompts.scan import scan_prompts

    catalog = load_catalog()
    block_tok = engine_cache(options.engine, catalog).block_tok
    check_settings(options.capacity_tok / block_tok, 0, options.replicas, block_tok)
    log = read_prompts(options.prompts)
    api = cache_seller(options.provider, options.model, log, catalog)
    own = own_setting(block_tok, options.capacity_tok, options.replicas, options.routing == "prefix")
    scan = scan_prompts(log)
    plain = scan_report(scan, api, own)
    print(json.dumps(plain) if options.json else scan_text(options.prompts.name, scan, plain))


def _quantize_scan(options: argparse.Namespace) -> None:
    from calculators.quantization.checkpoint_scan import SCHEMA, scan_checkpoint, survey
    from calculators.quantization.scan_text import scan_table, survey_text

    about = survey(options.model)
    shown = sys.stderr.isatty() and not options.json
    losses = list(scan_checkpoint(options.model, (lambda share: _bar(share)) if shown else (lambda _: None)))
    if options.json:
        tensors = [loss.to_json() for loss in losses]
        passed_over = {"quantised_passed_over_count": about.quantized_count}
        print(json.dumps({"schema": SCHEMA, "tensors": tensors, **passed_over}))
        return
    print(*filter(None, (survey_text(about), scan_table(losses))), sep="\n")


def _bar(share: float) -> None:
    print(f"\r{share:4.0%}", end="\r" if share < 1 else "\n", file=sys.stderr, flush=True)


def _leave(status: int) -> None:
    """Ends the process at once: to take all objects apart one by one takes a tenth of the time of a short command."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    _leave(main())
