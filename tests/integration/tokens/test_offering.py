"""From a draft to tokens on chain: the verbs, one after the other, and what each refuses."""

from datetime import timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.types import Accreditation, Fatca, KycStatus, Standing
from apps.audit.models import AuditEvent
from apps.businesses import selectors as of_businesses
from apps.businesses.types import BusinessStatus
from apps.chain import services as chain
from apps.chain.models import Holder, Intent, RegisterBalance
from apps.chain.types import IntentKind, IntentState
from apps.common.errors import DomainError, NotFound
from apps.common.ids import new_id
from apps.compliance.selectors import ClassNotEligible, CountryNotEligible
from apps.ledger import selectors as ledger
from apps.ledger import services as ledger_acts
from apps.ledger.services import InsufficientFunds
from apps.outbox.models import OutboxMessage
from apps.outbox.types import Message
from apps.tokens import selectors, services
from apps.tokens.types import AllocationStatus, OnChainStatus, TokenStatus, TradingMode
from tests.factories import businesses
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.accounts import AccountFactory
from tests.factories.tokens import AT, BY
from tests.relay import deliver_all

pytestmark = pytest.mark.django_db


@pytest.mark.spec("TOK-3", "TOK-4", "OFR-1", "OFR-2", "LED-5")
def test_the_whole_way_from_draft_to_mint():
    token = make.offered()
    assert (token.status, token.trading_mode) == (TokenStatus.PRIMARY, TradingMode.PRIMARY_SUBSCRIPTION)
    noor = make.investor(cash=5_000_00)
    cash, units = f"client:{noor.id}:USD", f"client:{noor.id}:{token.terms.symbol}"
    allocation = make.subscribed(token, noor, 100)
    assert bank.balance(cash) == (4_000_00, 1_000_00)
    assert selectors.token(token.id).tokens_reserved == 100

    done = services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=AT)
    assert [each.id for each in done.confirmed] == [allocation.id]
    token = selectors.token(token.id)
    assert (token.tokens_sold, token.tokens_reserved, token.total_raised) == (100, 0, 1_000_00)
    assert bank.balance(cash) == (4_000_00, 0)
    assert bank.balance(f"issuer:{token.business_id}:escrow:{token.id}:USD") == (1_000_00, 0)
    assert ledger.balances([units])[units].withdrawable == 0

    later = AT + timedelta(hours=48)
    assert services.queue_due_mints(at=later - timedelta(seconds=1)) == 0
    assert services.queue_due_mints(at=later) == 1
    make.chain_says(services.note_minted, IntentKind.MINT, allocation.id, at=later)
    minted = selectors.allocation(allocation.id)
    assert (minted.status, minted.on_chain_status) == (AllocationStatus.CONFIRMED, OnChainStatus.MINTED)
    assert ledger.balances([units])[units].withdrawable == 100
    assert not any(each.balances or each.postings for each in ledger.sums())


@pytest.mark.spec("TOK-2")
def test_an_offering_starts_only_from_a_deployed_draft_and_leaves_its_history():
    token = make.drafted()
    period = {"primary_start": AT, "primary_end": AT + timedelta(days=1), "by": BY, "at": AT}
    with pytest.raises(services.NotDeployed):
        services.start_offering(token_id=token.id, **period)
    make.deployed(token)
    with pytest.raises(services.InvalidPeriod):
        services.start_offering(token_id=token.id, **period | {"primary_end": AT})
    services.start_offering(token_id=token.id, **period)
    with pytest.raises(DomainError, match="primary can't become primary") as refused:
        services.start_offering(token_id=token.id, **period)
    assert (refused.value.code, refused.value.data["allowed"]) == (
        "invalid_transition", ["failed", "secondary"],
    )  # fmt: skip
    assert [(step.before, step.after) for step in selectors.history(token.id)] == [
        (None, TokenStatus.DRAFT),
        (TokenStatus.DRAFT, TokenStatus.PRIMARY),
    ]


