"""Trades on their way to the chain, with both their sides."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.common.db import rows
from apps.trading import models
from apps.trading.selectors.desk import UnknownTrade
from apps.trading.selectors.instruments import as_instrument
from apps.trading.types import Instrument, SettlementStatus, SettlementType, SettlingTrade, Side

SIDES = ("buy_order__account", "sell_order__account")


def due_instruments(at: datetime) -> list[UUID]:
    """Return the instruments that have trades to settle now."""
    numbers = settling_due(at).values("instrument").distinct()
    found = models.Instrument.objects.filter(number__in=numbers).order_by("number")
    return list(found.values_list("id", flat=True))


def settlement_blockers(trades: Sequence[SettlingTrade]) -> dict[UUID, UUID]:
    """Return, for those of these trades whose seller waits for tokens, the trade that should bring them.

    That is the oldest trade before it in which its seller bought and which isn't settled (SET-5).
    """
    found = rows(
        "SELECT t.id, b.id FROM trading_trade t JOIN trading_order s ON s.id = t.sell_order_id,"
        " LATERAL (SELECT e.id FROM trading_trade e JOIN trading_order o ON o.id = e.buy_order_id"
        " WHERE e.instrument = t.instrument AND e.settlement_status <> 'settled'"
        " AND (e.sequence, e.fill) < (t.sequence, t.fill) AND o.account_id = s.account_id"
        " ORDER BY e.sequence, e.fill LIMIT 1) b WHERE t.id = ANY (%s::uuid[])",
        [[trade.id for trade in trades]],
    )
    return dict(found)


def settling_rows(
    *, status: str = "", instrument_id: UUID | None = None, search: str = ""
) -> QuerySet[models.Trade]:
    """Return the trades that match, newest first; `search` is a trade's id or a transaction's hash."""
    found = models.Trade.objects.select_related(*SIDES).order_by("-id")
    if status:
        found = found.filter(settlement_status=status)
    if instrument_id is not None:
        known = models.Instrument.objects.filter(pk=instrument_id)
        found = found.filter(instrument__in=known.values("number"))
    if search:
        found = found.filter(_named(search.strip().casefold()))
    return found


def settling_trade(trade_id: UUID) -> SettlingTrade:
    """Return one trade. Raises UnknownTrade."""
    found = as_settlings(settling_rows().filter(pk=trade_id))
    if not found:
        raise UnknownTrade("There is no such trade.")
    return found[0]


def as_settlings(found: Iterable[models.Trade]) -> list[SettlingTrade]:
    """Return the frozen views of rows, in their order."""
    listed = list(found)
    numbers = {row.instrument for row in listed}
    markets = {row.number: as_instrument(row) for row in models.Instrument.objects.filter(number__in=numbers)}
    return [as_settling(row, markets[row.instrument]) for row in listed]


def as_settling(row: models.Trade, instrument: Instrument) -> SettlingTrade:
    """Return the frozen view of a row that was read with both its sides."""
    return SettlingTrade(
        id=row.pk,
        instrument=instrument,
        sequence=row.sequence,
        fill=row.fill,
        buyer_id=row.buy_order.account.owner,
        seller_id=row.sell_order.account.owner,
        taker_side=Side(row.taker_side),
        price=row.price,
        units=row.quantity,
        notional=row.notional,
        buyer_fee=row.buyer_fee,
        seller_fee=row.seller_fee,
        executed_at=row.executed_at,
        status=SettlementStatus(row.settlement_status),
        type=SettlementType(row.settlement_type),
        attempts=row.settlement_attempts,
        settle_after=row.settle_after,
        tx_hash=row.tx_hash,
        settled_at=row.settled_at,
    )


def settling_due(at: datetime) -> QuerySet[models.Trade]:
    """Return the trades that may go to the chain now."""
    now = Q(settle_after__isnull=True) | Q(settle_after__lte=at)
    return models.Trade.objects.filter(
        now,
        settlement_status=str(SettlementStatus.PENDING),
        settlement_type=str(SettlementType.ON_CHAIN),
    )


def _named(word: str) -> Q:
    if word.startswith("0x"):
        return Q(tx_hash=word)
    try:
        return Q(pk=UUID(word))
    except ValueError:
        return Q(pk__in=[])
