"""How far each trade's way to the chain is: the only writers of a trade's settlement columns (SET-1).

Settlement decides, these verbs write: each moves many trades with one statement, and refuses a move that the
table of `states.SETTLEMENT` doesn't have.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from apps.common.db import needs_transaction, rows
from apps.common.errors import Conflict, NotFound
from apps.common.transitions import advance
from apps.trading import models, selectors, states
from apps.trading.types import Instrument, SettlementStatus, SettlementType, SettlingTrade, Side

_SIDES = ("buy_order__account", "sell_order__account")


class UnknownTrade(NotFound):
    """There is no such trade."""

    code = "unknown_trade"


class TradeMoved(Conflict):
    """A trade's settlement has moved on meanwhile."""

    code = "trade_moved"


@needs_transaction
def claim_due(*, instrument_id: UUID, limit: int, at: datetime) -> list[SettlingTrade]:
    """Take an instrument's oldest trades that are due, in their order, and mark them as processing.

    What another transaction has locked is left out. Raises UnknownInstrument.
    """
    instrument = selectors.instrument(instrument_id)
    due = _due(at).filter(instrument=instrument.number).select_related(*_SIDES)
    locked = due.select_for_update(of=("self",), skip_locked=True).order_by("sequence", "fill")
    found = [as_settling(row, instrument) for row in locked[:limit]]
    _move(found, SettlementStatus.PROCESSING)
    return found


@needs_transaction
def lock_trades(*, ids: Iterable[UUID]) -> list[SettlingTrade]:
    """Lock trades and return them in their order. Raises UnknownTrade."""
    wanted = set(ids)
    chosen = models.Trade.objects.filter(pk__in=wanted).select_related(*_SIDES)
    locked = chosen.select_for_update(of=("self",)).order_by("instrument", "sequence", "fill")
    found = as_settlings(found=locked)
    if len(found) < len(wanted):
        raise UnknownTrade("There is no such trade.")
    return found


@needs_transaction
def note_settled(*, hashes: Mapping[UUID, str], trades: Sequence[SettlingTrade], at: datetime) -> None:
    """Note that locked trades are settled, each by the transaction with its hash. Raises TradeMoved."""
    for trade in trades:
        advance(states.SETTLEMENT, trade.status, SettlementStatus.SETTLED)
    moved = rows(
        "UPDATE trading_trade t SET settlement_status = 'settled', tx_hash = n.tx_hash, settled_at = %s,"
        " settle_after = NULL, settlement_attempts = n.attempts"
        " FROM unnest(%s::uuid[], %s::text[], %s::integer[]) AS n (id, tx_hash, attempts)"
        " WHERE t.id = n.id AND t.settlement_status IN ('processing', 'failed') RETURNING t.id",
        [
            at,
            [trade.id for trade in trades],
            [hashes[trade.id] for trade in trades],
            [trade.attempts + (trade.status is SettlementStatus.PROCESSING) for trade in trades],
        ],
    )
    _check(moved, trades)


@needs_transaction
def put_back(*, trades: Sequence[SettlingTrade], attempts: Sequence[int], after: Sequence[datetime]) -> None:
    """Have locked trades that were processing wait again, with so many attempts each, until an instant each.

    Raises TradeMoved.
    """
    for trade in trades:
        advance(states.SETTLEMENT, trade.status, SettlementStatus.PENDING)
    moved = rows(
        "UPDATE trading_trade t SET settlement_status = 'pending', settlement_attempts = n.attempts,"
        " settle_after = n.after"
        " FROM unnest(%s::uuid[], %s::integer[], %s::timestamptz[]) AS n (id, attempts, after)"
        " WHERE t.id = n.id AND t.settlement_status = 'processing' RETURNING t.id",
        [[trade.id for trade in trades], list(attempts), list(after)],
    )
    _check(moved, trades)


@needs_transaction
def note_failed(*, trades: Sequence[SettlingTrade]) -> None:
    """Note that locked trades have failed, after one more attempt. Raises TradeMoved."""
    for trade in trades:
        advance(states.SETTLEMENT, trade.status, SettlementStatus.FAILED)
    moved = rows(
        "UPDATE trading_trade SET settlement_status = 'failed', settle_after = NULL,"
        " settlement_attempts = settlement_attempts + 1"
        " WHERE id = ANY (%s::uuid[]) AND settlement_status = 'processing' RETURNING id",
        [[trade.id for trade in trades]],
    )
    _check(moved, trades)


