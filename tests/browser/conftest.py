"""A running app and a real Chromium for the journeys."""

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_steps import LIMIT_MS, visit
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu")
SHARED = "--process-per-site"
"""One process for all pages of the app: a page after the first finds its scripts compiled, at half the cost."""

expect.set_options(timeout=LIMIT_MS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Playwright's own Chromium, or the system's. Without one the journeys are left out; in CI they fail."""
    with sync_playwright() as playwright:
        started = launch(playwright)
        if started is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no Chromium starts here. {how_to_get_one()}")
        yield started
        started.close()


def launch(playwright: Playwright) -> Browser | None:
    """The first Chromium that starts. A command that is there need not: Ubuntu's may only say that a snap is missing."""
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    for path in (None, *filter(None, map(shutil.which, NAMES))):
        try:
            return playwright.chromium.launch(executable_path=path, args=[*QUIET, SHARED, *sandbox], timeout=LIMIT_MS)
        except Error:
            continue
    return None


def how_to_get_one() -> str:
    """The command for this system, with the same choice as in `tools/setup.sh`."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    has_package = shutil.which("apt-get") and "ubuntu" not in f"{release.get('ID')} {release.get('ID_LIKE')}"
    command = "sudo apt-get install chromium" if has_package else ".venv/bin/playwright install --with-deps chromium"
    return f"Get one with: {command}, then run make test again"


@pytest.fixture(scope="session")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, started the way `make run` starts it. The browser comes first: without one no app is needed."""
    port, output = free_port(), tmp_path_factory.mktemp("app") / "output.txt"
    with output.open("wb") as log:
        command = [sys.executable, str(ROOT / "serve.py"), "--port", str(port)]
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        while not has_run(url):
            assert server.poll() is None, f"the app did not start:\n{output.read_text()}"
            time.sleep(0.1)
        yield url
    finally:
        server.kill()
        server.wait()


def has_run(url: str) -> bool:
    """Whether the app has been run once, so that it knows its pages."""
    try:
        return bool(urllib.request.urlopen(f"{url}/_stcore/script-health-check").status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def visitors(browser: Browser, app_url: str) -> Iterator[BrowserContext]:
    """A window in which one page stays open, so that the process of the app's pages does."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as window:
        window.set_default_timeout(LIMIT_MS)
        visit(window.new_page(), app_url)
        yield window


@pytest.fixture
def page(visitors: BrowserContext, app_url: str) -> Iterator[Page]:
    """A fresh visitor, to Streamlit a new session. No page may ask another address for anything, and a dialog that a page
    opens would be a script that got through."""
    opened = visitors.new_page()
    dialogs: list[str] = []
    asked: list[str] = []
    opened.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    opened.close()
    assert dialogs == []
    assert asked
    assert [url for url in asked if not url.startswith((app_url, "data:", "blob:"))] == []
