"""What the chain refuses: it stops nobody else, is tried again, fails in the end, and a person retries it."""

import pytest

from apps.audit.models import AuditEvent
from apps.chain import services as chain_acts
from apps.chain.models import Transaction
from apps.chain.types import IntentKind
from apps.common.clock import now
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import selectors as ledger
from apps.settlement import selectors, services
from apps.settlement.models import TradeSettlementHistory
from apps.trading import models as trading
from apps.trading.selectors import UnknownTrade
from apps.trading.types import SettlementStatus, Side
from tests.factories import ledger as bank
from tests.factories.settlement import NO, Venue
from tests.factories.trading import Bench, Market
from tests.relay import deliver_all

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = Actor("user", "0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a11")


@pytest.fixture
def venue(chain):
    return Venue(chain)


def last(trade_id):
    return selectors.history(trade_id)[-1]


def again(venue, times):
    """Let pauses be over and settle, so many times."""
    for _ in range(times):
        venue.due()
        services.settle_due(at=now())
        venue.settle()


def retry(trade_id, reason="unfrozen"):
    return services.retry(trade_id=trade_id, reason=reason, by=STAFF, at=now())


def sent():
    return Transaction.objects.filter(intent__kind=IntentKind.SETTLEMENT).count()


@pytest.mark.spec("SET-1")
def test_a_frozen_seller_stops_nobody_else_fails_after_five_attempts_and_is_retried(venue):
    amal, badr, carl = venue.join(tokens=30), venue.join(tokens=30), venue.join(cash=10_000)
    venue.freeze(amal)
    refused, fine = venue.trade(amal, carl, 10, 90), venue.trade(badr, carl, 5, 90)
    services.settle_due(at=now())
    venue.settle()
    assert (venue.status(refused), venue.status(fine)) == ("pending", "settled")
    step = last(refused)
    assert (step.reason, step.attempt) == ("seller_frozen", 1)
    assert step.detail == f"SellerFrozen({venue.addresses[amal]})"
    row = trading.Trade.objects.get(pk=refused)
    assert row.settlement_attempts == 1
    assert row.settle_after > now()
    assert services.settle_due(at=now()) == 0, "it waits for its pause"
    again(venue, 4)
    assert venue.status(refused) == "failed"
    assert [step.attempt for step in selectors.history(refused) if step.reason] == [1, 2, 3, 4, 5]
    again(venue, 1)
    assert (venue.status(refused), sent()) == ("failed", 1), "what is refused for sure costs no gas"
    assert trading.Trade.objects.filter(settlement_status="failed").count() == 1
    own = f"client:{venue.market.owners[carl]}:{venue.market.token}"
    assert ledger.balances([own])[own].unsettled == 10
    venue.freeze(amal, NO)
    assert retry(refused).status is SettlementStatus.PROCESSING
    assert retry(refused).status is SettlementStatus.PROCESSING, "a repeat is harmless"
    venue.settle()
    assert venue.status(refused) == "settled"
    assert ledger.balances([own])[own].unsettled == 0
    venue.agree()
    (event,) = AuditEvent.objects.filter(action="settlement.retried")
    assert (event.target_id, event.actor_id, event.reason) == (str(refused), STAFF.id, "unfrozen")
    words = [(str(step.status), step.actor_kind) for step in selectors.history(refused)[-3:]]
    assert words == [("pending", "user"), ("processing", "system"), ("settled", "system")]


@pytest.mark.spec("SET-5")
def test_who_sells_on_what_a_refused_trade_should_bring_waits_without_spending_attempts(venue):
    amal, badr, carl = venue.join(tokens=30), venue.join(cash=10_000), venue.join(cash=10_000)
    venue.freeze(amal)
    bought = venue.trade(amal, badr, 10, 90)
    resold = venue.trade(badr, carl, 10, 95)
    services.settle_due(at=now())
    venue.settle()
    assert (last(bought).reason, last(resold).reason) == ("seller_frozen", "insufficient_free_balance")
    again(venue, 6)
    assert (venue.status(bought), venue.status(resold)) == ("failed", "pending")
    assert trading.Trade.objects.get(pk=resold).settlement_attempts == 0
    assert last(resold).blocked_by == bought
    venue.freeze(amal, NO)
    retry(bought)
    venue.settle()  # the one that waited goes at once, before its pause is over
    assert (venue.status(bought), venue.status(resold)) == ("settled", "settled")
    venue.agree()


def test_who_has_too_few_tokens_on_chain_for_no_such_reason_spends_attempts(venue):
    amal, badr = venue.join(tokens=30, on_chain=5), venue.join(cash=10_000)
    trade_id = venue.trade(amal, badr, 10, 90)
    services.settle_due(at=now())
    venue.settle()
    assert (last(trade_id).reason, last(trade_id).attempt) == ("insufficient_free_balance", 1)
    assert last(trade_id).blocked_by is None


def test_who_has_no_address_on_chain_is_refused_and_the_others_go(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    stranger = venue.market.join(cash=10_000)  # in the ledger only
    lost, fine = venue.trade(amal, stranger, 10, 90), venue.trade(amal, badr, 5, 90)
    services.settle_due(at=now())
    venue.settle()
    assert (venue.status(lost), last(lost).reason) == ("pending", "holder_unknown")
    assert venue.status(fine) == "settled"


def test_who_is_still_being_registered_waits_at_no_cost_and_holds_up_nobody(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    new = venue.market.join(cash=10_000)
    owner = venue.market.owners[new]
    bank.act(chain_acts.request_holder, owner=owner, country=784, by=STAFF, at=now())
    later, fine = venue.trade(amal, new, 10, 90), venue.trade(amal, badr, 5, 90)
    services.settle_due(at=now())
    assert (venue.status(later), venue.status(fine)) == ("pending", "processing")
    assert (last(later).reason, last(later).attempt) == ("holder_not_registered", 0)
    venue.settle()
    again(venue, 1)
    assert (venue.status(later), venue.status(fine)) == ("settled", "settled")
    assert trading.Trade.objects.get(pk=later).settlement_attempts == 1


def test_without_contracts_trades_wait(db):
    market = Market()
    bench, seller, buyer = Bench(market), market.join(tokens=10), market.join(cash=1_000)
    bench.do(market.new(seller, Side.SELL, 1, 90), market.new(buyer, Side.BUY, 1, 90))
    deliver_all()
    assert services.settle_due(at=now()) == 0
    assert trading.Trade.objects.get().settlement_status == "pending"
    assert not TradeSettlementHistory.objects.exists()


def test_only_what_failed_is_tried_again(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    trade_id = venue.trade(amal, badr, 10, 90)
    assert retry(trade_id).status is SettlementStatus.PENDING
    venue.settle()
    with pytest.raises(services.AlreadySettled):
        retry(trade_id)
    with pytest.raises(UnknownTrade):
        retry(new_id())
    assert not AuditEvent.objects.filter(action="settlement.retried").exists()
