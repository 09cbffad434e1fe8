"""The readers of this room that stand before the one of request logs, each used where it is there."""

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calculators.logs.request_file import Progress, check_content
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion


@dataclass(frozen=True, slots=True)
class OpenLog:
    """A log that the engine can open at `path` for as long as this record is kept."""

    path: Path
    check: Any
    notes: tuple[str, ...]
    role_of: Mapping[str, str] | None
    """Sure roles of a log that was rewritten; None: to be guessed."""
    kept: tuple[Any, ...]
    """What holds files without a name open."""


def _module(name: str) -> Any:
    path = f"calculators.logs.{name}"
    return importlib.import_module(path) if importlib.util.find_spec(path) else None


def open_log(path: Path, label: str, answers: UsageAnswers, progress: Progress) -> OpenLog:
    """The log unpacked, and rewritten as plain records where it is nested. Raises LogError."""
    containers, documents = _module("containers"), _module("documents")
    plain = containers.plain(path, label, progress) if containers else None
    where = plain.path if plain else path
    flat = (
        documents.flattened(where, label, answers.input_excludes_cache) if documents and not answers.column_of else None
    )
    if flat is not None:
        check = check_content(flat.path, label, progress)
        return OpenLog(flat.path, check, plain.notes if plain else (), flat.role_of, (plain, flat))
    check = plain.check if plain else check_content(path, label, progress)
    return OpenLog(
        where if plain and plain.file else path.resolve(), check, plain.notes if plain else (), None, (plain,)
    )


def read_sums(path: Path, label: str, answers: UsageAnswers) -> Any:
    """The reading of a file of sums, lengths or rates, completed by the answers; None for a log of requests."""
    containers, aggregates = _module("containers"), _module("aggregates")
    if aggregates is None:
        return None
    plain = containers.plain(path, label) if containers else None
    reading = aggregates.read_aggregate(plain.path if plain else path, label, answers.input_excludes_cache)
    if reading is None:
        return None
    return aggregates.answered(reading, answers.requests, answers.input_tok_per_request)


def sums_writer() -> Any:
    """The module that makes a workload of such a reading; None where there is none."""
    return _module("aggregate_workload")


def answers_for(log: OpenLog, answers: UsageAnswers) -> UsageAnswers:
    """The answers, with the sure roles of a rewritten log: its input holds the cached tokens, its output not the
    reasoning that stands beside it."""
    if log.role_of is None:
        return answers
    roles = {**log.role_of, **answers.column_of}
    return answers.with_roles(roles)


def doubt(log: OpenLog, answers: UsageAnswers) -> tuple[UsageQuestion, ...]:
    """The question of a rewritten log whose senders count cached tokens in two ways."""
    doubtful = any(getattr(part, "is_doubtful", False) for part in log.kept)
    if not doubtful or answers.input_excludes_cache is not None:
        return ()
    question = UsageQuestion(
        text="Do the input tokens leave out the cached tokens? Senders of this format differ.",
        answers=("yes: the cached tokens are added to the input", "no: the cached tokens are part of the input"),
        option="--input-excludes-cache yes|no",
        field="input_excludes_cache",
        values=(True, False),
    )
    return (question,)
