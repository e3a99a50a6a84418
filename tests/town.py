"""A small town for requests that were drawn: somebody of every role, and something of everything.

`founded()` builds it inside a transaction that never commits, and `undone()` takes back what one request did
there; so a town is built once and every request meets it as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from apps.accounts.types import Account, Role
from apps.chain.models import Intent
from apps.kyc import selectors as of_kyc
from apps.trading.models import Order, Trade
from apps.trading.types import Side
from apps.wallets import services as wallets
from tests.factories import businesses, kyc, tokens
from tests.factories import wallets as money
from tests.factories.accounts import AccountFactory, bearer
from tests.factories.compliance import limit
from tests.factories.trading import Bench, Market

STRANGER = UUID(int=0)


@dataclass(frozen=True)
class Town:
    """People by name (nobody is None), the headers of their calls, and ids by what they are ids of."""

    people: dict[str, Account | None]
    headers: dict[str, dict[str, str]]
    ids: dict[str, list[str]]

    def pick(self, name: str, turn: int) -> str:
        """Return one of the ids that a parameter of this name may have, another each turn."""
        found = self.ids.get(name, ["x"])
        return found[turn % len(found)]


@contextmanager
def undone() -> Iterator[None]:
    """Take back everything that happens in this block, in the database."""
    block: Any = transaction.atomic()
    block._from_testcase = True  # verbs that open the transaction may run in it, as in a test case
    with block:
        try:
            yield
        finally:
            transaction.set_rollback(True)


@contextmanager
def founded() -> Iterator[Town]:
    """Build the town, and take it back at the end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # as Django's own test client does: it would end the block
    try:
        with undone():
            yield _build(datetime.now(UTC))
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def _build(at: datetime) -> Town:
    people: dict[str, Account | None] = {
        "admin": AccountFactory(role=Role.ADMIN),
        "staff": AccountFactory(role=Role.STAFF, team_role="super_admin"),
        "investor": tokens.investor(),
        "issuer": businesses.issuer(),
        "nobody": None,
    }
    investor, issuer = people["investor"], people["issuer"]
    firm = businesses.active(issuer)
    drafts = [tokens.drafted(business=firm, at=at) for _ in range(2)]
    offering = tokens.offered(tokens.deployed(tokens.drafted(business=firm, at=at), at=at), at=at, days=30)
    allocations = [
        make(offering, investor, at=at)
        for make in (tokens.subscribed, tokens.confirmed, tokens.queued, tokens.minted)
    ]
    deposits = [money.requested(investor, at=at) for _ in range(2)]
    received = wallets.receive_deposit(
        deposit_id=deposits[1].id, amount=90_00, bank_reference=money.bank_reference(), by=money.BY, at=at
    )
    money.funded(investor, 5_000_00, at=at - timedelta(days=30))
    withdrawals = [money.asked(investor, at=at) for _ in range(2)]
    wallets.approve_withdrawal(withdrawal_id=withdrawals[1].id, by=money.BY, at=at)
    cases = [kyc.submitted(at=at) for _ in range(2)]
    market = Market()
    mine, theirs = market.join(cash=500_00, tokens=500, owner=investor.id), market.join(cash=500_00)
    Bench(market).do(
        market.new(mine, Side.SELL, 10, 1_05),
        market.new(theirs, Side.BUY, 4, 1_05),
        market.new(mine, Side.BUY, 10, 1_00),
        at=at,
    )
    limit(0)
    paper = cases[0].documents[0]
    return Town(
        people=people,
        headers={name: bearer(who) if who else {} for name, who in people.items()},
        ids={
            "user_id": _texts(investor, issuer),
            "business_id": _texts(firm, businesses.pending()),
            "token_id": _texts(*drafts, offering),
            "allocation_id": _texts(*allocations),
            "deposit_id": _texts(deposits[0], received),
            "withdrawal_id": _texts(*withdrawals),
            "application_id": _texts(*cases),
            "document_id": _texts(*cases[0].documents),
            "token": [of_kyc.document_token(paper.id, viewer=people["staff"].id, at=at), "x"],
            "instrument_id": [str(market.instrument.id), str(STRANGER)],
            "order_id": _keys(Order.objects.filter(account__owner=investor.id).order_by("status", "id")),
            "trade_id": _keys(Trade.objects.all()),
            "intent_id": _keys(Intent.objects.order_by("created_at")),
            "code": ["auditor", "support"],
            "name": ["wallets.deposit_days"],
        },
    )


def _keys(rows: Any) -> list[str]:
    return [*map(str, rows.values_list("pk", flat=True)), str(STRANGER)]


def _texts(*found: Any) -> list[str]:
    return [*(str(each.id) for each in found), str(STRANGER)]
