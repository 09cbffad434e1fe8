"""The app under AppTest: opened, read and linked to."""

import re
from functools import cache
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from calculators.catalog.load import load_catalog
from calculators.scenario.link import from_token, to_token
from calculators.scenario.schema import Scenario

ROOT = Path(__file__).resolve().parents[2]
PAGE_PATHS = tuple(re.findall(r'st\.Page\(\s*"(pages/[^"]+)"', (ROOT / "app.py").read_text(encoding="utf-8")))
"""Every page, in the order of the navigation."""
INPUT_KINDS = (
    *("number_input", "text_input", "text_area", "selectbox", "multiselect", "slider", "select_slider", "toggle"),
    *("checkbox", "radio", "segmented_control", "pills", "date_input", "time_input", "file_uploader"),
)
LIMIT_S = 900
"""For a run of a page: many times what it takes with both cores busy. Nothing is timed."""

# Every AppTest looks through all installed packages for components of their own; they stay the same.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def start(token: str | None = None) -> AppTest:
    """The app as somebody opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=LIMIT_S)
    if token is not None:
        app.query_params["s"] = token
    return app.run()


@cache
def opened(page: str) -> AppTest:
    """The page as the starting case shows it. Shared: to be read, not used."""
    return start().switch_page(page).run()


def words(app: AppTest) -> str:
    """All text of the page."""
    elements = [*app.subheader, *app.markdown, *app.caption, *app.error, *app.warning, *app.info]
    return "\n".join(str(element.value) for element in elements).replace("\\", "")


def link(scenario: Scenario) -> str:
    return to_token(scenario, load_catalog().digest)


def linked(app: AppTest) -> Scenario:
    """The scenario in the address bar."""
    value = app.query_params["s"]
    return from_token(value[0] if isinstance(value, list) else value)[0]
