"""Every page under AppTest: no exception, and the one thing it is there to show."""

import json
import re
import struct
from datetime import date

import numpy as np
import pytest
from app_pages import ROOT, link, linked, opened, start, words
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation
from calculators.logs.request_log import read_log
from calculators.logs.to_workload import to_workload_yaml
from calculators.scenario.defaults import default_scenario
from calculators.scenario.files import parse_usage_file, read_scenario
from calculators.scenario.link import to_token
from calculators.scenario.schema import Scenario, label

SAMPLE = ROOT / "sample_logs/azure_conversation_2023.csv"
PAGES = {
    "pages/decide/verdict.py": "Sensitivity: what would change the decision",
    "pages/decide/crossover.py": "Self-hosting vs. each API option",
    "pages/decide/months.py": "What the totals leave out",
    "pages/decide/load_by_hour.py": "Fleets that follow the load",
    "pages/decide/signals.py": "Preconditions still open",
    "pages/decide/record.py": "Options considered",
    "pages/inputs/workload.py": "Latency targets (SLOs)",
    "pages/inputs/candidates.py": "All self-hosted configurations",
    "pages/engineer/framework.py": "in or out, and why",
    "pages/engineer/phases.py": "Left of the ridge point",
    "pages/engineer/techniques.py": "Method and requirements",
    "pages/engineer/prompt.py": "breaks the cache for everything after it",
    "pages/engineer/quantization.py": "Gate the release on your own evals",
    "pages/engineer/serving.py": "Deployment files",
    "pages/reference/prices.py": "open models",
    "pages/reference/accuracy.py": "Errors by source, engine, GPU and model",
    "pages/help/help.py": "Time of one engine step",
}


def test_no_page_lies_directly_in_pages_where_a_deep_link_would_skip_the_frame() -> None:
    assert list((ROOT / "pages").glob("*.py")) == []


@pytest.mark.parametrize(("page", "signal"), PAGES.items())
def test_every_page_shows_what_it_is_for(page: str, signal: str) -> None:
    app = opened(page)
    assert not app.exception
    assert not app.error
    assert signal in words(app)


def test_the_first_visit_shows_a_verdict_with_amount_and_chart() -> None:
    app = start()
    sentence = app.subheader[0].value
    assert "costs" in sentence
    assert "$" in sentence
    assert len(app.metric) == 4
    assert len(app.get("plotly_chart")) == 1


@pytest.mark.parametrize(
    "page",
    [
        "pages/decide/verdict.py",
        "pages/decide/crossover.py",
        "pages/decide/months.py",
        "pages/decide/load_by_hour.py",
        "pages/inputs/workload.py",
        "pages/engineer/phases.py",
        "pages/engineer/techniques.py",
        "pages/engineer/prompt.py",
        "pages/engineer/quantization.py",
    ],
)
def test_every_chart_has_alternative_text(page: str) -> None:
    charts = opened(page).get("plotly_chart")
    assert charts
    assert all(len(chart.proto.alt) > 20 for chart in charts)


def test_an_edit_changes_the_verdict_survives_other_pages_and_is_in_the_link() -> None:
    app = start()
    before = app.subheader[0].value
    app.switch_page("pages/inputs/workload.py").run()
    app.number_input(key="workload.requests_per_month").set_value(50_000.0).run()
    app.switch_page("pages/reference/prices.py").run()
    app.switch_page("pages/decide/verdict.py").run()
    assert app.subheader[0].value != before
    assert linked(app).workload.requests_per_month == 50_000
    assert linked(app).workload.requests_basis == "typed"


def test_the_workload_page_shows_ranges_and_a_typed_figure_has_none() -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    shown = [caption.value for caption in app.caption]
    assert "Basis: assumed (5.5M to 23M)." in shown
    assert "Basis: assumed (3.64 to 11.4)." in shown
    assert "Basis: measured (within a factor of 1.02)." in shown
    app.number_input(key="workload.requests_per_month").set_value(90_000_000.0).run()
    app.number_input(key="workload.peak_ratio").set_value(2.0).run()  # both outside of the ranges of the log
    workload = linked(app).workload
    assert (workload.requests_range_per_month, workload.peak_range_ratio) == (None, None)
    assert [caption.value for caption in app.caption].count("Basis: your figure.") == 2


