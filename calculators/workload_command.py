"""`python -m calculators workload FILE...`: files of usage as a scenario's workload and API, or as JSON.

What a file leaves open ends the command with exit status 2 and the option that answers it.
"""

import argparse
import gc
import json
import sys
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from calculators.catalog.load import load_catalog
from calculators.errors import DataError

MAX_NAMES_TOLD = 10
MAX_TYPED_CHARS = 60


def add_workload_command(commands: Any) -> None:
    """Adds the command and its options to the parser of the command line."""
    workload = commands.add_parser("workload", help="turn files of usage into a scenario's workload")
    workload.add_argument("logs", type=Path, nargs="+", metavar="LOG", help="several are read as one log")
    workload.add_argument(
        "--out", type=Path, metavar="WORKLOAD.yaml", help="write the workload block of a scenario (default: print it)"
    )
    workload.add_argument("--json", action="store_true", help="what was read, as JSON")
    workload.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GROUP=VALUE",
        help="read only the requests of a model, team, project, workspace, key, app or endpoint; several of one group: any "
        "of them",
    )
    _add_answers(
        workload.add_argument_group("answers to what a file leaves open (exit status 2 names the one it needs)")
    )
    workload.set_defaults(run=_workload)


def _add_answers(answers: Any) -> None:
    answers.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="ROLE=COLUMN",
        help="which column is the time, input, output, cache_read, cache_write, status, id, reasoning, model, spend, team, "
        "project, workspace, key, app or endpoint",
    )
    answers.add_argument("--input-excludes-cache", choices=("yes", "no"), help="the input column lacks cached tokens")
    answers.add_argument("--output-includes-reasoning", choices=("yes", "no"), help="the output has reasoning tokens")
    answers.add_argument("--time-unit", choices=("s", "ms"), help="of a clock that counts from 0")
    answers.add_argument("--date-order", choices=("day", "month"), help="what a date such as 05/10/2026 begins with")
    _add_row_answers(answers)
    answers.add_argument("--counts", choices=("running", "each"), help="tokens are running totals, or of each request")
    answers.add_argument(
        "--negative-rows", choices=("recurring", "once"), help="negative rows of a bill: discounts, or credits"
    )
    _add_figures(answers)


def _add_figures(answers: Any) -> None:
    answers.add_argument("--days", type=float, metavar="N", help="days that sums without dates are for")
    answers.add_argument("--requests", type=float, metavar="N", help="number of requests, where a file has only sums")
    answers.add_argument(
        "--input-tok-per-request", type=float, metavar="N", help="mean input tokens, where a file has only sums"
    )
    answers.add_argument(
        "--output-tok-per-request", type=float, metavar="N", help="mean output tokens, where a file has only rates"
    )
    answers.add_argument("--requests-per-month", type=float, metavar="N", help="where a file has only lengths")
    answers.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME=PROVIDER/MODEL",
        help="the listed API model of a name in the file, as our-chat=openai/gpt-5.4",
    )


def _add_row_answers(answers: Any) -> None:
    """Options for what single rows stand for."""
    answers.add_argument(
        "--repeated-ids", choices=("once", "each"), help="rows with one ID: one request, or each its own"
    )
    answers.add_argument(
        "--repeated-rows", choices=("once", "each"), help="equal rows without an ID: copies, or requests"
    )
    answers.add_argument(
        "--row-sums", choices=("yes", "no"), help="a row holds the sums of as many requests as it says"
    )
    answers.add_argument("--steps", choices=("once", "each"), help="steps of traces repeat the tokens of calls, or not")
    answers.add_argument(
        "--sampled", choices=("yes", "no"), help="each row stands for as many requests as a column says"
    )


def _line(share: float, what: str) -> None:
    """How far it is, on one line that the next call replaces."""
    print(f"\r\033[K{share:4.0%} {what}", end="", file=sys.stderr, flush=True)


