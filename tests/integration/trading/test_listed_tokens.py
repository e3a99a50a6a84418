"""A token's market: who may trade it, what its life does to it, and what trades leave in wallets."""

from datetime import timedelta

import pytest

from apps.accounts.types import Accreditation
from apps.businesses import selectors as businesses
from apps.chain.models import Holder
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.ids import new_id
from apps.ledger import selectors as ledger
from apps.tokens import selectors as of_tokens
from apps.tokens import services as tokens
from apps.trading import models, selectors, services
from apps.trading.types import NewOrder, OrderType, Side
from tests.factories import tokens as make
from tests.factories.compliance import limit
from tests.factories.tokens import AT, BY
from tests.integration.trading.conftest import until
from tests.relay import deliver_all

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(days=3)


@pytest.fixture
def token(valkey):
    """A token on the market, of which somebody has 100."""
    found = make.offered(eligible_countries=("AE",), eligible_classes=(Accreditation.RETAIL,))
    make.minted(found, make.investor(), quantity=100)
    tokens.enable_secondary(token_id=found.id, tick=5, lot=1, by=BY, at=LATER)
    deliver_all()
    return found


@pytest.fixture
def holder(token):
    """Who has the 100."""
    return next(line.owner for line in of_tokens.register(token.id) if line.ledger_units == 100)


def ask(token, owner, side, quantity=10, price=10_00):
    order = NewOrder(token.id, str(new_id()), side, OrderType.LIMIT, quantity, price)
    return services.place_order(order=order, owner=owner, by=BY, at=now())


def code(*arguments):
    with pytest.raises(DomainError) as refusal:
        ask(*arguments)
    return refusal.value.code


def test_a_listed_token_is_an_instrument_with_its_id(token):
    market = selectors.instrument(token.id)
    assert (market.symbol, market.asset, market.quote) == (token.terms.symbol, token.terms.symbol, "USD")
    assert (market.tick, market.lot, market.asset_decimals) == (5, 1, token.terms.decimals)


@pytest.mark.spec("ORD-4")
def test_who_may_trade_a_token_is_said_by_its_terms_and_the_chain(token, holder, running):
    assert code(token, make.investor(country="SA").id, Side.BUY) == "country_not_eligible"
    professional = make.investor(accreditation=Accreditation.PROFESSIONAL)
    assert code(token, professional.id, Side.BUY) == "class_not_eligible"
    assert code(token, make.investor(level=1).id, Side.BUY) == "kyc_level_too_low"
    assert code(token, make.investor(on_chain=False).id, Side.BUY) == "address_not_registered"
    assert code(token, businesses.owner(token.business_id), Side.SELL) == "insider"
    buyer = make.investor()
    assert ask(token, buyer.id, Side.BUY).status == "open"
    assert ask(token, holder, Side.SELL).status == "filled"
    Holder.objects.filter(owner=holder).update(state="removed")
    assert code(token, holder, Side.SELL) == "address_not_registered"


@pytest.mark.spec("LED-5")
def test_a_trade_leaves_its_lines_in_both_wallets_once(token, holder, running):
    buyer = make.investor()
    ask(token, buyer.id, Side.BUY, 10, 12_00)
    answer = ask(token, holder, Side.SELL, 10, 12_00)
    (fill,) = answer.fills
    for _ in range(2):
        deliver_all()
    lines = [
        (line.type, line.status, line.amount, str(fill.trade_id) in line.reference)
        for line in ledger.transactions_of(str(buyer.id))
    ]
    assert lines == [("token_buy", "completed", 120_00, True)]
    sold = {line.type: line for line in ledger.transactions_of(str(holder)) if "trade" in line.reference}
    assert {kind: line.amount for kind, line in sold.items()} == {"token_sell": 120_00, "fee": 30}
    assert {line.completed_at for line in sold.values()} == {selectors.fills(holder)[0].executed_at}


