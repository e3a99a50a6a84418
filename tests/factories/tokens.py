"""Tokens for tests, drafted, deployed and offered by the verbs that make real ones.

`offered()` makes a business, its token, and an offering that is open, in one call. The chain's part is
written as its indexer would write it; tests of the real chain deploy really.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.types import Accreditation, Fatca, KycStatus, Standing
from apps.businesses import selectors as of_businesses
from apps.chain import models as chain
from apps.chain.types import IntentKind, IntentState
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.outbox.types import Message
from apps.tokens import selectors, services
from apps.tokens.types import Allocation, Terms, Token
from tests.factories import businesses
from tests.factories import ledger as bank
from tests.factories.accounts import AccountFactory
from tests.factories.compliance import limit

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BY = Actor.system("tests")
_numbers = count(1)


def user(account_id) -> Actor:
    """Return a user as they act."""
    return Actor("user", str(account_id))


def terms(**changes) -> Terms:
    """Return sound terms with a symbol of their own: 6,000 tokens are offered, at 10.00 USD each."""
    number = next(_numbers)
    made = Terms(
        name=f"Falcon Equity {number}",
        symbol=f"FLC{number}",
        total_supply=10_000,
        price_per_token=10_00,
        raise_currency="USD",
        jurisdiction="AE",
        primary_bps=6_000,
        team_bps=1_500,
        reserve_bps=2_500,
        min_investment=50_00,
    )
    return replace(made, **changes)


def drafted(*, business=None, token_id=None, at=AT, **changes) -> Token:
    """Draft a token of an active business by its owner."""
    business = business or businesses.active()
    owner = of_businesses.owner(business.id)
    return services.create_token(
        token_id=token_id or new_id(),
        business_id=business.id,
        terms=terms(**changes),
        user_id=owner,
        by=user(owner),
        at=at,
    )


def deployed(token: Token | None = None, *, at=AT, **changes) -> Token:
    """Deploy a draft, as far as the database knows."""
    limit(0)  # what investors may invest is a matter of other tests
    token = token or drafted(at=at, **changes)
    services.deploy(token_id=token.id, by=BY, at=at)
    number = next(_numbers)
    chain.Suite.objects.create(
        token_id=token.id,
        chain_id=31337,
        tx_hash=f"0x{number:064x}",
        block_number=number,
        gas_used=5_000_000,
        deployed_at=at,
        **{
            name: f"0x{number:036x}{order:04x}"
            for order, name in enumerate(
                ("token", "identity_registry", "compliance", "claim_topics", "trusted_issuers")
            )
        },
    )
    chain_says(services.note_deployed, IntentKind.SUITE, token.id, at=at)
    return selectors.token(token.id)


def chain_says(handler, kind, subject, *, state=IntentState.COMPLETED, error="", at=AT) -> None:
    """End an intent as the chain process would, and deliver its message."""
    intents = chain.Intent.objects.filter(kind=kind, subject=subject)
    intents.update(state=state, error=error, completed_at=at if state is IntentState.COMPLETED else None)
    intent = intents.first()
    payload = {"intent_id": str(intent.pk), "kind": str(kind), "subject": str(subject)}
    type_ = "chain.intent_completed"
    if state is not IntentState.COMPLETED:
        type_, payload["final"] = "chain.intent_failed", state is IntentState.DEAD
    deliver(handler, Message(1, type_, str(subject), payload, at, at))


def deliver(handler, message: Message) -> None:
    """Give a handler its message in a transaction, as the relay does."""
    with transaction.atomic():
        handler(message)


def offered(token: Token | None = None, *, at=AT, days=30, **changes) -> Token:
    """Make a business with a token whose offering is open from `at` on."""
    token = token or deployed(at=at, **changes)
    return services.start_offering(
        token_id=token.id, primary_start=at, primary_end=at + timedelta(days=days), by=BY, at=at
    )


def investor(*, cash=100_000_00, level=2, country="AE", accreditation=Accreditation.RETAIL, on_chain=True):
    """Open the account of an investor with an approved identity check, money and an address on chain."""
    account = AccountFactory()
    standing = Standing(KycStatus.APPROVED, level, accreditation, Fatca.CLEAR, country)
    account = bank.act(accounts.set_standing, user_id=account.id, standing=standing, at=AT)
    address = bank.client(str(account.id))
    if cash:
        bank.pay_in(address, cash)
    if on_chain:
        number = next(_numbers)
        chain.Holder.objects.create(
            owner=account.id,
            state="registered",
            index=number,
            address=f"0x{number:040x}",
            country=784,
            created_at=AT,
        )
    return account


def subscribed(token: Token, account=None, quantity=100, *, at=AT, allocation_id=None) -> Allocation:
    """Subscribe."""
    account = account or investor()
    return services.subscribe(
        allocation_id=allocation_id or new_id(),
        token_id=token.id,
        investor_id=account.id,
        quantity=quantity,
        by=user(account.id),
        at=at,
    )


def confirmed(token: Token, account=None, quantity=100, *, at=AT) -> Allocation:
    """Subscribe, and confirm the payment."""
    allocation = subscribed(token, account, quantity, at=at)
    return services.confirm_payment(
        token_id=token.id, allocation_ids=[allocation.id], by=BY, at=at
    ).confirmed[0]


def queued(token: Token, account=None, quantity=100, *, at=AT) -> Allocation:
    """Subscribe, confirm, give up the cooling-off, and have the tokens asked for on chain."""
    allocation = confirmed(token, account, quantity, at=at)
    if allocation.can_waive(at):
        waive(allocation, at=at)
    services.queue_due_mints(at=at)
    return selectors.allocation(allocation.id)


def minted(token: Token, account=None, quantity=100, *, at=AT) -> Allocation:
    """Go all the way to tokens on chain, as far as the database knows."""
    allocation = queued(token, account, quantity, at=at)
    chain_says(services.note_minted, IntentKind.MINT, allocation.id, at=at)
    return selectors.allocation(allocation.id)


def listed(token: Token | None = None, *, quantity=100, at=AT, **changes) -> Token:
    """Sell a part of a token, and open its market."""
    token = token or offered(at=at - timedelta(days=1), **changes)
    minted(token, quantity=quantity, at=at)
    return services.enable_secondary(token_id=token.id, by=BY, at=at)


def waive(allocation: Allocation, *, at=AT) -> Allocation:
    """Give up the cooling-off."""
    return _own(services.waive_cooling_off, allocation, at)


def cancel(allocation: Allocation, *, at=AT) -> Allocation:
    """Cancel a pending subscription."""
    return _own(services.cancel_subscription, allocation, at)


def withdraw(allocation: Allocation, *, at=AT) -> Allocation:
    """Withdraw in the cooling-off."""
    return _own(services.withdraw_in_cooling_off, allocation, at)


def _own(verb, allocation: Allocation, at) -> Allocation:
    owner = allocation.investor_id
    return verb(allocation_id=allocation.id, investor_id=owner, by=user(owner), at=at)
