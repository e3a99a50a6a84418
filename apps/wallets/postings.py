"""What happens to fiat money as entries of the ledger.

What comes lies in suspense first: it is clients' money from the moment the bank has it, and nobody's in
particular until it was checked.
"""

from uuid import UUID

from apps.ledger.types import (
    AccountKind,
    AccountSpec,
    Entry,
    EntryKind,
    HeldTransfer,
    address_of,
    move,
)


def cash(owner: UUID, currency: str) -> AccountSpec:
    """Return what the account of a client's money in one currency is called by."""
    return AccountSpec(AccountKind.CLIENT, currency, str(owner))


def bank(currency: str) -> str:
    """Return the address of all that our bank accounts in a currency hold."""
    return address_of(AccountKind.EXTERNAL, currency, label="bank")


def suspense(currency: str) -> str:
    """Return the address of money that came and isn't anybody's yet."""
    return address_of(AccountKind.SUSPENSE, currency)


def received(*, currency: str, amount: int, bank_reference: str, reference: str) -> Entry:
    """Return the entry for money that came: once for each transfer that the bank names."""
    return Entry(
        kind=EntryKind.DEPOSIT,
        business_key=f"bankref:{bank_reference}",
        postings=move(source=bank(currency), target=suspense(currency), asset=currency, amount=amount),
        reference=reference,
    )


def credited(*, deposit: UUID, owner: UUID, currency: str, amount: int, reference: str) -> Entry:
    """Return the entry that makes what came its owner's: once for each deposit."""
    target = cash(owner, currency).address
    return Entry(
        kind=EntryKind.DEPOSIT,
        business_key=f"deposit:{deposit}",
        postings=move(source=suspense(currency), target=target, asset=currency, amount=amount),
        reference=reference,
    )


def refunded(*, deposit: UUID, currency: str, amount: int, reference: str) -> Entry:
    """Return the entry for what came and was sent back: once for each deposit."""
    return Entry(
        kind=EntryKind.REFUND,
        business_key=f"deposit-refund:{deposit}",
        postings=move(source=suspense(currency), target=bank(currency), asset=currency, amount=amount),
        reference=reference,
    )


def paid(*, withdrawal: UUID, hold: UUID, currency: str, amount: int, reference: str) -> HeldTransfer:
    """Return the transfer of a hold to the bank: once for each withdrawal."""
    return HeldTransfer(
        hold=hold,
        to=bank(currency),
        amount=amount,
        kind=EntryKind.WITHDRAWAL,
        business_key=f"withdrawal:{withdrawal}",
        reference=reference,
    )