def test_a_suspended_business_creates_deploys_starts_sells_and_is_paid_nothing():
    business = businesses.active()
    draft = make.drafted(business=business)
    ready = make.deployed(make.drafted(business=business))
    token = make.offered(make.deployed(make.drafted(business=business)))
    make.subscribed(token)
    businesses.decided(of_businesses.business(business.id), BusinessStatus.SUSPENDED)
    for act in (
        lambda: make.drafted(business=business),
        lambda: services.deploy(token_id=draft.id, by=BY, at=AT),
        lambda: make.offered(ready),
        lambda: make.subscribed(token),
        lambda: services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=AT),
    ):
        with pytest.raises(of_businesses.BusinessNotActive):
            act()


@pytest.mark.spec("TOK-4")
def test_a_deployment_keeps_its_error_and_then_its_addresses():
    token = make.drafted(eligible_countries=("SA", "AE"), decimals=2)
    services.deploy(token_id=token.id, by=BY, at=AT)
    intent = selectors.deployment(token.id)
    arguments = Intent.objects.get(pk=intent.id).arguments
    assert (arguments["countries"], arguments["supply_cap"]) == ([682, 784], 10_000)
    services.deploy(token_id=token.id, by=BY, at=AT + timedelta(hours=1))
    assert selectors.deployment(token.id).id == intent.id
    dead = {"state": IntentState.DEAD, "error": "out of gas"}
    make.chain_says(services.note_deploy_failed, IntentKind.SUITE, token.id, **dead)
    assert selectors.token(token.id).deploy_error == "out of gas"
    found = make.deployed(token)
    assert (found.deploy_error, found.is_deployed, found.status) == ("", True, TokenStatus.DRAFT)
    assert all(getattr(found.contracts, name) for name in found.contracts.__slots__)
    make.chain_says(services.note_deployed, IntentKind.SUITE, token.id, at=AT + timedelta(hours=2))
    assert selectors.token(token.id) == found
    asset = ledger.asset(token.terms.symbol)
    assert (asset.type, asset.decimals) == ("token", 2)


def test_the_chains_other_messages_are_nobodys_here():
    token = make.offered()
    allocation = make.queued(token)
    for handler in (services.note_deployed, services.note_deploy_failed):
        make.chain_says(handler, IntentKind.MINT, allocation.id)
    for handler in (services.note_minted, services.note_mint_failed):
        make.chain_says(handler, IntentKind.SUITE, token.id)
    stranger = Message(1, "chain.intent_completed", "x", {"kind": "mint", "subject": str(new_id())}, AT, AT)
    make.deliver(services.note_minted, stranger)
    named = {"hold_id": str(allocation.id), "owner_type": "order", "owner_id": "o"}
    make.deliver(services.note_hold_expired, Message(1, "ledger.hold_expired", "x", named, AT, AT))
    assert selectors.allocation(allocation.id) == allocation


@pytest.mark.spec("OFR-1")
def test_who_is_not_eligible_is_told_which_rule_refused():
    token = make.offered(eligible_countries=("AE",), eligible_classes=(Accreditation.PROFESSIONAL,))
    with pytest.raises(CountryNotEligible):
        make.subscribed(token, make.investor(country="SA"))
    with pytest.raises(ClassNotEligible):
        make.subscribed(token, make.investor())
    with pytest.raises(DomainError) as refused:
        make.subscribed(token, AccountFactory())
    assert refused.value.code == "kyc_not_approved"
    make.subscribed(token, make.investor(accreditation=Accreditation.PROFESSIONAL))
    with pytest.raises(NotFound):
        make.subscribed(make.deployed(), make.investor())


def test_who_is_poor_is_told_how_much_is_missing():
    token = make.offered()
    with pytest.raises(InsufficientFunds) as refused:
        make.subscribed(token, make.investor(cash=999_99), 100)
    assert refused.value.data["needed"] == "1000.00"
    with pytest.raises(InsufficientFunds):
        make.subscribed(token, make.investor(cash=0), 100)
    assert selectors.token(token.id).tokens_reserved == 0