@needs_transaction
def reopen(*, trade: SettlingTrade, at: datetime) -> None:
    """Have a locked trade that has failed wait again, with all its attempts. Raises Conflict."""
    advance(states.SETTLEMENT, trade.status, SettlementStatus.PENDING)
    models.Trade.objects.filter(pk=trade.id).update(
        settlement_status=str(SettlementStatus.PENDING), settlement_attempts=0, settle_after=at
    )


@needs_transaction
def wake(*, ids: Iterable[UUID]) -> None:
    """Have those of these trades that wait be tried at once."""
    waiting = models.Trade.objects.filter(
        pk__in=list(ids), settlement_status=str(SettlementStatus.PENDING), settle_after__isnull=False
    )
    waiting.update(settle_after=None)


def due_instruments(*, at: datetime) -> list[UUID]:
    """Return the instruments that have trades to settle now."""
    numbers = _due(at).values("instrument").distinct()
    found = models.Instrument.objects.filter(number__in=numbers).order_by("number")
    return list(found.values_list("id", flat=True))


def has_unsettled(*, instrument_id: UUID) -> bool:
    """Tell whether a trade of an instrument isn't settled."""
    numbers = models.Instrument.objects.filter(pk=instrument_id).values("number")
    rest = models.Trade.objects.filter(instrument__in=numbers)
    return rest.exclude(settlement_status=str(SettlementStatus.SETTLED)).exists()


def unsettled_counts() -> dict[SettlementStatus, int]:
    """Return how many trades are in each status but settled."""
    rest = models.Trade.objects.exclude(settlement_status=str(SettlementStatus.SETTLED))
    found = dict(rest.values_list("settlement_status").annotate(Count("pk")).order_by())
    return {each: found.get(each, 0) for each in SettlementStatus if each is not SettlementStatus.SETTLED}


def oldest_unsettled() -> datetime | None:
    """Return when the oldest trade was made that still waits for its settlement."""
    waiting = models.Trade.objects.filter(settlement_status=str(SettlementStatus.PENDING))
    oldest: datetime | None = waiting.aggregate(oldest=Min("executed_at"))["oldest"]
    return oldest


def blockers(*, trades: Sequence[SettlingTrade]) -> dict[UUID, UUID]:
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


def trade_rows(
    *, status: str = "", instrument_id: UUID | None = None, search: str = ""
) -> QuerySet[models.Trade]:
    """Return the trades that match, newest first; `search` is a trade's id or a transaction's hash."""
    found = models.Trade.objects.select_related(*_SIDES).order_by("-id")
    if status:
        found = found.filter(settlement_status=status)
    if instrument_id is not None:
        known = models.Instrument.objects.filter(pk=instrument_id)
        found = found.filter(instrument__in=known.values("number"))
    if search:
        found = found.filter(_named(search.strip().casefold()))
    return found


def settling_trade(*, trade_id: UUID) -> SettlingTrade:
    """Return one trade. Raises UnknownTrade."""
    found = as_settlings(found=trade_rows().filter(pk=trade_id))
    if not found:
        raise UnknownTrade("There is no such trade.")
    return found[0]


def as_settlings(*, found: Iterable[models.Trade]) -> list[SettlingTrade]:
    """Return the frozen views of rows, in their order."""
    listed = list(found)
    numbers = {row.instrument for row in listed}
    markets = {
        row.number: selectors.as_instrument(row)
        for row in models.Instrument.objects.filter(number__in=numbers)
    }
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


def _due(at: datetime) -> QuerySet[models.Trade]:
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


def _move(trades: Sequence[SettlingTrade], to: SettlementStatus) -> None:
    for trade in trades:
        advance(states.SETTLEMENT, trade.status, to)
    models.Trade.objects.filter(pk__in=[trade.id for trade in trades]).update(settlement_status=str(to))


def _check(moved: Sequence[tuple[UUID, ...]], trades: Sequence[SettlingTrade]) -> None:
    if len(moved) < len(trades):
        raise TradeMoved("The settlement of a trade has moved on meanwhile.")
