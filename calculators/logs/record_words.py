"""Words and numbers of one record: its time and model, whether it failed, whether it is a call of a language model."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from calculators.logs.failure_words import FAILED_PATTERN, NO_ERROR_WORDS, NO_WORDS, YES_WORDS
from calculators.logs.record_leaves import MAX_SHORT_CHARS, LeafPath, Leaves, is_short
from calculators.logs.record_plan import RecordPlan, squashed
from calculators.logs.word_lists import MAX_OTEL_LEVEL, OTEL_ERROR, PINO_ERROR


def amount(value: Any) -> int | float | None:
    """A count or an amount; None for what is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value if value == value and abs(value) < 1e15 else None
    try:
        number = float(value.strip().lstrip("$").replace(",", ""))
    except (ValueError, AttributeError):
        return None
    if number != number or abs(number) >= 1e15:
        return None
    return int(number) if number.is_integer() else number


def first_word(record: Leaves, paths: Sequence[LeafPath], role: str) -> Any:
    """The first value that can be that role."""
    for path in paths:
        value = record.get(path)
        if value is None or value == "" or not is_short(value):
            continue
        if role == "time" and not _is_time(value):
            continue
        if role == "model" and (not isinstance(value, str) or value == "<synthetic>"):
            continue
        return value
    return None


def _is_time(value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return not isinstance(value, bool)
    text = str(value).strip()
    return len(text) < 60 and (text[:1].isdigit() or bool(re.match(r"\w{3},? \w+,? ", text)))


def record_failed(record: Leaves, plan: RecordPlan) -> bool:
    """Whether any of the usual signs says that the request failed."""
    return (
        any(_truth(record[path]) is True for path in plan.bad_flags)
        or any(_truth(record[path]) is False for path in plan.good_flags)
        or any(_is_error(str(record[path])[:MAX_SHORT_CHARS]) for path in plan.errors)
        or any(_is_bad_status(str(record[path])[:MAX_SHORT_CHARS], is_level(path[-1])) for path in plan.statuses)
    )


def is_level(name: str) -> bool:
    """Whether a status is the severity of a log line, which may be a number that is no HTTP code."""
    return squashed(name) in ("level", "severity", "severitynumber", "loglevel", "levelnum")


def _truth(value: Any) -> bool | None:
    return TRUTH.get(value) if isinstance(value, bool) else TRUTH.get(str(value).lower())


TRUTH: Mapping[Any, bool] = dict.fromkeys((*YES_WORDS, True), True) | dict.fromkeys((*NO_WORDS, False), False)
_BAD_WORDS = re.compile(FAILED_PATTERN)


@lru_cache(maxsize=1_000)
def _is_error(text: str) -> bool:
    return text.strip().lower() not in ("", *NO_ERROR_WORDS)


@lru_cache(maxsize=1_000)
def _is_bad_status(text: str, is_severity: bool) -> bool:
    code = re.match(r"(?i)\s*(?:HTTP\S*\s+)?(\d+)(\.0)?($|\s)", text)
    if code and is_severity:
        return int(code.group(1)) >= (OTEL_ERROR if int(code.group(1)) <= MAX_OTEL_LEVEL else PINO_ERROR)
    if code:
        return not (200 <= int(code.group(1)) <= 399 or int(code.group(1)) in (0, 1))
    return bool(_BAD_WORDS.search(text.lower()))


CALL, STEP, NO_CHAT_CALL = "call", "step", "no chat"
_MODEL_WORDS = frozenset(
    {
        "llm",
        "generation",
        "chat",
        "completion",
        "chatcompletion",
        "acompletion",
        "aigeneration",
        "textcompletion",
        "response",
    }
)
_OTHER_WORDS = frozenset(
    {"chain", "tool", "retriever", "agent", "workflow", "task", "span", "parser", "prompt", "evaluator", "guardrail"}
    | {"function", "score", "eval", "retrieval", "aispan", "aitrace", "aimetric", "aifeedback"}
    | {"invokeagent", "createagent", "executetool", "messagestart"}
)
_OTHER_PARTS = re.compile(r"embed|image_?gen|images/|aimage|rerank|moderation|transcri|/audio|speech|\btts\b|whisper")


def is_other(record: Leaves, paths: Sequence[LeafPath]) -> bool:
    """Whether the record is no call of a language model: an embedding, a picture, or a span around other spans."""
    return told_kind(record, paths) in (STEP, NO_CHAT_CALL)


def told_kind(record: Leaves, paths: Sequence[LeafPath]) -> str:
    """What the first telling word says the record is: CALL of a language model, STEP of a trace, NO_CHAT_CALL, or ""."""
    for path in paths:
        value = record[path]
        if isinstance(value, str) and len(value) <= MAX_SHORT_CHARS and (told := _kind_of_word(value)):
            return told
    return ""


@lru_cache(maxsize=1_000)
def _kind_of_word(text: str) -> str:
    word = squashed(text)
    if word in _MODEL_WORDS:
        return CALL
    if word in _OTHER_WORDS:
        return STEP
    return NO_CHAT_CALL if _OTHER_PARTS.search(text.lower()) else ""


def says_hit(value: Any) -> bool:
    """Whether a gateway answered from its own cache: true, "HIT", "SEMANTIC HIT"."""
    return value is True or (isinstance(value, str) and (value.lower() in ("true", "yes") or "hit" in value.lower()))
