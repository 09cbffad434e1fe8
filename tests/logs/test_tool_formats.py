"""One invented record of each coding agent and tracer, with its integers."""

import json
from pathlib import Path
from typing import Any

import pytest
from flat_logs import T1, flat_log, flat_rows, tokens, used

from calculators.logs.tool_formats import TOOL_FORMATS
from calculators.logs.usage_formats import FORMATS


def otlp(*spans: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceSpans": [
            {"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "s"}, "spans": list(spans)}]}
        ]
    }


def span(number: int, attributes: dict[str, Any], parent: int | None = None) -> dict[str, Any]:
    above = {} if parent is None else {"parentSpanId": f"{parent:016d}"}
    values = [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in attributes.items()
    ]
    return {"spanId": f"{number:016d}", "startTimeUnixNano": "1791190800000000000", "attributes": values, **above}


CLAUDE_CODE = {
    "sessionId": "s", "type": "assistant", "timestamp": T1, "requestId": "r1",
    "message": {"id": "m1", "model": "claude-x", "content": [{"type": "text", "text": "secret"}],
                "usage": {"input_tokens": 10, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 20, "output_tokens": 5}},
}  # fmt: skip
CODEX_USAGE = {
    "input_tokens": 100,
    "cached_input_tokens": 70,
    "output_tokens": 5,
    "reasoning_output_tokens": 2,
    "total_tokens": 105,
}
CURSOR_EVENT = {
    "timestamp": "1791190800000", "model": "m", "kind": "USAGE_EVENT_KIND_INCLUDED",
    "tokenUsage": {"inputTokens": 10, "outputTokens": 5, "cacheWriteTokens": 20, "cacheReadTokens": 70, "totalCents": 1.5},
}  # fmt: skip
CURSOR_CSV = (
    "Date,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost\n"
    f'{T1},Included,m,No,20,10,70,5,105,0.04\n{T1},"Aborted, Not Charged",m,No,0,9,0,0,9,-\n'
)
CLINE = [{"ts": 1791190800000, "type": "say", "say": "api_req_started",
          "text": '{"request": "secret", "tokensIn": 10, "tokensOut": 5, "cacheWrites": 20, "cacheReads": 70, "cost": 0.04}'}]  # fmt: skip
OPENCODE = {"id": "m1", "role": "assistant", "modelID": "m", "cost": 0.04, "time": {"created": 1791190800000},
            "tokens": {"input": 10, "output": 3, "reasoning": 2, "cache": {"read": 70, "write": 20}}}  # fmt: skip
GEMINI_CLI = {"sessionId": "s", "messages": [{"id": "1", "timestamp": T1, "type": "gemini", "model": "m",
              "tokens": {"input": 90, "output": 3, "cached": 70, "thoughts": 2, "tool": 10, "total": 105}}]}  # fmt: skip
CLAUDE_CODE_EVENT = {"event.name": "api_request", "event.timestamp": T1, "model": "m", "input_tokens": "10", "output_tokens": "5",
                     "cache_read_tokens": "70", "cache_creation_tokens": "20", "cost_usd": "0.04"}  # fmt: skip
LANGFUSE = {"id": "o1", "type": "GENERATION", "startTime": T1, "promptTokens": 100, "completionTokens": 5, "level": "DEFAULT",
            "usageDetails": {"input": 10, "input_cached_tokens": 70, "input_cache_creation": 20, "output": 3,
                             "output_reasoning_tokens": 2, "total": 105}, "totalCost": 0.04}  # fmt: skip
NEW_NAMES = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5,
             "gen_ai.usage.cache_read.input_tokens": 70, "gen_ai.usage.cache_creation.input_tokens": 20}  # fmt: skip
OLD_NAMES = {"gen_ai.system": "OpenAI", "llm.request.type": "chat", "gen_ai.usage.prompt_tokens": 100,
             "gen_ai.usage.completion_tokens": 5, "gen_ai.usage.cache_read_input_tokens": 70}  # fmt: skip
