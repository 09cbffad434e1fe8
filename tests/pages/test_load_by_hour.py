"""The page Load by hour: each machine in the color of its term, and a plain answer where there is no fleet."""

from datetime import date

from app_pages import ROOT, link, start, words
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.report.mix_view import MixView, mix_view
from calculators.scenario.files import read_scenario
from pages.shared.figures.load_by_hour import rank_chart, rank_takeaway, week_chart

DAY = date(2026, 11, 29)


def _peaky(live_catalog: Catalog) -> MixView:
    view = mix_view(evaluate(read_scenario(ROOT / "scenarios/peaky-at-scale.yaml", DAY), live_catalog), live_catalog)
    assert view is not None
    return view


def test_every_machine_of_the_mix_is_drawn_once(live_catalog: Catalog) -> None:
    view = _peaky(live_catalog)
    bars = rank_chart(view).data
    assert [bar.name for bar in bars] == [share.term.name for share in view.mix.shares]
    ranks = [rank for bar in bars for rank in bar.x]
    assert ranks == list(range(1, len(ranks) + 1))
    assert len(ranks) == min(view.mix.machine_count, len(view.mix.question.hours.on_h))
    hours = [hour for bar in bars for hour in bar.y]
    assert hours == sorted(hours, reverse=True)
    assert rank_takeaway(view).startswith(f"{len(ranks)} machines of the smallest size carry it;")


def test_the_week_is_drawn_hour_by_hour(live_catalog: Catalog) -> None:
    view = _peaky(live_catalog)
    [line] = week_chart(view).data
    assert len(line.y) == 168
    assert line.text[0].startswith("Monday, 0:00: ")


def test_without_a_fleet_the_page_says_so() -> None:
    asked = scenario(
        api={"provider": "openai", "model": "gpt-6.1-sol"}, hardware={"max_gpus": 1, "rent_usd_per_gpu_h": {}}
    )
    app = start(link(asked)).switch_page("pages/decide/load_by_hour.py").run()
    assert not app.exception
    assert "No fleet to size by the hour" in words(app)


def test_another_self_hosted_option_can_be_looked_at() -> None:
    app = start().switch_page("pages/decide/load_by_hour.py").run()
    choice = app.selectbox(key="view_mix_option")
    assert choice.value == choice.options[0] == "Cheapest of all configurations"
    assert len(choice.options) > 2
    assert "The cheapest of " in words(app)
    before = app.caption[0].value
    choice.set_value(choice.options[1]).run()
    assert not app.exception
    assert app.caption[0].value != before
    assert "The cheapest of " not in words(app)


def test_each_line_of_the_mix_names_its_offer_below_the_table() -> None:
    app = start().switch_page("pages/decide/load_by_hour.py").run()
    table = app.table[0].value
    assert "Offer" not in table.columns
    assert any(line.startswith("- **On demand (") for line in words(app).split("\n"))
