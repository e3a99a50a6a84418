"""The pages of the market: what everybody sees, the ticket, and one's own orders."""

import json
import re
import sys
from functools import partial

import pytest
from django.urls import reverse

from apps.accounts.types import Accreditation, KycStatus, Role
from apps.common.clock import now
from apps.common.ids import new_id
from apps.trading import models, selectors, services
from apps.trading.types import NewOrder, OrderStatus, OrderType, Side, TradingState
from tests.factories import ledger as bank
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.trading import BY, Market
from tests.integration.tokens.pages import forms_of, text_of
from tests.integration.trading.asking import person

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def market(valkey):
    """A market of ACME for US dollars: a tick of 0.05, a lot of 10."""
    return Market(tick=5, lot=10)


@pytest.fixture
def somebody(market):
    """Let somebody in whom no limit of investments binds; return their account."""
    return partial(person, market, accreditation=Accreditation.INSTITUTIONAL)


def place(market, account, side, quantity, price):
    order = NewOrder(market.instrument.id, str(new_id()), side, OrderType.LIMIT, quantity, price)
    return services.place_order(order=order, owner=account.id, by=BY, at=now())


def at(name, market):
    return reverse(name, args=[market.instrument.symbol])


def ticket(**changes):
    usual = {
        "client_order_id": str(new_id()),
        "side": "buy",
        "order_type": "limit",
        "time_in_force": "GTC",
        "price": "2.50",
        "quantity": "100",
    }
    return usual | changes


def told(response):
    """Return the toast that an answer for a part of the page carries."""
    return json.loads(response["HX-Trigger"])["toast"]


def shown_as(page):
    """Return the attributes by which a ticket hides that trading is halted, and refuses to be sent."""
    notice = re.search(r"<div data-halted (hidden)?>(.*?Trading is halted)", page, re.DOTALL)
    button = re.search(r'class="[^"]* place" (disabled)?>', page)
    return notice[1] or "", button[1] or ""


def halted(market):
    models.Instrument.objects.filter(pk=market.instrument.id).update(state=TradingState.HALTED)


def test_the_markets_teach_while_there_is_none(client):
    page = text_of(client.get(reverse("markets")))
    assert "No market is open yet" in page
    assert reverse("offerings") in page


@pytest.mark.spec("MKT-2")
def test_everybody_sees_the_markets_and_the_book(client, market, somebody, running):
    seller, buyer = somebody(tokens=1_000), somebody(cash=100_000)
    place(market, seller, Side.SELL, 100, 250)
    place(market, buyer, Side.BUY, 40, 250)
    place(market, buyer, Side.BUY, 30, 200)
    running.end()
    listed = text_of(client.get(reverse("markets")))
    assert at("market", market) in listed
    for shown in ("ACME/USD", "2.50", "2.00", "40"):
        assert shown in listed
    page = client.get(at("market", market))
    assert page.context["ladder"].asks[0].quantity == "60"
    assert [level.price for level in page.context["ladder"].bids] == ["2.00"]
    assert [each.quantity for each in page.context["tape"]] == ["40"]
    text = text_of(page)
    assert "Log in to trade" in text
    assert reverse("login") in text
    assert "market-order" not in text
    assert forms_of(page).sent.get(at("market-order", market)) is None


@pytest.mark.parametrize("name", ["market", "market-preview", "market-order"])
def test_a_market_that_there_is_not_is_not_found(client, market, somebody, name):
    logged_in(client, somebody())
    address = reverse(name, args=["NONE"])
    answer = client.get(address) if name == "market" else client.post(address, ticket())
    assert answer.status_code == 404


@pytest.mark.spec("ORD-1", "ORD-6")
def test_a_form_places_an_order_and_its_resend_finds_it(client, market, somebody, running):
    buyer = somebody(cash=100_000)
    logged_in(client, buyer)
    page = client.get(at("market", market))
    given = forms_of(page).sent[at("market-order", market)]
    sent = ticket(client_order_id=given["client_order_id"][0])
    assert given["side"] == ["buy"]
    for _ in range(2):
        answer = client.post(at("market-order", market), sent)
        assert answer.status_code == 302
        assert answer["Location"] == at("market", market)
    running.end()
    (order,) = selectors.orders_of(buyer.id)
    assert (order.price, order.quantity, order.status) == (250, 100, OrderStatus.OPEN)
    page = client.get(at("market", market))
    assert "Your order is in the book." in text_of(page)
    assert [line.order.id for line in page.context["open"]] == [order.id]
    assert page.context["ladder"].bids[0].is_own


