"""The page Workload after an upload: what was read, charts, a part of the traffic, and the way back."""

from datetime import datetime, timedelta

import pytest
from app_pages import linked, start, words
from streamlit.testing.v1 import AppTest

from calculators.scenario.files import UsageFile, usage_file_yaml
from calculators.scenario.usage_block import UsageBlock

PAGE = "pages/inputs/workload.py"
HEADER = "timestamp,team,api_key,model,input_tokens,output_tokens,cost_usd"
SECRET = "sk-proj-abcdefgh12345678wxyz"


def log(hour_count: int = 72) -> bytes:
    """Checkout has a request every hour on a small model, search one every third hour with ten times the tokens."""
    rows = []
    for hour in range(hour_count):
        at = datetime(2026, 10, 5) + timedelta(hours=hour)
        rows.append(f"{at:%Y-%m-%dT%H}:00:00Z,checkout,{SECRET},small,100,10,0.01")
        if hour % 3 == 0:
            rows.append(f"{at:%Y-%m-%dT%H}:30:00Z,search,search-prod,large,1000,100,0.1")
    return "\n".join([HEADER, *rows, ""]).encode()


def uploaded(content: bytes | None = None, name: str = "gateway.csv") -> AppTest:
    app = start().switch_page(PAGE).run()
    upload(app, log() if content is None else content, name)
    assert not app.exception
    return app


def upload(app: AppTest, content: bytes, name: str) -> None:
    app.file_uploader(key="log_file").set_value((name, content, "text/csv")).run()


