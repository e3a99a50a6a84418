"""What the tests of the market's API share: people who may trade, and how they ask."""

from django.db import transaction
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.types import Accreditation, Fatca, KycStatus, Role, Standing
from apps.common.clock import now
from apps.common.ids import new_id
from tests.factories.accounts import AccountFactory, bearer


def person(market=None, *, cash=0, tokens=0, kyc=KycStatus.APPROVED, fatca=Fatca.CLEAR, **about):
    """Open an account of a person who may trade, and let them in; return the account."""
    account = AccountFactory(role=about.get("role", Role.INVESTOR))
    standing = Standing(
        kyc,
        about.get("level", 2),
        about.get("accreditation", Accreditation.RETAIL),
        fatca,
        about.get("country", "AE"),
    )
    with transaction.atomic():
        accounts.set_standing(user_id=account.id, standing=standing, at=now())
    if market and (cash or tokens):
        market.join(cash=cash, tokens=tokens, owner=account.id)
    return account


def body(market, side="buy", quantity="2", price="1.01", **terms):
    """Return an order as the API takes it; at no price a market order."""
    return {
        "instrument": str(market.instrument.id),
        "client_order_id": terms.pop("name", None) or str(new_id()),
        "side": side,
        "order_type": "limit" if price else "market",
        "quantity": quantity,
        **({"price": price} if price else {}),
        **terms,
    }


class Caller:
    """Somebody who calls the API."""

    def __init__(self, client, account):
        self.client, self.account = client, account
        self.headers = bearer(account) if account else {}

    def get(self, name, query="", **where):
        return self.client.get(reverse(f"api:{name}", kwargs=where) + query, **self.headers)

    def post(self, name, sent=None, *, key="", **where):
        headers = self.headers | ({"HTTP_IDEMPOTENCY_KEY": key} if key else {})
        url = reverse(f"api:{name}", kwargs=where)
        return self.client.post(url, sent or {}, content_type="application/json", **headers)

    def patch(self, name, sent, **where):
        url = reverse(f"api:{name}", kwargs=where)
        return self.client.patch(url, sent, content_type="application/json", **self.headers)