@pytest.mark.spec("ORD-1")
def test_a_part_of_the_page_is_answered_with_the_outcome_and_a_fresh_ticket(
    client, market, somebody, running
):
    seller, buyer = somebody(tokens=1_000), somebody(cash=100_000)
    place(market, seller, Side.SELL, 60, 250)
    logged_in(client, buyer)
    sent = ticket()
    answer = client.post(at("market-order", market), sent, **HTMX)
    running.end()
    assert answer.status_code == 200
    assert told(answer)["title"] == "Bought 60 of 100 ACME."
    assert "market:orders" in json.loads(answer["HX-Trigger"])
    fresh = forms_of(answer).sent[at("market-order", market)]
    assert fresh["client_order_id"] != [sent["client_order_id"]]
    assert fresh["price"] == ["2.50"]
    lists = text_of(client.get(at("market", market), {"part": "lists", "tab": "fills"}, **HTMX))
    assert "150.00" in lists
    assert "Pending" in lists
    funds = text_of(client.get(at("market", market), {"part": "funds"}, **HTMX))
    assert "750.00" in funds  # 1,000.00 less what was bought and what the rest holds


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"quantity": ""}, "quantity"),
        ({"quantity": "-10"}, "quantity"),
        ({"quantity": "15"}, "quantity"),  # no whole lots
        ({"quantity": "\uff11\uff10"}, "quantity"),  # full-width digits
        ({"price": ""}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "2.52"}, "price"),  # no whole ticks
        ({"price": "1e2"}, "price"),
    ],
)
@pytest.mark.spec("ORD-1")
def test_bad_input_is_said_beside_its_field_and_nothing_happens(client, market, somebody, changes, wrong):
    logged_in(client, somebody(cash=100_000))
    for headers in ({}, HTMX):
        answer = client.post(at("market-order", market), ticket(**changes), **headers)
        assert answer.status_code == 422
        assert forms_of(answer).invalid == {wrong}
        assert forms_of(answer).sent[at("market-order", market)]
    assert not models.Order.objects.exists()


@pytest.mark.parametrize("changes", [{"side": "both"}, {"order_type": "stop"}, {"time_in_force": "GTD"}])
def test_a_choice_that_there_is_not_is_refused(client, market, somebody, changes):
    logged_in(client, somebody(cash=100_000))
    assert client.post(at("market-order", market), ticket(**changes)).status_code == 422
    assert not models.Order.objects.exists()


@pytest.mark.spec("ORD-6")
def test_a_refusal_stands_in_the_ticket_and_the_next_try_is_another_order(client, market, somebody, running):
    poor = somebody(cash=1_00)
    logged_in(client, poor)
    sent = ticket()
    answer = client.post(at("market-order", market), sent, **HTMX)
    running.end()
    assert answer.status_code == 422
    assert "Add funds or choose a smaller quantity." in text_of(answer).replace("&#x27;", "'")
    again = forms_of(answer).sent[at("market-order", market)]
    assert again["client_order_id"] != [sent["client_order_id"]]
    assert again["quantity"] == ["100"]
    assert [order.status for order in selectors.orders_of(poor.id)] == [OrderStatus.REJECTED]


@pytest.mark.spec("ORD-5")
def test_a_preview_says_what_it_would_do_and_does_nothing(client, market, somebody):
    buyer = somebody(cash=1_000_00)
    logged_in(client, buyer)
    answer = client.post(at("market-preview", market), ticket(), **HTMX)
    shown = answer.context["preview"]
    assert (shown.notional, shown.held) == (250_00, 250_00)
    page = text_of(answer)
    for said in ("250.00", "Held for it", "Investment limit left"):
        assert said in page
    whole = client.post(at("market-preview", market), ticket(quantity="1000"))
    assert whole.status_code == 200
    assert "There isn&#x27;t enough available for this order." in text_of(whole)
    assert not models.Order.objects.exists()
    assert bank.balance(f"client:{buyer.id}:USD") == (1_000_00, 0)


def test_a_preview_of_nothing_says_nothing_and_one_without_a_script_says_what_is_wrong(
    client, market, somebody
):
    logged_in(client, somebody())
    empty = client.post(at("market-preview", market), ticket(quantity=""), **HTMX)
    assert empty.status_code == 200
    assert empty.context["preview"] is None
    assert client.post(at("market-preview", market), ticket(quantity="")).status_code == 422


