"""The main journeys, in a real browser against the app as `make run` starts it."""

from pathlib import Path

import browser_steps as steps
import pytest
from browser_steps import choose, drop, heading, keyed, press, settled, shown, verdict, visit
from playwright.sync_api import Browser, Page, expect

from calculators.catalog.load import load_catalog

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_logs/azure_conversation_2023.csv"

pytestmark = pytest.mark.browser


def test_the_first_visit_shows_a_verdict_and_the_chart(page: Page, app_url: str) -> None:
    page.goto(app_url)
    expect(heading(page)).to_contain_text(steps.PER_MONTH)
    expect(page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(4)
    settled(page)


def test_dropping_a_real_log_changes_the_verdict(page: Page, app_url: str) -> None:
    visit(page, app_url, preset=steps.AGENT)
    before = verdict(page)
    press(page, steps.OWN_LOG)
    drop(page, SAMPLE.name, SAMPLE.read_bytes())
    expect(page.get_by_text(f"{steps.FROM_LOG} {SAMPLE.name}")).to_be_visible()
    assert verdict(page) != before


def test_a_preset_after_an_upload_leaves_a_way_back_to_the_log(page: Page, app_url: str) -> None:
    visit(page, app_url, steps.WORKLOAD)
    drop(page, "usage.csv", SAMPLE.read_bytes())
    read = page.get_by_text(f"{steps.WAS_READ} usage.csv")
    expect(read).to_be_visible()
    expect(keyed(page, steps.LOAD_CHART).locator(".js-plotly-plot .trace").first).to_be_visible()
    mine = heading(page).inner_text()
    press(page, load_catalog().presets[steps.EXTRACTION].name)
    expect(read).to_have_count(0)
    press(page, f"{steps.BACK_TO} usage.csv")
    expect(read).to_be_visible()
    expect(heading(page)).to_have_text(mine)
    settled(page)


def test_a_copied_link_shows_the_same_verdict_in_another_browser(page: Page, app_url: str, browser: Browser) -> None:
    visit(page, app_url, steps.WORKLOAD)
    preset = load_catalog().presets[steps.EXTRACTION].name
    press(page, preset)
    expect(page.get_by_text(f"{steps.FROM_PRESET} “{preset}”")).to_be_visible()
    choose(page, steps.VERDICT)
    mine = verdict(page)
    page.wait_for_url("**/*s=*")
    with browser.new_context() as other:
        colleague = other.new_page()
        colleague.goto(page.url, timeout=steps.LIMIT_MS)
        assert verdict(colleague) == mine


def test_inputs_survive_a_reload_and_every_page(page: Page, app_url: str) -> None:
    visit(page, app_url, preset=steps.BATCH)
    before = verdict(page)
    for address in (steps.CROSSOVER, steps.WORKLOAD, steps.CANDIDATES, steps.PRICES, steps.VERDICT):
        choose(page, address)
    assert verdict(page) == before
    page.reload()
    assert verdict(page) == before


def test_a_broken_file_gives_a_clear_error_and_loses_nothing(page: Page, app_url: str) -> None:
    visit(page, app_url, preset=steps.AGENT)
    before = verdict(page)
    press(page, steps.OWN_LOG)
    drop(page, "broken.csv", b"time,input_tokens,output_tokens\n")
    alert = page.get_by_test_id("stAlert").first
    expect(alert).to_contain_text("broken.csv")
    assert "Traceback" not in alert.inner_text()
    assert verdict(page) == before


def test_a_deep_link_opens_its_page_inside_the_frame(page: Page, app_url: str) -> None:
    visit(page, app_url, steps.CROSSOVER)
    expect(page.get_by_test_id("stSidebarNav").locator(f'a[href$="/{steps.PRICES}"]')).to_be_visible()
    expect(page.get_by_text(steps.ALL_CURVES)).to_be_visible()


def test_a_damaged_link_says_so(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?s=not-a-link")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("link")
    assert "$" in verdict(page)


def test_a_hostile_file_name_is_only_text(page: Page, app_url: str) -> None:
    visit(page, app_url)
    press(page, steps.OWN_LOG)
    drop(page, "<img src=x onerror=alert(1)>.csv", SAMPLE.read_bytes())
    expect(page.get_by_text(f"{steps.FROM_LOG} <img")).to_be_visible()
    assert page.locator('img[src="x"]').count() == 0


def test_emptying_a_latency_target_means_no_target(page: Page, app_url: str) -> None:
    visit(page, app_url, steps.WORKLOAD, steps.AGENT)
    field = keyed(page, steps.TTFT_TARGET).locator("input")
    expect(field).not_to_have_value("")
    before = page.url
    field.fill("")
    field.press("Tab")
    expect(page).not_to_have_url(before)  # the link holds the emptied target: the server has it
    choose(page, steps.VERDICT)
    verdict(page)
    choose(page, steps.WORKLOAD)
    expect(field).to_have_value("")


def pick(page: Page, requirement: str) -> None:
    """Choose one of the requirements on the Signals and compliance page."""
    box = keyed(page, steps.REQUIREMENTS).get_by_role("combobox")
    box.click()
    box.fill(requirement)
    page.get_by_role("option", name=requirement).first.click()
    page.keyboard.press("Escape")


def test_choosing_an_air_gap_changes_the_verdict_and_shows_the_premium(page: Page, app_url: str) -> None:
    visit(page, app_url, steps.SIGNALS)
    expect(page.get_by_text(steps.NO_REQUIREMENT)).to_be_visible()
    pick(page, steps.AIR_GAP)
    premium = page.get_by_test_id("stMetric").filter(has_text=steps.PREMIUM)
    expect(premium).to_contain_text("$")
    expect(page.locator(".js-plotly-plot .barlayer .trace").first).to_be_visible()
    choose(page, steps.VERDICT)
    expect(heading(page)).to_contain_text(steps.COMPLIANCE_DECIDES)


def test_a_saved_record_opens_again_and_says_what_changed(page: Page, app_url: str) -> None:
    visit(page, app_url)
    choice = verdict(page)
    choose(page, steps.RECORD)
    keyed(page, steps.DISSENT).locator("textarea").fill("Ann: too early.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Ann: too early.").last).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        press(page, steps.AS_JSON)
    saved = Path(download.value.path()).read_bytes()
    page.get_by_role("tab", name=steps.OPEN_RECORD).click()
    drop(page, "decision.json", saved)
    expect(page.get_by_text(steps.SAME_AGAIN)).to_be_visible()
    assert choice.split(":")[0] in page.get_by_test_id("stMain").inner_text()


def test_reordering_the_prompt_raises_the_hit_rate(page: Page, app_url: str) -> None:
    visit(page, app_url, steps.PROMPT)
    expect(heading(page)).to_contain_text(steps.BREAKS)
    press(page, steps.BEST_ORDER)
    expect(heading(page)).to_contain_text(steps.BEST_ALREADY)
    shown(page)
