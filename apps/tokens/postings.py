"""An allocation's facts as entries of the ledger. Each is named by the allocation, so it is booked once."""

from collections.abc import Iterable
from uuid import UUID

from apps.ledger.types import AccountKind, AccountSpec, Entry, EntryKind, HoldOwner, NewHold, move, move_held
from apps.tokens.types import TREASURY, Allocation, GoLive, Token


def cash_of(owner: UUID, currency: str) -> AccountSpec:
    """Return the account of a person's money."""
    return AccountSpec(AccountKind.CLIENT, currency, str(owner))


def units_of(owner: UUID, symbol: str) -> AccountSpec:
    """Return the account of a person's tokens, or of the platform's."""
    if owner == TREASURY:
        return AccountSpec(AccountKind.TREASURY, symbol)
    return AccountSpec(AccountKind.CLIENT, symbol, str(owner))


def escrow(token: Token) -> AccountSpec:
    """Return where the money of an offering waits; the issuer's, and of this token alone."""
    terms = token.terms
    return AccountSpec(AccountKind.ESCROW, terms.raise_currency, str(token.business_id), str(token.id))


def proceeds(token: Token) -> AccountSpec:
    """Return where the issuer gets what was raised."""
    return AccountSpec(AccountKind.ISSUER, token.terms.raise_currency, str(token.business_id))


def fees(token: Token) -> AccountSpec:
    """Return where the platform gets its success fee."""
    return AccountSpec(AccountKind.FEE_INCOME, token.terms.raise_currency)


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
    reference = f"allocation:{allocation.id}"
    paid = Entry(EntryKind.SUBSCRIPTION, subscription_key(allocation.id), cash, reference)
    return paid, issued(allocation, token)


def issued(allocation: Allocation, token: Token) -> Entry:
    """Return what brings an allocation's tokens into being."""
    units = move(
        source=issuance(token).address,
        target=units_of(allocation.investor_id, allocation.symbol).address,
        asset=allocation.symbol,
        amount=allocation.quantity,
    )
    return Entry(EntryKind.ISSUANCE, issuance_key(allocation.id), units, f"allocation:{allocation.id}")


def lock_up(allocation: Allocation) -> NewHold:
    """Return the hold on tokens that can't be sold before their lock-up ends; it expires by itself."""
    return NewHold(
        id=allocation.id,
        account=units_of(allocation.investor_id, allocation.symbol).address,
        asset=allocation.symbol,
        amount=allocation.quantity,
        owner_type=HoldOwner.LOCK_UP,
        owner_id=str(allocation.id),
        expires_at=allocation.locked_until,
    )


def released(token: Token, plan: GoLive) -> list[Entry]:
    """Return what empties the escrow at the go-live: the fee to the platform, the rest to the issuer."""
    asset, source, reference = token.terms.raise_currency, escrow(token).address, f"token:{token.id}"
    ways = (
        (EntryKind.FEE, f"success_fee:{token.id}", fees(token), plan.fee),
        (EntryKind.ESCROW_RELEASE, f"escrow_release:{token.id}", proceeds(token), plan.paid_out),
    )
    return [
        Entry(kind, key, move(source=source, target=target.address, asset=asset, amount=amount), reference)
        for kind, key, target, amount in ways
        if amount
    ]


def unsettled(allocations: Iterable[Allocation]) -> dict[str, int]:
    """Return by account the tokens that the chain doesn't have yet."""
    amounts: dict[str, int] = {}
    for each in allocations:
        address = units_of(each.investor_id, each.symbol).address
        amounts[address] = amounts.get(address, 0) + each.quantity
    return amounts
