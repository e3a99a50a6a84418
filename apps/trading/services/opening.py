"""Instruments and accounts: what can be traded, and by whom."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common.db import needs_transaction, opens_transaction, rows
from apps.common.errors import Conflict
from apps.common.types import Actor
from apps.ledger import selectors as ledger_selectors
from apps.ledger import services as ledger
from apps.ledger.types import AccountKind, AccountSpec
from apps.outbox import services as outbox
from apps.parameters import selectors as parameters
from apps.trading import models, postings, rules, selectors
from apps.trading.types import (
    BUYER_FEE,
    INSTRUMENT_OPENED,
    SELLER_FEE,
    Instrument,
    NewInstrument,
    TradingState,
    VenueOp,
)


class InstrumentTaken(Conflict):
    """Another instrument has this id, this symbol or this pair of assets."""

    code = "instrument_taken"


@needs_transaction
def open_instrument(*, new: NewInstrument, by: Actor, at: datetime) -> Instrument:
    """Open an instrument for trading; sequencers find it by themselves. The same again changes nothing.

    Raises UnknownAsset, InvalidInstrument, InstrumentTaken.
    """
    rows("SELECT pg_advisory_xact_lock(hashtext('trading.instruments'))")
    asset, quote = ledger_selectors.asset(new.asset), ledger_selectors.asset(new.quote)
    rules.check_instrument(new, decimals=asset.decimals)
    if (known := _opened_before(new)) is not None:
        return known
    buyer, seller = parameters.value(BUYER_FEE), parameters.value(SELLER_FEE)
    row = models.Instrument.objects.create(
        id=new.id,
        number=models.Instrument.objects.count() + 1,
        symbol=new.symbol,
        asset=new.asset,
        quote=new.quote,
        asset_decimals=asset.decimals,
        quote_decimals=quote.decimals,
        tick=new.tick,
        lot=new.lot,
        buyer_maker_bps=buyer,
        buyer_taker_bps=buyer,
        seller_maker_bps=seller,
        seller_taker_bps=seller,
        state=str(TradingState.CONTINUOUS),
        opened_at=at,
    )
    instrument = selectors.as_instrument(row)
    models.Lease.objects.create(instrument=row.number, renewed_at=at)
    ledger.open_accounts(accounts=[postings.fee_account(instrument)])
    if new.lowest or new.highest:
        models.VenueCommand.objects.create(
            instrument=row.number,
            op=str(VenueOp.SET_COLLAR),
            lowest=new.lowest,
            highest=new.highest,
            created_at=at,
        )
    audit.record(
        action="trading.instrument_opened",
        target_type="instrument",
        target_id=str(new.id),
        after={"symbol": new.symbol, "tick": new.tick, "lot": new.lot, "number": row.number},
        by=by,
        at=at,
    )
    payload = {"instrument_id": str(new.id), "asset": new.asset, "quote": new.quote}
    outbox.publish(type=INSTRUMENT_OPENED.name, key=str(new.id), payload=payload, at=at)
    return instrument


@opens_transaction
def enrol(*, owner: UUID, instrument: Instrument, by: Actor, at: datetime) -> int:
    """Give somebody the number that the engine knows them by, and the accounts that they trade with."""
    specs = [
        AccountSpec(AccountKind.CLIENT, code, owner=str(owner))
        for code in (instrument.quote, instrument.asset)
    ]
    ledger.open_accounts(accounts=specs)
    row, made = models.TradingAccount.objects.get_or_create(owner=owner, defaults={"opened_at": at})
    if made:
        audit.record(
            action="trading.enrolled",
            target_type="user",
            target_id=str(owner),
            after={"number": row.pk},
            by=by,
            at=at,
        )
    return row.pk


def _opened_before(new: NewInstrument) -> Instrument | None:
    row = models.Instrument.objects.filter(pk=new.id).first()
    if row is None:
        if models.Instrument.objects.filter(symbol=new.symbol).exists():
            raise InstrumentTaken(f"Another instrument is called {new.symbol}.")
        return None
    if (row.symbol, row.asset, row.quote, row.tick, row.lot) != (
        *(new.symbol, new.asset, new.quote, new.tick, new.lot),
    ):
        raise InstrumentTaken("Another instrument has this id.")
    return selectors.as_instrument(row)
