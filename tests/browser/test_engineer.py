"""What an engineer does: switch techniques, pin them, and see the verdict follow."""

import re

import pytest
from browser_steps import choose, start_from, verdict
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def toggle(page: Page, label: str) -> None:
    page.get_by_test_id("stCheckbox").filter(has_text=label).locator("label").first.click()


def is_on(page: Page, label: str) -> bool:
    return page.get_by_role("switch", name=label).or_(page.get_by_role("checkbox", name=label)).first.is_checked()


def settled(page: Page) -> None:
    expect(page.locator('[data-testid="stStatusWidget"]')).to_have_count(0)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_switch_of_a_technique_moves_the_numbers_of_the_verdict(page: Page, app_url: str) -> None:
    before = start_from(page, app_url, "Document extraction")
    choose(page, "Six techniques")
    line = page.get_by_text("The verdict with these switches.").locator(
        "xpath=ancestor::*[@data-testid='stMarkdown'][1]"
    )
    expect(line).to_contain_text("$")
    said = line.inner_text()
    expect(page.locator(".js-plotly-plot .heatmaplayer, .js-plotly-plot .hm").first).to_be_attached()
    toggle(page, "Disaggregation")
    expect(line).not_to_have_text(said)
    settled(page)
    choose(page, "Verdict")
    expect(page.locator('[data-testid="stMain"] h3').first).not_to_have_text(before)
    assert re.findall(r"\$[\d.,]+[kM]?", verdict(page)) != re.findall(r"\$[\d.,]+[kM]?", before)
    page.wait_for_url("**/*s=*")
    page.reload()  # the switch travels in the link
    choose(page, "Six techniques")
    settled(page)
    assert is_on(page, "Disaggregation")


def test_a_pinned_technique_is_used_and_the_set_goes_into_the_scenario(page: Page, app_url: str) -> None:
    start_from(page, app_url, "Document extraction")
    choose(page, "Six techniques")
    settled(page)
    assert not is_on(page, "Disaggregation")
    choose(page, "Which techniques")
    pin = page.get_by_test_id("stButtonGroup").filter(has_text="Pin Prefill and decode on pools of their own")
    pin.get_by_text("In", exact=True).click()
    expect(page.get_by_text(re.compile("Pinned in by you")).first).to_be_visible()
    page.get_by_role("button", name="Use this set in the scenario").click()
    settled(page)
    choose(page, "Six techniques")
    settled(page)
    assert is_on(page, "Disaggregation")


def test_moving_a_block_up_raises_what_the_cache_finds(page: Page, app_url: str) -> None:
    page.goto(app_url)
    verdict(page)
    choose(page, "Prompt structure")
    heading = page.locator('[data-testid="stMain"] h3').first
    expect(heading).to_contain_text("instead of 0%")
    expect(page.locator(".js-plotly-plot .barlayer .trace").first).to_be_visible()
    settled(page)  # the list closes when the page moves under it
    box = page.get_by_test_id("stSelectbox").filter(has_text="Block to move").locator("input")
    box.click()
    box.fill("2. Tool")  # opens the list again, should the page have moved under it
    page.get_by_role("option", name="2. Tool schemas").click()
    settled(page)
    page.get_by_role("button", name="Move up").click()
    expect(heading).not_to_contain_text("instead of 0%")
    expect(heading).to_contain_text("Time stamp")
    now = re.search(r"instead of (\d+) %", heading.inner_text())
    assert now
    assert int(now[1]) > 10
    settled(page)
