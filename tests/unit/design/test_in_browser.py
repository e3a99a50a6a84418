"""The living page and the layouts in Chromium: axe finds nothing, nothing runs off the page.

Pages are rendered here and files come from `static/`, so no server and no network is needed.
"""

import mimetypes
import os
import shutil
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.test import RequestFactory
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

pytestmark = pytest.mark.e2e

CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
AXE = settings.BASE_DIR / "node_modules/axe-core/axe.min.js"
HOST = "http://alef.test"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

ITEM = {"title": "Deposits", "url": "#", "icon": "wallet", "count": 128, "active": True}
AROUND = {
    "nav": [
        {"title": "Money", "items": [ITEM]},
        {"title": "", "items": [ITEM | {"active": False, "count": 0}]},
    ],
    "unread": 3,
    "account_name": "Layla Haddad",
    "permission": "kyc.view",
}
FORM = """{% block heading %}Log in{% endblock %}{% block content %}<c-form>
<c-field label="E-mail" name="email" type="email" error="Write a whole address." />
<c-field label="Password" name="password" type="password" /><c-button type="submit">Go</c-button>
</c-form>{% endblock %}"""
TABLE = """{% block title %}Deposits{% endblock %}{% block content %}
<c-page-head title="Deposits" lede="They wait." />
<c-table id="t" caption="Deposits" :rows="[1]" next="n" stack>
<c-slot name="head"><c-th sort="a" table="t">Name</c-th></c-slot>
<tr><c-td label="Name"><c-chip name="Layla" /></c-td></tr>
</c-table>{% endblock %}"""
PAGES = {
    "living": '{% extends "portals/components.html" %}',
    "portal": '{% extends "layouts/portal.html" %}' + TABLE,
    "public": '{% extends "layouts/public.html" %}{% block content %}<h1>Alef</h1>{% endblock %}',
    "auth": '{% extends "layouts/auth.html" %}' + FORM,
    "403": '{% extends "errors/403.html" %}',
    "500": '{% extends "errors/500.html" %}',
}
DAY, NIGHT = ("investor", "light", "en", 1440), ("issuer", "dark", "ar", 1440)
DAY_PHONE, NIGHT_PHONE = ("staff", "light", "ar", 390), ("admin", "dark", "en", 390)
LOOKS = [
    *(("living", look) for look in (DAY, NIGHT, DAY_PHONE, NIGHT_PHONE)),
    *((page, look) for page in ("portal", "auth") for look in (DAY_PHONE, NIGHT)),
    ("public", NIGHT_PHONE),
    ("403", NIGHT),
    ("500", DAY),
]


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM or not AXE.is_file():
        pytest.skip("browser tests were not run: they need Chromium (CHROMIUM_PATH) and `npm ci`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def rendered(page, *, role, theme, language):
    request = RequestFactory().get(f"/{page}", {"role": role, "theme": theme})
    request.COOKIES["theme"] = theme
    request.user = AnonymousUser()
    request.csp_nonce = "test"  # type: ignore[attr-defined]
    with translation.override(language):
        template = engines["django"].from_string(CottonCompiler().process(PAGES[page]))
        return template.render(AROUND | {"role": role}, request)


def answer(route, html):
    path = urlsplit(route.request.url).path
    file = settings.BASE_DIR / "static" / path.removeprefix("/static/")
    if not path.startswith("/static/"):
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    elif file.is_file():
        kind = mimetypes.guess_type(file.name)[0] or "font/woff2"
        route.fulfill(body=file.read_bytes(), content_type=kind)
    else:
        route.fulfill(status=404)


def opened(browser, page, look):
    role, theme, language, width = look
    html = rendered(page, role=role, theme=theme, language=language)
    size = {"width": width, "height": 900}
    tab = browser.new_page(viewport=size, color_scheme=theme, reduced_motion="reduce")
    failures = []
    tab.on("pageerror", lambda error: failures.append(str(error)))
    tab.on("requestfailed", lambda request: failures.append(request.url))
    tab.on("response", lambda response: failures.append(response.url) if response.status >= 400 else None)
    tab.route("**/*", lambda route: answer(route, html))
    tab.goto(f"{HOST}/{page}", wait_until="load")
    return tab, failures


@pytest.mark.spec("UI-1")
@pytest.mark.parametrize(("page", "look"), LOOKS, ids=str)
def test_page(browser, page, look):
    tab, failures = opened(browser, page, look)
    _, theme, language, _ = look
    assert failures == []
    assert tab.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert tab.get_attribute("html", "data-theme") == theme
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    tab.evaluate(AXE.read_text())
    result = tab.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    found = {
        broken["id"]: [node["html"][:160] for node in broken["nodes"]] for broken in result["violations"]
    }
    tab.close()
    assert found == {}
