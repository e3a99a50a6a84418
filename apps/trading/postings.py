"""Facts of the market as entries of the ledger: trades, and what orders hold at the end of a batch."""

from apps.ledger.types import (
    AccountKind,
    AccountSpec,
    Bucket,
    Entry,
    EntryKind,
    HoldOwner,
    NewHold,
    Posting,
)
from apps.trading.rules import required
from apps.trading.types import Execution, Instrument, Side, Working


def fee_account(instrument: Instrument) -> AccountSpec:
    """Return where an instrument's trading fees go: an account of its own, so that no two sequencers meet."""
    return AccountSpec(AccountKind.FEE_INCOME, instrument.quote, label=f"trading-{instrument.number}")


def trade(made: Execution, instrument: Instrument, *, fees: str) -> Entry:
    """Return the entry of a trade; `fees` is the address that fees go to.

    An order that has a hold in the ledger pays from it. One that came in this batch pays from what is
    available, which its sequencer has kept back for it since it took the order.
    """
    paid, sold = made.notional + made.buyer_fee, made.quantity * instrument.lot
    received, fee = made.notional - made.seller_fee, made.buyer_fee + made.seller_fee
    postings = [
        _out(made.buyer, made.buyer.party.cash, instrument.quote, paid),
        _out(made.seller, made.seller.party.asset, instrument.asset, sold),
        Posting(made.buyer.party.asset, instrument.asset, sold),
    ]
    if received:
        postings.append(Posting(made.seller.party.cash, instrument.quote, received))
    if fee:
        postings.append(Posting(fees, instrument.quote, fee))
    return Entry(EntryKind.TRADE, f"trade:{made.id}", tuple(postings))


def at_end(order: Working, instrument: Instrument, *, sequence: int) -> NewHold | Entry | None:
    """Return what makes an order's hold exactly what is still open needs, when its batch ends at `sequence`.

    A new order that rests takes its hold; of an older one what isn't needed any more is released, and what
    an amendment needs besides is added. The hold has the order's id.
    """
    source, asset = account_of(order, instrument)
    needed = required(order, instrument)
    if not order.held:
        if not needed:
            return None
        return NewHold(order.id, source, asset, needed, HoldOwner.ORDER, str(order.id))
    over = order.held - order.used - needed
    if not over:
        return None
    kind, word = (EntryKind.RELEASE, "release") if over > 0 else (EntryKind.HOLD, "hold")
    postings = (Posting(source, asset, -over, Bucket.HELD, order.id), Posting(source, asset, over))
    return Entry(kind, f"{word}:{order.id}:{sequence}", postings, f"{HoldOwner.ORDER}:{order.id}")


def account_of(order: Working, instrument: Instrument) -> tuple[str, str]:
    """Return the address that an order pays from, and its asset."""
    if order.side is Side.BUY:
        return order.party.cash, instrument.quote
    return order.party.asset, instrument.asset


def _out(order: Working, source: str, asset: str, amount: int) -> Posting:
    if order.held:
        return Posting(source, asset, -amount, Bucket.HELD, order.id)
    return Posting(source, asset, -amount)
