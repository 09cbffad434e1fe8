"""The main journeys, in a real browser against the app as `make run` starts it."""

from pathlib import Path

import pytest
from browser_steps import choose, drop, start_from, verdict
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_logs/azure_conversation_2023.csv"

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_the_first_visit_shows_a_verdict_and_the_chart(page: Page, app_url: str) -> None:
    page.goto(app_url)
    expect(page.locator('[data-testid="stMain"] h3').first).to_contain_text("a month")
    expect(page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(4)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_dropping_a_real_log_changes_the_verdict(page: Page, app_url: str) -> None:
    before = start_from(page, app_url, "Coding agent")
    page.get_by_role("button", name="Use your own").click()
    drop(page, SAMPLE.name, SAMPLE.read_bytes())
    expect(page.get_by_text(f"Traffic from the log {SAMPLE.name}")).to_be_visible()
    assert verdict(page) != before


def test_a_copied_link_shows_the_same_verdict_in_another_browser(page: Page, app_url: str, browser: Browser) -> None:
    mine = start_from(page, app_url, "Document extraction")
    page.wait_for_url("**/*s=*")
    with browser.new_context() as other:
        colleague = other.new_page()
        colleague.goto(page.url)
        assert verdict(colleague) == mine


def test_inputs_survive_a_reload_and_every_page(page: Page, app_url: str) -> None:
    before = start_from(page, app_url, "Batch job")
    for name in ("Crossover", "Workload", "Candidates", "Prices and profiles", "Verdict"):
        choose(page, name)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    heading = page.locator('[data-testid="stMain"] h3').first
    expect(heading).to_have_text(before)
    page.reload()
    expect(heading).to_have_text(before)


def test_a_broken_file_gives_a_clear_error_and_loses_nothing(page: Page, app_url: str) -> None:
    before = start_from(page, app_url, "Coding agent")
    page.get_by_role("button", name="Use your own").click()
    drop(page, "broken.csv", b"time,input_tokens,output_tokens\n")
    alert = page.get_by_test_id("stAlert").first
    expect(alert).to_contain_text("broken.csv")
    assert "Traceback" not in alert.inner_text()
    assert verdict(page) == before


def test_a_deep_link_opens_its_page_inside_the_frame(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/crossover")
    expect(page.get_by_test_id("stSidebarNav")).to_contain_text("Prices and profiles")
    expect(page.get_by_text("Your own fleet against each way to buy")).to_be_visible()


def test_a_damaged_link_says_so(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?s=not-a-link")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("link")
    assert "$" in verdict(page)


def test_a_hostile_file_name_is_only_text(page: Page, app_url: str) -> None:
    page.goto(app_url)
    verdict(page)
    page.get_by_role("button", name="Use your own").click()
    drop(page, "<img src=x onerror=alert(1)>.csv", SAMPLE.read_bytes())
    expect(page.get_by_text("Traffic from the log <img")).to_be_visible()
    assert page.locator('img[src="x"]').count() == 0


def test_emptying_a_latency_target_means_no_target(page: Page, app_url: str) -> None:
    start_from(page, app_url, "Coding agent")
    choose(page, "Workload")
    field = page.get_by_role("spinbutton", name="First token within, ms (95% of requests)")
    field.fill("")
    field.press("Tab")
    choose(page, "Verdict")
    verdict(page)
    choose(page, "Workload")
    expect(field).to_have_value("")


def test_the_page_asks_nobody_else(page: Page, app_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(app_url)
    verdict(page)
    expect(page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()
    assert [url for url in asked if not url.startswith((app_url, "data:", "blob:"))] == []


def pick(page: Page, requirement: str) -> None:
    """Choose one of the requirements on the Signals and compliance page."""
    box = page.get_by_role("combobox", name="What the product must keep to")
    box.click()
    box.fill(requirement)
    page.get_by_role("option", name=requirement).first.click()
    page.keyboard.press("Escape")


def test_choosing_an_air_gap_changes_the_verdict_and_shows_the_premium(page: Page, app_url: str) -> None:
    page.goto(app_url)
    before = verdict(page)
    choose(page, "Signals and compliance")
    expect(page.get_by_text("No requirement stated")).to_be_visible()
    pick(page, "Air gap")
    premium = page.get_by_test_id("stMetric").filter(has_text="Compliance premium")
    expect(premium).to_contain_text("$")
    expect(page.locator(".js-plotly-plot .barlayer .trace").first).to_be_visible()
    choose(page, "Verdict")
    expect(page.locator('[data-testid="stMain"] h3').first).to_contain_text("Compliance decides")
    assert verdict(page) != before


def test_a_kept_record_opens_again_and_says_what_changed(page: Page, app_url: str) -> None:
    page.goto(app_url)
    choice = verdict(page)
    choose(page, "Decision record")
    page.get_by_role("textbox", name="Dissent").fill("Ann: too early.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Ann: too early.").last).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    kept = Path(download.value.path()).read_bytes()
    page.get_by_role("tab", name="Open a kept record").click()
    drop(page, "decision.json", kept)
    expect(page.get_by_text("says the same, to the dollar")).to_be_visible()
    assert choice.split(":")[0] in page.locator('[data-testid="stMain"]').inner_text()


def test_reordering_the_prompt_raises_the_hit_rate(page: Page, app_url: str) -> None:
    page.goto(app_url)
    verdict(page)
    choose(page, "Prompt structure")
    heading = page.locator('[data-testid="stMain"] h3').first
    expect(heading).to_contain_text("spoils what stands behind it")
    page.get_by_role("button", name="Put them in the best order").click()
    expect(heading).to_contain_text("The order is right")
    expect(page.get_by_test_id("stException")).to_have_count(0)
