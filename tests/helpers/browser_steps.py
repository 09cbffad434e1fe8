"""What a person does in the browser, step by step."""

from playwright.sync_api import Page, expect


def verdict(page: Page) -> str:
    """The sentence on the first screen, once the page has settled."""
    heading = page.locator('[data-testid="stMain"] h3').first
    expect(heading).to_contain_text("$")
    expect(page.locator('[data-testid="stStatusWidget"]')).to_have_count(0)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    return heading.inner_text()


def choose(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()


def drop(page: Page, name: str, content: bytes) -> None:
    page.locator('input[type="file"]').first.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def start_from(page: Page, url: str, preset: str) -> str:
    """Open the app, pick a preset, and read the verdict on it."""
    page.goto(url)
    opened_on = verdict(page)
    choose(page, "Workload")
    page.get_by_role("button", name=preset).click()
    expect(page.get_by_text(f"the preset “{preset}”")).to_be_visible()
    choose(page, "Verdict")
    expect(page.locator('[data-testid="stMain"] h3').first).not_to_have_text(opened_on)
    return verdict(page)
