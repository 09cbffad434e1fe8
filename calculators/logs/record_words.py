"""Words and numbers of one record: its time and model, whether it failed, whether it is a call of a language model."""

import re
from collections.abc import Sequence
from typing import Any

from calculators.logs.record_leaves import MAX_WORD_CHARS, KeyPath, Leaves, is_short
from calculators.logs.record_plan import RecordPlan, squashed


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


def first_word(record: Leaves, paths: Sequence[KeyPath], role: str) -> Any:
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
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or bool(
        re.match(r"\s*(\d|\w{3},? \w+ )", str(value)) and len(str(value)) < 60
    )


def is_failed(record: Leaves, plan: RecordPlan) -> bool:
    if any(_truth(record.get(path)) is True for path in plan.bad_flags):
        return True
    if any(_truth(record.get(path)) is False for path in plan.good_flags):
        return True
    if any(_is_error(record.get(path)) for path in plan.errors):
        return True
    return any(_is_bad_status(record.get(path)) for path in plan.statuses)


def _truth(value: Any) -> bool | None:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(str(value).lower())


def _is_error(value: Any) -> bool:
    return value is not None and str(value).strip().lower() not in (
        "",
        "null",
        "none",
        "nan",
        "false",
        "0",
        "200",
        "{}",
        "[]",
    )


def _is_bad_status(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return False
    text = str(value).strip().lower()
    code = re.match(r"(\d+)(\.0)?($|\s)", text)
    if code:
        return not (200 <= int(code.group(1)) <= 399 or int(code.group(1)) in (0, 1))
    return bool(re.search("fail|error|cancel|abort|timeout|timed|throttl|reject|denied|exception|refus", text[:200]))


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
    | {"function", "score", "eval", "reranker", "retrieval", "aispan", "aitrace", "aimetric", "aifeedback"}
    | {"invokeagent", "createagent", "executetool"}
)
_OTHER_PARTS = re.compile(r"embed|image_?gen|images/|aimage|rerank|moderation|transcri|/audio|speech|\btts\b|whisper")


def is_other(record: Leaves, paths: Sequence[KeyPath]) -> bool:
    """Whether the record is no call of a language model: an embedding, a picture, or a span around other spans."""
    for path in paths:
        value = record.get(path)
        if not isinstance(value, str) or len(value) > MAX_WORD_CHARS:
            continue
        if squashed(value) in _MODEL_WORDS:
            return False
        if squashed(value) in _OTHER_WORDS or _OTHER_PARTS.search(value.lower()):
            return True
    return False


def is_hit(value: Any) -> bool:
    """Whether a gateway answered from its own cache: true, "HIT", "SEMANTIC HIT"."""
    return _truth(value) is True or (isinstance(value, str) and "hit" in value.lower())