def test_a_link_opens_with_the_same_verdict() -> None:
    first = start()
    second = start(first.query_params["s"][0])
    assert second.subheader[0].value == first.subheader[0].value


@pytest.mark.parametrize("token", ["", "x", "eJxx", "A" * 30_000, "%00", "../../etc/passwd"])
def test_a_damaged_link_says_so_and_opens_the_starting_case(token: str) -> None:
    app = start(token)
    assert not app.exception
    assert app.subheader[0].value == opened("pages/decide/verdict.py").subheader[0].value
    assert not token or "link" in words(app)


def test_a_link_that_names_an_unknown_model_says_which() -> None:
    scenario = default_scenario(date(2026, 11, 23))
    forged = scenario.model_copy(update={"api": scenario.api.model_copy(update={"model": "gpt-99"})})
    app = start(link(forged))
    assert not app.exception
    assert "gpt-99" in words(app)


def test_a_link_made_with_other_prices_keeps_its_inputs_and_says_so() -> None:
    scenario = default_scenario(date(2026, 11, 23))
    changed = scenario.model_copy(
        update={"name": "Older", "workload": scenario.workload.model_copy(update={"peak_ratio": 7.5})}
    )
    app = start(to_token(changed, "000000000000"))
    assert "earlier data version" in words(app)
    assert linked(app).workload.peak_ratio == 7.5


def test_a_dropped_log_becomes_the_workload() -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    app.button(key="preset_batch").click().run()
    assert linked(app).workload.source == "preset:batch"
    app.file_uploader(key="log_file").upload(SAMPLE.name, SAMPLE.read_bytes(), "text/csv").run()
    assert not app.exception
    workload = linked(app).workload
    assert workload.source == f"log:{SAMPLE.name}"
    assert workload.lengths_basis == "measured"
    assert workload.cells


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02\x03" * 50,
        b"time,input_tokens,output_tokens\n",
        b"<html><body>Sign in</body></html>",
        "é".encode("utf-16"),
    ],
    ids=["empty", "binary", "header only", "login page", "wrong encoding"],
)
def test_a_broken_log_says_why_and_changes_nothing(content: bytes) -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    app.number_input(key="workload.requests_per_month").set_value(123_456.0).run()
    app.file_uploader(key="log_file").upload("broken.csv", content, "text/csv").run()
    assert not app.exception
    assert len(app.error) == 1
    assert "broken" in app.error[0].value
    assert linked(app).workload.requests_per_month == 123_456


def test_a_log_with_unclear_columns_asks_before_it_reads() -> None:
    rows = "\n".join(f"2026-10-05T09:{minute:02d}:00Z,{100 + minute},{20 + minute}" for minute in range(40))
    app = start().switch_page("pages/inputs/workload.py").run()
    app.file_uploader(key="log_file").upload("odd.csv", f"when,alpha,beta\n{rows}\n".encode(), "text/csv").run()
    assert "Select the columns" in words(app)
    boxes = {box.label: box for box in app.selectbox}
    boxes["Request time"].select("when")
    boxes["Input tokens"].select("alpha")
    boxes["Output tokens"].select("beta")
    next(button for button in app.button if button.label == "Read the file").click().run()
    assert not app.exception
    assert linked(app).workload.source == "log:odd.csv"


def test_a_log_that_leaves_a_question_open_asks_it_with_both_consequences() -> None:
    rows = "\n".join(f"2026-10-05T09:{minute:02d}:00Z,100,{20 + minute},40" for minute in range(40))
    content = f"timestamp,input_tokens,output_tokens,cache_read_tokens\n{rows}\n"
    app = start().switch_page("pages/inputs/workload.py").run()
    app.file_uploader(key="log_file").upload("plain.csv", content.encode(), "text/csv").run()
    asked = next(radio for radio in app.radio if (radio.key or "").startswith("ask_"))
    assert [option[:40] for option in asked.options] == [
        "yes: a request has 140 input tokens on a",
        "no: a request has 100 input tokens on av",
    ]
    asked.set_value(asked.options[0])
    next(button for button in app.button if button.label == "Read the file").click().run()
    assert not app.exception
    assert linked(app).workload.source == "log:plain.csv"
    assert linked(app).workload.input_tok == 140


