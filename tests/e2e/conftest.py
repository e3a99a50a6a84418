"""A real browser on a running venue, and pictures of what it saw."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).resolve().parents[2] / "artifacts" / "pictures"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    if not path:
        pytest.skip("there is no Chromium on this machine: apt install chromium, or set CHROMIUM_PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, venue):
    """Open a page of a fresh visitor: `open_page(width=390, scheme="dark", locale="ar")`."""
    contexts = []

    def make(*, width=1440, height=900, scheme="light", locale="en"):
        context = chromium.new_context(
            base_url=venue.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=locale,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def picture():
    """Keep a picture of a page: `picture(page, "login")`."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def take(page, name):
        page.evaluate("scrollTo(0, 0)")  # else what sticks to the top stands in the middle
        # Hiding the caret would leave style attributes behind, which htmx copies against the site's policy.
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True, caret="initial")

    return take
