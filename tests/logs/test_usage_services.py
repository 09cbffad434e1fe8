"""Sums, databases and tools: exports of one workload, made by code after what tools write."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from golden_calls import ALL, CALLS, GOOD, INPUT_TOK, OUTPUT_TOK, READ_TOK, Call, lines, read_files, sums, table

from calculators.logs.request_file import LogError

LOG_HEADER = ["timestamp", "input_tokens", "output_tokens"]


# --- sums -------------------------------------------------------------------------------------------------------------

DAYS = [("2026-10-05", 12, 60_000, 5_000), ("2026-10-06", 10, INPUT_TOK - 60_000, OUTPUT_TOK - 5_000)]
SUM_TABLES = {
    "thousands": table(
        ["Date", "Requests", "Input tokens (k)", "Output tokens (k)"], [[d, n, i / 1e3, o / 1e3] for d, n, i, o in DAYS]
    ),
    "suffixes": table(
        ["Date", "Requests", "Input tokens", "Output tokens"], [[d, n, f"{i / 1e3}k", f"{o / 1e3}k"] for d, n, i, o in DAYS]
    ),
    "German": table(
        ["Datum", "Anfragen", "Eingabe-Token", "Ausgabe-Token"],
        [[f"{d[8:]}.10.2026", n, f"{i:,}".replace(",", "."), f"{o:,}".replace(",", ".")] for d, n, i, o in DAYS],
        ";",
    ),
    "French": table(
        ["Date", "Requêtes", "Jetons d'entrée", "Jetons de sortie"],
        [["05/10/2026", 12, "60\u202f000", "5\u202f000"], ["16/10/2026", 10, "40\u202f985", "4\u202f848"]],
        ";",
    ),
    "Japanese": table(["日付", "リクエスト数", "入力トークン", "出力トークン"], [[d.replace("-", "/"), *r] for d, *r in DAYS]),
    "portal": table(
        ["Time (UTC)", "Model Requests (Sum)", "Input Tokens (Sum)", "Output Tokens (Sum)", "Total Tokens (Sum)"],
        [["10/05/2026 09:00 AM", 14, 58_049, 6_662, 64_711], ["10/05/2026 10:00 AM", 8, 42_936, 3_186, 46_122]],
    ),
    "a total with a date": table(
        ["Date", "Requests", "Input tokens", "Output tokens"],
        [
            ["2026-10-04", 2, 985, 48],
            ["2026-10-05", 10, 60_000, 5_000],
            ["2026-10-06", 10, 40_000, 4_800],
            ["2026-10-06", 22, INPUT_TOK, OUTPUT_TOK],
        ],
    ),
    "other calls": table(
        ["date", "endpoint", "model", "input_tokens", "output_tokens", "api_calls"],
        [["2026-10-05", "chat", "command-a", INPUT_TOK, OUTPUT_TOK, 22], ["2026-10-05", "embed", "embed-v4", 99, 0, 3]],
    ),
    "a row for each kind": table(
        ["utc_date", "model", "type", "price", "amount"],
        [["2026-10-05", "m", kind, 0, amount] for kind, amount in (
            ("input_cache_hit_tokens", READ_TOK), ("input_cache_miss_tokens", INPUT_TOK - READ_TOK),
            ("output_tokens", OUTPUT_TOK), ("request_count", 22))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SUM_TABLES)
def test_tables_of_sums(tmp_path: Path, name: str) -> None:
    reading = read_files(tmp_path, SUM_TABLES[name])
    assert sums(reading) == ALL
    assert reading.questions == ()


def test_days_that_begin_with_the_day_are_read_so(tmp_path: Path) -> None:
    reading = read_files(tmp_path, SUM_TABLES["French"])
    assert reading.start is not None
    assert (reading.start.month, reading.start.day) == (10, 5)


def test_a_local_portal_table_is_in_utc(tmp_path: Path) -> None:
    text = SUM_TABLES["portal"].replace("Time (UTC)", "Time (UTC+02:00)").replace("AM", "PM")
    reading = read_files(tmp_path, text)
    assert reading.start is not None
    assert (reading.start.hour, reading.requests) == (19, 22)


def test_several_files_of_sums_are_one(tmp_path: Path) -> None:
    header = ["Date", "Requests", "Input tokens", "Output tokens"]
    assert sums(read_files(tmp_path, *(table(header, [day]) for day in DAYS))) == ALL
    overlapping = read_files(tmp_path, table(header, DAYS), table(header, DAYS[1:]))
    assert sums(overlapping) == ALL


# --- databases and tools ----------------------------------------------------------------------------------------------


def session(call: Call) -> dict[str, Any]:
    usage = {"input_tokens": call.uncached_tok, "cache_creation_input_tokens": call.write_tok}
    usage |= {"cache_read_input_tokens": call.read_tok, "output_tokens": call.output_tok}
    message = {"id": call.id, "role": "assistant", "model": "claude", "usage": usage}
    return {"type": "assistant", "sessionId": "s", "timestamp": call.iso, "message": message}


JSON_LOGS: dict[str, Callable[[], str]] = {
    "MongoDB": lambda: lines(
        {"_id": {"$oid": c.id}, "createdAt": {"$date": c.iso}, "promptTokens": {"$numberLong": str(c.input_tok)},
         "completionTokens": {"$numberInt": str(c.output_tok)}, "status": "ok" if c.ok else "error"} for c in CALLS),
    "DynamoDB": lambda: lines(
        {"Item": {"created_at": {"S": c.iso}, "input_tokens": {"N": str(c.input_tok)},
                  "output_tokens": {"N": str(c.output_tok)}, "ok": {"BOOL": c.ok}}} for c in CALLS),
    "Firestore": lambda: json.dumps({"documents": [
        {"name": c.id, "fields": {"createdAt": {"timestampValue": c.iso}, "inputTokens": {"integerValue": str(c.input_tok)},
                                  "outputTokens": {"integerValue": str(c.output_tok)}}} for c in GOOD]}),
    "rows below their names": lambda: json.dumps(
        [LOG_HEADER, *([c.iso, c.input_tok, c.output_tok] for c in GOOD)]),
    "pandas": lambda: json.dumps({"schema": {"fields": [{"name": n} for n in LOG_HEADER], "pandas_version": "1.4.0"},
        "data": [dict(zip(LOG_HEADER, (c.iso, c.input_tok, c.output_tok), strict=True)) for c in GOOD]}),
    "records behind a separator": lambda: "".join(
        "\x1e" + json.dumps(dict(zip(LOG_HEADER, (c.iso, c.input_tok, c.output_tok), strict=True))) + "\n" for c in GOOD),
    "Loki": lambda: json.dumps({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {"app": "x"},
        "values": [[str(c.time_ms * 10**6), f"level=info input_tokens={c.input_tok} output_tokens={c.output_tok} status={c.http_code}"]
                   for c in CALLS]}]}}),
    "Cloud Logging": lambda: json.dumps([
        {"timestamp": c.iso, "severity": "INFO" if c.ok else "ERROR", "jsonPayload": {"model": c.model,
         "usage": {"input_tokens": c.input_tok, "output_tokens": c.output_tok}}} for c in CALLS]),
    "Cohere": lambda: lines(
        {"ts": c.iso, "usage": {"billed_units": {"input_tokens": c.input_tok - 5, "output_tokens": c.output_tok},
                                "tokens": {"input_tokens": c.input_tok, "output_tokens": c.output_tok}}} for c in GOOD),
    "Kimi": lambda: lines(
        {"timestamp": c.time_ms / 1e3, "message": {"payload": {"context_usage": 0.1, "token_usage": {
            "input_other": c.uncached_tok, "output": c.output_tok, "input_cache_read": c.read_tok,
            "input_cache_creation": c.write_tok}}}} for c in GOOD),
    "Gemini CLI session": lambda: json.dumps({"sessionId": "s", "startTime": GOOD[0].iso, "messages": [
        {"id": c.id, "timestamp": c.iso, "type": "gemini", "tokens": {"input": c.input_tok, "output": c.visible_tok,
         "cached": c.read_tok, "thoughts": c.reasoning_tok, "tool": 0, "total": c.total_tok}} for c in GOOD]}),
    "Claude Code with results of a subagent": lambda: lines(
        entry for c in GOOD for entry in (
            {"type": "user", "sessionId": "s", "timestamp": c.iso,
             "toolUseResult": {"usage": {"input_tokens": 5, "output_tokens": 7}}}, session(c))),
    "Logfire": lambda: json.dumps([
        {"start_timestamp": c.iso, "span_id": c.id, "level": 9 if c.ok else 17, "attributes": {
            "gen_ai.usage.input_tokens": c.input_tok, "gen_ai.usage.output_tokens": c.output_tok,
            "gen_ai.usage.details.cached_tokens": c.read_tok}} for c in CALLS]),
    "Zipkin": lambda: json.dumps([
        {"id": c.id, "name": "chat", "timestamp": c.time_ms * 1_000, "tags": {"gen_ai.usage.input_tokens": str(c.input_tok),
         "gen_ai.usage.output_tokens": str(c.output_tok)} | ({} if c.ok else {"error": "429"})} for c in CALLS]),
    "One API page": lambda: json.dumps({"data": {"items": [
        {"id": n, "created_at": c.time_ms // 1_000, "model_name": c.model, "prompt_tokens": c.input_tok,
         "completion_tokens": c.output_tok, "other": json.dumps({"cache_tokens": c.read_tok})}
        for n, c in enumerate(GOOD)]}}),
    "console exporter of JavaScript": lambda: lines(
        {"name": "chat", "traceId": c.id, "startTime": [c.time_ms // 1_000, 0], "attributes": {
            "gen_ai.usage.input_tokens": c.input_tok, "gen_ai.usage.output_tokens": c.output_tok}} for c in GOOD),
}  # fmt: skip


@pytest.mark.parametrize("name", JSON_LOGS)
def test_json_of_databases_and_tools(tmp_path: Path, name: str) -> None:
    reading = read_files(tmp_path, JSON_LOGS[name]())
    assert sums(reading) == ALL
    assert reading.questions == ()
    assert reading.start is not None
    assert reading.start.replace(microsecond=0) == GOOD[0].moment.replace(microsecond=0)


def test_a_stream_whose_last_counts_have_no_id_is_refused(tmp_path: Path) -> None:
    events = [
        {
            "type": "message_start",
            "time": c.iso,
            "message": {"id": c.id, "usage": {"input_tokens": 9, "output_tokens": 1}},
        }
        for c in GOOD
    ]
    with pytest.raises(LogError, match="events of streams"):
        read_files(tmp_path, lines(events))