@pytest.mark.spec("ORD-4")
def test_who_may_not_trade_sees_why_and_what_to_do_instead_of_a_ticket(client, market, somebody):
    logged_in(client, somebody(kyc=KycStatus.NONE))
    page = client.get(at("market", market))
    assert "kyc_not_approved" in text_of(page)
    assert reverse("kyc") in text_of(page)
    assert at("market-order", market) not in forms_of(page).sent
    assert client.post(at("market-order", market), ticket()).status_code == 422
    assert not models.Order.objects.exists()


@pytest.mark.spec("ORD-4")
def test_who_may_only_sell_gets_a_ticket_that_says_so(client, market, somebody):
    logged_in(client, somebody(tokens=100, kyc=KycStatus.EXPIRED))
    page = client.get(at("market", market))
    assert "You can sell, but not buy." in text_of(page)
    assert at("market-order", market) in forms_of(page).sent


def test_who_was_logged_out_gets_the_whole_page_again_and_not_a_page_within_a_panel(client, market, somebody):
    logged_in(client, somebody())
    for part in ("lists", "funds"):
        assert client.get(at("market", market), {"part": part}, **HTMX).status_code == 200
    client.logout()
    for part in ("lists", "funds"):
        answer = client.get(at("market", market), {"part": part}, **HTMX)
        assert (answer.status_code, answer["HX-Refresh"], answer.content) == (204, "true", b"")
    assert "Log in to trade" in text_of(client.get(at("market", market)))


def test_what_a_form_leads_to_leads_on_from_any_address(client, market, somebody, running):
    place(market, somebody(tokens=1_000), Side.SELL, 100, 250)
    running.end()
    logged_in(client, somebody(cash=100_000))
    for name in ("market-preview", "market-order"):  # which take forms only
        page = text_of(client.post(at(name, market), ticket(quantity="x")))
        assert 'href="?' not in page
        assert f'href="{at("market", market)}?tab=fills#lists"' in page
        assert f'href="{at("market", market)}?side=buy&amp;price=2.50#ticket"' in page


def test_own_levels_are_known_whichever_list_is_looked_at(client, market, somebody, running):
    seller = somebody(tokens=1_000)
    place(market, seller, Side.SELL, 100, 250)
    running.end()
    logged_in(client, seller)
    for tab in ("open", "fills", "history"):
        lists = text_of(client.get(at("market", market), {"part": "lists", "tab": tab}, **HTMX))
        assert re.findall(r'data-own-level="(.*?)"', lists) == ["sell:2.50"], tab


def test_a_ticket_asks_for_a_preview_only_where_there_is_something_to_preview(client, market, somebody):
    logged_in(client, somebody(cash=100_000))
    assert ", load" not in text_of(client.get(at("market", market)))
    assert ", load" in text_of(client.get(at("market", market), {"quantity": "10"}))


def test_staff_look_and_do_not_trade(client, market):
    logged_in(client, AccountFactory(role=Role.ADMIN))
    page = client.get(at("market", market))
    assert page.status_code == 200
    assert at("market-order", market) not in forms_of(page).sent
    assert client.post(at("market-order", market), ticket()).status_code == 403


@pytest.mark.spec("RISK-4")
def test_a_halted_market_says_so_and_takes_nothing(client, market, somebody):
    logged_in(client, somebody(cash=100_000))
    trading = text_of(client.get(at("market", market)))
    assert shown_as(trading) == ("hidden", ""), "it is there for the feed to show"
    halted(market)
    assert shown_as(text_of(client.get(at("market", market)))) == ("", "disabled")


@pytest.mark.spec("ORD-1")
def test_own_orders_are_cancelled_and_changed_and_nobody_elses(client, market, somebody, running):
    owner, other = somebody(cash=100_000), somebody(cash=100_000)
    first = place(market, owner, Side.BUY, 100, 250).order_id
    second = place(market, owner, Side.BUY, 50, 200).order_id
    amend, cancel = reverse("order-amend", args=[first]), reverse("order-cancel", args=[second])

    logged_in(client, other)
    assert client.get(amend).status_code == 404
    assert client.post(amend, {"version": "1", "price": "2.60", "quantity": "100"}).status_code == 404
    assert client.post(cancel).status_code == 404
    assert client.get(reverse("orders")).context["lines"] == []
    assert client.get(at("market", market)).context["open"] == []

    logged_in(client, owner)
    shown = forms_of(client.get(amend)).sent[amend]
    assert shown == {"version": ["1"], "price": ["2.50"], "quantity": ["100"]}
    changed = {"version": "1", "price": "2.60", "quantity": "80"}
    done = client.post(amend, changed, **HTMX)
    assert (done.status_code, told(done)["title"]) == (204, "The order is changed.")
    stale = client.post(amend, changed, **HTMX)
    assert stale.status_code == 422
    assert "changed since you read it" in text_of(stale)
    bad = client.post(amend, {"version": "2", "price": "2.61", "quantity": "x"})
    assert (bad.status_code, forms_of(bad).invalid) == (422, {"quantity"})
    assert client.post(cancel, {"from": "orders"})["Location"] == reverse("orders")
    again = client.post(cancel, **HTMX)
    assert (again.status_code, told(again)["hue"]) == (204, "error")
    running.end()

    kept, ended = selectors.order(first, owner=owner.id), selectors.order(second, owner=owner.id)
    assert (kept.price, kept.quantity, kept.status) == (260, 80, OrderStatus.OPEN)
    assert ended.status is OrderStatus.CANCELLED
    everything = client.get(reverse("orders"))
    assert [line.order.id for line in everything.context["lines"]] == [second, first]
    assert "Cancelled by its owner" in text_of(everything)
    assert everything.context["shown"] == {"all": True, "open": False, "done": False}
    open_only = client.get(reverse("orders"), {"show": "open", "cursor": "not a cursor"})
    assert [line.order.id for line in open_only.context["lines"]] == [first]


