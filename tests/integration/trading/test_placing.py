"""What the verbs for orders answer where the market is slow, and what is left undone for who is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from apps.accounts.types import KycStatus
from apps.audit.models import AuditEvent
from apps.common.clock import now
from apps.common.connections import valkey as get_valkey
from apps.common.errors import Unavailable
from apps.ledger import selectors as ledger
from apps.trading import client, models, selectors, services
from apps.trading.sequencer import Sequencer
from apps.trading.types import NewOrder, OrderType, Side
from tests.factories.compliance import limit
from tests.factories.trading import BY, Bench, Market
from tests.integration.trading.asking import person
from tests.integration.trading.conftest import leave_lease, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_limits():
    limit(0)


@pytest.fixture
def market(valkey):
    return Market()


def order(market, name):
    return NewOrder(market.instrument.id, name, Side.BUY, OrderType.LIMIT, 1, 100)


def cancel_all(owner, *, at):
    try:
        return services.cancel_all(owner=owner, by=BY, at=at)
    finally:
        connection.close()


def test_a_cancel_that_came_too_late_is_not_told_as_nothing_to_cancel(market, running):
    owner = person(market, cash=1_000).id
    services.place_order(order=order(market, "one"), owner=owner, by=BY, at=now())
    with pytest.raises(Unavailable, match="too slow"):
        cancel_all(owner, at=now() - timedelta(seconds=2 * client.WAIT))
    assert selectors.count_live(owner) == 1
    assert len(cancel_all(owner, at=now())) == 1


def test_all_markets_are_asked_at_once_and_none_waits_for_anothers_answer(market):
    owner, other = person(market, cash=1_000).id, Market(code="BETA")
    other.join(owner=owner)
    for each in (market, other):
        Bench(each).do(each.new(selectors.account_number(owner), Side.BUY, 1, 100))
        leave_lease(each)
    inboxes = [client.inbox(each.instrument.number) for each in (market, other)]
    sequencer = Sequencer()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(cancel_all, owner, at=now())
        until(lambda: all(map(get_valkey().xlen, inboxes)), "both are asked while neither has answered")
        while not asked.done():
            sequencer.round(block=20)
    sequencer.leave()
    assert {each.instrument for each in asked.result()} == {market.instrument.id, other.instrument.id}
    assert selectors.count_live(owner) == 0


def test_who_may_not_trade_is_given_no_accounts(market):
    owner = person(kyc=KycStatus.NONE).id
    found = services.place_orders(
        orders=[order(market, "one"), order(market, "two")], owner=owner, by=BY, at=now()
    )
    assert [each.code for each in found] == ["kyc_not_approved"] * 2
    assert ledger.balances_of(str(owner)) == []
    assert not models.TradingAccount.objects.filter(owner=owner).exists()
    assert not AuditEvent.objects.filter(action="trading.enrolled", target_id=str(owner)).exists()
