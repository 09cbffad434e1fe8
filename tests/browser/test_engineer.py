"""What an engineer does: switch techniques, pin them, and see the verdict follow."""

import re

import browser_steps as steps
import pytest
from browser_steps import choose, heading, keyed, press, settled, shown, verdict, visit
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def is_on(page: Page, key: str) -> bool:
    return keyed(page, key).locator("input").is_checked()


def test_a_switch_of_a_technique_moves_the_numbers_of_the_verdict(page: Page, app_url: str) -> None:
    visit(page, app_url, preset=steps.EXTRACTION)
    before = verdict(page)
    choose(page, steps.TECHNIQUES)
    line = page.get_by_text(steps.WITH_THESE_SWITCHES).locator("xpath=ancestor::*[@data-testid='stMarkdown'][1]")
    expect(line).to_contain_text("$")
    said = line.inner_text()
    expect(page.locator(".js-plotly-plot .heatmaplayer, .js-plotly-plot .hm").first).to_be_attached()
    keyed(page, steps.DISAGGREGATION).locator("label").first.click()
    expect(line).not_to_have_text(said)
    settled(page)
    choose(page, steps.VERDICT)
    expect(heading(page)).not_to_have_text(before)
    assert re.findall(r"\$[\d.,]+[kM]?", verdict(page)) != re.findall(r"\$[\d.,]+[kM]?", before)
    page.wait_for_url("**/*s=*")
    page.reload()  # the switch travels in the link
    shown(page)
    choose(page, steps.TECHNIQUES)
    assert is_on(page, steps.DISAGGREGATION)


def test_a_pinned_technique_is_used_and_the_set_goes_into_the_scenario(page: Page, app_url: str) -> None:
    visit(page, app_url, steps.TECHNIQUES, steps.EXTRACTION)
    assert not is_on(page, steps.DISAGGREGATION)
    choose(page, steps.FRAMEWORK)
    keyed(page, steps.PIN_DISAGGREGATION).get_by_text(steps.PINNED_IN, exact=True).click()
    expect(page.get_by_text(steps.PINNED_BY_YOU).first).to_be_visible()
    settled(page)
    address = page.url
    press(page, steps.USE_SET)
    page.wait_for_url(lambda url: "s=" in url and url != address)
    choose(page, steps.TECHNIQUES)
    assert is_on(page, steps.DISAGGREGATION)


def test_moving_a_block_up_raises_what_the_cache_finds(page: Page, app_url: str) -> None:
    visit(page, app_url, steps.PROMPT)
    expect(heading(page)).to_contain_text(steps.HIT_RATE_BEFORE)
    before = hit_rate_percent(page)
    expect(page.locator(".js-plotly-plot .barlayer .trace").first).to_be_visible()
    box = keyed(page, steps.BLOCK_TO_MOVE).locator("input")
    box.click()
    box.fill(steps.TOOLS)
    page.get_by_role("option", name=steps.TOOLS).click()
    expect(box).to_have_value(steps.TOOLS)
    said = heading(page).inner_text()
    press(page, steps.MOVE_UP)
    expect(heading(page)).not_to_have_text(said)
    expect(heading(page)).to_contain_text(steps.BREAKER)
    settled(page)
    assert before == 0
    assert hit_rate_percent(page) > 10


def hit_rate_percent(page: Page) -> int:
    rate = steps.HIT_RATE_BEFORE.search(heading(page).inner_text())
    assert rate
    return int(rate[1])