def test_sums_without_a_number_of_requests_ask_for_it() -> None:
    content = "Date;Input tokens;Output tokens\n2026-10-05;100000;4000\n2026-10-06;200000;6000\n"
    app = start().switch_page("pages/inputs/workload.py").run()
    app.file_uploader(key="log_file").upload("sums.csv", content.encode(), "text/csv").run()
    asked = next(number for number in app.number_input if (number.key or "").startswith("ask_"))
    assert "sums.csv has no number of requests. How many were there?" in words(app)
    asked.set_value(300.0)
    next(button for button in app.button if button.label == "Read the file").click().run()
    assert not app.exception
    assert linked(app).workload.source == "log:sums.csv"
    assert linked(app).workload.input_tok == 1_000
    shown = " ".join(text.value for text in app.markdown)
    assert "**Read**" in shown
    assert "**Assumed**" in shown
    assert "The number of requests is your own figure" in shown


def test_a_bill_without_tokens_is_the_bill_and_leaves_the_traffic() -> None:
    content = "start_time,end_time,amount_value,amount_currency\n1790812800,1790899200,2,usd\n"
    app = start().switch_page("pages/inputs/workload.py").run()
    before = linked(app).workload
    app.file_uploader(key="log_file").upload("costs.csv", content.encode(), "text/csv").run()
    assert linked(app).workload == before
    assert linked(app).api.paid_usd_per_month == 60.8333  # $2 a day, 730 hours a month


def test_two_logs_dropped_together_are_one_workload() -> None:
    halves = [
        "timestamp,input_tokens,output_tokens\n"
        + "\n".join(f"2026-10-05T{hour}:{minute:02d}:00Z,100,{20 + minute}" for minute in range(20))
        for hour in ("09", "10")
    ]
    app = start().switch_page("pages/inputs/workload.py").run()
    uploader = app.file_uploader(key="log_file")
    for name, half in zip("ab", halves, strict=True):
        uploader.upload(f"{name}.csv", half.encode(), "text/csv")
    uploader.run()
    assert linked(app).workload.source == "log:a.csv and 1 more file"


def test_a_workload_file_of_the_command_line_is_read_on_the_page() -> None:
    content = to_workload_yaml(read_log(SAMPLE))
    app = start().switch_page("pages/inputs/workload.py").run()
    app.file_uploader(key="log_file").upload("workload.yaml", content.encode(), "application/yaml").run()
    assert not app.exception
    assert (
        linked(app).workload.model_dump() == parse_usage_file(content.encode(), "workload.yaml").workload.model_dump()
    )
    assert any("For larger files run `python -m calculators workload" in one.value for one in app.caption)


def test_a_yaml_without_a_workload_says_how_to_write_one() -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    app.file_uploader(key="log_file").upload("other.yaml", b"name: x\n", "application/yaml").run()
    assert "write it with python" in app.error[0].value


def test_clearing_a_required_field_says_which_and_keeps_the_rest() -> None:
    app = start().switch_page("pages/inputs/candidates.py").run()
    app.multiselect(key="candidates").set_value([]).run()
    assert not app.exception
    assert "Candidate open models must have 1 or more entries." in words(app)
    app.switch_page("pages/decide/verdict.py").run()
    assert not app.exception
    assert "Your inputs are kept" in words(app)
    assert app.get("page_link")[0].proto.page == "candidates"


def test_a_model_that_is_not_acceptable_is_no_longer_offered() -> None:
    app = start().switch_page("pages/inputs/candidates.py").run()
    for model in (candidate.model for candidate in default_scenario(date.today()).candidates):
        app.segmented_control(key=f"gate.{model}").set_value("not_acceptable")
    app.run().switch_page("pages/decide/verdict.py").run()
    assert not app.exception
    assert " self-hosted on " not in app.subheader[0].value
    assert "Move to a hosted open model" not in app.subheader[0].value