@pytest.mark.spec("OFR-2")
def test_who_lost_their_standing_is_not_confirmed_and_does_not_hold_up_others():
    token, noor = make.offered(), make.investor()
    lost, kept = make.subscribed(token, noor), make.subscribed(token)
    rejected = Standing(KycStatus.REJECTED, 0, Accreditation.NONE, Fatca.BLOCKED, "AE")
    bank.act(accounts.set_standing, user_id=noor.id, standing=rejected, at=AT)
    with pytest.raises(DomainError) as refused:
        services.confirm_payment(token_id=token.id, allocation_ids=[kept.id, lost.id], by=BY, at=AT)
    assert (refused.value.code, refused.value.data["allocation"]) == ("kyc_not_approved", str(lost.id))
    done = services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=AT)
    assert [each.id for each in done.confirmed] == [kept.id]
    assert (done.left_out, done.remaining) == ((lost.id,), 0)


@pytest.mark.spec("OFR-2")
def test_refused_ones_at_the_front_leave_room_for_the_others(monkeypatch):
    monkeypatch.setattr("apps.tokens.services.confirming.MAX_AT_ONCE", 2)
    token, noor = make.offered(), make.investor()
    lost = [make.subscribed(token, noor, 10) for _ in range(3)]
    kept = make.subscribed(token, quantity=10)
    rejected = Standing(KycStatus.REJECTED, 0, Accreditation.NONE, Fatca.BLOCKED, "AE")
    bank.act(accounts.set_standing, user_id=noor.id, standing=rejected, at=AT)
    done = services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=AT)
    assert [each.id for each in done.confirmed] == [kept.id]
    assert done.left_out == tuple(each.id for each in lost[:2])


