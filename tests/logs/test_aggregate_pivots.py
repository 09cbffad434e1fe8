"""Tables with a column for each model, or a row."""

from pathlib import Path

import pytest
from usage_sums import read, tokens, write

from calculators.logs.aggregate_pivots import is_period_text, pivot_item
from calculators.logs.aggregate_tables import sums_table
from calculators.logs.request_file import LogError
from calculators.logs.usage_tables import usage_tables

DAYS = [f"2026-10-0{day}" for day in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("name", "kind", "model", "scale"),
    [
        ("gpt-5 input tokens", "input", "gpt-5", 1),
        ("gpt-5-mini output tokens (k)", "output", "gpt-5-mini", 1_000),
        ("gpt-5 requests", "requests", "gpt-5", 1),
        ("USE1-Claude4.5Sonnet-input-tokens($)", "cost", "Claude4.5Sonnet", 1),
        ("USE1-Claude4.5Sonnet-output-tokens (1K tokens)", "output", "Claude4.5Sonnet", 1_000),
        ("Amazon Bedrock($)", "cost", "", 1),
        ("Tax($)", "cost", "", 1),
    ],
)
def test_a_column_tells_what_it_counts(name: str, kind: str, model: str, scale: float) -> None:
    item = pivot_item(name)
    assert item is not None
    assert (item.kind, item.model, item.scale) == (kind, model, scale)


@pytest.mark.parametrize("name", ["Total costs($)", "gpt-5", "Cost ($)", "Total", "", "gpt-5 latency"])
def test_totals_and_bare_names_count_nothing(name: str) -> None:
    assert pivot_item(name) is None


def test_a_column_for_each_model(tmp_path: Path) -> None:
    rows = [f"{day},1000,100,10,2000,300,20" for day in DAYS]
    names = [
        f"{model} {what}" for model in ("gpt-5", "gpt-5-mini") for what in ("input tokens", "output tokens", "requests")
    ]
    reading = read(tmp_path, "\n".join(["Date," + ",".join(names), *rows]))
    assert (tokens(reading), reading.requests) == ((12_000, None, None, 1_600), 120)
    assert [(m.value, m.input_tok, m.requests) for m in reading.models] == [
        ("gpt-5-mini", 8_000, 80),
        ("gpt-5", 4_000, 40),
    ]


def test_a_row_for_each_kind_and_a_column_for_each_month(tmp_path: Path) -> None:
    text = "Metric;2026-09;2026-10\nRequests;10;20\nInput tokens;1000;2000\nOutput tokens;100;200\nCost (USD);1;3\n"
    reading = read(tmp_path, text)
    assert (tokens(reading), reading.requests) == ((3_000, None, None, 300), 30)
    assert reading.window_s == 61 * 86_400


def test_costs_by_service_are_those_of_models(tmp_path: Path) -> None:
    head = "Service,Amazon Bedrock($),Amazon EC2($),Claude Sonnet 4.5 (Amazon Bedrock Edition)($),Tax($),Total costs($)"
    rows = ["Service total,12,60,28,2,102", *(f"{day},3,15,7,0.5,25.5" for day in DAYS)]
    reading = read(tmp_path, "\n".join([head, *rows]))
    assert reading.spend_usd == 40
    assert reading.read[-1] == "Not in the spend: $2 of taxes."
    assert [(model.value, model.spend_usd) for model in reading.models] == [("Claude Sonnet 4.5", 28)]


def test_columns_of_models_that_do_not_say_what_they_count_are_refused(tmp_path: Path) -> None:
    for text in ("Date,gpt-5,gpt-5-mini,Total\n2026-10-01,1,2,3\n", "Model,2026-10-01,2026-10-02\ngpt-5,1,2\n"):
        with pytest.raises(LogError, match="does not say what they count"):
            read(tmp_path, text)
    assert read(tmp_path, "Date,gpt-5,gpt-5-mini\n2026-10-01,$1,$2\n").spend_usd == 3


def test_a_log_of_requests_is_no_pivot(tmp_path: Path) -> None:
    rows = [f"2026-10-05T09:0{minute}:00Z,100,10,gpt-4.1,0.01" for minute in range(4)]
    text = "\n".join(["timestamp,input_tokens,output_tokens,model,cost_usd", *rows])
    assert sums_table(list(usage_tables(write(tmp_path, text))), "log") is None


def test_costs_beside_text_are_no_pivot(tmp_path: Path) -> None:
    text = "usage_date_utc,model,token_type,cost_usd,list_price_usd\n2026-10-01,Claude,output,3,4\n2026-10-02,Claude,output,3,4\n"
    assert read(tmp_path, text).spend_usd == 6


def test_a_period_is_a_date_and_no_number() -> None:
    assert all(map(is_period_text, ("2026-10-01", "2026-Q3", "Oct 2026", "2026-W40")))
    assert not any(map(is_period_text, ("1790812800", "12.5", "Total", "")))
