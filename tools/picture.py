"""Takes the README's picture from a running app: python tools/picture.py http://localhost:8501 docs/verdict.png"""

import shutil
import sys

from playwright.sync_api import sync_playwright

url, path = sys.argv[1:3]
with sync_playwright() as playwright:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(
        executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
    )
    page = browser.new_page(viewport={"width": 1360, "height": 900}, color_scheme="light")
    page.goto(url)
    page.wait_for_selector(".js-plotly-plot .scatterlayer .trace", timeout=60_000)
    page.wait_for_timeout(1_500)
    page.screenshot(path=path)
    browser.close()
