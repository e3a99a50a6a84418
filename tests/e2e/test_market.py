"""Somebody trades by clicking: the book, the tape and their orders change before their eyes."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.people import log_in

pytestmark = [pytest.mark.e2e]
PATIENCE = 30_000  # milliseconds
SYMBOL = "PEARL"
# A market of something that is no token of a business asks for an approved identity, and for no more.
MARKET = f"""
from apps.accounts import services as accounts
from apps.accounts.types import Accreditation, Fatca, KycStatus, Standing
from apps.common.clock import now
from apps.portals.management.commands.demo_data import CAST
from tests.factories import ledger as bank
from tests.factories.trading import Market

market = Market(code="{SYMBOL}")
for person in CAST:
    if person.email.startswith(("noor", "omar")):
        standing = Standing(KycStatus.APPROVED, 2, Accreditation.INSTITUTIONAL, Fatca.CLEAR, "AE")
        bank.act(accounts.set_standing, user_id=person.id, standing=standing, at=now())
        market.join(cash=1_000_00, tokens=1_000, owner=person.id)
"""

SWITCH = """
from apps.common.clock import now
from apps.trading import selectors, services
from tests.factories.trading import BY

instrument = selectors.instrument_named("{symbol}")
assert services.{act}(instrument_id=instrument.id, reason="{reason}", by=BY, at=now())
"""
AMENDED_AGAIN = """() => {
    document.querySelector('[data-opens="amend"]').click();
    return document.getElementById("amend-body").childElementCount;
}"""


@pytest.fixture(scope="module")
def market(venue):
    opened = venue.manage("shell", "-c", MARKET)
    assert opened.returncode == 0, opened.stderr


def switched(venue, act, reason):
    """Halt the market, or resume it."""
    done = venue.manage("shell", "-c", SWITCH.format(symbol=SYMBOL, act=act, reason=reason))
    assert done.returncode == 0, done.stderr


def side(page, name):
    return page.locator(f"[data-ladder] [data-side={name}] .ladder-row")


@pytest.mark.spec("UI-2", "MKT-1", "ORD-1")
def test_a_trade_by_keys_and_clicks(venue, market, open_page, picture):
    seller, buyer, visitor = open_page(), open_page(), open_page(width=390, height=844)
    for page in (seller, buyer, visitor):
        page.set_default_timeout(PATIENCE)
    log_in(seller, "noor@alef.example")
    log_in(buyer, "omar@alef.example")
    for page in (seller, buyer, visitor):
        page.goto(f"/markets/{SYMBOL}")
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")

    # 1. The seller asks, by the keyboard alone; everybody's book shows it without a reload.
    seller.keyboard.press("s")
    expect(seller.locator("[name=price]")).to_be_focused()
    seller.keyboard.type("2.49")
    seller.keyboard.press("ArrowUp")
    expect(seller.locator("[name=price]")).to_have_value("2.50")
    seller.locator("[name=quantity]").fill("40")
    expect(seller.locator("#preview")).to_contain_text(f"40 {SYMBOL}")
    seller.locator("[name=quantity]").press("Enter")
    expect(seller.locator("[data-toast-title]")).to_have_text("Your order is in the book.")
    expect(side(buyer, "sell")).to_contain_text(["2.50"])
    expect(side(visitor, "sell")).to_contain_text(["40"])

    # 2. The buyer takes a part of it by clicking the level.
    side(buyer, "sell").get_by_role("cell").first.click()
    expect(buyer.locator("[name=price]")).to_have_value("2.50")
    buyer.locator("[name=quantity]").fill("15")
    buyer.get_by_role("button", name=f"Buy {SYMBOL}").click()
    expect(buyer.locator("[data-toast-title]")).to_have_text(f"Bought 15 {SYMBOL}.")
    for page in (seller, buyer, visitor):
        expect(side(page, "sell")).to_contain_text(["25"])
        expect(page.locator("[data-tape] [role=row]")).to_contain_text([re.compile(r"2\.50\s*15")])
    picture(buyer, "market")
    picture(visitor, "market-phone")

    # 3. The seller's order says so by itself, is marked beside any list, and can be changed.
    expect(seller.locator("#lists")).to_contain_text("Partially filled")
    seller.locator("#lists").get_by_role("link", name="Fills").click()
    expect(seller.locator("#lists")).to_contain_text("Pending")
    expect(seller.locator(".ladder-own")).to_have_count(1)
    seller.locator("#lists").get_by_role("link", name="Open orders").click()
    seller.get_by_role("link", name="Change").click()
    expect(seller.locator("#amend-body form")).to_be_visible()
    seller.keyboard.press("Escape")
    assert seller.evaluate(AMENDED_AGAIN) == 0, "a form that was asked for before"
    expect(seller.locator("#amend-body form")).to_be_visible()
    seller.keyboard.press("Escape")

    # 4. Trading is halted and resumes before everybody's eyes.
    submit = buyer.get_by_role("button", name=f"Buy {SYMBOL}")
    switched(venue, "halt", "news_pending")
    expect(buyer.locator("[data-halted]")).to_be_visible()
    expect(submit).to_be_disabled()
    picture(buyer, "market-halted")
    switched(venue, "resume", "market_orderly")
    expect(buyer.locator("[data-halted]")).to_be_hidden()
    expect(submit).to_be_enabled()

    # 5. The order is cancelled.
    seller.locator("#lists").get_by_role("button", name="Cancel").click()
    expect(seller.locator("#lists")).to_contain_text("You have no open orders here.")
    expect(side(buyer, "sell")).to_have_count(0)
    assert [page.complaints for page in (seller, buyer, visitor) if page.complaints] == []
