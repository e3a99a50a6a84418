"""Facts of the ledger's own as entries: holds, releases, conversions, reversals."""

from collections.abc import Iterable
from fractions import Fraction

from apps.common import money
from apps.common.errors import Invalid
from apps.ledger.rules import InvalidEntry
from apps.ledger.types import (
    Account,
    AccountKind,
    Bucket,
    Conversion,
    Entry,
    EntryKind,
    HeldTransfer,
    Hold,
    NewHold,
    Posting,
    Rate,
    address_of,
    move,
    move_held,
)

MAX_OWNER = 64


class InvalidRate(Invalid):
    """A rate is a positive fraction and names its source; what it gives is at least one unit."""

    code = "invalid_rate"


def hold(new: NewHold) -> Entry:
    """Return the entry that takes a hold: from available to held, inside one account. Raises InvalidEntry."""
    _check_positive(new.amount)
    if not 0 < len(new.owner_id) <= MAX_OWNER:
        raise InvalidEntry(f"The id of a hold's owner has at most {MAX_OWNER} characters.")
    return Entry(
        kind=EntryKind.HOLD,
        business_key=f"hold:{new.id}",
        reference=f"{new.owner_type}:{new.owner_id}",
        postings=(
            Posting(new.account, new.asset, -new.amount),
            Posting(new.account, new.asset, new.amount, Bucket.HELD, new.id),
        ),
    )


def release(
    hold: Hold,
    amount: int,
    *,
    kind: EntryKind = EntryKind.RELEASE,
    business_key: str = "",
    reference: str = "",
) -> Entry:
    """Return the entry that makes a part of a hold available again. Raises InvalidEntry."""
    _check_positive(amount)
    return Entry(
        kind=kind,
        business_key=business_key or f"{kind}:{hold.id}",
        reference=reference or f"{hold.owner_type}:{hold.owner_id}",
        postings=move_held(
            hold=hold.id, source=hold.account, target=hold.account, asset=hold.asset, amount=amount
        ),
    )


def transfer_held(hold: Hold, transfer: HeldTransfer) -> Entry:
    """Return the entry that brings a part of a hold to another account. Raises InvalidEntry."""
    _check_positive(transfer.amount)
    return Entry(
        kind=transfer.kind,
        business_key=transfer.business_key,
        reference=transfer.reference,
        postings=move_held(
            hold=hold.id, source=hold.account, target=transfer.to, asset=hold.asset, amount=transfer.amount
        ),
    )


def conversion(asked: Conversion, source: Account, target: Account) -> Entry:
    """Return the entry that exchanges an amount through the fx accounts (LED-3).

    The result is rounded half to even. What was rounded away is less than a unit, stays in the fx account,
    and stands in the entry's data as `rest`, a fraction of the target's smallest unit (negative where the
    fx account gave more than the exact amount).

    Raises InvalidEntry, InvalidRate, AmountTooLarge.
    """
    _check_positive(asked.amount)
    rate = asked.rate
    if rate.numerator <= 0 or rate.denominator <= 0 or not rate.source:
        raise InvalidRate("A rate is a positive fraction and names its source.")
    numerator = asked.amount * rate.numerator * 10**target.decimals
    denominator = rate.denominator * 10**source.decimals
    received = money.checked(money.divide_half_even(numerator, denominator))
    if received <= 0:
        raise InvalidRate("At this rate the amount is worth less than the smallest unit.")
    sold, bought = (address_of(AccountKind.FX, account.asset) for account in (source, target))
    return Entry(
        kind=EntryKind.CONVERSION,
        business_key=asked.business_key,
        reference=asked.reference,
        postings=(
            *move(source=source.address, target=sold, asset=source.asset, amount=asked.amount),
            *move(source=bought, target=target.address, asset=target.asset, amount=received),
        ),
        data=_named(rate, rest=Fraction(numerator, denominator) - received),
    )


def _check_positive(amount: int) -> None:
    if type(amount) is not int or amount <= 0:
        raise InvalidEntry("An amount to be held, released or exchanged is a positive whole number of units.")


def _named(rate: Rate, *, rest: Fraction) -> dict[str, str | int]:
    price = Fraction(rate.numerator, rate.denominator)
    return {"rate": str(price), "source": rate.source, "rest": str(rest)}


def reversal(business_key: str, entry: int, postings: Iterable[Posting], *, reason: str) -> Entry:
    """Return the entry that takes another one back. What was consumed from a hold returns as available."""
    return Entry(
        kind=EntryKind.REVERSAL,
        business_key=f"reversal:{business_key}",
        reference=business_key,
        postings=tuple(Posting(posting.account, posting.asset, -posting.amount) for posting in postings),
        data={"reverses": entry, "reason": reason},
    )
