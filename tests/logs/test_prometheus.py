"""Counters of Prometheus and Grafana: use is the sum of their steps."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden_calls import INPUT_TOK, OUTPUT_TOK, read_files

from calculators.logs.prometheus import counter_tables
from calculators.logs.request_file import LogError
from calculators.logs.usage_questions import UsageAnswers

NAMES = ("vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:request_success_total")
GROWING = ([1_000, 59_049, 1_000 + INPUT_TOK], [500, 7_162, 500 + OUTPUT_TOK], [3, 17, 25])
RESTARTED = ([1_000, 59_049, INPUT_TOK - 58_049], [500, 7_162, OUTPUT_TOK - 6_662], [3, 17, 8])
ALL_USE = {"requests": 22, "input_tok": INPUT_TOK, "output_tok": OUTPUT_TOK}
FIRST_S = 1_791_190_800


def _series(values: tuple[list[int], ...], **labels: str) -> list[dict[str, Any]]:
    return [
        {"metric": {"__name__": name, **labels}, "values": [[FIRST_S + 3_600 * i, str(v)] for i, v in enumerate(one)]}
        for name, one in zip(NAMES, values, strict=True)
    ]


def _answer(series: list[dict[str, Any]]) -> str:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}})


def _text(values: tuple[int, int, int], at_ms: str = "") -> str:
    return "".join(
        f'# TYPE {name} counter\n{name}{{engine="0",model_name="m"}} {value}.0{at_ms}\n'
        for name, value in zip(NAMES, values, strict=True)
    )


GRAFANA = "Time," + ",".join(f'"{name}{{model_name=""m""}}"' for name in NAMES) + "\n" + "".join(
    f"2026-10-05 {9 + i:02}:00:00,{','.join(str(one[i]) for one in GROWING)}\n" for i in range(3)
)  # fmt: skip
TWO_PODS = [
    *_series(([9_000, 40_000, 20_000], [0, 4_000, 2_000], [0, 10, 4]), pod="a"),
    *_series(([500, 30_485, 50_485], [100, 2_100, 3_948], [1, 5, 9]), pod="b"),
]
EXPORTS = {
    "an answer of query_range": _answer(_series(GROWING)),
    "a server that started again": _answer(_series(RESTARTED)),
    "two scrapes with their times": _text((1_000, 500, 3), f" {FIRST_S}000")
    + _text((1_000 + INPUT_TOK, 500 + OUTPUT_TOK, 25), f" {FIRST_S + 7_200}000"),
    "a CSV of Grafana": GRAFANA,
}


@pytest.mark.parametrize("name", EXPORTS)
def test_counters_give_the_use_between_the_first_and_the_last_value(tmp_path: Path, name: str) -> None:
    reading = read_files(tmp_path, EXPORTS[name])
    assert {key: getattr(reading, key) for key in ALL_USE} == ALL_USE
    assert reading.questions == ()
    assert reading.start is not None
    assert reading.end is not None
    assert (reading.end - reading.start).total_seconds() == 7_200


def test_each_pod_starts_again_by_itself(tmp_path: Path) -> None:
    reading = read_files(tmp_path, _answer(TWO_PODS))
    assert (reading.requests, reading.input_tok, reading.output_tok) == (22, 31_000 + 20_000 + 49_985, OUTPUT_TOK)


def test_a_counter_that_appears_later_began_at_zero(tmp_path: Path) -> None:
    series = _series(GROWING)
    series[2]["values"] = series[2]["values"][1:]
    assert read_files(tmp_path, _answer(series)).requests == 25


def test_tokens_of_opentelemetry_are_told_by_their_kind(tmp_path: Path) -> None:
    series = [
        {**one, "metric": {"__name__": f"gen_ai_client_token_usage_{end}", "gen_ai_token_type": kind}}
        for one, end, kind in zip(_series(GROWING), ("sum", "sum", "count"), ("input", "output", "input"), strict=True)
    ]
    reading = read_files(tmp_path, _answer(series))
    assert {key: getattr(reading, key) for key in ALL_USE} == ALL_USE


def _grown(query: str, per_step: float) -> str:
    """A CSV of a query of each counter, in steps of a minute; `per_step`: what the query tells of growth of 1 in a step."""
    header = "Time," + ",".join(f'"{query.format(name)}"' for name in NAMES)
    growths = ([60_000, 40_985], [5_000, 4_848], [12, 10])
    rows = (",".join(f"{one[i] * per_step:.9f}" for one in growths) for i in range(2))
    return "\n".join([header, *(f"2026-10-05 09:0{i}:00,{row}" for i, row in enumerate(rows))])


def test_growth_a_second_or_in_a_window_is_use(tmp_path: Path) -> None:
    for query, per_step in (("rate({}[5m])", 1 / 60), ("increase({}[1m])", 1), ("sum(increase({}[5m]))", 5)):
        reading = read_files(tmp_path, _grown(query, per_step))
        assert (reading.requests, reading.input_tok, reading.output_tok) == (pytest.approx(22), 100_985, 9_848)
        assert reading.spend_span_s == 120
    frames = [
        {
            "schema": {
                "meta": {"executedQueryString": f"Expr: rate({name}[1m])\nStep: 1m0s"},
                "fields": [{"name": "Time"}, {"name": "Value", "labels": {"model_name": "m"}}],
            },
            "data": {"values": [[FIRST_S * 1_000, FIRST_S * 1_000 + 60_000], [one / 60, one / 60]]},
        }
        for name, one in zip(NAMES, (600, 60, 6), strict=True)
    ]
    reading = read_files(tmp_path, json.dumps({"results": {"A": {"frames": frames}}}))
    assert (reading.requests, reading.input_tok, reading.output_tok) == (pytest.approx(12), 1_200, 120)
    assert [model.value for model in reading.models] == ["m"]


def test_what_counters_stood_at_is_use_of_a_time_that_is_asked(tmp_path: Path) -> None:
    first, last = _text((1_000, 500, 3)), _text((1_000 + INPUT_TOK, 500 + OUTPUT_TOK, 25))
    alone = read_files(tmp_path, last)
    assert (alone.requests, alone.input_tok, alone.start) == (25, 1_000 + INPUT_TOK, None)
    assert [question.option for question in alone.questions] == ["--days N"]
    both = read_files(tmp_path, last, first, answers=UsageAnswers(period_days=0.5))
    assert {key: getattr(both, key) for key in ALL_USE} == ALL_USE
    assert (both.questions, both.spend_span_s) == ((), 43_200)
    with pytest.raises(LogError, match="some counters fell"):
        read_files(tmp_path, first, _text((5_000, 400, 9)))


REFUSED = {
    "an instant": (_answer([{**one, "values": one["values"][:1]} for one in _series(GROWING)]), "at once"),
    "no names": (_answer([{**one, "metric": {"type": "input"}} for one in _series(GROWING)]), "without the names"),
    "rates of one": ("Time,sum(rate(vllm:prompt_tokens_total[5m]))\n2026-10-05 09:00:00,1.5\n", "some counters alone"),
    "rates of an instant": ("Time,irate(vllm:prompt_tokens_total[5m])\n2026-10-05 09:00:00,1.5\n", "a query made"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_use_is_refused_with_what_to_export(tmp_path: Path, name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(LogError, match=f"{reason}.*query_range"):
        read_files(tmp_path, text)


def test_other_files_have_no_counters(tmp_path: Path) -> None:
    for text in ("time,input,output\n1,2,3\n", '{"resultType": "matrix"', "# TYPE up gauge\nup 1\n"):
        path = tmp_path / "other.txt"
        path.write_text(text)
        assert counter_tables(path, "other.txt") == []