@pytest.mark.parametrize(
    ("hardware", "says"),
    [
        ({"launch": "as_shipped"}, "Throughput is modeled, of engines as they ship."),
        ({"launch": "tuned"}, "Throughput is modeled, of tuned engines."),
        ({"throughput_factor": 0.9}, "Throughput is modeled and corrected by your own measurement."),
    ],
)
def test_the_verdict_says_what_its_speeds_rest_on(hardware: dict[str, object], says: str) -> None:
    case = default_scenario(date.today())
    changed = case.model_copy(update={"hardware": case.hardware.model_copy(update=hardware)})
    assert says in words(start(link(changed)).switch_page("pages/decide/verdict.py").run())


def test_targets_that_nothing_meets_leave_the_ways_to_buy() -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    app.number_input(key="targets.tpot_ms").set_value(0.2).run()
    app.switch_page("pages/decide/verdict.py").run()
    assert not app.exception
    assert "No self-hosted option qualifies" in words(app)
    for page in PAGES:
        assert not app.switch_page(page).run().exception


def test_hostile_names_are_shown_as_plain_text() -> None:
    scenario = default_scenario(date(2026, 11, 23))
    payload = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) $x$ :red[y]"
    workload = scenario.workload.model_copy(update={"source": f"log:{payload}"})
    app = start(link(scenario.model_copy(update={"name": payload[:120], "workload": workload})))
    assert not app.exception
    shown = next(caption.value for caption in app.caption if "Traffic" in caption.value)
    assert "\\<img" in shown
    assert "\\[a\\]" in shown


def test_the_theme_has_ten_colours_because_fewer_lose_it() -> None:
    import tomllib

    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
    assert [len(theme[mode]["chartCategoricalColors"]) for mode in ("light", "dark")] == [10, 10]


@pytest.mark.parametrize("field", ["targets.ttft_p95_ms", "targets.tpot_ms"])
def test_an_emptied_target_means_no_target_and_never_a_tiny_one(field: str) -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    app.number_input(key=field).set_value(None).run()
    assert not app.exception
    section, name = field.split(".")
    assert getattr(getattr(linked(app), section), name) is None
    app.switch_page("pages/decide/verdict.py").run()
    assert "No self-hosted option qualifies" not in words(app)


def test_an_emptied_required_figure_is_asked_for_by_name() -> None:
    app = start().switch_page("pages/inputs/workload.py").run()
    app.number_input(key="workload.requests_per_month").set_value(None).run()
    app.switch_page("pages/decide/verdict.py").run()
    assert not app.exception
    assert "Requests per month is required." in words(app)
    assert app.get("page_link")[0].proto.page == "workload"


@pytest.mark.parametrize(
    "field", ["operations.self_host_fte", "operations.platform_usd_per_month", "operations.hosted_fte"]
)
def test_an_emptied_cost_falls_back_to_the_rule_of_thumb(field: str) -> None:
    app = start().switch_page("pages/inputs/candidates.py").run()
    before = linked(app)
    app.number_input(key=field).set_value(3.0).run()
    assert linked(app) != before
    app.number_input(key=field).set_value(None).run()
    assert linked(app) == before


def test_visiting_every_page_changes_no_input_even_at_the_ends_of_the_schema() -> None:
    scenario = default_scenario(date(2026, 11, 23))
    extreme = scenario.model_copy(
        update={
            "targets": scenario.targets.model_copy(update={"ttft_p95_ms": 600_000.0, "tpot_ms": 0.1}),
            "api": scenario.api.model_copy(update={"discount_frac": 0.95}),
            "operations": scenario.operations.model_copy(
                update={
                    "platform_usd_per_month": 1e7,
                    "migration_weeks": 1_000.0,
                    "spare_replicas": 20,
                    "horizon_months": 120,
                }
            ),
            "hardware": scenario.hardware.model_copy(update={"max_gpus": 10_000, "throughput_factor": 0.01}),
        }
    )
    app = start(link(extreme))
    for page in PAGES:
        assert not app.switch_page(page).run().exception
    assert linked(app) == extreme


def test_a_new_provider_brings_a_model_it_sells() -> None:
    app = start().switch_page("pages/inputs/candidates.py").run()
    app.selectbox(key="api.provider").select("anthropic").run()
    assert not app.exception
    assert not app.error
    assert linked(app).api.model.startswith("claude")


def test_only_allowed_sellers_are_offered() -> None:
    app = start().switch_page("pages/inputs/candidates.py").run()
    app.multiselect(key="api.hosted_sellers").set_value(["groq"]).run()
    app.switch_page("pages/decide/verdict.py").run()
    assert "Groq" in app.subheader[0].value
    assert "CoreWeave" not in words(app)