OPENLLMETRY = {"llm.usage.prompt_tokens": 100, "llm.usage.completion_tokens": 5, "llm.usage.total_tokens": 105}
AI_SDK = {"ai.usage.promptTokens": 100, "ai.usage.completionTokens": 5, "ai.model.id": "m"}
PHOENIX_CSV = (
    "context.span_id,span_kind,parent_id,start_time,status_code,attributes.llm.token_count.prompt,"
    "attributes.llm.token_count.completion,attributes.llm.token_count.prompt_details.cache_read\n"
    f"c,CHAIN,,{T1},OK,,,\ns,LLM,c,{T1},OK,100.0,5.0,70.0\n"
)
POSTHOG = {"uuid": "u", "event": "$ai_generation", "timestamp": T1,
           "properties": {"$ai_provider": "anthropic", "$ai_input_tokens": 10, "$ai_output_tokens": 5,
                          "$ai_cache_read_input_tokens": 70, "$ai_cache_creation_input_tokens": 20}}  # fmt: skip
MLFLOW = {"trace_id": "t", "request_time": 1791190800000, "state": "OK",
          "trace_metadata": {"mlflow.trace.tokenUsage": '{"input_tokens": 100, "output_tokens": 5, "total_tokens": 105}'}}  # fmt: skip
LANGSMITH = {"id": "r", "run_type": "llm", "start_time": T1, "status": "success", "prompt_tokens": 100, "completion_tokens": 5,
             "total_tokens": 105, "prompt_token_details": {"cache_read": 70, "cache_creation": 20}}  # fmt: skip
BRAINTRUST = {"events": [{"id": "e", "span_id": "s", "created": T1, "span_attributes": {"type": "llm", "name": "chat"},
              "metadata": {"model": "m"}, "metrics": {"start": 1791190800.0, "prompt_tokens": 100, "completion_tokens": 5,
                           "prompt_cached_tokens": 70, "prompt_cache_creation_tokens": 20, "tokens": 105}}]}  # fmt: skip
