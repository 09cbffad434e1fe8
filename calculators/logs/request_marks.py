"""Rows that are no request to a chat model, by any usual name: failures, answers of a gateway's own cache, embeddings and
images, parents of a trace, and the batch tier. DuckDB expressions over the text of single cells.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import ibis

from calculators.logs.column_words import failure_sign
from calculators.logs.failure_words import FAILED_PATTERN, NO_ERROR_WORDS, NO_WORDS, YES_WORDS
from calculators.logs.request_columns import CACHE_SOURCES, normalised
from calculators.logs.word_lists import MAX_OTEL_LEVEL, OTEL_ERROR, PINO_ERROR

FINISH_NAMES = frozenset(
    {"finishreason", "finishreasonnormalized", "finishreasonraw", "nativefinishreason", "stopreason"}
)
HTTP_CODE = r"^(?:http\S*\s+)?([1-5]\d\d)\b"
BAD_FINISH = r"error|fail|cancel|abort|time.?out|exception"
MAX_PLAIN_COUNT = 100
CACHE_HIT = r"(^|[^a-z])hit\b"

NO_CHAT_KIND = (
    r"^(a|create[ _.-]?|generate[ _.-]?|\$ai_|text[ _.-]?|openai\.|litellm\.|models\.|batch)?("
    r"embed(der|ding|dings|s)?|embed.?contents?|image[ _.-]?(gen|edit|vari|creat)\w*|images?|moderations?"
    r"|re-?rank(er|ing)?|(audio[ _./-]?)?(speech|transcriptions?|translations?)|audio|tts|ocr|videos?"
    r"|video[ _.-]?(gen|edit|creat)\w*|(text|image).to.(image|speech|video)|count.?tokens|fine.?tun\w*|speech.to.text"
    r"|(automatic.)?speech.recognition|feature.extraction|sentence.similarity"
    r")([ _.-]?(create|generations?|requests?|calls?|models?|api|jobs?|usage))*$"
    r"|^(embeddings?|rerank|moderations?) [\w./:-]+$"
    r"|/(embeddings?|embed|images?|moderations?|re-?rank|audio|videos?|models|files|fine.?tun\w*|speech|transcriptions?|ocr"
    r"|tokenize|count.?tokens)(/|$|\?|:)|:(batch)?embed|:counttokens"
)
NO_CHAT_MODEL = (
    r"embed|rerank|moderation|whisper|transcribe|(^|[-_/.])tts($|[-_/.])|dall.?e|gpt-image|stable-diffusion|sdxl"
    r"|text-to-(image|video|speech)|(^|[-_/.])(imagen|veo|sora|flux)([-_/.\d]|$)|(^|/)(bge|gte|e5)-|minilm"
    r"|voyage-(\d|code|law|finance|multi)|titan-image|image-generat|stable-image|^stability|nova-(canvas|reel|sonic)|jina-clip"
)
CALL_KINDS = frozenset({"generation", "llm", "chat_model", "chatmodel", "$ai_generation", "llm_call"})
CALL_OPERATIONS = frozenset({"chat", "chat_completion", "text_completion", "completion", "generate_content"})
STEP_KIND = (
    r"^(\$ai_)?(chain|tool|agent|retriever|parser|prompt|span|event|trace|evaluator|guardrail|workflow|task|function"
    r"|tool_call|root|feedback|metric|score|unknown)$"
)
STEP_OPERATION = r"^(invoke_|create_agent|execute_)"


LEVEL_NAMES = frozenset({"level", "severity", "severitynumber", "loglevel", "levelnum"})


def _tail(column: str) -> str:
    parts = column.split(".")
    inner = any(normalised(part) in ("error", "exception") for part in parts[:-1])
    return "error" if inner else normalised(parts[-1])


def any_of(tests: Iterable[Any]) -> Any:
    """Whether one of the tests holds; tests that say nothing do not."""
    return functools.reduce(lambda a, b: a | b, [test.fill_null(False) for test in tests], ibis.literal(False))


def is_failed(text: Any, column: str, values: Sequence[str] = ()) -> Any:
    """Whether a status cell says that the request failed; blank is good. `values`: what the column holds in the first rows."""
    lower, name = text.lower(), _tail(column)
    sign = "error" if name == "error" else failure_sign(column.rsplit(".", 1)[-1])
    if name in FINISH_NAMES:
        return lower.re_search(BAD_FINISH)
    if sign == "error":
        return text.notnull() & ~lower.isin(NO_ERROR_WORDS)
    if sign == "good":
        return lower.isin(NO_WORDS) | _has_pattern(text, FAILED_PATTERN, values)
    if sign == "code":
        return text.try_cast("float64") != 0
    if name in LEVEL_NAMES:
        level = text.try_cast("float64")
        bad_level = (level > MAX_OTEL_LEVEL).ifelse(level >= PINO_ERROR, level >= OTEL_ERROR)
        return level.notnull().ifelse(bad_level, _has_pattern(text, FAILED_PATTERN, values))
    number = text.try_cast("float64")
    http = lower.re_extract(HTTP_CODE, 1).try_cast("int64")
    bad_code = ~(number.between(200, 399) | number.isin([0, 1]))
    bad_word = _has_pattern(text, FAILED_PATTERN, values)
    return ibis.cases((number.notnull(), bad_code), (http.notnull(), http >= 400), else_=bad_word)


def is_gateway_hit(text: Any) -> Any:
    """Whether a cell says that the gateway answered from its own cache."""
    lower = text.lower()
    return lower.isin((*YES_WORDS, *sorted(CACHE_SOURCES))) | lower.re_search(CACHE_HIT)


def is_no_call(text: Any, values: Sequence[str]) -> Any:
    """Whether a row is a parent or step of a trace, where the column tells those from the calls of a model.

    `values`: what the column holds in the first rows."""
    words = {value.strip().lower() for value in values}
    if "generation" in words:
        return text.lower() != "generation"
    patterns = [STEP_KIND] * bool(words & CALL_KINDS) + [STEP_OPERATION] * bool(words & (CALL_OPERATIONS | CALL_KINDS))
    return any_of(text.lower().re_search(pattern) for pattern in patterns)


def is_no_chat(text: Any, values: Sequence[str]) -> Any:
    """Whether an operation, a path or a type names embeddings, images, moderation, reranking or audio."""
    return _has_pattern(text, NO_CHAT_KIND, values)


def is_no_chat_model(text: Any, values: Sequence[str]) -> Any:
    """Whether the name of a model is one of embeddings, images, moderation, reranking or audio."""
    return _has_pattern(text, NO_CHAT_MODEL, values)


def _has_pattern(text: Any, pattern: str, values: Sequence[str]) -> Any:
    """The same as a search in every cell, faster where most cells hold one of the values of the first rows."""
    plain = [value for value in values if not re.search(pattern, value.lower())][:MAX_PLAIN_COUNT]
    searched = text.lower().re_search(pattern)
    return text.isin(plain).ifelse(False, searched) if plain else searched


def is_batch(text: Any, column: str) -> Any:
    """Whether a row was sent through the batch or flex tier, which answers when there is room."""
    lower = text.lower()
    named = lower.re_search(r"(^|[^a-z])(batch|flex)")
    return named | lower.isin(YES_WORDS) if "batch" in _tail(column) else named


def has_batch_kind(text: Any) -> Any:
    """Whether a path names the batch API."""
    return text.lower().re_search(r"/batch(es)?($|/)|^batch($|_)")
