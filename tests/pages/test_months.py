"""The page Cost over time, and the inputs of what the months ahead do."""

import re
from datetime import date

import pytest
from app_pages import ROOT, link, linked, start, words
from streamlit.testing.v1 import AppTest

from calculators.report.horizon_view import CSV_COLUMNS
from calculators.scenario.files import read_scenario
from calculators.scenario.typed_prices import ExistingGpus

PAGE, CANDIDATES, WORKLOAD = "pages/decide/months.py", "pages/inputs/candidates.py", "pages/inputs/workload.py"


def page(path: str = PAGE) -> AppTest:
    return start().switch_page(path).run()


def of(name: str) -> AppTest:
    return start(link(read_scenario(ROOT / f"scenarios/{name}.yaml", date(2026, 12, 1)))).switch_page(PAGE).run()


@pytest.mark.parametrize("name", ["air-gapped", "health-data-unknown", "peaky-at-scale", "small-internal-tool"])
def test_the_page_answers_every_kind_of_case(name: str) -> None:
    app = of(name)
    assert not app.exception
    assert app.subheader[0].value.startswith("Over ")
    assert len(app.get("plotly_chart")) == 1


def test_purchased_servers_have_a_line_and_a_return_of_their_own() -> None:
    app = of("own-servers-at-scale")
    totals = app.table[0].value
    assert "Self-hosted (purchased servers)" in {text.replace("\\", "") for text in totals["Option"]}
    assert "IRR per year" in totals
    assert "36-month total" in totals
    assert "has the lowest total" in words(app)


def test_a_fleet_on_gpus_that_one_has_is_not_called_rented() -> None:
    scenario = read_scenario(ROOT / "scenarios/steady-extraction.yaml", date(2026, 12, 1))
    held = ExistingGpus(gpu="h100-sxm", gpus_count=16, usd_per_gpu_h=2.2, paid_until=date(2028, 3, 1))
    hardware = scenario.hardware.model_copy(update={"existing_gpus": (held,)})
    app = start(link(scenario.model_copy(update={"hardware": hardware}))).switch_page(PAGE).run()
    assert "Self-hosted (your GPUs, then rented)" in {text.replace("\\", "") for text in app.table[0].value["Option"]}
    assert "on your GPUs, then rented ones" in words(app)
    assert "price of the other GPUs" in words(app)


def test_every_option_can_be_listed_by_its_full_name() -> None:
    app = page()
    few = len(app.table[0].value)
    assert list(app.table[0].value["Option"]) == list(app.table[1].value["Option"])
    app.toggle(key="view_every_total").set_value(True).run()
    totals, tokens = app.table[0].value, app.table[1].value
    assert len(totals) > few
    assert totals["Option"].is_unique
    assert list(totals["Option"]) == list(tokens["Option"])


def test_the_months_can_be_taken_away_as_a_file() -> None:
    app = page()
    [download] = app.get("download_button")
    assert download.proto.label == "Download the months (CSV)"
    assert "cumulative_cash_usd" in CSV_COLUMNS


def test_a_change_of_prices_is_typed_in_percent_kept_and_marked_as_the_users() -> None:
    app = page(CANDIDATES)
    app.number_input(key="shown_rent_change_per_year_frac").set_value(-20.0).run()
    app.number_input(key="shown_hiring_weeks").set_value(8.0).run()
    app.number_input(key="operations.horizon_months").set_value(24).run()
    assert not app.exception
    app.switch_page(PAGE).run()
    outlook = linked(app).outlook
    assert (outlook.rent_change_per_year_frac, outlook.hiring_weeks) == (-0.2, 8)
    assert app.subheader[0].value.startswith("Over 24 months")
    used = next(one.value for one in app.table if "Assumption" in one.value).set_index("Assumption")
    assert list(used.loc["GPU rent change per year", ["Used", "Basis"]]) == ["−20% per year", "your figure"]
    assert "**GPU rent change per year**: −20% per year (your figure; seen: −40% to +15% per year)." in words(app)
    app.number_input(key="shown_rent_change_per_year_frac").set_value(None).run()
    assert linked(app).outlook.rent_change_per_year_frac is None
    assert linked(app).outlook.hiring_weeks == 8


def test_an_emptied_field_that_is_needed_names_itself_and_can_be_filled_in_on_the_page() -> None:
    app = page()
    app.number_input(key="operations.horizon_months").set_value(None).run()
    assert not app.exception
    assert "Horizon (months) is required." in words(app)
    assert app.get("page_link")[0].proto.page == "candidates"
    app.number_input(key="operations.horizon_months").set_value(24).run()
    assert not app.error
    assert linked(app).operations.horizon_months == 24


