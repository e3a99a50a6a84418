"""The go-live: the offering closes, the raise is paid out, the market opens (TOK-5, OFR-3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django_countries import countries

from apps.accounts.types import Accreditation
from apps.audit import services as audit
from apps.businesses import selectors as businesses
from apps.chain import services as chain
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Conflict
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.outbox import services as outbox
from apps.tokens import locks, models, postings, rules, selectors
from apps.tokens.services.moving import move
from apps.tokens.services.telling import tell
from apps.tokens.types import (
    ALLOCATION_GRANTED,
    TOKEN_LISTED,
    TREASURY,
    Allocation,
    AllocationStatus,
    AllocationType,
    GoLive,
    Token,
    TokenStatus,
    TradingMode,
)


class EscrowDiffers(Conflict):
    """The escrow doesn't hold what was raised."""

    code = "escrow_differs"


@opens_transaction
def enable_secondary(
    *, token_id: UUID, tick: int = 1, lot: int | None = None, by: Actor, at: datetime
) -> Token:
    """Close a token's offering, pay the raise out, hand out what wasn't offered, and open its market.

    `tick` is in the smallest unit of the raise currency for one whole token, `lot` in base units (None: one
    whole token). The platform gets its share of the supply and the success fee; team and reserve go to the
    owner of the business, locked up; unsold tokens are never issued. The chain is asked for the mints and the
    market. A second call is refused as NotPrimary.

    Raises NotFound, InvalidSteps, NotPrimary, PaymentsPending, MintsUnfinished, SoftCapMissed,
    BusinessNotActive, EscrowDiffers.
    """
    row = locks.token(token_id)
    token = selectors.as_token(row)
    lot = 10**token.terms.decimals if lot is None else lot
    rules.check_steps(token.terms, tick=tick, lot=lot)
    rules.check_may_list(token, selectors.progress(token_id), at=at)
    businesses.require_active(token.business_id)
    plan = selectors.go_live(token)
    move(row, TokenStatus.SECONDARY, by=by, at=at)
    row.trading_mode = TradingMode.FULL_ORDERBOOK
    row.primary_end = min(row.primary_end or at, at)
    row.listed_at = row.updated_at = at
    row.success_fee = plan.fee
    row.version += 1
    row.save(
        update_fields=[
            *("status", "trading_mode", "primary_end", "listed_at", "success_fee", "updated_at", "version")
        ]
    )
    granted = _grant(row, plan, at=at)
    _book(token, plan, granted, by=by, at=at)
    _ask_chain(token, granted, by=by, at=at)
    tell(granted, ALLOCATION_GRANTED, action="allocations.granted", by=by, at=at)
    _tell(row, plan, tick=tick, lot=lot, by=by, at=at)
    return selectors.as_token(row)


def _grant(row: models.Token, plan: GoLive, *, at: datetime) -> list[Allocation]:
    """Write the allocations of what wasn't offered: confirmed, so that they are minted like all others."""
    owner = businesses.owner(row.business_id)
    locked_until = at + timedelta(days=plan.lock_up_days) if plan.lock_up_days else None
    made = [
        models.Allocation(
            pk=new_id(),
            token=row,
            investor_id=TREASURY if kind is AllocationType.PLATFORM else owner,
            allocation_type=kind,
            status=AllocationStatus.CONFIRMED,
            quantity=units,
            price=row.price_per_token,
            cost=0,
            investor_class=Accreditation.INSTITUTIONAL,
            cooling_off_hours=0,
            cooling_off_until=at,
            created_at=at,
            expires_at=at,
            confirmed_at=at,
            locked_until=None if kind is AllocationType.PLATFORM else locked_until,
        )
        for kind, units in plan.shares.items()
    ]
    models.Allocation.objects.bulk_create(made)
    return [selectors.as_allocation(each) for each in made]


def _book(token: Token, plan: GoLive, granted: Sequence[Allocation], *, by: Actor, at: datetime) -> None:
    """Empty the escrow and bring the granted tokens into being, those of team and reserve held."""
    accounts_of = [postings.units_of(each.investor_id, each.symbol) for each in granted]
    ledger.open_accounts(accounts=[*accounts_of, postings.proceeds(token)])
    entries = [*postings.released(token, plan), *(postings.issued(each, token) for each in granted)]
    holds = [postings.lock_up(each) for each in granted if each.locked_until]
    escrow = postings.escrow(token).address
    named = {posting.account for entry in entries for posting in entry.postings}
    locked = ledger.lock_balances(accounts={escrow} | named)
    if locked[escrow].total != plan.raised:
        raise EscrowDiffers(
            "The escrow doesn't hold what was raised, so it can't be paid out.",
            next_step="Have the ledger verified.",
        )
    ledger.post(entries=entries, holds=holds, locked=locked, by=by, at=at)
    if granted:
        ledger.mark_unsettled(amounts=postings.unsettled(granted))


@needs_transaction
def _ask_chain(token: Token, granted: Sequence[Allocation], *, by: Actor, at: datetime) -> None:
    """Ask for the new holders to be registered, and for the market. The mints follow by themselves."""
    for owner in {each.investor_id for each in granted}:
        country = countries.numeric(selectors.home_of(owner, token.business_id)) or 0
        chain.request_holder(owner=owner, country=country, by=by, at=at)
    chain.request_market(token_id=token.id, change_id=new_id(), open=True, by=by, at=at)


def _tell(row: models.Token, plan: GoLive, *, tick: int, lot: int, by: Actor, at: datetime) -> None:
    audit.record(
        action="tokens.listed",
        target_type="token",
        target_id=str(row.pk),
        before={"status": TokenStatus.PRIMARY},
        after={
            "status": row.status,
            "raised": plan.raised,
            "success_fee": plan.fee,
            "paid_out": plan.paid_out,
            "asset": row.raise_currency_id,
            "unsold": plan.unsold,
            **{str(kind): units for kind, units in plan.shares.items()},
            "tick": tick,
            "lot": lot,
        },
        by=by,
        at=at,
    )
    ids = {"token_id": str(row.pk), "business_id": str(row.business_id)}
    outbox.publish(type=TOKEN_LISTED.name, key=str(row.pk), payload={**ids, "tick": tick, "lot": lot}, at=at)
