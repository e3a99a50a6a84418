"""Trades for staff: found, seen whole, and tried again by who may, for a reason."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import PresetPermission
from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.common.ids import new_id
from apps.settlement import models, selectors
from apps.settlement.types import BatchState
from apps.trading import models as trading
from apps.trading import selectors as market_selectors
from apps.trading.types import Side
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.trading import AT, Bench, Market
from tests.integration.tokens.pages import text_of as text

pytestmark = pytest.mark.django_db
OPERATOR, AUDITOR, STRANGER = "ats_operator", "auditor", "kyc_reviewer"
HASH = "0x" + "ab" * 32


@pytest.fixture
def market(valkey):
    return Market()


@pytest.fixture
def bench(market):
    return Bench(market)


def staff(preset):
    return logged_in(Client(), AccountFactory(role=Role.STAFF, team_role=preset))


@pytest.fixture
def operator():
    return staff(OPERATOR)


def traded(market, bench, quantity=2):
    """Have two people trade; return the trade's id."""
    seller, buyer = market.join(tokens=100), market.join(cash=10_000)
    _, bought = bench.do(
        market.new(seller, Side.SELL, quantity, 100), market.new(buyer, Side.BUY, quantity, 100)
    )
    return bought.fills[0].trade_id


def failed(trade_id):
    """Make a trade one that the chain refused to the end, as the last batch left it."""
    trading.Trade.objects.filter(pk=trade_id).update(settlement_status="failed", settlement_attempts=5)
    _, market = market_selectors.trade_line(trade_id)
    ended = {"state": BatchState.DONE, "size": 1, "begun_at": AT, "ended_at": AT}
    batch = models.Batch.objects.create(instrument_id=market.id, intent_id=new_id(), **ended)
    models.BatchItem.objects.create(batch=batch, trade_id=trade_id, number=0)
    models.TradeSettlementHistory.objects.create(
        trade_id=trade_id,
        status="failed",
        reason="seller_frozen",
        detail="SellerFrozen(0xabc)",
        attempt=5,
        batch_id=batch.pk,
        actor_kind="system",
        actor_id="settlement",
        at=AT,
    )
    return trade_id


def status(trade_id):
    return trading.Trade.objects.get(pk=trade_id).settlement_status


def found(client, **filters):
    answer = client.get(reverse("staff-trades"), filters)
    assert answer.status_code == 200
    return {trade.id for trade, _ in answer.context["page"].lines}


@pytest.mark.spec("SET-1", "UI-4")
def test_a_failed_trade_is_shown_whole(operator, market, bench):
    trade_id = failed(traded(market, bench))
    page = text(operator.get(reverse("staff-trade", args=[trade_id])))
    trade = market_selectors.trade_line(trade_id)[0]
    for order_id in (trade.buy_order_id, trade.sell_order_id):
        assert reverse("staff-order", args=[order_id]) in page
    assert 'data-state="failed"' in page
    assert "The address of the seller is frozen" in page
    assert "SellerFrozen(0xabc)" in page
    batch = selectors.batch_of(trade_id)
    assert f"?batch={batch.id}" in page
    assert reverse("chain-intent", args=[batch.intent_id]) in page
    assert reverse("staff-trade-retry", args=[trade_id]) in page


@pytest.mark.spec("SET-3")
def test_a_failed_trade_is_tried_again_once_for_a_reason(operator, market, bench):
    trade_id = failed(traded(market, bench))
    address = reverse("staff-trade-retry", args=[trade_id])
    for reason in ("", "because", "x" * 300, "seller_frozen"):
        refused = operator.post(address, {"reason": reason})
        assert refused.status_code == 422
        assert refused.context["form"].errors["reason"]
        assert status(trade_id) == "failed"
    answer = operator.post(address, {"reason": "holder_restored"}, follow=True)
    assert "It is tried again now." in text(answer)
    assert "Tried again by staff: The holder is admitted on chain again" in text(answer)
    assert address not in text(answer)
    assert status(trade_id) != "failed"
    operator.post(address, {"reason": "holder_restored"})
    event = AuditEvent.objects.get(action="settlement.retried")
    assert (event.target_id, event.reason, event.actor_kind) == (str(trade_id), "holder_restored", "user")


def test_a_settled_trade_is_not_tried_again(operator, market, bench):
    trade_id = traded(market, bench)
    trading.Trade.objects.filter(pk=trade_id).update(settlement_status="settled", settled_at=AT, tx_hash=HASH)
    answer = operator.post(reverse("staff-trade-retry", args=[trade_id]), {"reason": "rule_changed"})
    assert answer.status_code == 422
    assert "This trade is settled." in text(answer)
    assert HASH in text(answer)


def test_a_trade_on_its_way_is_followed_at_its_own_address(operator, market, bench):
    trade_id = traded(market, bench)
    address = reverse("staff-trade", args=[trade_id])
    refused = operator.post(reverse("staff-trade-retry", args=[trade_id]), {"reason": ""})
    assert refused.status_code == 422
    for shown in (text(operator.get(address)), text(refused)):
        assert f'hx-get="{address}"' in shown
        assert f'href="{address}"' in shown
        assert "data-error-summary" not in shown, "there is nothing to say"