def test_steps_in_volume_are_added_removed_and_refused_twice_on_one_day() -> None:
    app = page(WORKLOAD)
    day = date(date.today().year + 1, 3, 1)

    def add(ratio: float) -> None:
        app.date_input(key="step_from").set_value(day)
        app.number_input(key="step_ratio").set_value(ratio).run()
        next(button for button in app.button if button.label == "Add this step").click().run()

    add(1.5)
    assert not app.exception
    [step] = linked(app).outlook.volume_steps
    assert (step.from_day, step.ratio) == (day, 1.5)
    add(2.0)
    assert f"Steps in volume lists {day} twice; keep one" in words(app)
    assert len(linked(app).outlook.volume_steps) == 1
    app.button(key="preset_batch").click().run()
    assert len(linked(app).outlook.volume_steps) == 1
    app.button(key="remove_step_0").click().run()
    assert linked(app).outlook.volume_steps == ()


def test_a_step_that_shrinks_volume_to_nothing_says_what_is_allowed() -> None:
    app = page(WORKLOAD)
    app.date_input(key="step_from").set_value(date(date.today().year + 1, 3, 1))
    app.number_input(key="step_ratio").set_value(0.0).run()
    next(button for button in app.button if button.label == "Add this step").click().run()
    assert "Volume over before must be at least 0.01 (you entered 0)" in words(app)
    assert linked(app).outlook.volume_steps == ()


def test_every_way_with_a_price_links_what_it_rests_on_with_day_and_confidence() -> None:
    app = page()
    ways = next(one.value for one in app.table if "Way" in one.value)
    texts = [one.value.replace("\\", "") for one in app.markdown]
    listed = next(text for text in texts if "**On demand: GPU price**" in text)
    lines = [line.removeprefix("- **") for line in listed.splitlines()]
    priced = {way for way, total in zip(ways["Way"], ways[ways.columns[2]], strict=True) if total}
    assert {line.split(":")[0] for line in lines} == priced
    assert all(re.search(r"Source: .+, 20\d\d-\d\d-\d\d .*; (low|medium|high) confidence\.$", line) for line in lines)
    assert re.search(r"Source: \[.+\]\(https://", listed)


def test_the_first_screen_says_what_cheaper_apis_and_growth_do() -> None:
    app = page()
    assert "If API prices fall by 20% a year (prices of hosted open models by 40%)" in words(app)
    assert "Every total assumes no growth; enter the range of your growth on the Workload page" in words(app)
    app.number_input(key="shown_api_price_change_per_year_frac").set_value(-25.0).run()
    assert "If prices of hosted open models fall by 40% a year" in words(app)
    app.number_input(key="shown_hosted_price_change_per_year_frac").set_value(0.0).run()
    assert "fall by" not in words(app)


def test_a_range_of_growth_is_typed_in_percent_binds_and_is_told_on_both_pages() -> None:
    app = page(WORKLOAD)
    app.slider(key="workload.growth_per_month_frac").set_value(0.03).run()
    app.number_input(key="shown_growth_low_frac").set_value(-2.0).run()
    app.number_input(key="shown_growth_high_frac").set_value(8.0).run()
    assert not app.exception
    assert "Basis: your figure (−2% to +8%)." in words(app)
    workload = linked(app).workload
    assert (workload.growth_low_frac, workload.growth_high_frac) == (-0.02, 0.08)
    app.switch_page(PAGE).run()
    assert "If volume changes by −2% to +8% a month, your range, the total is $" in words(app)
    used = next(one.value for one in app.table if "Assumption" in one.value).set_index("Assumption")
    assert list(used.loc["Growth of volume per month", ["Used", "Range seen"]]) == ["\\+3%", "−2% to \\+8%"]
    app.switch_page(WORKLOAD).run()
    assert app.number_input(key="shown_growth_high_frac").value == 8
    app.number_input(key="shown_growth_high_frac").set_value(1.0).run()
    assert "Highest growth is 1%, but Monthly growth is 3%; correct either." in words(app)
    app.number_input(key="shown_growth_high_frac").set_value(None).run()
    assert not app.error
    assert linked(app).workload.growth_range == (-0.02, 0.03)


def test_the_verdict_tells_totals_and_payback() -> None:
    app = start()
    table = app.table[-1].value
    assert list(table.columns) == [
        "Option",
        "Per month",
        f"{linked(app).operations.horizon_months}-month total",
        "Payback",
    ]
    assert "month 1" in set(table["Payback"])
