"""No page asks the database once for each row that it shows."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.types import Role
from apps.trading.models import Instrument
from apps.trading.types import Side
from tests.factories import businesses, kyc, tokens, wallets
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.trading import Bench, Market

pytestmark = pytest.mark.django_db(transaction=True)
LISTS = {
    "admin": (
        *("home", "kyc-queue", "staff-businesses", "staff-tokens", "staff-allocations", "staff-deposits"),
        *("staff-instruments", "staff-orders", "staff-trades", "markets"),
        *("staff-withdrawals", "settings", "users", "presets", "audit", "ledger", "dead-letters"),
    ),
    "issuer": ("home", "businesses", "tokens", "wallet", "offerings"),
    "investor": (
        *("home", "offerings", "subscriptions", "wallet", "wallet-withdraw", "kyc", "markets", "orders"),
    ),
}
DESKS = {"admin": "staff-", "issuer": ""}


@pytest.fixture
def people(valkey):
    return {
        "admin": AccountFactory(role=Role.ADMIN),
        "issuer": businesses.issuer(),
        "investor": tokens.investor(cash=1_000_000_00),
    }


def one_more_of_everything(people, at):
    """Add a row to every page; return the token and its business."""
    business = businesses.active(people["issuer"])
    businesses.pending()
    token = tokens.offered(business=business, at=at)
    tokens.drafted(business=business, at=at)
    tokens.subscribed(token, people["investor"], at=at)
    tokens.minted(token, people["investor"], at=at)
    wallets.requested(people["investor"])
    wallets.funded(people["investor"], 500_00)
    kyc.submitted()
    traded(people["investor"])
    return token, business


def traded(seller):
    """Open one more market, with two open orders of its own and a trade."""
    market = Market(code=f"M{Instrument.objects.count()}")
    selling, buying = market.join(tokens=100, owner=seller.id), market.join(cash=10_000)
    Bench(market).do(
        market.new(selling, Side.SELL, 10, 100),
        market.new(buying, Side.BUY, 5, 100),
        market.new(buying, Side.BUY, 5, 90),
    )


def queries_of_each_page(people, token, business):
    """Count what each page asks the database, the second time that somebody opens it."""
    found = {}
    for who, address in addresses(token, business):
        client = logged_in(Client(), people[who])
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200, address
        found[who, address] = len(asked)
    return found


def addresses(token, business):
    yield from ((who, reverse(name)) for who, names in LISTS.items() for name in names)
    yield from ((who, reverse(f"{desk}token", args=[token.id])) for who, desk in DESKS.items())
    yield from ((who, reverse(f"{desk}business", args=[business.id])) for who, desk in DESKS.items())
    yield "investor", reverse("offering", args=[token.id]) + "?quantity=10"


def test_more_rows_are_no_more_queries(people):
    at = datetime.now(UTC)
    where = one_more_of_everything(people, at)
    few = queries_of_each_page(people, *where)
    for _ in range(3):
        one_more_of_everything(people, at)
        tokens.subscribed(where[0], people["investor"], at=at)
        tokens.subscribed(where[0], tokens.investor(), at=at)
    many = queries_of_each_page(people, *where)
    assert {page: (few[page], many[page]) for page in few if many[page] > few[page]} == {}


def test_the_staff_dashboard_counts_what_waits_with_few_queries(people, django_assert_max_num_queries):
    client = logged_in(Client(), people["admin"])
    client.get(reverse("home"))
    with django_assert_max_num_queries(13):
        page = client.get(reverse("home")).content.decode()
    assert "Failed settlements" in page
    assert "Halted markets" in page
