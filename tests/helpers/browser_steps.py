"""What a person does in the browser, step by step. Every word that a journey reads or presses stands here, once."""

import re
from datetime import date

from app_pages import link
from playwright.sync_api import Locator, Page, expect

from calculators.catalog.load import load_catalog
from calculators.scenario.defaults import default_scenario, preset_targets, preset_workload

LIMIT_MS = 120_000
"""For anything the app does: many times what it takes with both cores busy. Nothing is timed."""

# Pages by their address, which stays when a title is reworded.
VERDICT, CROSSOVER, SIGNALS, RECORD = "", "crossover", "signals", "record"
WORKLOAD, CANDIDATES, PRICES = "workload", "candidates", "prices"
FRAMEWORK, TECHNIQUES, PROMPT = "framework", "techniques", "prompt"

# Inputs by their key in the session, which stays when a label is reworded.
TTFT_TARGET, REQUIREMENTS, DISSENT = "targets.ttft_p95_ms", "compliance.requirements", "record_dissent"
DISAGGREGATION, PIN_DISAGGREGATION, BLOCK_TO_MOVE = (
    "techniques.disaggregation",
    "framework.disaggregation",
    "prompt_pick",
)

# What is pressed.
OWN_LOG = "Use my data"
AGENT, EXTRACTION, BATCH = "coding-agent", "document-extraction", "batch"
AIR_GAP = "Air gap"
BACK_TO = "Back to"
PINNED_IN, USE_SET = "Include", "Use this set in the scenario"
TOOLS, MOVE_UP, BEST_ORDER = "2. Tool schemas", "Move up", "Sort into the best order"
AS_JSON, OPEN_RECORD = "JSON", "Open a saved record"

# What is read.
PER_MONTH = "/month"
FROM_LOG, FROM_PRESET = "Traffic: the log", "Traffic: the preset"
WAS_READ, LOAD_CHART = "What was read of", "load_over_time"
NO_REQUIREMENT, PREMIUM, COMPLIANCE_DECIDES = (
    "No compliance requirement is set",
    "Compliance premium",
    "Compliance decides",
)
WITH_THESE_SWITCHES = "The verdict with these switches."
PINNED_BY_YOU = "Included by you"
SAME_AGAIN = "Nothing changes at today"
BREAKER, BREAKS, BEST_ALREADY = (
    "Timestamp",
    "breaks the cache for everything after it",
    "The prompt is in the best order",
)
HIT_RATE_BEFORE = re.compile(r"hit rate from (\d+)%")
ALL_CURVES = "Self-hosting vs. each API option"


def settled(page: Page) -> None:
    """Wait until the app has nothing more to do: no script runs, nothing on the screen is of an earlier run. Streamlit
    says both itself. A step first waits for its own effect, since a press reaches the app a moment later."""
    expect(page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_attached()
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def heading(page: Page) -> Locator:
    return page.get_by_test_id("stMain").locator("h3").first


def keyed(page: Page, key: str) -> Locator:
    """The input whose key begins so."""
    name = re.sub(r"[^\w-]", "-", key)
    return page.locator(f'[class*="st-key-{name}"]')


def shown(page: Page) -> None:
    """Wait for a page to be there in full."""
    expect(heading(page)).to_be_visible()
    settled(page)


def visit(page: Page, url: str, address: str = VERDICT, preset: str | None = None) -> None:
    """Open a page of the app, on a preset where one is named: by its link, as a colleague would."""
    page.goto(f"{url}/{address}{f'?s={preset_link(preset)}' if preset else ''}")
    shown(page)


def preset_link(preset_id: str) -> str:
    preset = load_catalog().presets[preset_id]
    changes = {"name": preset.name, "workload": preset_workload(preset), "targets": preset_targets(preset)}
    return link(default_scenario(date.today()).model_copy(update=changes))


def verdict(page: Page) -> str:
    """The sentence on the first screen, once the page has settled."""
    expect(heading(page)).to_contain_text("$")
    settled(page)
    return heading(page).inner_text()


def choose(page: Page, address: str) -> None:
    """Go to a page by the navigation, which empties the screen at once."""
    page.get_by_test_id("stSidebarNav").locator(f'a[href$="/{address}"]').click()
    shown(page)


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).click()


def drop(page: Page, name: str, content: bytes) -> None:
    page.locator('input[type="file"]').first.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
