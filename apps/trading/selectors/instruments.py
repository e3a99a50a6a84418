"""Instruments, and who trades them."""

from uuid import UUID

from apps.common.errors import NotFound
from apps.ledger import selectors as ledger
from apps.trading import models
from apps.trading.types import FeeRates, Instrument, TradingState


class UnknownInstrument(NotFound):
    """There is no such instrument."""

    code = "unknown_instrument"


def instruments() -> list[Instrument]:
    """Return all instruments by symbol."""
    return [as_instrument(row) for row in models.Instrument.objects.order_by("symbol")]


def instrument(instrument_id: UUID | Instrument) -> Instrument:
    """Return one instrument; one that is at hand is not read again. Raises UnknownInstrument."""
    if isinstance(instrument_id, Instrument):
        return instrument_id
    row = models.Instrument.objects.filter(pk=instrument_id).first()
    if row is None:
        raise UnknownInstrument("There is no such instrument.")
    return as_instrument(row)


def instrument_named(symbol: str) -> Instrument:
    """Return the instrument of a symbol. Raises UnknownInstrument."""
    row = models.Instrument.objects.filter(symbol=symbol).first()
    if row is None:
        raise UnknownInstrument("There is no such instrument.")
    return as_instrument(row)


def instrument_by_number(number: int) -> Instrument:
    """Return the instrument with the engine's number. Raises UnknownInstrument."""
    row = models.Instrument.objects.filter(number=number).first()
    if row is None:
        raise UnknownInstrument("There is no such instrument.")
    return as_instrument(row)


def instruments_by_id() -> dict[UUID, Instrument]:
    """Return all instruments by their id, for who writes orders or trades of several."""
    return {each.id: each for each in instruments()}


def as_instrument(row: models.Instrument) -> Instrument:
    """Return the frozen view of an instrument's row."""
    return Instrument(
        id=row.pk,
        number=row.number,
        symbol=row.symbol,
        asset=row.asset,
        quote=row.quote,
        asset_decimals=row.asset_decimals,
        quote_decimals=row.quote_decimals,
        tick=row.tick,
        lot=row.lot,
        lowest=row.lowest,
        highest=row.highest,
        buyer_fees=FeeRates(row.buyer_maker_bps, row.buyer_taker_bps),
        seller_fees=FeeRates(row.seller_maker_bps, row.seller_taker_bps),
        state=TradingState(row.state),
    )


def ids_by_number() -> dict[int, UUID]:
    """Return the ids of all instruments by the engine's numbers."""
    return dict(models.Instrument.objects.values_list("number", "id"))


def account_number(owner: UUID) -> int:
    """Return the engine's number for somebody, 0 for who has never traded."""
    return models.TradingAccount.objects.filter(owner=owner).values_list("pk", flat=True).first() or 0


def enrolled(owner: UUID, market: Instrument) -> int | None:
    """Return somebody's number if they have all the accounts that trading this instrument needs."""
    held = {balance.account.asset for balance in ledger.balances_of(str(owner))}
    return account_number(owner) or None if {market.asset, market.quote} <= held else None
