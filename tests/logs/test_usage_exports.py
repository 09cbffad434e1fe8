"""Exports of one workload, made by code after what tools write: each gives the same 22 requests and the same tokens."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from golden_calls import ALL, CALLS, GOOD, INPUT_TOK, OUTPUT_TOK, READ_TOK, Call, lines, read_files, sums, table

from calculators.logs.usage_questions import UsageAnswers

LOG_HEADER = ["timestamp", "input_tokens", "output_tokens"]


def log_with(header: str, cell: Callable[[Call], Any], time_name: str = "timestamp") -> str:
    """All 24 calls with one more column."""
    return table(
        [time_name, "input_tokens", "output_tokens", header],
        [[c.iso, c.input_tok, c.output_tok, cell(c)] for c in CALLS],
    )


def good_with(header: list[str], cells: Callable[[Call], list[Any]], delimiter: str = ",") -> str:
    return table(["timestamp", *header], [[c.iso, *cells(c)] for c in GOOD], delimiter)


# --- failures ---------------------------------------------------------------------------------------------------------

FAILURES: dict[str, Callable[[Call], Any]] = {
    "errored": lambda c: str(not c.ok).upper(),
    "error_count": lambda c: int(not c.ok),
    "exit_code": lambda c: int(not c.ok),
    "status_message": lambda c: "" if c.ok else "Internal error",
    "timeout": lambda c: str(not c.ok).lower(),
    "severity": lambda c: "INFO" if c.ok else "ERROR",
    "level": lambda c: 30 if c.ok else 50,
    "severity_number": lambda c: 9 if c.ok else 17,
    "statusCategory": lambda c: "2xx" if c.ok else "5xx",
    "completed": lambda c: str(c.ok),
    "valid": lambda c: str(c.ok),
    "upstream_status": lambda c: c.http_code,
    "Request Status": lambda c: "✅" if c.ok else "❌",
    "call_status": lambda c: "OK" if c.ok else "NOT_OK",
    "disposition": lambda c: "completed" if c.ok else "aborted",
    "Statut": lambda c: "succès" if c.ok else "échec",
    "error_code": lambda c: "" if c.ok else "context_length",
}


@pytest.mark.parametrize("header", FAILURES)
def test_failures_are_known_under_any_usual_name(tmp_path: Path, header: str) -> None:
    assert sums(read_files(tmp_path, log_with(header, FAILURES[header]))) == ALL


def test_a_timeout_in_seconds_is_no_failure(tmp_path: Path) -> None:
    text = good_with(["input_tokens", "output_tokens", "timeout"], lambda c: [c.input_tok, c.output_tok, 30])
    assert sums(read_files(tmp_path, text)) == ALL


# --- calls of no chat model, answers of a gateway ---------------------------------------------------------------------

OTHERS = {
    "task": ("text-generation", "feature-extraction"),
    "category": ("chat", "embeddings"),
    "service": ("chat", "moderation"),
    "span_name": ("chat gpt-4.1", "embeddings text-embedding-3-small"),
    "name": ("ChatCompletion", "CreateEmbedding"),
    "model": ("claude", "amazon.titan-image-generator-v2:0"),
    "usage_type": ("text_completion", "speech_to_text"),
}


@pytest.mark.parametrize("header", OTHERS)
def test_calls_of_no_chat_model_do_not_count(tmp_path: Path, header: str) -> None:
    chat, other = OTHERS[header]
    rows = [[c.iso, c.input_tok, c.output_tok, chat] for c in GOOD] + [[c.iso, 512, 0, other] for c in GOOD[:10]]
    assert sums(read_files(tmp_path, table([*LOG_HEADER, header], rows))) == ALL


HITS = {
    "cache": ("hit", "miss"),
    "semantic_cache": ("true", "false"),
    "response_cache_hit": (1, 0),
    "cf-cache-status": ("HIT", "DYNAMIC"),
    "source": ("cache", "model"),
    "provider": ("cache", "openai"),
    "cache_type": ("semantic", "none"),
}


@pytest.mark.parametrize("header", HITS)
def test_answers_from_a_gateways_own_cache_do_not_count(tmp_path: Path, header: str) -> None:
    hit, miss = HITS[header]
    later = [(c.moment + timedelta(seconds=30)).isoformat() for c in GOOD[:6]]
    rows = [[c.iso, c.input_tok, c.output_tok, miss] for c in GOOD]
    rows += [[at, c.input_tok, c.output_tok, hit] for at, c in zip(later, GOOD, strict=False)]
    assert sums(read_files(tmp_path, table([*LOG_HEADER, header], rows))) == ALL


# --- names, units, times ----------------------------------------------------------------------------------------------

PAIRS = [
    ("n_input_tokens", "n_output_tokens"),
    ("num_input_tokens", "num_output_tokens"),
    ("total_input_tokens", "total_output_tokens"),
    ("prompt_token_count", "completion_token_count"),
    ("# of prompt tokens used", "# of completion tokens used"),
    ("tokens_sent", "tokens_received"),
    ("ISL", "OSL"),
    ("message_tokens", "answer_tokens"),
    ("llm_input_tokens", "llm_output_tokens"),
]


@pytest.mark.parametrize(("input_name", "output_name"), PAIRS)
def test_tokens_are_known_by_the_words_of_their_names(tmp_path: Path, input_name: str, output_name: str) -> None:
    text = good_with([input_name, output_name], lambda c: [c.input_tok, c.output_tok])
    assert sums(read_files(tmp_path, text)) == ALL


@pytest.mark.parametrize(
    "name",
    ["logged_at", "Created At (UTC)", "event_timestamp", "requested_at", "When", "timeStamp (UTC)", "completed_at"],
)
def test_times_are_known_by_the_words_of_their_names(tmp_path: Path, name: str) -> None:
    rows = [[c.iso, c.duration_ms, c.input_tok, c.output_tok] for c in GOOD]
    assert sums(read_files(tmp_path, table([name, "duration_ms", "prompt_tokens", "completion_tokens"], rows))) == ALL


@pytest.mark.parametrize(
    "names",
    [
        ["Zeitpunkt", "Eingabe-Token", "Ausgabe-Token"],
        ["Horodatage", "Jetons d'entrée", "Jetons de sortie"],
        ["Fecha y hora", "Tokens de entrada", "Tokens de salida"],
        ["日時", "入力トークン数", "出力トークン数"],
        ["时间", "输入Token", "输出Token"],
    ],
)
def test_headers_of_other_languages(tmp_path: Path, names: list[str]) -> None:
    text = table(names, [[f"{c.moment:%Y-%m-%d %H:%M:%S}", c.input_tok, c.output_tok] for c in GOOD], ";")
    assert sums(read_files(tmp_path, text)) == ALL


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        (["Input tokens (k)", "Output tokens (k)"], lambda c: [c.input_tok / 1e3, c.output_tok / 1e3]),
        (["input_tokens", "output_tokens"], lambda c: [f"{c.input_tok / 1e3:.3f}k", f"{c.output_tok}"]),
        (["Input", "Output"], lambda c: [f"{c.input_tok} tokens", f"{c.output_tok} tokens"]),
    ],
)
def test_units_of_headers_and_suffixes_of_cells(
    tmp_path: Path, names: list[str], cells: Callable[[Call], list[Any]]
) -> None:
    assert sums(read_files(tmp_path, good_with(names, cells))) == ALL


def test_times_of_kibana_and_of_javascript(tmp_path: Path) -> None:
    for style in ("%b %d, %Y @ %H:%M:%S.000", "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"):
        text = table(LOG_HEADER, [[f"{c.moment:{style}}", c.input_tok, c.output_tok] for c in GOOD])
        reading = read_files(tmp_path, text)
        assert sums(reading) == ALL
        assert reading.start == GOOD[0].moment.replace(microsecond=0)


# --- totals, tables within text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["", "Insgesamt", "合計", "2026-10-05T09:00:00Z"])
def test_a_row_with_the_sums_of_all_others_does_not_count(tmp_path: Path, label: str) -> None:
    text = good_with(["input_tokens", "output_tokens"], lambda c: [c.input_tok, c.output_tok])
    assert sums(read_files(tmp_path, f"{text}{label},{INPUT_TOK},{OUTPUT_TOK}\n")) == ALL


def test_subtotals_by_model_do_not_count(tmp_path: Path) -> None:
    rows = [[c.model, c.iso, c.input_tok, c.output_tok] for c in GOOD]
    for model in {c.model for c in GOOD}:
        own = [c for c in GOOD if c.model == model]
        rows.append([f"Subtotal {model}", "", sum(c.input_tok for c in own), sum(c.output_tok for c in own)])
    assert sums(read_files(tmp_path, table(["model", *LOG_HEADER], rows))) == ALL


def test_a_table_of_markdown(tmp_path: Path) -> None:
    rows = [["timestamp", "input", "output"], ["---", "---", "---"]]
    rows += [[c.iso, str(c.input_tok), str(c.output_tok)] for c in GOOD]
    assert sums(read_files(tmp_path, "".join(f"| {' | '.join(row)} |\n" for row in rows))) == ALL


LOG_LINES: dict[str, Callable[[Call], str]] = {
    "logfmt": lambda c: (
        f"time={c.iso} level=info input_tokens={c.input_tok} output_tokens={c.output_tok} status={c.http_code}"
    ),
    "prefix": lambda c: (
        f"{c.iso} [info ] llm_call input_tokens={c.input_tok} output_tokens={c.output_tok} status={c.http_code}"
    ),
    "usage object": lambda c: (
        f"{c.moment:%Y-%m-%d %H:%M:%S} INFO CompletionUsage(completion_tokens={c.output_tok}, "
        f"prompt_tokens={c.input_tok}, total_tokens={c.total_tok}) ok={c.ok}"
    ),
    "access log": lambda c: (
        f'1.2.3.4 - - [{c.moment:%d/%b/%Y:%H:%M:%S +0000}] "POST /v1/chat/completions HTTP/1.1" '
        f"{c.http_code} 99 prompt_tokens={c.input_tok} completion_tokens={c.output_tok}"
    ),
}


@pytest.mark.parametrize("style", LOG_LINES)
def test_lines_of_names_and_values(tmp_path: Path, style: str) -> None:
    text = "".join(f"{LOG_LINES[style](c)}\nlevel=debug msg=heartbeat\n" for c in CALLS)
    assert sums(read_files(tmp_path, text)) == ALL


# --- caches and reasoning ---------------------------------------------------------------------------------------------


def test_hits_and_misses_of_the_cache_make_the_input(tmp_path: Path) -> None:
    header = ["prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "completion_tokens"]
    text = good_with(header, lambda c: [c.read_tok, c.input_tok - c.read_tok, c.output_tok])
    reading = read_files(tmp_path, text)
    assert (*sums(reading), reading.cache_read_tok) == (*ALL, READ_TOK)


def test_two_lifetimes_of_a_written_cache_are_added(tmp_path: Path) -> None:
    header = ["input_tokens", "cache_read_input_tokens", "cache_creation_5m_input_tokens"]
    header += ["cache_creation_1h_input_tokens", "output_tokens"]
    text = good_with(header, lambda c: [c.uncached_tok, c.read_tok, c.write_tok, 0, c.output_tok])
    reading = read_files(tmp_path, text)
    assert (*sums(reading), reading.cache_write_tok) == (*ALL, 2_048)


def test_a_column_named_total_proves_that_the_cache_is_inside(tmp_path: Path) -> None:
    text = good_with(
        ["input", "cache_read", "output", "total"], lambda c: [c.input_tok, c.read_tok, c.output_tok, c.total_tok]
    )
    reading = read_files(tmp_path, text)
    assert (*sums(reading), reading.questions) == (*ALL, ())


def long_log(header: str, late: Callable[[bool], list[Any]]) -> str:
    """3,000 rows, of which the last 500 differ."""
    start = CALLS[0].moment
    return header + "".join(
        f"{(start + timedelta(seconds=n)).isoformat()},{','.join(map(str, late(n >= 2_500)))}\n" for n in range(3_000)
    )


def test_what_only_late_rows_show_is_seen(tmp_path: Path) -> None:
    cached = long_log(
        "timestamp,input_tokens,cache_read_tokens,output_tokens,total_tokens\n",
        lambda late: [1_000, 500 * late, 10, 1_010 + 500 * late],
    )
    assert sums(read_files(tmp_path, cached)) == (3_000, 3_250_000, 30_000)
    reasoned = long_log(
        "timestamp,input_tokens,output_tokens,reasoning_tokens,total_tokens\n",
        lambda late: [1_000, 10, 50 * late, 1_010 + 50 * late],
    )
    assert sums(read_files(tmp_path, reasoned)) == (3_000, 3_000_000, 55_000)


def test_a_key_that_only_late_rows_have_is_seen(tmp_path: Path) -> None:
    rows = [
        {"timestamp": (CALLS[0].moment + timedelta(seconds=n)).isoformat(), "input_tokens": 9, "output_tokens": 1}
        | ({"status": "failed"} if n >= 2_500 else {})
        for n in range(3_000)
    ]
    assert sums(read_files(tmp_path, lines(rows))) == (2_500, 22_500, 2_500)


# --- samples ----------------------------------------------------------------------------------------------------------


def test_a_sample_is_asked_about_and_multiplied(tmp_path: Path) -> None:
    text = good_with(["input_tokens", "output_tokens", "sample_rate"], lambda c: [c.input_tok, c.output_tok, 0.1])
    asked = read_files(tmp_path, text).questions
    assert [question.field for question in asked] == ["sampled"]
    told = read_files(tmp_path, text, answers=UsageAnswers(sampled=True))
    assert sums(told) == (220, 10 * INPUT_TOK, 10 * OUTPUT_TOK)
    assert sums(read_files(tmp_path, text, answers=UsageAnswers(sampled=False))) == ALL