WEAVE = {"id": "c", "op_name": "weave:///chat", "started_at": T1,
         "summary": {"weave": {"status": "success"}, "usage": {
             "gpt-4.1": {"requests": 1, "prompt_tokens": 60, "completion_tokens": 3, "total_tokens": 63},
             "gpt-5.1": {"requests": 1, "prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42}}}}  # fmt: skip
DATADOG = {"data": [{"id": "d", "type": "span", "attributes": {
    "span_id": "s", "parent_id": "undefined", "start_ns": 1791190800000000000, "status": "ok", "span_kind": "llm", "model_name": "m",
    "metrics": {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105, "cache_read_input_tokens": 70}}}]}  # fmt: skip

WHOLE, UNWRITTEN, PLAIN = (100, 5, 70, 20), (100, 5, 70, None), (100, 5, None, None)
KIMI = {"timestamp": T1, "payload": {"token_usage": {"input_other": 10, "output": 5, "input_cache_read": 70,
                                                     "input_cache_creation": 20}}}  # fmt: skip
SAMPLES: list[tuple[str, object, tuple[int | None, ...]]] = [
    ("Claude Code session", CLAUDE_CODE, WHOLE),
    ("Codex session", {"timestamp": T1, "type": "event_msg", "payload": {"type": "token_count", "info": {
        "total_token_usage": {name: 3 * count for name, count in CODEX_USAGE.items()}, "last_token_usage": CODEX_USAGE}}}, UNWRITTEN),
    ("Codex session with totals only", {"timestamp": T1, "payload": {"info": {"total_token_usage": CODEX_USAGE}}}, UNWRITTEN),
    ("Cursor usage export", CURSOR_CSV, WHOLE),
    ("Cursor usage events", {"usageEventsDisplay": [CURSOR_EVENT]}, WHOLE),
    ("Cline or Roo task", CLINE, WHOLE),
    ("OpenCode message", OPENCODE, WHOLE),
    ("Gemini CLI session or telemetry", GEMINI_CLI, UNWRITTEN),
    ("Claude Code telemetry", CLAUDE_CODE_EVENT, WHOLE),
    ("Langfuse", LANGFUSE, WHOLE),
    ("OpenTelemetry GenAI span with the names of the convention", otlp(span(1, NEW_NAMES)), WHOLE),
    ("OpenTelemetry GenAI span", otlp(span(1, OLD_NAMES)), UNWRITTEN),
    ("OpenLLMetry span", otlp(span(1, OPENLLMETRY)), PLAIN),
    ("Vercel AI SDK span", otlp(span(1, AI_SDK)), PLAIN),
    ("OpenInference span (Phoenix, Arize)", PHOENIX_CSV, UNWRITTEN),
    ("PostHog event", POSTHOG, WHOLE),
    ("MLflow trace", MLFLOW, PLAIN),
    ("LangSmith run", LANGSMITH, WHOLE),
    ("Braintrust span", BRAINTRUST, WHOLE),
    ("Weave call", WEAVE, PLAIN),
    ("Kimi session", KIMI, WHOLE),
    ("Datadog LLM Observability span", DATADOG, UNWRITTEN),
]  # fmt: skip


def test_every_format_of_a_tool_has_a_sample() -> None:
    assert {name for name, _, _ in SAMPLES} == {one.name for one in TOOL_FORMATS}
    assert len({one.name for one in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize(("name", "content", "right"), SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_sample_of_a_tool(tmp_path: Path, name: str, content: object, right: tuple[int | None, ...]) -> None:
    rows = used(flat_rows(tmp_path, content, "log.csv" if isinstance(content, str) else "log.json"))
    assert [tokens(row) for row in rows] == [right]
    assert (
        rows[0]["time"] in (T1, 1791190800.0, 1791190800000, 1791190800000000000)
        or int(rows[0]["time"]) >= 1791190800000
    )
    assert "secret" not in str(rows)


def test_format_is_named(tmp_path: Path) -> None:
    for name, content, _ in SAMPLES:
        if not isinstance(content, str):
            text = content if isinstance(content, list) else [content]
            flat = flat_log(tmp_path, "\n".join(map(json.dumps, text)))
            assert flat is not None, name
            assert flat.formats == (name,)


def test_totals_of_a_session_are_taken_apart(tmp_path: Path) -> None:
    def total(input_tok: int, output_tok: int) -> dict[str, Any]:
        usage = {"input_tokens": input_tok, "cached_input_tokens": 0, "output_tokens": output_tok}
        return {"timestamp": T1, "payload": {"info": {"total_token_usage": usage}}}

    rows = flat_rows(tmp_path, [total(100, 5), total(100, 5), total(300, 15), total(50, 1)])
    assert [tokens(row)[:2] for row in rows] == [(100, 5), (200, 10), (50, 1)]


def test_agent_span_that_repeats_its_children_does_not_count(tmp_path: Path) -> None:
    agent = {"gen_ai.usage.input_tokens": 200, "gen_ai.usage.output_tokens": 10}
    call = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 5}
    between = span(4, {"http.route": "/chat"}, parent=1)
    rows = flat_rows(tmp_path, otlp(span(1, agent), between, span(2, call, parent=4), span(3, call, parent=1)))
    assert [tokens(row)[:2] for row in used(rows)] == [(100, 5), (100, 5)]


def test_span_with_more_cached_than_input_shows_that_input_leaves_them_out(tmp_path: Path) -> None:
    def call(number: int, read: int) -> dict[str, Any]:
        counts = {
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.cache_read_input_tokens": read,
        }
        return span(number, {"gen_ai.system": "anthropic", **counts})

    rows = flat_rows(tmp_path, otlp(call(1, 5), call(2, 90)))
    assert [tokens(row)[:3] for row in rows] == [(15, 5, 5), (100, 5, 90)]


def test_doubt_about_cached_tokens_is_told_and_answered(tmp_path: Path) -> None:
    counts = {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read_input_tokens": 70,
    }
    flat = flat_log(tmp_path, json.dumps(otlp(span(1, {"gen_ai.system": "anthropic", **counts}))))
    assert flat is not None
    assert flat.is_doubtful


def test_record_that_says_the_last_one_again_does_not_count(tmp_path: Path) -> None:
    usage = {"input_tokens": 100, "output_tokens": 5}
    event = {"timestamp": T1, "payload": {"info": {"total_token_usage": usage, "last_token_usage": usage}}}
    more = {"input_tokens": 200, "output_tokens": 10}
    later = {"timestamp": T1, "payload": {"info": {"total_token_usage": more, "last_token_usage": usage}}}
    assert len(flat_rows(tmp_path, [event, event, later, {"type": "session_meta"}, event])) == 3


def test_usage_by_model_in_columns(tmp_path: Path) -> None:
    header = "id,op_name,started_at," + ",".join(
        f"summary.usage.{model}.{count}"
        for model in ("gpt-4.1", "o5")
        for count in ("prompt_tokens", "completion_tokens")
    )
    rows = flat_rows(tmp_path, f"{header}\na,chat,{T1},60,3,,\nb,chat,{T1},60,3,40,2\n", "log.csv")
    assert [tokens(row)[:2] for row in rows] == [(60, 3), (100, 5)]