def alternatives(app: AppTest) -> list[str]:
    """The words that stand for each chart."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def backs(app: AppTest) -> list[str]:
    return [button.label for button in app.button if (button.key or "").startswith("back_")]


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def only(app: AppTest, group: str, values: list[str]) -> None:
    """Reads the file again with a part of its traffic."""
    next(box for box in app.selectbox if (box.key or "").startswith("only_group_")).select(group).run()
    if values:
        next(box for box in app.multiselect if (box.key or "").startswith("only_values_")).set_value(values).run()
    press(app, "Read again")


# --- what is shown -------------------------------------------------------------------------------------------------


def test_a_log_shows_what_was_read_and_four_charts_each_in_words() -> None:
    app = uploaded()
    said = words(app)
    assert "What was read of gateway.csv" in said
    assert "**Read**" in said
    assert "96 requests from 2026-10-05 00:00 to 2026-10-07 23:00 UTC" in said
    assert "**Not in the file**" in said
    assert alternatives(app) == [
        "The load is even: 4 requests in 3 hours.",
        "$3.12 in all; the most in 3 hours was $0.13, on Oct 5, 2026 at 00:00 UTC.",
        "large has the most tokens of 2 models (77%), with 25% of the requests and 77% of the spend.",
        "25% of requests are longer than the mean and carry 77% of input tokens.",
    ]
    assert [text for text in alternatives(app) if text not in said] == []


def test_usage_can_be_split_by_what_the_log_names() -> None:
    app = uploaded()
    split = app.segmented_control(key="log_split")
    assert split.options == ["Model", "Team", "API key"]
    split.set_value("key").run()
    assert "search-prod has the most tokens of 2 API keys" in words(app)
    assert SECRET not in words(app)


def test_sums_show_their_load_and_their_spend() -> None:
    rows = "2026-10-05,checkout,90,9000,900,0.9\n2026-10-06,search,30,30000,300,3\n"
    app = uploaded(f"Date,Team,Requests,Input tokens,Output tokens,Cost USD\n{rows}".encode(), "sums.csv")
    assert alternatives(app) == [
        "The busiest day, on Oct 5, 2026, had 90 requests: 1.5 times the mean of 60.",
        "$3.90 in all; the most in one day was $3, on Oct 6, 2026.",
        "search has the most tokens of 2 teams (75%), with 25% of the requests and 77% of the spend.",
    ]


def test_a_log_without_models_or_spend_shows_its_load_and_lengths() -> None:
    rows = "\n".join(f"2026-10-05T09:{minute:02d}:00Z,{100 + minute},20" for minute in range(30))
    app = uploaded(f"timestamp,input_tokens,output_tokens\n{rows}\n".encode())
    assert len(alternatives(app)) == 2
    assert not app.get("segmented_control")


def test_the_uploader_names_the_limit_and_what_to_do_with_larger_files() -> None:
    app = start().switch_page(PAGE).run()
    assert app.file_uploader(key="log_file").label == "Upload usage"
    assert "up to 200 MB" in words(app)
    assert "python -m calculators workload FILE > workload.yaml" in words(app)


def test_a_workload_file_shows_the_same_as_the_log_that_it_was_made_from() -> None:
    """The file is that of the button; the command line writes the same block."""
    app = uploaded()
    mine, shown, said = linked(app), alternatives(app), words(app)
    content = page_file(app)
    again = start().switch_page(PAGE).run()
    upload(again, content, "workload.yaml")
    assert not again.exception
    after = linked(again)
    assert (after.workload, after.api.mix, after.api.paid_usd_per_month) == (
        mine.workload,
        mine.api.mix,
        mine.api.paid_usd_per_month,
    )
    assert alternatives(again) == shown
    for listed in ("What was read of gateway.csv", "**Not in the file**", "96 requests from 2026-10-05 00:00"):
        assert listed in said
        assert listed in words(again)
    assert SECRET.encode() not in content
    again.button(key="preset_batch").click().run()
    press(again, "Back to gateway.csv")
    assert alternatives(again) == shown


def page_file(app: AppTest) -> bytes:
    charts = app.session_state["log_charts"]
    usage = UsageBlock.model_validate({name: charts[name] for name in UsageBlock.model_fields})
    return usage_file_yaml(UsageFile(linked(app).workload, linked(app).api, usage)).encode()


def test_the_lists_stand_directly_below_the_upload() -> None:
    headings = [heading.value.replace("\\", "") for heading in uploaded().subheader]
    assert headings[1:] == [
        "What was read of gateway.csv",
        "Traffic",
        "Latency targets (SLOs)",
        "Load, spend and who uses what",
        "Token length distribution",
    ]


# --- a part of the traffic -----------------------------------------------------------------------------------------


def test_one_team_alone_is_used_and_all_traffic_is_the_way_back() -> None:
    app = uploaded()
    whole = linked(app).workload
    only(app, "team", ["search"])
    part = linked(app).workload
    assert part.source == "log:gateway.csv (only team search)"
    assert part.input_tok == 1_000
    assert part.requests_per_month == pytest.approx(whole.requests_per_month / 4)
    assert "Only team search: 77% of the tokens and 24 of 96 requests of the file." in words(app)
    only(app, "all", [])
    assert linked(app).workload == whole


def test_another_team_can_be_picked_after_one() -> None:
    app = uploaded()
    only(app, "team", ["search"])
    only(app, "team", ["checkout"])
    assert linked(app).workload.source == "log:gateway.csv (only team checkout)"


def test_a_part_that_cannot_be_read_says_so_and_keeps_the_inputs() -> None:
    lone = b"2026-10-06T00:10:00Z,legal,legal-prod,small,100,10,0.01\n"
    app = uploaded(log() + lone)
    before = linked(app).workload
    only(app, "team", ["legal"])
    assert "a single request with team legal" in app.error[0].value.replace("\\", "")
    assert linked(app).workload == before


# --- the way back --------------------------------------------------------------------------------------------------


def test_a_preset_hides_the_log_and_back_shows_it_again() -> None:
    app = uploaded()
    mine, shown = linked(app), alternatives(app)
    app.button(key="preset_batch").click().run()
    assert "What was read of" not in words(app)
    assert backs(app)[0] == "Back to gateway.csv"
    press(app, "Back to gateway.csv")
    assert linked(app) == mine
    assert alternatives(app) == shown


def test_a_log_survives_two_presets_and_edits() -> None:
    app = uploaded()
    app.number_input(key="workload.requests_per_month").set_value(5_000.0).run()
    for preset in ("preset_batch", "preset_chat-assistant"):
        app.button(key=preset).click().run()
    press(app, "Back to gateway.csv")
    assert linked(app).workload.requests_per_month == 5_000


def test_an_upload_is_undone_with_the_figures_before() -> None:
    app = start().switch_page(PAGE).run()
    app.button(key="preset_batch").click().run()
    app.number_input(key="workload.requests_per_month").set_value(123_456.0).run()
    before = linked(app)
    upload(app, log(), "gateway.csv")
    press(app, "Back to the figures before")
    assert linked(app) == before
    assert "What was read of" not in words(app)
    assert "Back to gateway.csv" in backs(app)


def test_a_second_log_does_not_destroy_the_first() -> None:
    app = uploaded()
    first = linked(app)
    upload(app, log(24), "other.csv")
    assert linked(app).workload.source == "log:other.csv"
    press(app, "Back to gateway.csv")
    assert linked(app) == first


def test_charts_stay_when_the_file_has_left_the_uploader() -> None:
    """The file leaves it with the page; the selector says what it needs."""
    app = uploaded()
    only(app, "team", ["search"])
    app.switch_page("pages/decide/verdict.py").run()
    app.switch_page(PAGE).run()
    assert "What was read of gateway.csv" in words(app)
    assert "Upload the file again to use other traffic of it." in words(app)


def test_an_upload_on_the_verdict_page_is_undone_there() -> None:
    app = start()
    before = linked(app)
    upload(app, log(), "gateway.csv")
    assert linked(app).workload.source == "log:gateway.csv"
    press(app, "Back to azure_conversation_2023.csv")
    assert linked(app) == before
