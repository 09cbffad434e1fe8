"""Several API models in use: from a usage file, through the Candidates page, to the verdict."""

from app_pages import linked, start, words
from streamlit.testing.v1 import AppTest

HEADER = "timestamp,model,input_tokens,output_tokens,cost_usd"


def uploaded(*models: str) -> AppTest:
    """The Workload page after a log in which these models answer in turn, at $0.01 each."""
    rows = [
        f"2026-10-05T{9 + n // 60:02}:{n % 60:02}:00Z,{models[n % len(models)]},{1_000 + 50 * (n % 7)},{200 + n % 5},0.01"
        for n in range(240)
    ]
    app = start().switch_page("pages/inputs/workload.py").run()
    return app.file_uploader(key="log_file").upload("usage.csv", "\n".join([HEADER, *rows]).encode(), "text/csv").run()


def test_models_and_spend_of_a_file_price_the_verdict_and_a_preset_takes_them_back() -> None:
    app = uploaded("claude-sonnet-4-5", "gpt-4.1")
    api = linked(app).api
    assert [part.model for part in api.mix] == ["gpt-4.1", "claude-sonnet-4-5"]
    assert api.paid_source == "log:usage.csv"
    assert "Priced by model: gpt-4.1 50% and claude-sonnet-4-5 50% of tokens." in words(app)
    preset = next(button for button in app.button if str(button.key).startswith("preset_"))
    api = linked(preset.click().run()).api
    assert (api.mix, api.paid_usd_per_month) == ((), None)


def test_a_file_without_a_listed_model_keeps_the_api_model_and_says_so() -> None:
    app = uploaded("corp-prod")
    assert (linked(app).api.model, linked(app).api.mix) == ("gpt-6.1-sol", ())
    assert "No listed price has the name corp-prod" in words(app)


def test_the_verdict_shows_each_models_traffic_alone() -> None:
    app = uploaded("claude-sonnet-4-5", "gpt-4.1").switch_page("pages/decide/verdict.py").run()
    assert not app.exception
    assert "Each API model's traffic alone" in words(app)
    alone = next(frame.value for frame in app.table if "Traffic of" in frame.value)
    assert list(alone["Traffic of"]) == [
        f"{model}, 50% of requests" for model in ("gpt-4.1 on OpenAI", "claude-sonnet-4-5 on Anthropic")
    ]
    assert len(alone.columns) == 4  # all that fits on a phone


def test_the_candidates_page_shows_the_models_and_the_bill_and_corrects_a_price() -> None:
    app = uploaded("corp-prod", "gpt-4.1").switch_page("pages/inputs/candidates.py").run()
    assert not app.exception
    in_use = next(frame.value for frame in app.dataframe if "Price as of" in frame.value)
    assert dict(zip(in_use["Name in the file"], in_use["Basis"], strict=True)) == {
        "gpt-4.1": "by its name",
        "corp-prod": "assumed",
    }
    bill = next(frame.value for frame in app.table if "Line" in frame.value)
    assert list(bill["Line"])[-2:] == ["Not explained", "API bill"]
    app.selectbox(key="mix_name").set_value(1).run()
    now = app.selectbox(key="mix_provider_1").value, app.selectbox(key="mix_model_1_openai").value
    assert now == ("openai", "gpt-4.1")  # as it is priced, so that nothing changes unseen
    app.selectbox(key="mix_provider_1").set_value("anthropic").run()
    app.selectbox(key="mix_model_1_anthropic").set_value("claude-sonnet-5-5").run()
    app.button(key="mix_use").click().run()
    assert {(part.name, part.model, part.basis) for part in linked(app).api.mix} == {
        ("gpt-4.1", "gpt-4.1", "matched"),
        ("corp-prod", "claude-sonnet-5-5", "typed"),
    }


def test_all_traffic_can_be_priced_as_one_model() -> None:
    app = uploaded("claude-sonnet-4-5", "gpt-4.1").switch_page("pages/inputs/candidates.py").run()
    app.button(key="one_model").click().run()
    assert linked(app).api.mix == ()
    assert app.selectbox(key="api.model").value == "gpt-4.1"


def test_an_invoice_alone_sets_the_bill_and_leaves_the_traffic() -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    before = linked(app).workload
    header = "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item"
    start_s = 1_790_812_800  # 2026-10-01, in UTC
    days = [f"{start_s + 86_400 * n},{start_s + 86_400 * (n + 1)},,,1.0,usd," for n in range(14)]
    content = "\n".join([header, *days]).encode()
    app = app.file_uploader(key="log_file").upload("cost.csv", content, "text/csv").run()
    assert linked(app).workload == before
    assert linked(app).api.paid_usd_per_month == 30.4167  # $14 in 14 days, a month of 730 hours
    assert "The workload is unchanged." in words(app)
    bill = linked(app).api
    next(button for button in app.button if str(button.key).startswith("preset_")).click().run()
    assert linked(app).api.paid_usd_per_month is None
    back = next(button for button in app.button if "Back to" in button.label and "the bill cost.csv" in button.label)
    back.click().run()
    assert (linked(app).api, linked(app).workload) == (bill, before)


def test_an_invoice_after_a_log_keeps_its_models_and_charts() -> None:
    app = uploaded("claude-sonnet-4-5", "gpt-4.1")
    models = [part.model for part in linked(app).api.mix]
    header = "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item"
    content = f"{header}\n1790812800,1790899200,,,7.0,usd,\n1790899200,1790985600,,,7.0,usd,".encode()
    app.file_uploader(key="log_file").set_value(("cost.csv", content, "text/csv")).run()
    assert not app.exception
    api = linked(app).api
    assert ([part.model for part in api.mix], api.paid_source) == (models, "log:cost.csv")
    assert {part.bill_frac for part in api.mix} == {None}
    assert "What was read of usage.csv" in words(app).replace("\\", "")
    assert "Back to usage.csv" in [button.label for button in app.button]


BEDROCK_NAME = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_a_name_of_bedrock_is_short_in_sentences_and_whole_in_the_details() -> None:
    app = uploaded(BEDROCK_NAME, "gpt-4.1")
    assert "Priced by model: gpt-4.1 50% and claude-sonnet-4-5 50% of tokens." in words(app)
    split = next(frame.value for frame in app.dataframe if "Name in the file" in frame.value)
    assert dict(zip(split["Model"], split["Name in the file"], strict=True))["claude-sonnet-4-5"] == BEDROCK_NAME
    app.switch_page("pages/inputs/candidates.py").run()
    in_use = next(frame.value for frame in app.dataframe if "Price as of" in frame.value)
    row = in_use[in_use["Name in the file"] == BEDROCK_NAME].iloc[0]
    assert row["Model"] == "claude-sonnet-4-5 on AWS Bedrock"
    assert row["Name in the price list"] == f"regional.{BEDROCK_NAME}"
    assert (row["Input per Mtok"], row["Confidence"]) == ("$3.30", "medium")
    assert str(row["Price as of"]).startswith("2026-")
    app.switch_page("pages/decide/verdict.py").run()
    headings = " ".join(heading.value for heading in app.subheader)
    assert "claude-sonnet-4-5 on AWS Bedrock" in words(app)
    assert "v1" not in headings
    assert f"In the price list: regional.{BEDROCK_NAME}" in app.metric[0].help.replace("\\", "")