@pytest.mark.spec("ORD-1")
def test_all_own_orders_of_a_market_are_cancelled_at_once(client, market, somebody, running):
    owner, other = somebody(cash=100_000), somebody(cash=100_000)
    for price in (200, 205):
        place(market, owner, Side.BUY, 10, price)
    place(market, other, Side.BUY, 10, 210)
    logged_in(client, owner)
    done = client.post(at("market-cancel-all", market), **HTMX)
    assert (done.status_code, told(done)["title"]) == (204, "Cancelled 2 orders.")
    assert client.post(at("market-cancel-all", market))["Location"] == at("market", market)
    running.end()
    assert selectors.count_live(owner.id) == 0
    assert selectors.count_live(other.id) == 1


def test_a_page_of_orders_leads_to_the_older_ones(client, market, somebody, running, monkeypatch):
    monkeypatch.setattr(sys.modules["apps.trading.views.orders"], "PAGE", 2)
    owner = somebody(cash=100_000)
    placed = [place(market, owner, Side.BUY, 10, 200 + 5 * step).order_id for step in range(3)]
    running.end()
    logged_in(client, owner)
    first = client.get(reverse("orders"))
    assert [line.order.id for line in first.context["lines"]] == placed[:0:-1]
    older = client.get(reverse("orders"), {"cursor": first.context["following"]})
    assert [line.order.id for line in older.context["lines"]] == placed[:1]
    assert older.context["following"] == ""


@pytest.mark.spec("UI-2")
def test_the_first_pages_lead_to_the_market(client, market, somebody, running):
    assert "Nobody bids." in text_of(client.get(reverse("landing")))
    seller, buyer = somebody(tokens=1_000), somebody(cash=100_000)
    place(market, seller, Side.SELL, 100, 250)
    place(market, buyer, Side.BUY, 40, 250)
    running.end()
    landing = client.get(reverse("landing"))
    assert landing.context["market"].asks == [(250, 60)]
    assert at("market", market) in text_of(landing)
    home = logged_in(client, buyer).get(reverse("home"))
    (holding,) = home.context["holdings"]
    assert (holding.balance.total, holding.value) == (40, 100_00)
    assert at("market", market) in text_of(home)
    assert home.context["steps"][-1].state == "done"  # a first purchase on the market is one, too


def test_a_ticket_begins_with_what_the_address_says(client, market, somebody):
    logged_in(client, somebody())
    page = client.get(at("market", market), {"side": "sell", "price": '2.50"><script>'})
    sent = forms_of(page).sent[at("market-order", market)]
    assert sent["side"] == ["sell"]
    assert sent["price"] == ['2.50"><script>']
    assert '2.50"><script>' not in text_of(page)


def test_the_screen_asks_little(client, market, somebody, running, django_assert_max_num_queries):
    seller, buyer = somebody(tokens=1_000), somebody(cash=100_000)
    place(market, seller, Side.SELL, 100, 250)
    place(market, buyer, Side.BUY, 40, 250)
    running.end()
    logged_in(client, seller)
    with django_assert_max_num_queries(14):
        client.get(at("market", market))
    with django_assert_max_num_queries(13):
        client.post(at("market-order", market), ticket(quantity="x"))
    with django_assert_max_num_queries(12):
        client.get(reverse("orders"))
    client.logout()
    with django_assert_max_num_queries(4):
        client.get(at("market", market))
