"""Failures, other calls, gateway caches and batches by the names that exports use."""

from pathlib import Path

import pytest
from request_logs import NOW, csv_text, json_lines, write

from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_reading import UsageReading

HEADER = "timestamp,input_tokens,output_tokens"


def read(folder: Path, lines: list[str], header: str) -> UsageReading:
    return read_usage([write(folder, csv_text(lines, header))], now=NOW)


def minutes(cells: list[str]) -> list[str]:
    """One request a minute with 100 input tokens; the cells are its further columns."""
    return [f"2026-10-05T09:{number:02}:00Z,{100 + number},{10 + number},{cell}" for number, cell in enumerate(cells)]


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("status", "200", "429 Too Many Requests"),
        ("status", "200 OK", "HTTP 503"),
        ("response_status_code", "200", "500"),
        ("http.response.status_code", "201", "404"),
        ("is_success", "true", "false"),
        ("isSuccess", "True", "False"),
        ("succeeded", "1", "0"),
        ("is_error", "no", "yes"),
        ("finish_reason", "length", "error"),
        ("stop_reason", "end_turn", "error"),
        ("state", "OK", "ERROR"),
        ("grpc_status", "OK", "RESOURCE_EXHAUSTED"),
        ("status", "success", "rate_limited"),
        ("status", "completed", "Unavailable"),
        ("error_message", "", "the model is overloaded"),
        ("error.type", "null", "RateLimitError"),
        ("exception", "None", "ReadTimeout"),
    ],
)
def test_failures_by_any_usual_name_are_left_out(tmp_path: Path, column: str, good: str, bad: str) -> None:
    reading = read(tmp_path, minutes([good, good, bad, good]), f"{HEADER},{column}")
    assert (reading.requests, reading.input_tok) == (3, 304)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"http": {"status": 200}}, {"http": {"status": 500}}),
        ({"response": {"status": "ok"}}, {"response": {"status": "failed"}}),
        ({"error": None}, {"error": {"message": "no", "code": 429}}),
        ({"level": "info", "success": True}, {"level": "info", "success": False}),
    ],
)
def test_nested_status_and_error_objects_are_failures(
    tmp_path: Path, good: dict[str, object], bad: dict[str, object]
) -> None:
    objects = [
        {"ts": f"2026-10-05T09:0{number}:00Z", "usage": {"input_tokens": 100, "output_tokens": number + 1}, **more}
        for number, more in enumerate((good, bad, good, good))
    ]
    assert read_usage([write(tmp_path, json_lines(objects), "log.jsonl")], now=NOW).requests == 3


def test_a_status_of_something_else_leaves_nothing_out(tmp_path: Path) -> None:
    objects: list[dict[str, object]] = [
        {
            "ts": f"2026-10-05T09:0{n}:00Z",
            "usage": {"input_tokens": 100, "output_tokens": n},
            "order": {"status": "cancelled"},
        }
        for n in range(3)
    ]
    assert read_usage([write(tmp_path, json_lines(objects), "log.jsonl")], now=NOW).requests == 3


@pytest.mark.parametrize(
    ("column", "chat", "other"),
    [
        ("call_type", "acompletion", "aembedding"),
        ("call_type", "completion", "image_generation"),
        ("operation", "chat", "rerank"),
        ("gen_ai.operation.name", "chat", "embeddings"),
        ("endpoint", "/v1/chat/completions", "/v1/embeddings"),
        ("path", "/v1/messages", "/v1/audio/transcriptions"),
        ("request_type", "chat", "moderation"),
        ("model", "gpt-4o-mini", "text-embedding-3-small"),
        ("model", "claude-sonnet-4-5", "rerank-v3.5"),
        ("model", "gpt-4o", "whisper-1"),
        ("model", "gemini-2.5-flash", "imagen-4.0-generate"),
        ("run_type", "llm", "chain"),
        ("span_kind", "LLM", "AGENT"),
        ("type", "GENERATION", "EMBEDDING"),
        ("gen_ai.operation.name", "chat", "invoke_agent"),
    ],
)
def test_rows_that_are_no_chat_request_are_left_out(tmp_path: Path, column: str, chat: str, other: str) -> None:
    reading = read(tmp_path, minutes([chat, other, chat, chat]), f"{HEADER},{column}")
    assert (reading.requests, reading.input_tok) == (3, 305)
    assert any("Excluded rows: 1" in note for note in reading.read)


@pytest.mark.parametrize("words", [("chat", "agent"), ("summarize_transcript", "rerank_with_reasons")])
def test_operations_of_an_application_stay(tmp_path: Path, words: tuple[str, str]) -> None:
    assert read(tmp_path, minutes([*words, *words]), f"{HEADER},operation").requests == 4


@pytest.mark.parametrize(
    ("column", "miss", "hit"),
    [
        ("cached", "false", "true"),
        ("cache_hit", "False", "True"),
        ("cache_hit", "0", "1"),
        ("cache_status", "MISS", "HIT"),
        ("cache_status", "DISABLED", "SEMANTIC HIT"),
        ("from_cache", "no", "yes"),
    ],
)
def test_answers_of_a_gateways_cache_are_left_out(tmp_path: Path, column: str, miss: str, hit: str) -> None:
    assert read(tmp_path, minutes([miss, hit, miss, miss]), f"{HEADER},{column}").requests == 3


@pytest.mark.parametrize(
    ("column", "now", "later"), [("service_tier", "default", "batch"), ("is_batch", "false", "true")]
)
def test_the_batch_tier_is_in_the_tokens_but_not_in_the_peak(tmp_path: Path, column: str, now: str, later: str) -> None:
    """Ten requests, one a minute, and 40 batch rows in one of the minutes."""
    lines = minutes([now] * 11)
    lines += [f"2026-10-05T09:05:{second:02}Z,1000,1,{later}" for second in range(40)]
    reading = read(tmp_path, lines, f"{HEADER},{column}")
    assert (reading.requests, reading.input_tok) == (51, 1_155 + 40_000)
    assert reading.summary is not None
    assert reading.summary.peaks[0].ratio == 1.0
    assert reading.summary.batch_count == 40
    assert any("batch" in note for note in reading.read)


def test_a_flag_that_goes_with_cached_tokens_is_asked_about(tmp_path: Path) -> None:
    lines = minutes(["true,50", "false,0", "true,60", "true,70", "false,0"])
    reading = read(tmp_path, lines, f"{HEADER},cache_hit,cached_tokens")
    assert [question.option for question in reading.questions] == ["--map gateway_cache=COLUMN"]
    path = write(tmp_path, csv_text(lines, f"{HEADER},cache_hit,cached_tokens"))
    answered = read_usage([path], UsageAnswers(column_of={"gateway_cache": ""}), now=NOW)
    assert (answered.requests, answered.questions) == (5, ())
