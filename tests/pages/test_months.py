"""The page Cost over time, and the inputs of what the months ahead do."""

from datetime import date

import pytest
from app_pages import ROOT, link, linked, start, words
from streamlit.testing.v1 import AppTest

from calculators.report.horizon_view import CSV_COLUMNS
from calculators.scenario.files import read_scenario

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
    totals = app.dataframe[0].value
    assert "Self-hosted (purchased servers)" in set(totals["Option"])
    assert "IRR per year" in totals
    assert "36-month total" in totals
    assert "has the lowest total" in words(app)


def test_every_option_can_be_listed_by_its_full_name() -> None:
    app = page()
    few = len(app.dataframe[0].value)
    app.toggle(key="view_every_total").set_value(True).run()
    every = app.dataframe[0].value
    assert len(every) > few
    assert every["In full"].is_unique


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
    rows = next(one.value for one in app.dataframe if "Assumption" in one.value).set_index("Assumption")
    assert list(rows.loc["GPU rent change per year", ["Used", "Basis"]]) == ["−20% per year", "your figure"]
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
