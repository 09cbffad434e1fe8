"""Every way to wrap two plain requests gives the same two rows; plain logs are left to the ordinary reading."""

import json
from pathlib import Path
from typing import Any

import pytest
from flat_logs import T1, T2, flat_log, flat_rows, tokens
from request_logs import NOW, write

from calculators.logs.documents import _is_header, flattened
from calculators.logs.request_log import read_log
from calculators.logs.unknown_columns import UnknownColumn
from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers

ROWS: list[dict[str, Any]] = [
    {"timestamp": T1, "input_tokens": 100, "output_tokens": 5, "cached_tokens": 70, "status": 200},
    {"timestamp": T2, "input_tokens": 200, "output_tokens": 6, "cached_tokens": 0, "status": 200},
]
LINES = [json.dumps(row) for row in ROWS]
CALLS = [
    {
        "created": T1,
        "usage": {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 70}},
    },
    {
        "created": T2,
        "usage": {"prompt_tokens": 200, "completion_tokens": 6, "prompt_tokens_details": {"cached_tokens": 0}},
    },
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
WRAPPED: dict[str, str] = {
    **{key: json.dumps({key: ROWS, "total": 2, "page": 1}) for key in ("data", "result", "rows", "value", "whatever")},
    "nested": json.dumps({"status": "ok", "data": {"page": {"items": ROWS}}}),
    "pretty": json.dumps({"data": ROWS}, indent=2),
    "objects one after the other": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "comma lines": ",\n".join(LINES),
    "comma lines in an open array": "[\n" + ",\n".join(LINES) + ",\n]",
    "columns": json.dumps(COLUMNS),
    "columns by index": json.dumps({name: {str(i): value for i, value in enumerate(column)} for name, column in COLUMNS.items()}),
    "by id": json.dumps({"x": {f"id{number}": row for number, row in enumerate([*ROWS, ROWS[1]])}}["x"]),
    "split": json.dumps({"columns": list(ROWS[0]), "index": [0, 1], "data": [list(row.values()) for row in ROWS]}),
    "BigQuery answer": json.dumps({"schema": {"fields": [{"name": name} for name in ROWS[0]]},
                                   "rows": [{"f": [{"v": str(value)} for value in row.values()]} for row in ROWS]}),
    "docker": "\n".join(json.dumps({"log": line + "\n", "stream": "stdout", "time": T1}) for line in LINES),
    "CloudWatch": json.dumps({"events": [{"timestamp": 1, "message": line} for line in LINES]}),
    "Logs Insights": json.dumps({"results": [[{"field": "@timestamp", "value": T1}, {"field": "@message", "value": line}] for line in LINES]}),
    "Elasticsearch": json.dumps({"took": 3, "hits": {"total": {"value": 2}, "hits": [{"_id": "1", "_source": row} for row in ROWS]}}),
    "Loki": json.dumps({"status": "success", "data": {"resultType": "streams", "result": [
        {"stream": {"app": "a"}, "values": [["1791190800000000000", line] for line in LINES]}]}}),
    "Splunk": "\n".join(json.dumps({"preview": False, "result": {"_raw": line, "_time": T1}}) for line in LINES),
    "log lines": "\n".join(f"2026-10-05 09:00:00 INFO app: {line}" for line in LINES),
    "log lines in brackets": "\n".join(f"[2026-10-05 09:00:00] {line}" for line in LINES),
    "text with a prefix in a field": "\n".join(json.dumps({"message": f"INFO usage {line}"}) for line in LINES),
    "twice in text": json.dumps({"Records": [{"body": json.dumps({"detail": line})} for line in LINES]}),
}  # fmt: skip


@pytest.mark.parametrize("text", WRAPPED.values(), ids=WRAPPED)
def test_wrapped_rows(tmp_path: Path, text: str) -> None:
    rows = flat_rows(tmp_path, text)
    assert [tokens(row)[:3] for row in rows][:2] == [(100, 5, 70), (200, 6, 0)]
    assert all(row["time"] is not None and row["status"] == "ok" for row in rows)