def test_a_pause_halts_the_market_and_a_delisting_cancels_its_orders(token, holder, running):
    buyer = make.investor()
    placed = ask(token, buyer.id, Side.BUY)
    tokens.pause(token_id=token.id, reason="news", by=BY, at=now())
    deliver_all()
    until(lambda: selectors.instrument(token.id).state == "halted", "it is halted")
    assert code(token, buyer.id, Side.BUY) == "not_listed"
    tokens.resume(token_id=token.id, reason="news", by=BY, at=now())
    deliver_all()
    until(lambda: selectors.instrument(token.id).state == "continuous", "it is resumed")
    assert ask(token, buyer.id, Side.BUY).status == "open"
    tokens.delist(token_id=token.id, reason="ended", by=BY, at=now())
    deliver_all()
    until(lambda: not selectors.live_orders(buyer.id), "all orders are cancelled")
    assert str(selectors.order(placed.order_id, owner=buyer.id).reason) == "by_venue"
    assert selectors.instrument(token.id).state == "halted"
    assert sum(balance.held for balance in ledger.balances_of(str(buyer.id))) == 0


@pytest.mark.spec("RISK-4", "TOK-9")
def test_a_paused_token_has_no_market_that_staff_could_resume(token, running):
    tokens.pause(token_id=token.id, reason="news", by=BY, at=now())
    deliver_all()
    until(lambda: selectors.instrument(token.id).state == "halted", "it is halted")
    with pytest.raises(services.NotListed) as refusal:
        services.resume(instrument_id=token.id, reason="mistaken", by=BY, at=now())
    assert refusal.value.data["status"] == "paused"
    assert selectors.instrument(token.id).state == "halted"


@pytest.mark.spec("RISK-4")
@pytest.mark.parametrize("halted", ["before the pause", "during the pause"])
def test_what_staff_halted_is_resumed_by_staff_alone(token, running, halted):
    by_staff = {"instrument_id": token.id, "reason": "market_abuse", "by": BY, "at": now()}
    if halted == "before the pause":
        assert services.halt(**by_staff) is True
    tokens.pause(token_id=token.id, reason="news", by=BY, at=now())
    deliver_all()
    if halted == "during the pause":
        assert services.halt(**by_staff) is True, "the pause's halt gives way to it"
    assert services.halt(**by_staff) is False
    tokens.resume(token_id=token.id, reason="news", by=BY, at=now())
    deliver_all()
    commands = models.VenueCommand.objects.order_by("id")
    until(lambda: not commands.filter(done_at__isnull=True).exists(), "all is carried out")
    assert selectors.instrument(token.id).state == "halted"
    assert "resume" not in commands.values_list("op", flat=True)
    assert services.resume(**by_staff) is True
    until(lambda: selectors.instrument(token.id).state == "continuous", "it is resumed")


@pytest.mark.spec("ORD-5")
def test_subscriptions_and_orders_share_one_limit(token, holder, running):
    limit(1_500_00, Accreditation.RETAIL)
    at = now()
    offered = make.offered(at=at)
    limit(1_500_00, Accreditation.RETAIL)
    investor = make.investor()
    subscription = {"token_id": offered.id, "investor_id": investor.id, "by": BY, "at": at}
    tokens.subscribe(allocation_id=new_id(), quantity=100, **subscription)  # 1,000.00
    assert code(token, investor.id, Side.BUY, 60, 10_00) == "investment_limit_exceeded"
    assert ask(token, investor.id, Side.BUY, 30, 10_00).status == "open"
    with pytest.raises(DomainError) as refusal:
        tokens.subscribe(allocation_id=new_id(), quantity=30, **subscription)
    assert refusal.value.code == "investment_limit_exceeded"
    said = {"currency": "USD", "limit": "1500.00", "used": "1300.00", "remaining": "200.00"}
    assert dict(refusal.value.data) == said | {"needed": "300.00"}
    tokens.subscribe(allocation_id=new_id(), quantity=20, **subscription)
    meter = selectors.meter(investor.id, at=now())
    assert (meter.used, meter.reserved, meter.remaining) == (1_500_00, 0, 0)


@pytest.mark.spec("ORD-4")
def test_who_may_not_buy_any_more_gives_an_open_order_no_other_price(token, holder, running):
    buyer = make.investor()
    placed = ask(token, buyer.id, Side.BUY, 10, 10_00)
    ask(token, holder, Side.SELL, 5, 11_00)
    Holder.objects.filter(owner=buyer.id).update(state="removed")
    about = {"order_id": placed.order_id, "owner": buyer.id, "version": 1, "by": BY}
    with pytest.raises(services.AddressNotRegistered):
        services.amend_order(**about, price=11_00, quantity=5, at=now())  # it costs less than before
    assert services.amend_order(**about, price=10_00, quantity=5, at=now()).remaining == 5
