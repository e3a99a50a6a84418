"""An allocation's facts as entries of the ledger. Each is named by the allocation, so it is booked once."""

from collections.abc import Iterable
from uuid import UUID

from apps.ledger.types import AccountKind, AccountSpec, Entry, EntryKind, HoldOwner, NewHold, move, move_held
from apps.tokens.types import Allocation, Token


def cash_of(owner: UUID, currency: str) -> AccountSpec:
    """Return the account of a person's money."""
    return AccountSpec(AccountKind.CLIENT, currency, str(owner))


def units_of(owner: UUID, symbol: str) -> AccountSpec:
    """Return the account of a person's tokens."""
    return AccountSpec(AccountKind.CLIENT, symbol, str(owner))


def escrow(token: Token) -> AccountSpec:
    """Return where the money of an offering waits; the issuer's, and of this token alone."""
    terms = token.terms
    return AccountSpec(AccountKind.ESCROW, terms.raise_currency, str(token.business_id), str(token.id))


def issuance(token: Token) -> AccountSpec:
    """Return where a token comes from: what is in it, below zero, is what was issued."""
    return AccountSpec(AccountKind.ISSUANCE, token.terms.symbol, str(token.business_id))


def subscription_key(allocation_id: UUID) -> str:
    """Return the business key under which an allocation's money is booked."""
    return f"subscription:{allocation_id}"


def issuance_key(allocation_id: UUID) -> str:
    """Return the business key under which an allocation's tokens are booked."""
    return f"issuance:{allocation_id}"


def reserve(allocation: Allocation) -> NewHold:
    """Return the hold on the investor's cash."""
    return NewHold(
        id=allocation.id,
        account=cash_of(allocation.investor_id, allocation.raise_currency).address,
        asset=allocation.raise_currency,
        amount=allocation.cost,
        owner_type=HoldOwner.SUBSCRIPTION,
        owner_id=str(allocation.id),
        expires_at=allocation.expires_at,
    )


def confirmed(allocation: Allocation, token: Token) -> tuple[Entry, Entry]:
    """Return what a confirmation books: the reserved cash to the escrow, the tokens to the investor."""
    cash = move_held(
        hold=allocation.id,
        source=cash_of(allocation.investor_id, allocation.raise_currency).address,
        target=escrow(token).address,
        asset=allocation.raise_currency,
        amount=allocation.cost,
    )
    units = move(
        source=issuance(token).address,
        target=units_of(allocation.investor_id, allocation.symbol).address,
        asset=allocation.symbol,
        amount=allocation.quantity,
    )
    reference = f"allocation:{allocation.id}"
    return (
        Entry(EntryKind.SUBSCRIPTION, subscription_key(allocation.id), cash, reference),
        Entry(EntryKind.ISSUANCE, issuance_key(allocation.id), units, reference),
    )


def unsettled(allocations: Iterable[Allocation]) -> dict[str, int]:
    """Return by account the tokens that the chain doesn't have yet."""
    amounts: dict[str, int] = {}
    for each in allocations:
        address = units_of(each.investor_id, each.symbol).address
        amounts[address] = amounts.get(address, 0) + each.quantity
    return amounts