@pytest.mark.parametrize("wrap", [str, json.dumps], ids=["as Python writes it", "as JSON"])
def test_usage_in_a_cell(tmp_path: Path, wrap: Any) -> None:
    cells = [f'{call["created"]},"{wrap(call["usage"]).replace(chr(34), chr(34) * 2)}"' for call in CALLS]
    rows = flat_rows(tmp_path, "created_at,answer\n" + "\n".join(cells) + "\n", "log.csv")
    assert [tokens(row)[:3] for row in rows] == [(100, 5, 70), (200, 6, 0)]
    assert [row["time"] for row in rows] == [T1, T2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.csv", "timestamp,input_tokens,output_tokens\n" + f"{T1},1,2\n"),
        ("log.jsonl", "\n".join(LINES)),
        ("log.json", json.dumps(ROWS)),
        ("log.txt", "no table at all\n"),
    ],
)
def test_plain_logs_are_left_alone(tmp_path: Path, name: str, text: str) -> None:
    assert flat_log(tmp_path, text, name) is None


def test_unknown_names_in_an_envelope_become_plain_rows(tmp_path: Path) -> None:
    flat = flat_log(tmp_path, json.dumps({"data": [{"when": T1, "words_in": 3, "words_out": 4}] * 2}))
    assert flat is not None
    assert flat.role_of is None
    flat.file.seek(0)
    assert json.loads(flat.file.readline())["words_in"] == 3


def test_wrapped_log_is_read_as_a_request_log(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"data": [*ROWS, ROWS[0] | {"status": 429, "timestamp": "2026-10-05T08:00:00Z"}]}))
    summary = read_log(path)
    assert (summary.used_row_count, summary.input_tok.mean_tok, summary.output_tok.mean_tok) == (2, 150, 5.5)
    assert summary.cached_frac == pytest.approx(70 / 300)
    assert summary.span_s == 600


def test_nothing_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"data": ROWS}))
    flat = flattened(path, "log.json")
    assert flat is not None
    assert list(folder.iterdir()) == []
    assert len(flat.path.read_text().splitlines()) == 2


def usage(input_tok: int, output_tok: int) -> dict[str, Any]:
    return {"prompt_tokens": input_tok, "completion_tokens": output_tok}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"usage": usage(300, 11), "data": CALLS}),
        json.dumps({"id": "r", "run_type": "chain", "start_time": T1, **usage(300, 11), "child_runs": [
            {"id": str(number), "run_type": "llm", "start_time": call["created"], **call["usage"]} for number, call in enumerate(CALLS)]}),
        json.dumps({"id": "export-1", "total_cost": 5, "data": CALLS}),
        json.dumps({"data": [{"spans": [{"spanID": str(number), "startTime": 1791190800000000 + number, "tags": [
            {"key": "llm.usage.prompt_tokens", "type": "int64", "value": call["usage"]["prompt_tokens"]},
            {"key": "llm.usage.completion_tokens", "type": "int64", "value": call["usage"]["completion_tokens"]}]}
            for number, call in enumerate(CALLS)]}]}),
        "\n".join(json.dumps({"name": "chat", "context": {"span_id": f"0x{number}"}, "parent_id": "0x9", "start_time": call["created"],
                              "attributes": {f"gen_ai.usage.{name}": call["usage"][name] for name in usage(0, 0)},
                              "status": {"status_code": "UNSET"}}, indent=4) for number, call in enumerate(CALLS)),
        json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [
            {"timeUnixNano": "1791190800000000000", "body": {"stringValue": "claude_code.api_request"}, "attributes": [
                {"key": name, "value": {"stringValue": str(value)}} for name, value in call["usage"].items() if not isinstance(value, dict)]}
            for call in CALLS]}]}]}),
    ],
    ids=["sums above", "runs within a run", "id and cost of the export", "Jaeger", "console spans", "OTLP logs"],
)  # fmt: skip
def test_only_the_calls_count(tmp_path: Path, text: str) -> None:
    rows = [row for row in flat_rows(tmp_path, text) if row["kind"] == "GENERATION"]
    assert [tokens(row)[:2] for row in rows] == [(100, 5), (200, 6)]
    assert all(row["time"] is not None for row in rows)
    assert {row["spend"] for row in rows} == {None}
    assert len({row["id"] for row in rows} - {None}) in (0, 2)


@pytest.mark.parametrize("depth", [30, 300, 900])
def test_objects_within_objects_end_in_a_reading(tmp_path: Path, depth: int) -> None:
    """Deeper than anything is looked for, and than Python may recurse."""
    deep = '{"data":' * depth + "1" + "}" * depth
    text = "".join(json.dumps(call) + "\n" for call in CALLS) + deep + "\n"
    path = write(tmp_path, text, "log.jsonl")
    assert read_log(path, now=NOW).used_row_count == 2