@pytest.mark.spec("SET-3")
def test_the_ticked_trades_are_tried_again_together(operator, market, bench):
    one, two, three = (failed(traded(market, bench)) for _ in range(3))
    page = text(operator.get(reverse("staff-trades"), {"status": "failed"}))
    assert page.count('name="trade_ids"') == 3
    address = reverse("staff-trades-retry")
    for ids in ([], ["x"], ["\x00"], [str(new_id()) for _ in range(101)]):
        refused = operator.post(address, {"reason": "chain_repaired", "trade_ids": ids})
        assert refused.status_code == 422, ids
        assert refused.context["refused"].errors["trade_ids"][0] in text(refused), ids
    refused = operator.post(address, {"reason": "no", "trade_ids": [str(one)]})
    assert refused.status_code == 422
    boxes = re.findall(r'name="trade_ids" value="(\S+)" (checked)?', text(refused))
    assert dict(boxes) == {str(one): "checked", str(two): "", str(three): ""}, "ticks stay"
    assert {status(each) for each in (one, two, three)} == {"failed"}
    sent = {"reason": "chain_repaired", "trade_ids": [str(one), str(two), str(one), str(new_id())]}
    answer = text(operator.post(address, sent, follow=True))
    assert "2 trades are tried again." in answer
    assert "There is no such trade." in answer
    assert "failed" not in {status(one), status(two)}
    assert status(three) == "failed"


def test_trades_are_found_by_each_filter(operator, market, bench):
    one, two = failed(traded(market, bench)), traded(market, bench)
    trading.Trade.objects.filter(pk=two).update(settlement_status="settled", settled_at=AT, tx_hash=HASH)
    both, trade = {one, two}, market_selectors.trade_line(one)[0]
    assert found(operator) == both
    assert found(operator, status="failed") == {one}
    assert found(operator, tx_hash=HASH) == found(operator, tx_hash="0x" + "AB" * 32) == {two}
    assert found(operator, about=str(one)) == found(operator, about=str(trade.buy_order_id)) == {one}
    assert found(operator, instrument=str(market.instrument.id)) == both
    assert found(operator, batch=str(selectors.batch_of(one).id)) == {one}
    assert found(operator, batch=str(new_id())) == set()
    for wrong in ({"tx_hash": "0x12"}, {"about": "٣"}, {"status": "x"}, {"instrument": str(new_id())}):
        assert found(operator, **wrong) == both, wrong


@pytest.mark.spec("RBAC-4")
def test_who_may_only_see_is_shown_no_act(market, bench):
    trade_id = failed(traded(market, bench))
    auditor, stranger, one, many = (
        staff(AUDITOR),
        staff(STRANGER),
        reverse("staff-trade-retry", args=[trade_id]),
        reverse("staff-trades-retry"),
    )
    for address in (reverse("staff-trades"), reverse("staff-trade", args=[trade_id])):
        shown = auditor.get(address)
        assert shown.status_code == 200
        assert one not in text(shown)
        assert many not in text(shown)
        assert stranger.get(address).status_code == 403
    for client in (auditor, stranger):
        assert client.post(one, {"reason": "rule_changed"}).status_code == 403
        assert client.post(many, {"reason": "rule_changed", "trade_ids": [trade_id]}).status_code == 403
    assert status(trade_id) == "failed"


def test_who_retries_and_may_not_see_trades_is_told_and_the_trade_is_tried(market, bench):
    trade_id = failed(traded(market, bench))
    PresetPermission.objects.filter(preset="ats_operator", permission="trading.view").delete()
    client = staff(OPERATOR)
    answer = client.post(reverse("staff-trade-retry", args=[trade_id]), {"reason": "rule_changed"})
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 403


def test_what_is_not_there_is_not_found(operator, valkey):
    assert operator.get(reverse("staff-trade", args=[new_id()])).status_code == 404
    for reason in ("rule_changed", "x"):
        answer = operator.post(reverse("staff-trade-retry", args=[new_id()]), {"reason": reason})
        assert answer.status_code == 404


def test_the_sidebar_counts_what_has_failed(operator, market, bench):
    failed(traded(market, bench))
    traded(market, bench)
    items = [item for group in operator.get(reverse("home")).context["nav"] for item in group["items"]]
    assert {item["url"]: item["count"] for item in items}[reverse("staff-trades")] == 1


def test_pages_ask_the_database_no_more_for_many_than_for_few(
    operator, market, bench, django_assert_max_num_queries
):
    ids = [failed(traded(market, bench)) for _ in range(4)]
    for address in (reverse("staff-trades"), reverse("staff-trade", args=[ids[0]])):
        operator.get(address)
        with django_assert_max_num_queries(12):
            assert operator.get(address).status_code == 200