def _workload(options: argparse.Namespace) -> None:
    gc.disable()  # imports leave many objects and no garbage: to look for it takes a sixth of the time of a small file
    from calculators.api.usage_api import api_of_usage, api_yaml
    from calculators.logs.request_file import LogError
    from calculators.logs.usage_files import read_usage, unread, usage_workload_yaml
    from calculators.logs.workload_file import usage_block
    from calculators.scenario.schema import Api
    from calculators.scenario.usage_block import usage_block_yaml

    gc.freeze()
    gc.enable()
    answers, models = _usage_answers(options), _typed_models(options)
    try:
        reading = read_usage(options.logs, answers, progress=_line if sys.stderr.isatty() else None)
    except LogError as error:
        if options.json:
            nothing = unread(options.logs[0].name, getattr(error, "question", None))
            print(json.dumps(nothing.to_json() | {"error": str(error)}, indent=1))
        raise
    finally:
        gc.unfreeze()
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
    _check_names(models, [model.value for model in reading.models])
    usage = api_of_usage(reading, Api(), date.today(), load_catalog(), models)
    if options.json:
        api = {"api": usage.api.model_dump(mode="json", exclude_none=True), "api_notes": usage.texts}
        print(json.dumps(reading.to_json() | api, indent=1))
    if reading.questions:
        raise DataError("\n".join(line for question in reading.questions for line in _question_lines(question)))
    if options.json:
        return
    text = usage_workload_yaml(reading, answers) + api_yaml(usage) + usage_block_yaml(usage_block(reading, usage.texts))
    if options.out is None:
        print(text, end="")
    else:
        options.out.write_text(text, encoding="utf-8")
        print(f"{options.out}: written")


def _typed_models(options: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """Listed models by name in the file, as the user says. Raises DataError for one without a price."""
    from calculators.api.rates import api_offer

    models = {}
    for pair in options.model:
        name, _, listed = pair.rpartition("=")
        provider, _, model = listed.partition("/")
        if not name or not model:
            raise DataError(f"--model {pair[:80]}: write NAME=PROVIDER/MODEL, as our-chat=openai/gpt-5.4")
        offer = api_offer(provider, model, load_catalog())
        models[name] = (offer.provider, offer.model)
    return models


def _check_names(typed: Collection[str], in_file: Sequence[str]) -> None:
    """Raises DataError for a typed name that no model of the file has."""
    from calculators.units import listed, printable

    known = [printable(name, MAX_TYPED_CHARS) for name in in_file]
    for name in typed:
        if name not in known and name not in in_file:
            names = f"its models are {listed(known[:MAX_NAMES_TOLD])}" if known else "it names no model"
            raise DataError(f"--model {printable(name, MAX_TYPED_CHARS)}: no model of the file has that name; {names}")


def _usage_answers(options: argparse.Namespace) -> Any:
    from calculators.logs.usage_questions import UsageAnswers

    pairs = _pairs(options.map, "--map", "ROLE=COLUMN, as input=prompt_tokens")
    only = dict[str, list[str]]()
    for group, value in _pairs(options.only, "--only", "GROUP=VALUE, as team=checkout"):
        only.setdefault(group, []).append(value)
    yes = {"yes": True, "no": False, None: None}
    return UsageAnswers(
        column_of=dict(pairs),
        input_excludes_cache=yes[options.input_excludes_cache],
        time_unit=options.time_unit,
        date_order=options.date_order,
        output_includes_reasoning=yes[options.output_includes_reasoning],
        repeated_ids=options.repeated_ids,
        repeated_rows=options.repeated_rows,
        steps=options.steps,
        row_sums=yes[options.row_sums],
        counts=options.counts,
        sampled=yes[options.sampled],
        negative_rows=options.negative_rows,
        period_days=options.days,
        requests=options.requests,
        input_tok_per_request=options.input_tok_per_request,
        output_tok_per_request=options.output_tok_per_request,
        requests_per_month=options.requests_per_month,
        only=only,
    )


def _pairs(texts: Sequence[str], option: str, form: str) -> list[tuple[str, str]]:
    """Each text split at its first equals sign."""
    if wrong := next((text for text in texts if "=" not in text), None):
        raise DataError(f"{option} {wrong}: write {form}")
    return [(name.strip(), value.strip()) for name, _, value in (text.partition("=") for text in texts)]


def _question_lines(question: Any) -> list[str]:
    return [question.text, *(f"  {answer}" for answer in question.answers), f"  answer with {question.option}"]