def _run(name: str, kind: str, size: int | None, **more: Any) -> dict[str, Any]:
    tokens = {} if size is None else {"prompt_tokens": size, "completion_tokens": 5, "total_tokens": size + 5}
    return {"id": name, "trace_id": name[0], "run_type": kind, "start_time": T1, **tokens, **more}


def test_tokens_above_records_without_any_count_once(tmp_path: Path) -> None:
    """A run over two tools, one over a tool and a call, and usage beside messages whose times alone are told."""
    tools = [_run(f"a{number}", "tool", None, parent_run_id="a") for number in range(2)]
    call = _run("b1", "llm", 200, parent_run_id="b")
    runs = [
        _run("a", "chain", 100, child_runs=tools),
        _run("b", "chain", 200, child_runs=[{**tools[0], "id": "b0"}, call]),
    ]
    rows = flat_rows(tmp_path, "\n".join(map(json.dumps, runs)))
    assert [tokens(row)[:2] for row in rows if row["kind"] == "GENERATION"] == [(100, 5), (200, 5)]
    said = {"usage": CALLS[0]["usage"], "messages": [{"role": role, "time": T1} for role in ("user", "assistant")]}
    (row,) = flat_rows(tmp_path, json.dumps([said]))
    assert (tokens(row)[:3], row["time"]) == ((100, 5, 70), T1)


def test_mapped_columns_of_documents_keep_all_others_in_use(tmp_path: Path) -> None:
    """Sizes under names that nobody knows, in an envelope, and in lines of text; status, id and caches stay as they are."""
    calls = [
        {
            "ts": f"2026-10-05T09:0{n}:00Z",
            "m": {"size": {"a": 100, "b": 10}},
            "requestId": f"r{n // 2}",
            "cached_tokens": 5,
        }
        | {"status": 200 if n else 500}
        for n in range(7)
    ]
    answers = UsageAnswers(column_of={"input": "m.size.a", "output": "m.size.b"})
    for text in (json.dumps({"data": calls}), "\n".join(map(json.dumps, calls))):
        reading = read_usage([write(tmp_path, text, "log.json")], answers, now=NOW)
        assert (reading.requests, reading.input_tok, reading.cache_read_tok) == (4, 400, 20)
    lines = "\n".join(f"{call['ts']} tokens used: 100/10" for call in calls)
    answers = UsageAnswers(
        column_of=dict(zip(("output", "input"), ("tokens before the slash", "tokens after the slash"), strict=False))
    )
    assert read_usage([write(tmp_path, lines, "x.log")], answers, now=NOW).output_tok == 700


def test_dicts_as_python_prints_them(tmp_path: Path) -> None:
    for prefix in ("", "2026-10-05 09:00:00 INFO "):
        rows = flat_rows(tmp_path, "\n".join(f"{prefix}{row | {'ok': True}}" for row in ROWS))
        assert [tokens(row)[:3] for row in rows] == [(100, 5, 70), (200, 6, 0)]


def test_a_table_with_printed_objects_in_a_cell_is_no_text() -> None:
    cell = "\"{'prompt_tokens': 7, 'completion_tokens': 3}\""
    table = ["created,model,usage", *(f"17893711{number},m,{cell}" for number in range(10, 14))]
    assert _is_header(table)
    assert not _is_header([f"created,model,{cell}", "done, 7 input tokens"])


def test_nested_requests_with_a_time_of_another_name_are_asked_which_it_is(tmp_path: Path) -> None:
    body = json.dumps({"usage": {"prompt_tokens": 7, "completion_tokens": 3}})
    lines = [json.dumps({"data": {"out": body}, "meta": {"done": f"2026-10-05T09:0{n}:00Z"}}) for n in range(3)]
    path = write(tmp_path, "\n".join(lines), "log.jsonl")
    with pytest.raises(UnknownColumn, match=r'It may be "meta\.done": map it \(--map time=COLUMN\)') as refused:
        read_usage([path], now=NOW)
    assert refused.value.question.values == (("time", "meta.done"),)
    assert read_usage([path], UsageAnswers(column_of={"time": "meta.done"}), now=NOW).input_tok == 21
