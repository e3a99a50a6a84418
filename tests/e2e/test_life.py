"""A security's life by clicking: who issues and who invests is known, it is on chain, sold and traded.

The tests stand in the order of that life; each goes on where the one before it ended.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PICTURES
from tests.e2e.people import PASSWORD, answer_identity_check, investor_with_money, log_in, register

pytestmark = [pytest.mark.e2e]
ISSUER, INVESTOR = "rima@example.com", "sami@example.com"
COMPANY, NAME, SYMBOL = "Palm Foods PJSC", "Palm Foods Ordinary", "PALM"
CHAIN = 120_000  # milliseconds in which the chain must have done something
MARKET = f"/markets/{SYMBOL}"
TRANSACTION = re.compile("0x[0-9a-f]{6}")
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong


@pytest.fixture
def come(open_page):
    """Open a page as somebody: `come("admin@alef.example")`."""
    pages = []

    def make(email, password="", **of_context):
        page = open_page(**of_context)
        page.set_default_timeout(30_000)
        pages.append(page)
        log_in(page, email, *([password] if password else []))
        return page

    yield make
    assert [page.complaints for page in pages if page.complaints] == []


@pytest.fixture
def arrive(open_page):
    """Come for the first time: register, and log in."""

    def make(name, email, wish):
        page = open_page()
        page.set_default_timeout(30_000)
        register(page, name, email, wish)
        return page

    return make


@pytest.fixture(scope="module")
def buyer(venue):
    """The e-mail of a second investor, who is verified, registered on chain, and has money."""
    return investor_with_money(venue.url, "Lina Haddad")


@pytest.mark.spec("KYC-2", "KYC-4", "KYC-5")
def test_a_reviewer_verifies_who_the_issuer_is(arrive, come, picture):
    issuer = arrive("Rima Nasser", ISSUER, "Raise capital for a company")
    picture(issuer, "life-issuer-home")
    answer_identity_check(issuer, picture)
    reviewer = come("compliance@alef.example")
    reviewer.get_by_role("link", name="Identity checks").first.click()
    picture(reviewer, "kyc-queue")
    reviewer.get_by_role("table").get_by_role("link").first.click()
    reviewer.get_by_text("Somebody Whole").wait_for()
    picture(reviewer, "kyc-case")
    decision = reviewer.locator("#approve")
    decision.get_by_label("Level", exact=True).select_option("2")
    decision.get_by_role("button", name="Approve").click()
    reviewer.get_by_text("The person is verified.").wait_for()
    issuer.reload()
    issuer.get_by_text("Your identity is verified").wait_for()
    picture(issuer, "kyc-approved")
    assert issuer.complaints == []


@pytest.mark.spec("BIZ-1")
def test_an_admin_approves_the_business(come, picture):
    issuer, admin = come(ISSUER, PASSWORD), come("admin@alef.example")
    issuer.goto("/businesses")
    picture(issuer, "businesses-none")
    issuer.get_by_role("link", name="Register a business").click()
    issuer.get_by_label("Company name").fill(COMPANY)
    issuer.get_by_label("Registration number").fill("CN-4400871")
    issuer.get_by_label("Country of registration").select_option("AE")
    issuer.get_by_label("Industry").select_option("food")
    issuer.get_by_label("Platform allocation").fill("2.50")
    picture(issuer, "business-new")
    issuer.get_by_role("main").get_by_role("button", name="Register").click()
    issuer.get_by_text("What comes next").wait_for()
    picture(issuer, "business-pending")
    admin.get_by_role("link", name="Businesses").first.click()
    picture(admin, "business-queue")
    admin.get_by_role("link", name=COMPANY).click()
    picture(admin, "business-review")
    admin.get_by_role("button", name="Approve").click()
    admin.get_by_text("Active", exact=True).first.wait_for()
    issuer.reload()
    issuer.get_by_role("link", name="Create a token").click()
    issuer.get_by_role("heading", name="New token").wait_for()


@pytest.mark.spec("TOK-3", "TOK-4", "TOK-5", "UI-3")
def test_a_token_is_drafted_deployed_and_offered(come, picture):
    issuer, admin = come(ISSUER, PASSWORD), come("admin@alef.example")
    draft(issuer, picture)
    admin.goto("/staff/tokens")
    picture(admin, "staff-tokens")
    admin.get_by_role("link", name=NAME).click()
    expect(admin.get_by_role("main")).to_contain_text(COMPANY)
    picture(admin, "staff-token-draft")
    admin.get_by_role("button", name="Deploy the contracts").click()
    admin.get_by_text("The chain was asked").first.wait_for()
    admin.evaluate("window.sameDocument = true")
    picture(admin, "deployment-moving")
    deployment = admin.locator("#deployment")
    deployment.get_by_text("The token's contracts are final on chain.").wait_for(timeout=CHAIN)
    assert admin.evaluate("window.sameDocument"), "the progress came by a reload"
    expect(deployment).to_contain_text(TRANSACTION)
    expect(admin.locator("#status")).to_have_text("Deployed")
    picture(admin, "deployment-done")
    deployment.get_by_role("link", name="Go on").click()
    admin.get_by_role("button", name="Start the offering").click()
    admin.get_by_text("The offering is set.").first.wait_for()
    picture(admin, "staff-token-offered")


def draft(page, picture):
    """Go through the wizard of a token."""
    page.goto("/tokens")
    picture(page, "tokens-none")
    page.get_by_role("link", name="New token").click()
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Symbol").fill(SYMBOL)
    page.get_by_label("Jurisdiction").select_option("AE")
    picture(page, "token-basics")
    go_on(page)
    page.get_by_label("Total supply").fill("100000")
    page.get_by_label("Price of one token").fill("10.00")
    page.get_by_label("Currency").select_option("USD")
    page.get_by_label("Smallest investment").fill("100.00")
    picture(page, "token-supply")
    go_on(page)
    page.get_by_label("Primary offering").fill("60")
    page.get_by_label("Team").fill("25")
    page.get_by_label("Reserve").fill("10")
    page.get_by_text("5.00 % are missing.").wait_for()
    picture(page, "token-split-missing")
    page.get_by_label("Reserve").fill("15")
    page.get_by_text("These make the whole supply.").wait_for()
    picture(page, "token-split")
    go_on(page)
    page.get_by_role("group", name="Countries of residence").get_by_label("United Arab Emirates").check()
    picture(page, "token-eligibility")
    go_on(page)
    picture(page, "token-check")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_text("Saved as a draft.").first.wait_for()
    picture(page, "token-draft")


def go_on(page):
    page.get_by_role("button", name="Continue").click()


@pytest.mark.spec("UI-7", "KYC-5")
def test_a_case_is_decided_in_the_compliance_workplace(arrive, come, picture):
    investor = arrive("Sami Aziz", INVESTOR, "Invest")
    answer_identity_check(investor)
    reviewer = come("compliance@alef.example")
    reviewer.goto("/admin/")
    reviewer.get_by_role("link", name="Applications").first.click()
    reviewer.goto(f"{reviewer.url.partition('?')[0]}?status__exact=pending")
    picture(reviewer, "workplace-cases")
    reviewer.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    reviewer.get_by_role("button", name="Take into review").click()
    reviewer.get_by_text("Somebody Whole").wait_for()
    picture(reviewer, "workplace-case")
    reviewer.get_by_label("Level", exact=True).select_option("2")
    reviewer.get_by_role("button", name="Approve").click()
    reviewer.get_by_text("Decided.").wait_for()
    investor.reload()
    investor.get_by_text("Your identity is verified").wait_for()
    assert investor.complaints == []


@pytest.mark.spec("PAY-1", "OFR-1", "OFR-2", "UI-2")
def test_money_comes_in_and_tokens_are_minted(come, picture):
    investor, finance = come(INVESTOR, PASSWORD), come("finance@alef.example")
    pay_in(investor, finance, picture)
    investor.goto("/offerings")
    picture(investor, "offerings")
    investor.locator("li", has_text=NAME).get_by_role("link", name="Look and subscribe").click()
    expect(investor.get_by_role("main")).to_contain_text(COMPANY)
    investor.get_by_label("How many tokens?").fill("1200")
    subscribe = investor.get_by_role("button", name="Subscribe and reserve 12,000.00 USD")
    subscribe.wait_for()
    picture(investor, "offering-preview")
    subscribe.click()
    investor.get_by_text("You have subscribed.").first.wait_for()
    picture(investor, "subscription-pending")
    finance.get_by_role("link", name="Pending payments").first.click()
    picture(finance, "pending-payments")
    finance.get_by_role("button", name="Confirm all").click()
    finance.get_by_text("1 payment confirmed.").first.wait_for()
    investor.reload()
    investor.get_by_role("button", name="Give up the cooling-off").click()
    investor.get_by_text("Your tokens are minted without waiting.").first.wait_for()
    picture(investor, "subscription-minting")
    investor.get_by_text("Minted", exact=True).wait_for(timeout=CHAIN)
    expect(investor.get_by_role("main")).to_contain_text(TRANSACTION)
    picture(investor, "subscription-minted")
    investor.goto("/wallet")
    investor.get_by_text(f"1,200 {SYMBOL}").first.wait_for()
    picture(investor, "wallet-with-tokens")


@pytest.mark.spec("CHN-8", "UI-4")
def test_staff_follow_the_mint_on_chain(come, picture):
    admin = come("admin@alef.example")
    admin.get_by_role("link", name="Network").first.click()
    picture(admin, "chain")
    admin.get_by_role("table").get_by_role("link", name="Mint").first.click()
    way = admin.get_by_role("list", name="The way to finality")
    expect(way).to_contain_text("Asked for")
    expect(way).to_contain_text(TRANSACTION)
    expect(way).to_contain_text("Completed", timeout=CHAIN)
    picture(admin, "chain-mint")
    admin.get_by_role("link", name="Gas").first.click()
    expect(admin.get_by_role("table")).to_contain_text("Mint")
    picture(admin, "gas")


def pay_in(investor, finance, picture):
    """Announce a transfer, and have its money booked."""
    investor.goto("/wallet")
    investor.get_by_role("link", name="Deposit").first.click()
    investor.get_by_label("Currency").select_option("USD")
    investor.get_by_label("Amount").fill("25000.00")
    picture(investor, "deposit-new")
    investor.get_by_role("button", name="Get the reference").click()
    investor.get_by_text("Send the money here").wait_for()
    picture(investor, "deposit-requested")
    finance.get_by_role("link", name="Deposits").first.click()
    picture(finance, "deposit-queue")
    finance.get_by_role("table").get_by_role("link").first.click()
    finance.get_by_label("Bank's reference").fill("CAMT-20260302-1")
    picture(finance, "deposit-case")
    finance.get_by_role("button", name="Confirm and credit").click()
    finance.get_by_text("Credited").first.wait_for()
    investor.reload()
    investor.get_by_text("Credited").first.wait_for()
    picture(investor, "deposit-credited")


def test_pages_in_arabic_in_the_dark_and_on_a_phone(come, arrive, picture):
    phone = come(INVESTOR, PASSWORD, width=390, height=844)
    phone.goto("/offerings")
    phone.locator("li", has_text=NAME).get_by_role("link", name="Look and subscribe").click()
    phone.get_by_label("How many tokens?").fill("10")
    phone.get_by_role("button", name="Subscribe and reserve 100.00 USD").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    picture(phone, "offering-phone")
    dark = come(ISSUER, PASSWORD, scheme="dark")
    dark.goto("/tokens")
    dark.get_by_role("link", name=NAME).click()
    dark.locator("#progress").wait_for()
    picture(dark, "token-dark")
    newcomer = arrive("Dana Farid", "dana@example.com", "Invest")
    newcomer.context.add_cookies([{"name": "django_language", "value": "ar", "url": newcomer.url}])
    newcomer.goto("/kyc/personal")
    assert newcomer.locator("html").get_attribute("dir") == "rtl"
    newcomer.locator("#id_full_name").fill("دانا فريد")
    picture(newcomer, "kyc-arabic")
    assert newcomer.complaints == []


@pytest.mark.spec("TOK-9", "UI-4")
def test_an_admin_opens_the_market(buyer, come, picture):
    admin = come("admin@alef.example")
    admin.goto("/staff/tokens")
    admin.get_by_role("link", name=NAME).click()
    what = admin.locator(".card", has=admin.get_by_role("heading", name="Open the market"))
    for shown in ("12,000.00 USD", "240.00 USD", "11,760.00 USD", f"25,000 {SYMBOL}", f"58,800 {SYMBOL}"):
        expect(what).to_contain_text(shown)
    what.get_by_label("Price step").fill("0.05")
    picture(admin, "market-before-opening")
    what.get_by_role("button", name="Open the market").click()
    expect(admin.locator("#status")).to_have_text("Secondary")
    picture(admin, "market-opened")
    seen_in_list(admin, "/markets", SYMBOL)
    picture(admin, "markets")


@pytest.mark.spec("ORD-1", "MKT-1", "UI-2")
def test_two_investors_trade(buyer, come, picture):
    seller, bidder = come(INVESTOR, PASSWORD), come(buyer, PASSWORD)
    seller.goto("/subscriptions")
    seller.get_by_role("main").get_by_role("link", name=SYMBOL).click()
    picture(seller, "market-offering-over")
    seller.get_by_role("link", name="Go to the market").click()
    for page in (bidder, seller):
        page.goto(MARKET)
        page.evaluate("window.sameDocument = true")
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    picture(seller, "market-empty")
    ask(seller, picture)
    level = bidder.locator("[data-ladder] [data-side=sell] [data-price='10.50']")
    expect(level).to_contain_text("100")
    buy(bidder, picture)
    expect(seller.locator("[data-tape]")).to_contain_text("10.50")
    expect(seller.locator("#market-head")).to_contain_text("10.50 USD")
    expect(seller.locator("[data-chart] canvas").first).to_be_visible()
    expect(seller.locator("[data-ladder] [data-side=sell]")).to_contain_text("60")
    lists = seller.locator("#lists")
    expect(lists.get_by_role("row", name="Partially filled")).to_contain_text("40")
    picture(seller, "market-sold")
    lists.get_by_role("button", name="Cancel").click()
    lists.get_by_text("You have no open orders here.").wait_for()
    expect(level).to_have_count(0)
    expect(seller.locator("#ticket")).to_contain_text("Available 1,160")
    lists.get_by_role("link", name="Fills").click()
    expect(lists.get_by_role("row", name="Sell")).to_contain_text("1.05 USD")
    picture(seller, "market-cancelled")
    assert [page.evaluate("window.sameDocument") for page in (seller, bidder)] == [True, True], "reloaded"


def ask(page, picture):
    """Offer tokens by the ticket."""
    ticket = page.locator("#ticket")
    ticket.get_by_role("radio", name="Sell").check()
    ticket.get_by_label("Price for one").fill("10.50")
    ticket.get_by_label("Quantity").fill("100")
    expect(ticket.locator("#preview")).to_contain_text(f"100 {SYMBOL}")
    picture(page, "market-asking")
    ticket.get_by_role("button", name=f"Sell {SYMBOL}").click()
    page.get_by_text("Your order is in the book.").wait_for()


def buy(page, picture):
    """Take a part of the best offer: the side and the price by keys, the rest by the button."""
    ticket = page.locator("#ticket")
    page.keyboard.press("b")
    price = ticket.get_by_label("Price for one")
    expect(price).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(price).to_have_value("10.50")
    ticket.get_by_label("Quantity").press_sequentially("40")
    expect(ticket.locator("#preview")).to_contain_text("420.00 USD")
    picture(page, "market-buying")
    ticket.get_by_role("button", name=f"Buy {SYMBOL}").click()
    page.get_by_text(f"Bought 40 {SYMBOL}.").wait_for()
    picture(page, "market-bought")


@pytest.mark.spec("SET-1", "UI-4")
def test_the_trade_settles_on_chain(buyer, come, picture):
    staff, investor = come("operator@alef.example"), come(buyer, PASSWORD)
    staff.goto("/staff/trades")
    staff.get_by_role("table").get_by_role("link").first.click()
    trade = staff.locator("#trade")
    expect(trade.get_by_role("list", name="Every step")).to_contain_text("Settled", timeout=CHAIN)
    expect(trade).to_contain_text(TRANSACTION)
    picture(staff, "market-trade-settled")
    staff.goto("/staff/trades")
    expect(staff.get_by_role("row", name="Settled").first).to_contain_text(TRANSACTION)
    picture(staff, "market-staff-trades")
    investor.goto("/wallet")
    expect(investor.get_by_role("row", name="Purchase").first).to_be_visible()
    investor.get_by_text(f"40 {SYMBOL}").first.wait_for()
    picture(investor, "market-wallet-buyer")
    choose_where_money_goes(investor, picture)
    for path, name in (("/home", "market-home-buyer"), ("/orders", "market-orders-buyer")):
        investor.goto(path)
        picture(investor, name)
    for path, name in (
        ("/home", "market-home-staff"),
        ("/staff/instruments", "market-staff-instruments"),
        ("/staff/orders", "market-staff-orders"),
    ):
        staff.goto(path)
        picture(staff, name)


def choose_where_money_goes(page, picture):
    """See that the form of a withdrawal asks for the chosen kind of account only."""
    page.get_by_role("link", name="Withdraw").first.click()
    page.get_by_role("link", name="USD", exact=True).click()
    iban, number = (page.get_by_label(name, exact=True) for name in ("IBAN", "Account number"))
    expect(iban).to_be_visible()
    expect(number).to_be_hidden()
    picture(page, "withdrawal-new")
    page.get_by_label("An account in the US").check()
    expect(iban).to_be_hidden()
    expect(number).to_be_visible()


def test_the_market_on_a_phone_in_the_dark_and_in_arabic(buyer, come, open_page, picture):
    phone = come(buyer, PASSWORD, width=390, height=844)
    phone.goto(MARKET)
    phone.locator("[data-chart] canvas").first.wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    picture(phone, "market-life-phone")
    phone.locator(".market-bar").get_by_role("button", name="Sell").click()
    phone.locator("#ticket").get_by_role("button", name=f"Sell {SYMBOL}").wait_for()
    phone.screenshot(path=PICTURES / "market-life-phone-ticket.png", caret="initial")
    dark = come(INVESTOR, PASSWORD, scheme="dark")
    dark.goto(MARKET)
    dark.locator("[data-chart] canvas").first.wait_for()
    picture(dark, "market-dark")
    dark.context.add_cookies([{"name": "django_language", "value": "ar", "url": dark.url}])
    dark.goto(MARKET)
    dark.locator("[data-chart] canvas").first.wait_for()
    assert dark.locator("html").get_attribute("dir") == "rtl"
    picture(dark, "market-arabic")
    visitor = open_page()
    visitor.goto("/")
    expect(visitor.get_by_role("main").locator("[data-ladder]")).to_be_visible()
    picture(visitor, "market-landing")
    assert visitor.complaints == []


def seen_in_list(page, path, text):
    """Look again until what follows by a message is there."""
    for _ in range(50):
        page.goto(path)
        if page.get_by_role("main").get_by_text(text).count():
            return
        page.wait_for_timeout(200)
    pytest.fail(f"{text} didn't come to {path}")
