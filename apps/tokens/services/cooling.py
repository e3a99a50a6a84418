"""The cooling-off: an investor may withdraw what was confirmed, or give that right up (OFR-3)."""

from datetime import datetime
from uuid import UUID

from apps.common.db import opens_transaction
from apps.common.ids import new_id
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.ledger.types import NewTransaction, TransactionStatus, TransactionType
from apps.tokens import locks, postings, rules, selectors, states
from apps.tokens.rules import NoCoolingOff
from apps.tokens.services.telling import tell
from apps.tokens.types import (
    ALLOCATION_REFUNDED,
    COOLING_OFF_WAIVED,
    Allocation,
    AllocationStatus,
)


@opens_transaction
def waive_cooling_off(*, allocation_id: UUID, investor_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Give up one's own cooling-off, so that the tokens are minted at once. A second call changes nothing.

    Raises NotFound, NoCoolingOff.
    """
    row = locks.allocation(allocation_id, investor_id=investor_id)
    allocation = selectors.as_allocation(row)
    if allocation.cooling_off_waived_at is not None:
        return allocation
    if not allocation.can_waive(at):
        raise NoCoolingOff("There is no cooling-off to give up here.")
    row.cooling_off_waived_at = at
    row.save(update_fields=["cooling_off_waived_at"])
    waived = selectors.as_allocation(row)
    tell([waived], COOLING_OFF_WAIVED, action="allocations.cooling_off_waived", by=by, at=at)
    return waived


@opens_transaction
def withdraw_in_cooling_off(*, allocation_id: UUID, investor_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Withdraw one's own confirmed subscription in its cooling-off: cash and tokens go back (OFR-3).

    Withdrawing what was withdrawn changes nothing.

    Raises NotFound, Conflict `invalid_transition`, NoCoolingOff, InsufficientFunds.
    """
    row = locks.allocation(allocation_id, investor_id=investor_id)
    if row.status == AllocationStatus.REFUNDED:
        return selectors.as_allocation(row)
    before = AllocationStatus(row.status)
    to = advance(states.ALLOCATION, before, AllocationStatus.REFUNDED)
    rules.check_withdrawal(selectors.as_allocation(row), at=at)
    row.status, row.ended_at = to, at
    row.save(update_fields=["status", "ended_at"])
    token = row.token
    token.tokens_sold -= row.quantity
    token.total_raised -= row.cost
    token.save(update_fields=["tokens_sold", "total_raised"])
    allocation = selectors.as_allocation(row)
    _give_back(allocation, by=by, at=at)
    tell([allocation], ALLOCATION_REFUNDED, action="allocations.refunded", by=by, at=at)
    return allocation


def _give_back(allocation: Allocation, *, by: Actor, at: datetime) -> None:
    keys = [postings.subscription_key(allocation.id), postings.issuance_key(allocation.id)]
    ledger.reverse(business_keys=keys, reason="cooling_off", by=by, at=at)
    ledger.clear_unsettled(amounts=postings.unsettled([allocation]))
    refund = NewTransaction(
        id=new_id(),
        account=postings.cash_of(allocation.investor_id, allocation.raise_currency).address,
        type=TransactionType.REFUND,
        amount=allocation.cost,
        reference=allocation.symbol,
        status=TransactionStatus.COMPLETED,
    )
    ledger.open_transactions(transactions=[refund], at=at)