def test_a_requirement_changes_the_verdict_travels_in_the_link_and_says_why() -> None:
    app = start().switch_page("pages/decide/signals.py").run()
    app.multiselect(key="compliance.requirements").set_value(["air-gap"]).run()
    assert not app.exception
    assert "1 option confirmed, none to ask" in app.subheader[0].value
    assert linked(app).compliance.requirements == ("air-gap",)
    assert any(metric.label == "Compliance premium" and "$" in metric.value for metric in app.metric)
    app.switch_page("pages/decide/verdict.py").run()
    assert app.subheader[0].value.startswith("Compliance decides")
    assert "No third\\-party" in words(app) or "No third-party" in words(app)


def test_measured_latency_fires_the_signal_and_a_list_of_it_is_read() -> None:
    app = start().switch_page("pages/decide/signals.py").run()
    app.number_input(key="evidence.api_ttft_p95_ms").set_value(5_000.0).run()
    assert "Latency trigger is met" in app.subheader[0].value
    assert linked(app).evidence.api_latency_source == "typed"
    rows = b"ttft_ms,tpot_ms\n" + b"100,10\n" * 50
    app.file_uploader(key="latency_file").upload("mine.csv", rows, "text/csv").run()
    assert not app.exception
    assert linked(app).evidence.api_ttft_p95_ms == 100
    assert linked(app).evidence.api_latency_source == "mine.csv, 50 requests, from ttft_ms and tpot_ms"
    app.file_uploader(key="latency_file").upload("bad.csv", b"a,b\n1,2\n", "text/csv").run()
    assert "no column ttft" in words(app)
    assert linked(app).evidence.api_ttft_p95_ms == 100


def test_the_record_page_shows_the_dissent_and_refuses_what_is_no_record() -> None:
    app = start().switch_page("pages/decide/record.py").run()
    app.text_area(key="record_dissent").set_value("Ann <b>objects</b>").run()
    assert not app.exception
    assert "objects" in words(app)
    app.file_uploader(key="record_file").upload("x.json", b"{}", "application/json").run()
    assert not app.exception
    assert "not a decision record" in words(app)


def test_a_value_the_schema_refuses_can_be_corrected_where_it_was_typed() -> None:
    """The inputs are drawn before the evaluation that refuses them."""
    app = start().switch_page("pages/decide/signals.py").run()
    app.session_state["evidence.api_ttft_p95_ms"] = -5.0
    app.run()
    assert any(n.key == "evidence.api_ttft_p95_ms" for n in app.number_input)


def test_a_small_checkpoint_is_scanned_on_the_page_and_a_broken_one_refused() -> None:
    weights = np.random.default_rng(0).normal(size=(64, 128)).astype(np.float32)
    entry = {
        "model.layers.0.mlp.down_proj.weight": {"dtype": "F32", "shape": [64, 128], "data_offsets": [0, weights.nbytes]}
    }
    head = json.dumps(entry).encode()
    app = start().switch_page("pages/engineer/quantization.py").run()
    app.file_uploader(key="scan_file").upload(
        "m.safetensors", struct.pack("<Q", len(head)) + head + weights.tobytes()
    ).run()
    assert not app.exception
    assert "down_proj.weight loses most" in words(app)
    app.file_uploader(key="scan_file").upload("m.safetensors", b"nonsense").run()
    assert not app.exception
    assert "m.safetensors: not a safetensors file" in words(app)


@pytest.mark.parametrize("field", ["techniques.draft_tok", "techniques.batch_cap"])
def test_an_emptied_setting_of_a_technique_can_be_typed_again_where_it_was(field: str) -> None:
    app = start().switch_page("pages/engineer/techniques.py").run()
    app.number_input(key=field).set_value(None).run()
    assert not app.exception
    assert app.error[0].value.replace("\\", "") == f"{label(field)} is required."
    assert app.get("page_link")[0].proto.page == "techniques"
    app.number_input(key=field).set_value(4).run()
    assert not app.error
    assert len(app.get("plotly_chart")) == 2


