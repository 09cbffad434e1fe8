"""Exports of sums: tokens, requests, spend and periods worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from usage_sums import group, page, read, tokens, write

from calculators.logs.aggregates import answered, read_aggregate, with_spend
from calculators.logs.lengths_and_rates import LoadReading
from calculators.logs.request_file import LogError
from calculators.logs.usage_questions import UsageAnswers


def test_buckets_and_groups_of_an_openai_report_are_added(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        page(
            [],
            [group("a", 1_000, 100, 10, input_cached_tokens=200, input_cache_write_tokens=30), group("b", 500, 50, 10)],
            [],
            [group("a", 3_000, 300, 20, input_cached_tokens=400, input_cache_write_tokens=0)],
            [],
        ),
    )
    assert tokens(reading) == (4_500, 600, 30, 450)
    assert reading.requests == 40
    assert (reading.start, reading.end) == (datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 5, tzinfo=UTC))
    assert [(m.value, m.requests, m.input_tok) for m in reading.models] == [("a", 30, 4_000), ("b", 10, 500)]
    assert reading.peak_ratio == pytest.approx(20 / (40 / 3))  # the empty day between counts
    assert reading.questions == ()


def test_batch_requests_make_no_peak(tmp_path: Path) -> None:
    reading = read(tmp_path, page([group("a", 10, 1, 10), group("a", 900, 9, 90, batch=True)], [group("a", 10, 1, 30)]))
    assert (reading.requests, reading.peak_ratio, reading.batch_frac) == (130, 1.5, 90 / 130)


def test_pages_one_after_the_other_are_one_report(tmp_path: Path) -> None:
    one, two = page([group("a", 10, 1, 1)], has_more=True), page([group("a", 20, 2, 1)], first_day=1)
    assert tokens(read(tmp_path, [one, two])) == (30, None, None, 3)
    assert tokens(read(tmp_path, [one, one])) == (10, None, None, 1)
    assert tokens(read(tmp_path, [one | {"next_page": "2"}, one | {"next_page": None}])) == (10, None, None, 1)
    assert "the pages that follow" in read(tmp_path, one).missing[-1]
    assert "the pages that follow" not in read(tmp_path, [one, two]).missing[-1]


def test_days_and_hours_of_one_period_are_not_added(tmp_path: Path) -> None:
    hour = page([group("a", 5, 1, 1)])
    hour["data"][0]["end_time"] -= 82_800
    with pytest.raises(LogError, match="periods that overlap"):
        read(tmp_path, [page([group("a", 10, 1, 1)]), hour])


def test_anthropic_leaves_caches_out_of_the_input_and_has_no_count(tmp_path: Path) -> None:
    result = {
        "uncached_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 3},
        "cache_read_input_tokens": 400,
        "output_tokens": 50,
        "model": "claude-sonnet-4-5",
    }
    bucket = {"starting_at": "2026-10-05T09:00:00Z", "ending_at": "2026-10-05T10:00:00Z", "results": [result]}
    reading = read(tmp_path, {"data": [bucket], "has_more": False})
    assert tokens(reading) == (523, 400, 23, 50)
    assert reading.requests is None
    assert [question.option for question in reading.questions] == ["--requests N or --input-tok-per-request N"]
    assert answered(reading, requests=5).requests == 5
    told = answered(reading, input_tok_per_request=52.3)
    assert (told.requests, told.questions) == (10, ())
    assert answered(told, requests=99).requests == 10


@pytest.mark.parametrize(
    ("content", "right", "requests"),
    [
        (
            "Time,gpt-4.1 Processed Prompt Tokens,gpt-4o Processed Prompt Tokens,gpt-4.1 Generated Tokens,Processed Prompt Tokens"
            "\n2026-10-05 09:00:00,14,10,5,24\n",
            (24, None, None, 5),
            None,
        ),
        ("month,requests,input,output\n2026-09,10,1000,100\n", (1_000, None, None, 100), 10),
        ("date;requests;input;output\n05.10.2026;22,0;100.985;9.848\n", (100_985, None, None, 9_848), 22),
        (
            "starting_at,uncached_input_tokens,cache_creation.ephemeral_5m_input_tokens,cache_read_input_tokens,"
            "output_tokens\n2026-10-05T09:00:00Z,100,5,20,9\n",
            (125, 20, 5, 9),
            None,
        ),
        (
            "lineItem/UsageStartDate,lineItem/UsageType,lineItem/UsageAmount\n"
            "2026-10-05T09:00:00Z,USE1-NovaPro-input-tokens,2.5\n2026-10-05T09:00:00Z,USE1-NovaPro-output-tokens,1\n",
            (2_500, None, None, 1_000),
            None,
        ),
        (
            "usage_date_utc,model_version,usage_type,context_window,usage_input_tokens_no_cache,"
            "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
            "usage_output_tokens\n2026-10-05,claude,standard,≤ 200k,1000,50,5,200,90\n",
            (1_255, 200, 55, 90),
            None,
        ),
        (
            "start_time,end_time,start_time_iso,end_time_iso,num_model_requests,model,input_tokens,output_tokens,"
            "input_cached_tokens,input_uncached_tokens\n1790812800,1790899200,2026-10-01T00:00:00+00:00,"
            "2026-10-02T00:00:00+00:00,3.0,a,100,9,30,70\n1790899200,1790985600,2026-10-02T00:00:00+00:00,"
            "2026-10-03T00:00:00+00:00,,,,,,\n",
            (100, 30, None, 9),
            3,
        ),
        (
            "date,model,prompt_tokens,completion_tokens,cache_read_input_tokens,cache_creation_input_tokens,spend,"
            "api_requests,successful_requests,failed_requests\n2026-10-05,a,1000,100,200,10,1.5,10,9,1\n",
            (1_000, 200, 10, 100),
            9,
        ),
        (
            "Azure OpenAI,,,\n\nTimestamp (UTC),Processed Prompt Tokens (Sum),Generated Completion Tokens (Sum),"
            "Azure OpenAI Requests (Sum)\n10/5/2026 9:00:00 AM,100,40,14\n10/5/2026 10:00:00 AM,,,\n",
            (100, None, None, 40),
            14,
        ),
        (
            "hour,model,request_count,input_tokens,output_tokens,cached_tokens,total_tokens\n"
            "2026-10-05 09:00,a,14,100,40,30,170\n2026-10-05 10:00,a,8,200,60,30,290\n",
            (360, 60, None, 100),
            22,
        ),
        (
            "line_item_usage_start_date,line_item_usage_end_date,line_item_product_code,line_item_usage_type,"
            "line_item_usage_amount,pricing_unit,line_item_unblended_cost\n"
            "2026-10-05T09:00:00Z,2026-10-05T10:00:00Z,AmazonBedrock,USE1-Claude4Sonnet-input-tokens,3,1K tokens,1\n"
            "2026-10-05T09:00:00Z,2026-10-05T10:00:00Z,AmazonBedrock,"
            "USE1-Claude4Sonnet-cache-read-input-token-count,2.5,1K tokens,1\n"
            "2026-10-05T10:00:00Z,2026-10-05T11:00:00Z,AmazonBedrock,USE1-Claude4Sonnet-output-tokens,4,1K tokens,1\n"
            "2026-10-05T10:00:00Z,2026-10-05T11:00:00Z,AmazonEC2,BoxUsage,4,Hrs,9\n",
            (5_500, 2_500, None, 4_000),
            None,
        ),
        (
            "service.description,sku.description,usage_start_time,usage_end_time,usage.amount,usage.unit,cost\n"
            "Vertex AI,Gemini 2.5 Pro Text Input,2026-10-05 09:00:00 UTC,2026-10-05 10:00:00 UTC,1000,count,1\n"
            "Vertex AI,Gemini 2.5 Pro Text Output,2026-10-05 09:00:00 UTC,2026-10-05 10:00:00 UTC,100,count,1\n"
            "Vertex AI,Gemini 2.5 Pro Text Input,2026-10-05 09:00:00 UTC,2026-10-05 10:00:00 UTC,-50,count,1\n",
            (950, None, None, 100),
            None,
        ),
    ],
    ids=[
        "azure-by-model",
        "sql-months",
        "continental",
        "flattened",
        "cur-without-unit",
        "anthropic-console",
        "openai-dashboard",
        "litellm-daily",
        "azure-portal",
        "plain-hours",
        "aws-cur",
        "gcp",
    ],
)
def test_tables_of_sums(tmp_path: Path, content: str, right: tuple[int | None, ...], requests: float | None) -> None:
    reading = read(tmp_path, content)
    assert (reading.kind, tokens(reading), reading.requests) == ("aggregate", right, requests)


def test_metrics_of_azure_are_read_by_name(tmp_path: Path) -> None:
    def metric(name: str, values: list[float | None]) -> dict[str, object]:
        data = [{"timeStamp": f"2026-10-05T{9 + i:02}:00:00Z", "total": v} for i, v in enumerate(values)]
        dimension = {"name": {"value": "modeldeploymentname"}, "value": "gpt-4-1"}
        return {"name": {"value": name}, "timeseries": [{"metadatavalues": [dimension], "data": data}]}

    names = {"AzureOpenAIRequests": [14.0, None, 6.0], "ProcessedPromptTokens": [100.0, None, 50.0]}
    values = [metric(name, series) for name, series in {**names, "GeneratedTokens": [9.0, None, 1.0]}.items()]
    reading = read(tmp_path, {"cost": 0, "interval": "PT1H", "value": [*values, metric("TokenTransaction", [1.0] * 3)]})
    assert (tokens(reading), reading.requests, reading.spend_usd) == ((150, None, None, 10), 20, None)
    assert (reading.window_s, reading.peak_ratio) == (3 * 3_600, pytest.approx(2.1))
    assert [model.value for model in reading.models] == ["gpt-4-1"]


def test_a_ccusage_report_is_split_by_model(tmp_path: Path) -> None:
    parts = [
        {
            "modelName": "a",
            "inputTokens": 60,
            "outputTokens": 30,
            "cacheCreationTokens": 20,
            "cacheReadTokens": 300,
            "cost": 2,
        },
        {
            "modelName": "b",
            "inputTokens": 40,
            "outputTokens": 20,
            "cacheCreationTokens": 0,
            "cacheReadTokens": 0,
            "cost": 1,
        },
    ]
    month = {"month": "2026-09", "inputTokens": 100, "outputTokens": 50, "cacheCreationTokens": 20, "totalCost": 3}
    reading = read(tmp_path, {"monthly": [{**month, "cacheReadTokens": 300, "modelBreakdowns": parts}]})
    assert (tokens(reading), reading.spend_usd) == ((420, 300, 20, 50), 3)
    assert reading.window_s == 30 * 86_400
    assert [(m.value, m.input_tok, m.spend_usd) for m in reading.models] == [("a", 380, 2), ("b", 40, 1)]


def test_anthropic_bills_in_cents_and_money_alone_asks_for_tokens(tmp_path: Path) -> None:
    result = {"currency": "USD", "amount": "123.45", "description": None}
    bucket = {"starting_at": "2026-10-05T00:00:00Z", "ending_at": "2026-10-06T00:00:00Z", "results": [result]}
    bill = read(tmp_path, {"data": [bucket]})
    assert bill.spend_usd == pytest.approx(1.2345)
    assert "no input and output tokens" in bill.questions[0].text
    usage = read(tmp_path, "date,requests,input_tokens,output_tokens\n2026-10-05,2,100,9\n2026-10-06,2,100,9\n")
    paid = with_spend(usage, bill)
    assert (paid.spend_usd, paid.assumed) == (pytest.approx(1.2345), usage.assumed)
    undated = with_spend(usage, replace(bill, start=None, end=None))
    assert undated.assumed[-1] == f"{bill.name} has no period; it is taken to be for the time of {usage.name}."
    late = read(tmp_path, "date,requests,input_tokens,output_tokens\n2026-10-07,2,100,9\n2026-10-08,2,100,9\n")
    with pytest.raises(LogError, match="no day in common"):
        with_spend(late, bill)


def test_embeddings_of_a_bill_are_told_and_no_part_of_its_spend(tmp_path: Path) -> None:
    rows = [f"2026-10-0{day},{what}" for day in (1, 2) for what in ("GPT-5,10", "text-embedding-3-small,2.5")]
    bill = read(tmp_path, "\n".join(["Date,Description,Amount", *rows]))
    assert bill.spend_usd == 20
    assert bill.read[-1].startswith("Not in the spend: $5 of embeddings")
    header = "date,model,requests,input_tokens,output_tokens,cost"
    rows = [
        f"2026-10-0{day},{what}"
        for day in (1, 2)
        for what in ("gpt-5,3,100,10,1", "text-embedding-3-small,9,900,0,0.5")
    ]
    report = read(tmp_path, "\n".join([header, *rows]))
    assert (tokens(report), report.requests, report.spend_usd) == ((200, None, None, 20), 6, 2)
    assert report.read[-1].startswith("Not in the spend: $1 of embeddings")


def test_what_lowers_a_bill_for_good_is_netted_and_the_rest_told_or_asked(tmp_path: Path) -> None:
    rows = [f"2026-10-0{day},{what}" for day in (1, 2, 3) for what in ("Use of GPT-5,10", "Volume discount,-1")]
    rows += ["2026-10-03,Promotional credit,-15", "2026-10-03,Refund,-5", ",VAT,4"]
    bill = read(tmp_path, "\n".join(["Date,Description,Amount", *rows]))
    assert (bill.spend_usd, bill.window_s) == (27, 3 * 86_400)
    assert bill.read[-2:] == (
        "Discounts lower the spend by $3.",
        "Not in the spend: $20 of credits and refunds, which are given once and $4 of taxes.",
    )
    text = "\n".join(["Date,Description,Amount", *rows, "2026-10-03,Adjustment,-7"])
    asked = read(tmp_path, text)
    assert (asked.questions[0].option, asked.spend_usd) == ("--negative-rows recurring|once", 20)
    assert [answer.split("you pay ")[1][:3] for answer in asked.questions[0].answers] == ["$20", "$27"]
    for told, usd in (("recurring", 20), ("once", 27)):
        answered_bill = read(tmp_path, text, UsageAnswers(negative_rows=told))  # type: ignore[arg-type]
        assert (answered_bill.spend_usd, len(answered_bill.questions)) == (usd, 1)
    usage = read(tmp_path, "date,requests,input_tokens,output_tokens\n2026-10-01,2,100,9\n2026-10-02,2,100,9\n")
    paid = with_spend(usage, asked)
    assert [question.field for question in paid.questions] == ["negative_rows"]
    assert paid.read[-1] == asked.read[-1]


def test_sums_without_dates_ask_for_their_days(tmp_path: Path) -> None:
    text = "Model,Requests,Input tokens,Output tokens,Cost\ngpt-5,1000,5000,100,$4\ngpt-5-mini,2000,1000,100,$1\nTotal,3000,6000,200,$5\n"
    asked = read(tmp_path, text)
    assert (tokens(asked), asked.requests, asked.start, asked.spend_usd) == ((6_000, None, None, 200), 3_000, None, 5)
    assert [question.option for question in asked.questions] == ["--days N"]
    told = read(tmp_path, text, UsageAnswers(period_days=30))
    assert (told.questions, told.window_s, told.spend_span_s) == ((), 30 * 86_400, 30 * 86_400)
    with pytest.raises(LogError, match="above 0"):
        read(tmp_path, text, UsageAnswers(period_days=0))


def test_figures_that_only_grow_may_be_running_totals(tmp_path: Path) -> None:
    rows = [f"2026-10-0{day},{10 * day},{1_000 * day},{100 * day}" for day in range(1, 7)]
    text = "\n".join(["Date,Requests,Input tokens,Output tokens", *rows])
    asked = read(tmp_path, text).questions
    assert [(question.option, question.answers[0][:16]) for question in asked] == [
        ("--counts running|each", "running: 60 requ")
    ]
    running = read(tmp_path, text, UsageAnswers(counts="running"))
    assert (tokens(running), running.requests, running.peak_ratio) == ((6_000, None, None, 600), 60, 1)
    assert read(tmp_path, "\n".join(text.splitlines()[:5])).questions == ()


def test_a_price_is_no_cost_and_a_cost_in_dollars_is_in_dollars(tmp_path: Path) -> None:
    rows = [f"2026-10-01,m,{kind},0.0002,{amount}" for kind, amount in (("input_tokens", 500), ("output_tokens", 50))]
    priced = read(tmp_path, "\n".join(["date,model,type,price,amount", *rows]))
    assert (tokens(priced), priced.spend_usd) == ((500, None, None, 50), None)
    assert read(tmp_path, "Date,Description,Quantity,Price,Amount\n2026-10-01,Use,10,2,20\n").spend_usd == 20
    assert (
        read(tmp_path, "UsageDate,Meter,Cost,CostUSD,Currency\n2026-10-01,gpt-5 Inp Tokens,9,10,EUR\n").spend_usd == 10
    )


def test_reasoning_beside_the_output_is_asked_about(tmp_path: Path) -> None:
    text = "Date,Requests,Input tokens,Output tokens,Reasoning tokens\n2026-10-01,1,1000,100,50\n2026-10-02,1,1000,100,50\n"
    asked = read(tmp_path, text).questions
    assert [question.option for question in asked] == ["--output-includes-reasoning yes|no"]
    for includes, output_tok in ((True, 200), (False, 300)):
        told = read(tmp_path, text, UsageAnswers(output_includes_reasoning=includes))
        assert (told.output_tok, told.questions) == (output_tok, ())


def test_a_period_that_is_not_over_counts_until_now(tmp_path: Path) -> None:
    year = datetime.now(UTC).year
    reading = read(tmp_path, f"Year,Requests,Input tokens,Output tokens\n{year - 1},9,900,90\n{year},9,900,90\n")
    assert reading.end is not None
    assert reading.end <= datetime.now(UTC)
    assert reading.inferred[-1] == "The last period is not over; it counts until now."


def test_sums_by_date_as_keys(tmp_path: Path) -> None:
    days = {f"2026-10-0{day}": {"requests": 2, "input_tokens": 100, "output_tokens": 10} for day in (1, 2, 3)}
    assert (read(tmp_path, days).requests, read(tmp_path, {"data": days}).input_tok) == (6, 300)


def test_another_currency_is_no_dollar(tmp_path: Path) -> None:
    reading = read(tmp_path, "start_time,end_time,amount_value,amount_currency\n1790812800,1790899200,2,eur\n")
    assert reading.spend_usd is None
    assert "it is in EUR" in reading.missing[-1]


def test_whether_the_input_holds_the_cache_is_asked_once(tmp_path: Path) -> None:
    text = "Date;Input tokens;Output tokens;Cache read tokens\n2026-10-05;100;40;30\n2026-10-06;200;60;30\nTotal;300;100;60\n"
    asked = [question.option for question in read(tmp_path, text).questions]
    assert asked == ["--input-excludes-cache yes|no", "--requests N or --input-tok-per-request N"]
    for excludes, whole in ((True, 360), (False, 300)):
        reading = read(tmp_path, text, UsageAnswers(input_excludes_cache=excludes))
        assert (reading.input_tok, len(reading.questions)) == (whole, 1)


@pytest.mark.parametrize(
    "text",
    [
        "timestamp,input_tokens,output_tokens\n2026-10-05T09:00:00Z,1,2\n2026-10-05T09:00:09Z,3,4\n",
        "time,requests,input_tokens,output_tokens\n2026-10-05T09:00:03Z,2,100,4\n2026-10-05T09:01:07Z,1,100,4\n",
        "time,requests,input_tokens,output_tokens\n2026-10-05T09:00:00Z,1,100,4\n2026-10-05T09:01:00Z,1,100,4\n",
        "date,input,output\n2026-10-05,What is it?,A thing\n",
        "not a table at all",
        "{",
    ],
)
def test_a_request_log_is_left_to_its_reader(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    assert read_aggregate(path, path.name) is None


def test_an_export_without_use_says_so(tmp_path: Path) -> None:
    header = "start_time,end_time,start_time_iso,end_time_iso\n"
    with pytest.raises(LogError, match="without any use"):
        read(tmp_path, header + "1790812800,1790899200,2026-10-01T00:00:00+00:00,2026-10-02T00:00:00+00:00\n")


# --- teams, keys and projects ------------------------------------------------------------------------------------------

HEADER = "Date,Team,API key,Model,Requests,Input tokens,Output tokens,Cost USD"
ROWS = (
    "2026-10-05,checkout,sk-proj-abcdefgh12345678wxyz,a,90,9000,900,0.9",
    "2026-10-06,checkout,sk-proj-abcdefgh12345678wxyz,a,10,1000,100,0.1",
    "2026-10-06,search,search-prod,b,30,30000,300,3",
    "2026-10-07,,,b,5,500,50,0.5",
)


def split_sums(folder: Path, **only: list[str]) -> LoadReading:
    path = folder / "sums.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n")
    reading = read_aggregate(path, path.name, UsageAnswers(only=only))
    assert reading is not None
    return reading


def test_sums_are_split_by_team_and_key_without_secrets(tmp_path: Path) -> None:
    groups = split_sums(tmp_path).groups
    assert [(s.value, s.requests, s.input_tok, s.spend_usd) for s in groups["team"]] == [
        ("search", 30, 30_000, 3),
        ("checkout", 100, 10_000, 1),
        ("unknown", 5, 500, 0.5),
    ]
    assert [s.value for s in groups["key"]] == ["search-prod", "...wxyz", "unknown"]


def test_the_load_of_sums_over_time_is_kept(tmp_path: Path) -> None:
    series = split_sums(tmp_path).series
    assert series is not None
    assert (series.requests, series.tokens, series.spend_usd) == ((90, 40, 5), (9_900, 31_400, 550), (0.9, 3.1, 0.5))


def test_the_sums_of_one_team_cover_the_time_of_the_whole_file(tmp_path: Path) -> None:
    whole, part = split_sums(tmp_path), split_sums(tmp_path, team=["checkout"])
    assert (part.requests, part.input_tok, part.output_tok, part.spend_usd) == (100, 10_000, 1_000, 1)
    assert (part.start, part.end) == (whole.start, whole.end)
    assert part.peak_ratio == pytest.approx(90 / (100 / 3))
    assert part.name == "sums.csv (only team checkout)"
    assert part.read[0] == "Only team checkout: 26% of the tokens of the file."


def test_rows_that_name_no_team_can_be_asked_for(tmp_path: Path) -> None:
    assert split_sums(tmp_path, team=["unknown"]).requests == 5


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ({"team": ["nobody"]}, "has no row with team nobody; there are: search, checkout, unknown"),
        ({"project": ["p"]}, "has no column for project; it can be split by model, team and key"),
        ({"team": ["search"], "model": ["a"]}, "has no row with team search, model a; take one value fewer"),
    ],
)
def test_what_no_row_has_is_refused_with_what_there_is(tmp_path: Path, only: dict[str, list[str]], said: str) -> None:
    with pytest.raises(LogError, match=said):
        split_sums(tmp_path, **only)


def test_a_filtered_bill_keeps_the_share_of_its_money(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text(
        "start_time,end_time,amount_value,amount_currency,project_id\n"
        "1790812800,1790899200,2,usd,a\n1790812800,1790899200,6,usd,b\n"
    )
    reading = read_aggregate(path, path.name, UsageAnswers(only={"project": ["a"]}))
    assert reading is not None
    assert reading.spend_usd == 2
    assert reading.read[0] == "Only project a: 25% of the spend of the file."