@pytest.mark.spec("OFR-2")
def test_all_takes_so_many_at_once_and_says_how_many_are_left(monkeypatch):
    monkeypatch.setattr("apps.tokens.services.confirming.MAX_AT_ONCE", 2)
    token, noor = make.offered(), make.investor()
    for _ in range(3):
        make.subscribed(token, noor, 10)
    first, second, third = (
        services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=AT) for _ in range(3)
    )
    assert [(len(each.confirmed), each.remaining) for each in (first, second, third)] == [
        (2, 1), (1, 0), (0, 0),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_came_too_late_is_refused_and_its_allocation_expires():
    token = make.offered()
    allocation = make.subscribed(token)
    late = allocation.expires_at
    with pytest.raises(services.PaymentExpired):
        services.confirm_payment(token_id=token.id, allocation_ids=[allocation.id], by=BY, at=late)
    assert services.confirm_payment(token_id=token.id, allocation_ids="all", by=BY, at=late).remaining == 0
    ledger_acts.expire_holds(by=BY, at=late)
    deliver_all()
    expired = selectors.allocation(allocation.id)
    assert expired.status is AllocationStatus.EXPIRED
    assert selectors.token(token.id).tokens_reserved == 0
    (line,) = ledger.wallet_transactions(str(expired.investor_id))
    assert (line.type, line.status) == ("token_buy", "cancelled")


@pytest.mark.spec("OFR-3", "LED-5")
def test_a_retail_investor_withdraws_in_the_cooling_off_and_gets_everything_back():
    token, noor = make.offered(cooling_off_hours=24), make.investor(cash=1_000_00)
    allocation = make.confirmed(token, noor, 100)
    end = AT + timedelta(hours=24)
    assert allocation.cooling_off_until == end
    assert not allocation.can_withdraw(end)
    with pytest.raises(services.NoCoolingOff):
        make.withdraw(allocation, at=end)
    refunded = make.withdraw(allocation, at=end - timedelta(seconds=1))
    assert refunded.status is AllocationStatus.REFUNDED
    assert make.withdraw(allocation, at=end) == refunded
    token = selectors.token(token.id)
    assert (token.tokens_sold, token.total_raised, token.remaining) == (0, 0, 6_000)
    balances = {each.account.asset: each for each in ledger.balances_of(str(noor.id))}
    units = balances[token.terms.symbol]
    assert (balances["USD"].available, units.total, units.unsettled) == (1_000_00, 0, 0)
    lines = {(line.type, line.status, line.amount) for line in ledger.wallet_transactions(str(noor.id))}
    assert lines == {("token_buy", "completed", 1_000_00), ("refund", "completed", 1_000_00)}
    assert services.queue_due_mints(at=end) == 0


@pytest.mark.spec("OFR-3")
def test_professionals_have_no_cooling_off_and_retail_may_give_it_up():
    token = make.offered()
    pro = make.confirmed(token, make.investor(accreditation=Accreditation.PROFESSIONAL))
    assert not pro.can_withdraw(AT)
    with pytest.raises(services.NoCoolingOff):
        make.withdraw(pro)
    with pytest.raises(services.NoCoolingOff):
        make.waive(pro)
    retail = make.subscribed(token)
    waived = make.waive(retail)  # while the payment is pending
    assert make.waive(retail, at=AT + timedelta(hours=1)) == waived
    services.confirm_payment(token_id=token.id, allocation_ids=[retail.id], by=BY, at=AT)
    with pytest.raises(services.NoCoolingOff):
        make.withdraw(retail)
    assert services.queue_due_mints(at=AT) == 2
    cancelled = make.cancel(make.subscribed(token))
    with pytest.raises(services.NoCoolingOff):
        make.waive(cancelled)


@pytest.mark.spec("OFR-2", "OFR-3")
def test_minting_waits_for_a_soft_cap_of_money_that_nobody_can_withdraw():
    token = make.offered(soft_cap=2_000_00)
    early, late = make.confirmed(token), make.subscribed(token)
    services.confirm_payment(token_id=token.id, allocation_ids=[late.id], by=BY, at=AT + timedelta(hours=24))
    assert selectors.token(token.id).total_raised == 2_000_00
    assert services.queue_due_mints(at=AT + timedelta(hours=48)) == 0  # the second may still withdraw
    make.withdraw(late, at=AT + timedelta(hours=49))
    assert services.queue_due_mints(at=AT + timedelta(hours=100)) == 0
    make.waive(make.confirmed(token))
    assert services.queue_due_mints(at=AT + timedelta(hours=100)) == 2
    assert selectors.allocation(early.id).on_chain_status is OnChainStatus.QUEUED


@pytest.mark.spec("OFR-2")
def test_an_investor_without_an_address_fails_visibly_and_alone():
    token, stranger = make.offered(), make.investor(on_chain=False)
    allocation = make.waive(make.confirmed(token, stranger))
    other = make.waive(make.confirmed(token))
    assert services.queue_due_mints(at=AT) == 1
    failed = selectors.allocation(allocation.id)
    assert failed.on_chain_status is OnChainStatus.FAILED
    assert failed.on_chain_error.startswith("holder_unknown")
    assert selectors.allocation(other.id).on_chain_status is OnChainStatus.QUEUED
    with pytest.raises(DomainError, match="no address"):
        services.requeue_mint(allocation_id=allocation.id, by=BY, at=AT)
    bank.act(chain.request_holder, owner=stranger.id, country=784, by=BY, at=AT)
    again = services.requeue_mint(allocation_id=allocation.id, by=BY, at=AT)
    assert again.on_chain_status is OnChainStatus.QUEUED
    assert Intent.objects.filter(subject=allocation.id).count() == 1


@pytest.mark.spec("OFR-2")
def test_a_mint_that_failed_is_tried_again_and_one_that_is_not_final_stays_queued():
    allocation = make.queued(make.offered())
    retrying = {"state": IntentState.QUEUED, "error": "underpriced"}
    make.chain_says(services.note_mint_failed, IntentKind.MINT, allocation.id, **retrying)
    found = selectors.allocation(allocation.id)
    assert (found.on_chain_status, found.on_chain_error) == (OnChainStatus.QUEUED, "underpriced")
    with pytest.raises(services.NotFailed):
        services.requeue_mint(allocation_id=allocation.id, by=BY, at=AT)
    dead = {"state": IntentState.DEAD, "error": "TransferNotCompliant"}
    make.chain_says(services.note_mint_failed, IntentKind.MINT, allocation.id, **dead)
    services.requeue_mint(allocation_id=allocation.id, by=BY, at=AT)
    assert Intent.objects.get(subject=allocation.id).state == IntentState.QUEUED
    make.chain_says(services.note_minted, IntentKind.MINT, allocation.id)
    make.chain_says(services.note_mint_failed, IntentKind.MINT, allocation.id, **dead)  # an old one
    assert selectors.allocation(allocation.id).on_chain_status is OnChainStatus.MINTED


def test_only_ones_own_allocation_is_cancelled_waived_or_withdrawn():
    allocation, omar = make.confirmed(make.offered()), make.investor()
    for verb in (services.cancel_subscription, services.waive_cooling_off, services.withdraw_in_cooling_off):
        with pytest.raises(NotFound):
            verb(allocation_id=allocation.id, investor_id=omar.id, by=make.user(omar.id), at=AT)


def test_progress_counts_investors_once_and_the_register_compares():
    token, noor = make.offered(), make.investor()
    make.minted(token, noor, 100)
    make.confirmed(token, noor, 50)
    make.subscribed(token, quantity=10)
    make.cancel(make.subscribed(token, quantity=10))
    found = selectors.progress(token.id)
    assert (found.investors, found.pending, found.confirmed, found.minted) == (2, 1, 2, 1)
    address = Holder.objects.get(pk=noor.id).address
    RegisterBalance.objects.create(token_id=token.id, address=address, units=100)
    RegisterBalance.objects.create(token_id=token.id, address="0xstranger", units=7)
    mine, stranger = selectors.register(token.id)
    assert (mine.owner, mine.ledger_units, mine.chain_units, mine.awaiting_mint, mine.agrees) == (
        noor.id, 150, 100, 50, True,
    )  # fmt: skip
    assert (stranger.owner, stranger.chain_units, stranger.agrees) == (None, 7, False)


def test_no_personal_data_is_told_or_recorded():
    token, noor = make.offered(), make.investor()
    allocation = make.minted(token, noor)
    told = {row.type for row in OutboxMessage.objects.filter(key=str(token.id))}
    assert {"token.created", "token.deployed", "offering.started", "allocation.created"} <= told
    assert {"allocation.confirmed", "allocation.mint_queued", "allocation.minted"} <= told
    acts = AuditEvent.objects.filter(target_id=str(allocation.id)).order_by("id")
    assert [act.action for act in acts] == [
        "allocations.created",
        "allocations.confirmed",
        "allocations.cooling_off_waived",
        "allocations.mint_queued",
        "allocations.minted",
    ]
    assert acts[0].actor_id == str(noor.id)


@pytest.mark.spec("OFR-2")
def test_tokens_are_asked_for_as_soon_as_nothing_can_take_them_back():
    token = make.offered()
    retail = make.confirmed(token, make.investor())
    professional = make.confirmed(token, make.investor(accreditation=Accreditation.PROFESSIONAL))
    make.deliver(services.note_mint_due, _about(retail))
    assert selectors.allocation(retail.id).on_chain_status is OnChainStatus.NONE
    assert selectors.allocation(professional.id).on_chain_status is OnChainStatus.QUEUED
    make.waive(retail)
    make.deliver(services.note_mint_due, _about(retail))
    make.deliver(services.note_mint_due, _about(retail))
    assert selectors.allocation(retail.id).on_chain_status is OnChainStatus.QUEUED
    assert Intent.objects.filter(kind=IntentKind.MINT).count() == 2


def _about(allocation) -> Message:
    payload = {"allocation_id": str(allocation.id), "token_id": str(allocation.token_id)}
    return Message(1, "allocation.confirmed", str(allocation.token_id), payload, AT, AT)