def test_a_switch_of_a_technique_is_in_the_link_and_moves_the_verdict() -> None:
    app = start()
    before = app.subheader[0].value
    app.switch_page("pages/engineer/techniques.py").run()
    app.toggle(key="techniques.disaggregation").set_value(True).run()
    assert linked(app).techniques.disaggregation
    app.switch_page("pages/decide/verdict.py").run()
    assert app.subheader[0].value != before


def test_the_advised_set_goes_into_the_scenario() -> None:
    scenario = read_scenario(ROOT / "scenarios/steady-extraction.yaml", date(2026, 11, 26))
    app = start(link(scenario)).switch_page("pages/engineer/framework.py").run()
    app.selectbox(key="view_framework_metric").set_value("tpot").run()
    assert "speculative decoding" in app.subheader[0].value
    next(button for button in app.button if "Use this set" in button.label).click().run()
    assert linked(app).techniques.speculation
    assert not app.exception


def _nearly_even(*gpus: str) -> str:
    """A link to the starting case with hardly a peak, as the log alone shows it: one MI300X carries the load."""
    scenario = default_scenario(date(2026, 11, 23))
    figures = {"peak_ratio": 1.2, "peak_range_ratio": None}
    parts = {
        "workload": scenario.workload.model_copy(update=figures),
        "hardware": scenario.hardware.model_copy(update={"gpus": gpus}),
    }
    return link(scenario.model_copy(update=parts))


def test_a_technique_that_costs_money_is_said_on_both_technique_pages() -> None:
    app = start(_nearly_even("mi300x")).switch_page("pages/engineer/techniques.py").run()
    app.toggle(key="techniques.disaggregation").set_value(True).run()
    assert app.subheader[0].value.startswith("Disaggregation costs ")
    assert "allowed, not needed" in app.table[0].value.to_csv()
    app.switch_page("pages/engineer/framework.py").run()
    assert "does not add: prefill/decode disaggregation" in words(app)
    assert app.selectbox(key="view_framework_metric").options[0] == "Automatic: none failing"


def test_break_even_marks_say_with_which_option() -> None:
    chart = json.loads(start(_nearly_even()).get("plotly_chart")[0].proto.spec)
    marks = [trace["text"][0] for trace in chart["data"] if "text" in trace.get("mode", "")]
    assert any(text.startswith("vs. current<br>API: ") for text in marks)
    assert any(text.startswith("vs. hosted<br>open model: ") for text in marks)


def test_the_prices_page_says_what_the_scenario_searches_and_why_not_the_rest() -> None:
    app = start().switch_page("pages/reference/prices.py").run()
    frame = app.dataframe[0].value
    counts = app.table[0].value
    assert counts["GPU prices"].sum() == len(frame)
    assert {"searched", "market index, not for rent", "history: a newer price is listed"} <= set(frame["Use"])
    assert set(frame["Listings"]) == {"one", "several"}
    chart = app.get("plotly_chart")[0].proto
    assert "NVIDIA H100 80 GB SXM: the median provider asked $" in words(app)
    assert "median provider" in chart.spec


@pytest.mark.parametrize(
    "table",
    ["Provider rules", "Cost estimates", "GPUs", "Open models", "Speed of API sellers", "Uptime of API sellers"],
)
def test_no_table_of_prices_shows_a_field_s_name_or_an_empty_value(table: str) -> None:
    app = start().switch_page("pages/reference/prices.py").run()
    app.segmented_control(key="view_prices").set_value(table).run()
    cells = app.dataframe[0].value.astype(str).to_csv()
    assert "None" not in cells
    assert not re.search(r"\b[a-z]+ (fte|frac|usd|ratio) ", cells)
    shown = app.dataframe[0].value
    assert not {"*", "others"} & set(shown.get("Models", []))


def test_a_link_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.shared import state

    calls, real = list[Scenario](), state.evaluate

    def counted(asked: Scenario, known: Catalog) -> Evaluation:
        calls.append(asked)
        return real(asked, known)

    monkeypatch.setattr(state, "evaluate", counted)
    asked = scenario(api={"provider": "openai", "model": "gpt-5.4"}, workload={"requests_per_month": 1_234_567})
    app = start(to_token(asked, load_catalog().digest))
    assert not app.exception
    assert len(calls) == 1
