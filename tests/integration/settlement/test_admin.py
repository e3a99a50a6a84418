"""The market and its settlement in the compliance workplace: the same verbs and permissions as everywhere."""

import pytest
from django.urls import reverse

from apps.accounts.models import PresetPermission
from apps.trading import models as trading
from apps.trading import selectors
from apps.trading.types import Side
from tests.factories.trading import Bench, Market
from tests.integration.settlement.test_pages import HASH, failed, staff, status, traded
from tests.integration.tokens.pages import text_of as text
from tests.integration.trading.test_venue import carried_out

pytestmark = [pytest.mark.django_db, pytest.mark.spec("UI-7")]
INSTRUMENTS, ORDERS = "admin:trading_instrument_changelist", "admin:trading_order_changelist"
TRADES, BATCHES = "admin:trading_trade_changelist", "admin:settlement_batch_changelist"


@pytest.fixture
def market(valkey):
    return Market()


@pytest.fixture
def bench(market):
    return Bench(market)


def act(client, page, action, *ids, **fields):
    sent = {"action": action, "_selected_action": [str(each) for each in ids], **fields}
    return text(client.post(reverse(page), sent, follow=True))


def asked():
    return list(trading.VenueCommand.objects.order_by("id").values_list("op", "reason"))


@pytest.mark.spec("RISK-4")
def test_operators_halt_resume_and_cancel_by_the_same_verbs(market, bench):
    client, instrument = staff("ats_operator"), market.instrument.id
    buyer = market.join(cash=10_000)
    (order,) = bench.do(market.new(buyer, Side.BUY, 5, 100))
    assert "Give a code" in act(client, INSTRUMENTS, "halt", instrument)
    assert "halted already" not in act(client, INSTRUMENTS, "halt", instrument, reason="news_pending")
    assert "halted already" in act(client, INSTRUMENTS, "halt", instrument, reason="news_pending")
    carried_out(bench)
    act(client, INSTRUMENTS, "resume", instrument, reason="market_orderly")
    act(client, ORDERS, "cancel", order.order_id, reason="erroneous_order")
    assert "asked already" in act(client, ORDERS, "cancel", order.order_id, reason="erroneous_order")
    carried_out(bench)
    assert "open any more" in act(client, ORDERS, "cancel", order.order_id, reason="erroneous_order")
    assert selectors.order(order.order_id).status == "cancelled"
    assert asked() == [
        ("halt", "news_pending"),
        ("resume", "market_orderly"),
        ("cancel_order", "erroneous_order"),
    ]


@pytest.mark.spec("SET-3")
def test_a_failed_settlement_is_tried_again_for_a_reason(market, bench):
    client, one, two = staff("ats_operator"), failed(traded(market, bench)), traded(market, bench)
    assert "Choose a reason." in act(client, TRADES, "retry", one)
    for reason in ("seller_frozen", "x\x00"):
        act(client, TRADES, "retry", one, reason=reason)
    assert status(one) == "failed"
    assert "Tried again: 1." in act(client, TRADES, "retry", one, reason="holder_restored")
    assert status(one) != "failed"
    trading.Trade.objects.filter(pk=two).update(
        settlement_status="settled", settled_at="2026-03-02T10:00Z", tx_hash=HASH
    )
    assert "This trade is settled." in act(client, TRADES, "retry", two, reason="holder_restored")


@pytest.mark.spec("RBAC-4")
def test_who_only_sees_acts_on_nothing_and_others_see_nothing(market, bench):
    trade_id = failed(traded(market, bench))
    auditor, stranger = staff("auditor"), staff("kyc_reviewer")
    for page in (INSTRUMENTS, ORDERS, TRADES, BATCHES):
        assert auditor.get(reverse(page)).status_code == 200
        assert stranger.get(reverse(page)).status_code == 403
    act(auditor, INSTRUMENTS, "halt", market.instrument.id, reason="news_pending")
    act(auditor, TRADES, "retry", trade_id, reason="holder_restored")
    assert (asked(), status(trade_id)) == ([], "failed")
    PresetPermission.objects.filter(preset="ats_operator", permission="settlement.retry").delete()
    act(staff("ats_operator"), TRADES, "retry", trade_id, reason="holder_restored")
    assert status(trade_id) == "failed", "each action asks for its own permission"


def test_rows_are_shown_and_never_edited(market, bench):
    trade_id = failed(traded(market, bench))
    trade, client = selectors.trade_line(trade_id)[0], staff("super_admin")
    batch = text(client.get(reverse(BATCHES)))
    assert "?batch=" in batch
    for page, row in (
        ("trading_instrument", market.instrument.id),
        ("trading_order", trade.buy_order_id),
        ("trading_trade", trade_id),
    ):
        address = reverse(f"admin:{page}_change", args=[row])
        assert client.get(address).status_code == 200
        assert client.post(address, {"state": "x"}).status_code == 403
        assert client.get(reverse(f"admin:{page}_add")).status_code == 403


@pytest.mark.parametrize("page", [INSTRUMENTS, ORDERS, TRADES, BATCHES])
def test_a_search_for_anything_finds_what_there_is(market, bench, page):
    trade_id = failed(traded(market, bench))
    client = staff("super_admin")
    for query in ("x", "'", "%", str(trade_id), "ACME", "１", HASH):
        assert client.get(reverse(page), {"q": query}).status_code == 200, query
    assert str(trade_id) in text(client.get(reverse(TRADES), {"q": str(trade_id)}))
    for hidden in ("buy_order__account__owner", "client_order_id__startswith", "fee__gt", "tick__gt"):
        assert client.get(f"{reverse(page)}?{hidden}=1").status_code == 400, hidden


def test_lists_ask_the_database_no_more_for_many_than_for_few(market, bench, django_assert_max_num_queries):
    client = staff("ats_operator")
    for _ in range(4):
        failed(traded(market, bench))
    for page in (INSTRUMENTS, ORDERS, TRADES, BATCHES):
        client.get(reverse(page))
        with django_assert_max_num_queries(12):
            assert client.get(reverse(page)).status_code == 200
