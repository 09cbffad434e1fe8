"""Before a log of requests is read: rewritten as plain records where it is nested."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from calculators.logs.containers import PlainFile
from calculators.logs.documents import FlatLog, flattened
from calculators.logs.log_bytes import ContentCheck, Progress, check_content
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion


@dataclass(frozen=True, slots=True)
class OpenLog:
    """A log that the engine can open at `path` for as long as this record is kept."""

    path: Path
    check: ContentCheck
    notes: tuple[str, ...]
    role_of: Mapping[str, str] | None
    """Sure roles of a log that was rewritten; None: to be guessed."""
    kept: tuple[Any, ...]
    """What holds files without a name open."""


def open_log(plain: PlainFile, label: str, answers: UsageAnswers, progress: Progress) -> OpenLog:
    """The unpacked log, rewritten as plain records where it is nested. Raises LogError."""
    flat = _flattened(plain, label, answers, progress)
    if flat is not None:
        check = check_content(flat.path, label, progress)
        return OpenLog(flat.path, replace(check, sha256=plain.check.sha256), plain.notes, flat.role_of, (plain, flat))
    where = plain.path if plain.file else plain.path.absolute()
    return OpenLog(where, plain.check, plain.notes, None, (plain,))


def _flattened(plain: PlainFile, label: str, answers: UsageAnswers, progress: Progress) -> FlatLog | None:
    """The log as plain records; None where it is one already."""
    if plain.kind != "text":
        return None
    return flattened(plain.path, label, answers, progress)


def answers_for(log: OpenLog, answers: UsageAnswers) -> UsageAnswers:
    """The answers, with the sure roles of a rewritten log: its input holds the cached tokens, its output not the
    reasoning that stands beside it."""
    if log.role_of is None:
        return answers
    roles = {"cache_read": "", "cache_write": "", **log.role_of, **answers.column_of}
    return answers.with_roles(roles)


def doubt(log: OpenLog, answers: UsageAnswers) -> tuple[UsageQuestion, ...]:
    """The questions of a rewritten log: senders count cached tokens in two ways, steps may repeat calls."""
    asked = tuple(question for part in log.kept for question in getattr(part, "questions", ()))
    doubtful = any(getattr(part, "is_doubtful", False) for part in log.kept)
    if not doubtful or answers.input_excludes_cache is not None:
        return asked
    question = UsageQuestion(
        text="Do the input tokens leave out the cached tokens? Senders of this format differ.",
        answers=("yes: the cached tokens are added to the input", "no: the cached tokens are part of the input"),
        option="--input-excludes-cache yes|no",
        field="input_excludes_cache",
        values=(True, False),
    )
    return (question, *asked)
