"""People's life with their account, by clicking."""

import re

import pytest

from tests.e2e.people import PASSWORD, follow_the_mail, log_in

pytestmark = [pytest.mark.e2e]
REFUSED = "Failed to load resource: the server responded with a status of {}"


@pytest.mark.spec("ACC-1", "UI-1")
def test_from_the_landing_page_to_a_verified_phone(open_page, picture):
    page = open_page()
    page.goto("/")
    picture(page, "landing")
    page.get_by_role("main").get_by_role("link", name="Open an account").click()
    picture(page, "register")
    page.get_by_label("Full name").fill("Mariam Saleh")
    page.get_by_label("E-mail").fill("mariam@example.com")
    page.get_by_label("Password", exact=True).fill("too short")
    page.get_by_role("button", name="Open an account").click()
    page.get_by_text("at least 12 characters").first.wait_for()
    picture(page, "register-refused")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Open an account").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    follow_the_mail(page, "mariam@example.com", picture)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Verify my e-mail").click()
    page.get_by_role("heading", name="Your e-mail is verified").wait_for()
    log_in(page, "mariam@example.com", PASSWORD)
    page.get_by_role("heading", name="Welcome, Mariam Saleh").wait_for()
    picture(page, "investor-home")
    verify_phone(page, picture)
    page.locator("summary", has_text="Account menu").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    page.goto("/home")
    assert "/login?next=/home" in page.url
    assert page.complaints == [REFUSED.format("422 (Unknown Status)")]


def verify_phone(page, picture):
    page.goto("/account")
    page.get_by_label("Phone number").fill("+971 50 123 4567")
    page.get_by_role("button", name="Send a code").click()
    page.get_by_label("Code").wait_for()
    letters = page.context.new_page()
    letters.goto("/dev/mail")
    code = re.search(r"\b(\d{6})\b", letters.get_by_role("main").inner_text())[1]
    letters.close()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("Your phone number is verified.").wait_for()
    picture(page, "account")


@pytest.mark.spec("RBAC-4", "UI-5", "AUD-5")
def test_staff_see_what_their_preset_opens(open_page, picture):
    page = open_page()
    log_in(page, "auditor@alef.example")
    picture(page, "staff-home")
    page.get_by_role("link", name="Audit log").first.click()
    page.get_by_text("accounts.logged_in").first.wait_for()
    picture(page, "audit")
    page.goto("/staff/ledger")
    picture(page, "ledger")
    page.goto("/staff/users")
    page.get_by_role("link", name=re.compile("^[0-9a-f-]{36}$")).first.click()
    page.get_by_label("Why do you need it?").fill("case 12")
    page.get_by_role("button", name="Show personal data").click()
    page.get_by_role("main").get_by_text("@").first.wait_for()
    picture(page, "user")
    page.goto("/staff/presets")
    page.get_by_text("staff.manage").wait_for()
    picture(page, "forbidden")
    assert page.complaints == [REFUSED.format("403 (Forbidden)")]


@pytest.mark.spec("RBAC-2", "UI-4")
def test_an_admin_makes_a_preset(open_page, picture):
    page = open_page()
    log_in(page, "admin@alef.example")
    picture(page, "admin-home")
    page.goto("/staff/presets")
    picture(page, "presets")
    page.get_by_role("link", name="New preset").click()
    page.get_by_label("Code").fill("night_desk")
    page.get_by_label("Name").fill("Night desk")
    page.get_by_label("trading.view").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("night_desk").wait_for()
    page.get_by_role("link", name="Night desk").click()
    picture(page, "preset")
    assert page.get_by_label("trading.view").is_checked()
    assert page.complaints == []


@pytest.mark.spec("UI-7")
def test_the_compliance_workplace_opens(open_page, picture):
    page = open_page()
    log_in(page, "compliance@alef.example")
    page.goto("/admin/")
    picture(page, "workplace")
    page.get_by_role("link", name="Audit events").first.click()
    page.get_by_text("accounts.logged_in").first.wait_for()
    picture(page, "workplace-audit")


def test_arabic_reads_from_the_right_on_a_phone_in_the_dark(open_page, picture):
    page = open_page(width=390, height=844, scheme="dark", locale="ar")
    page.goto("/")
    assert page.locator("html").get_attribute("dir") == "rtl"
    picture(page, "landing-phone-dark-ar")
    page.goto("/login")
    picture(page, "login-phone-dark-ar")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
