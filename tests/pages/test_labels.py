"""Every input and metric of every page explains itself, and every abbreviation is expanded on its page."""

from datetime import date
from functools import cache

import pytest
from app_pages import INPUT_KINDS, PAGE_PATHS, ROOT, link, start
from benchmark_samples import VLLM, as_bytes
from streamlit.testing.v1 import AppTest

from calculators.scenario.schema import read_scenario


@cache
def opened(page: str) -> AppTest:
    """The page as the starting case shows it."""
    return start().switch_page(page).run()


def without_help(app: AppTest) -> list[str]:
    """Labels of inputs and metrics that have no help."""
    return [
        f"{kind} {element.label!r}"
        for kind in (*INPUT_KINDS, "metric")
        for element in app.get(kind)
        if not getattr(element, "help", None) and not element.proto.help
    ]


def test_every_page_of_the_navigation_is_walked() -> None:
    assert len(PAGE_PATHS) >= 15
    assert [page for page in PAGE_PATHS if not (ROOT / page).is_file()] == []


@pytest.mark.parametrize("page", PAGE_PATHS)
def test_every_input_and_metric_has_help(page: str) -> None:
    app = opened(page)
    assert not app.exception
    assert without_help(app) == []


def test_what_only_requirements_show_has_help() -> None:
    scenario = read_scenario(ROOT / "scenarios/eu-public-sector.yaml", date(2026, 11, 26))
    app = start(link(scenario)).switch_page("pages/decide/signals.py").run()
    assert len(app.metric) == 4
    assert without_help(app) == []


def test_what_only_an_upload_asks_has_help() -> None:
    rows = "\n".join(f"2026-10-05T09:{minute:02d}:00Z,{100 + minute},{20 + minute}" for minute in range(40))
    app = start().switch_page("pages/inputs/workload.py").run()
    app.file_uploader(key="log_file").upload("odd.csv", f"when,alpha,beta\n{rows}\n".encode(), "text/csv").run()
    assert any("map_" in (box.key or "") for box in app.selectbox)
    assert without_help(app) == []
    app.switch_page("pages/inputs/candidates.py").run()
    app.file_uploader(key="benchmark_file").upload("bench.json", as_bytes(VLLM), "application/json").run()
    assert any("benchmark_" in (box.key or "") for box in app.selectbox)
    assert without_help(app) == []
