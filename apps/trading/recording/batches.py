"""Writing a batch: all that it changed, with few statements, in the transaction of its sequencer (MAT-6)."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from apps.audit import services as audit
from apps.common.db import needs_transaction, rows
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.ledger.types import Balance, Entry, NewHold
from apps.outbox import services as outbox
from apps.outbox.types import NewMessage
from apps.trading import models, postings
from apps.trading.recording.leases import Fenced
from apps.trading.types import (
    INSTRUMENT_CHANGED,
    ORDER_UPDATED,
    TRADE_EXECUTED,
    Batch,
    Execution,
    Instrument,
    Working,
)

_ORDER = (
    *("id", "instrument", "account_id", "client_order_id", "number", "priority", "side", "order_type"),
    *("time_in_force", "self_trade", "post_only", "price", "quantity", "filled_quantity", "remaining"),
    *("maker_bps", "taker_bps", "maker_notional", "taker_notional", "fee", "status", "reason"),
    *("expires_at", "version", "created_at", "updated_at"),
)
_TRADE = (
    *("id", "instrument", "sequence", "fill", "buy_order_id", "sell_order_id", "taker_side", "price"),
    *("quantity", "notional", "buyer_fee", "seller_fee", "executed_at"),
)


@needs_transaction
def record(
    *, batch: Batch, instrument: Instrument, epoch: int, locked: Mapping[str, Balance], by: Actor
) -> None:
    """Write a batch, and where in the inbox it ends. `locked` are the balances that were locked for it.

    Raises Fenced where another sequencer has the instrument by now, and whatever the ledger raises.
    """
    _advance_lease(batch, instrument, epoch)
    if batch.last >= batch.first:
        _write_journal(batch, instrument, epoch)
    _write_orders(batch, instrument)
    _write_trades(batch, instrument)
    _write_steps(batch)
    _post(batch, instrument, locked, by=by)
    _write_instrument(batch, instrument)
    _finish_wishes(batch)
    outbox.publish_many(messages=_messages(batch, instrument), at=batch.at)
    if batch.last >= batch.first:
        _audit(batch, instrument, by=by)


def _advance_lease(batch: Batch, instrument: Instrument, epoch: int) -> None:
    held = rows(
        "UPDATE trading_lease SET sequence = %s, inbox_id = %s, last_order = %s, last_price = %s,"
        " renewed_at = %s WHERE instrument = %s AND epoch = %s RETURNING epoch",
        [
            batch.last,
            batch.inbox_id,
            batch.last_order,
            batch.last_price,
            batch.at,
            instrument.number,
            epoch,
        ],
    )
    if not held:
        raise Fenced(f"instrument {instrument.number} is no longer ours")


def _write_journal(batch: Batch, instrument: Instrument, epoch: int) -> None:
    rows(
        "INSERT INTO trading_journalbatch"
        " (instrument, first, last, epoch, inbox_id, commands, events, state_hash, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            instrument.number,
            batch.first,
            batch.last,
            epoch,
            batch.inbox_id,
            batch.commands,
            batch.events,
            batch.state_hash,
            batch.at,
        ],
    )
    if batch.snapshot:
        models.Snapshot.objects.update_or_create(
            instrument=instrument.number, defaults={"sequence": batch.last, "content": batch.snapshot}
        )


def _write_orders(batch: Batch, instrument: Instrument) -> None:
    at = batch.at.isoformat()
    new = [order for order in batch.touched.values() if order.is_new]
    old = [order for order in batch.touched.values() if not order.is_new]
    _copy(
        "trading_order",
        _ORDER,
        (_order_line(order, instrument, at) for order in (*new, *batch.refused)),
    )
    if old:
        rows(
            "UPDATE trading_order o SET price = n.price, quantity = n.quantity, filled_quantity = n.filled,"
            " remaining = n.remaining, maker_notional = n.maker, taker_notional = n.taker, fee = n.fee,"
            " status = n.status, reason = n.reason, priority = n.priority, version = n.version,"
            " updated_at = %s"
            " FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],"
            " %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::integer[])"
            " AS n (id, price, quantity, filled, remaining, maker, taker, fee, status, reason, priority,"
            " version) WHERE o.id = n.id",
            [batch.at, *_columns(_changes(order, instrument) for order in old)],
        )


def _order_line(order: Working, instrument: Instrument, at: str) -> tuple[Any, ...]:
    return (
        order.id,
        instrument.number,
        order.party.number,
        order.client_order_id,
        order.number or None,
        order.priority or None,
        order.side,
        order.order_type,
        order.time_in_force,
        order.self_trade,
        "t" if order.post_only else "f",
        order.price * instrument.tick,
        order.quantity * instrument.lot,
        order.filled * instrument.lot,
        order.remaining * instrument.lot,
        order.maker_bps,
        order.taker_bps,
        order.maker_notional,
        order.taker_notional,
        order.fee,
        order.status,
        order.reason,
        order.expires_at and order.expires_at.isoformat(),
        order.version,
        at,
        at,
    )


def _changes(order: Working, instrument: Instrument) -> tuple[Any, ...]:
    return (
        order.id,
        order.price * instrument.tick,
        order.quantity * instrument.lot,
        order.filled * instrument.lot,
        order.remaining * instrument.lot,
        order.maker_notional,
        order.taker_notional,
        order.fee,
        order.status,
        f'"{order.reason}"',
        order.priority,
        order.version,
    )


def _write_trades(batch: Batch, instrument: Instrument) -> None:
    at = batch.at.isoformat()
    _copy("trading_trade", _TRADE, (_trade_line(made, instrument, at) for made in batch.executions))


def _trade_line(made: Execution, instrument: Instrument, at: str) -> tuple[Any, ...]:
    return (
        made.id,
        instrument.number,
        made.sequence,
        made.fill,
        made.buyer.id,
        made.seller.id,
        made.taker_side,
        made.price * instrument.tick,
        made.quantity * instrument.lot,
        made.notional,
        made.buyer_fee,
        made.seller_fee,
        at,
    )


def _write_steps(batch: Batch) -> None:
    at = batch.at.isoformat()
    _copy(
        "order_status_history",
        ("order_id", "status", "reason", "sequence", "at"),
        ((step.order, step.status, step.reason, step.sequence, at) for step in batch.steps),
    )


def _post(batch: Batch, instrument: Instrument, locked: Mapping[str, Balance], *, by: Actor) -> None:
    fees = postings.fee_account(instrument).address
    entries = [postings.trade(made, instrument, fees=fees) for made in batch.executions]
    holds = []
    for order in batch.touched.values():
        match postings.at_end(order, instrument, sequence=batch.last):
            case NewHold() as hold:
                holds.append(hold)
            case Entry() as entry:
                entries.append(entry)
    ledger.post(entries=entries, holds=holds, locked=locked, by=by, at=batch.at)
    incoming: dict[str, int] = defaultdict(int)
    for made in batch.executions:
        incoming[made.buyer.party.asset] += made.quantity * instrument.lot
        incoming[made.seller.party.cash] += made.notional - made.seller_fee
    if incoming := {address: amount for address, amount in incoming.items() if amount}:
        ledger.mark_unsettled(amounts=incoming, locked=locked)


def _write_instrument(batch: Batch, instrument: Instrument) -> None:
    if batch.state is not None:
        models.Instrument.objects.filter(pk=instrument.id).update(state=str(batch.state))
    if batch.collar is not None:
        lowest, highest = batch.collar
        models.Instrument.objects.filter(pk=instrument.id).update(lowest=lowest, highest=highest)


def _finish_wishes(batch: Batch) -> None:
    if batch.venue_done:
        rows(
            "UPDATE trading_venuecommand v SET done_at = %s, sequence = d.sequence"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS d (id, sequence) WHERE v.id = d.id",
            [batch.at, [number for number, _ in batch.venue_done], [at for _, at in batch.venue_done]],
        )


def _messages(batch: Batch, instrument: Instrument) -> list[NewMessage]:
    market = str(instrument.id)
    messages = [_trade_message(made, market) for made in batch.executions]
    messages += [
        _order_message(order, market)
        for order in batch.touched.values()
        if not order.is_new or order.version > 1 or order.filled
    ]
    if batch.state is not None or batch.collar is not None:
        payload = {
            "instrument_id": market,
            "state": str(batch.state or instrument.state),
            "sequence": batch.last,
        }
        messages.append(NewMessage(INSTRUMENT_CHANGED.name, market, payload))
    return messages


def _trade_message(made: Execution, market: str) -> NewMessage:
    payload = {
        "trade_id": str(made.id),
        "instrument_id": market,
        "buy_order_id": str(made.buyer.id),
        "sell_order_id": str(made.seller.id),
    }
    return NewMessage(TRADE_EXECUTED.name, str(made.id), payload)


def _order_message(order: Working, market: str) -> NewMessage:
    payload = {
        "order_id": str(order.id),
        "instrument_id": market,
        "status": str(order.status),
        "version": order.version,
    }
    return NewMessage(ORDER_UPDATED.name, str(order.id), payload)


def _audit(batch: Batch, instrument: Instrument, *, by: Actor) -> None:
    audit.record(
        action="trading.batch_recorded",
        target_type="instrument",
        target_id=str(instrument.id),
        after={
            "first": batch.first,
            "last": batch.last,
            "trades": len(batch.executions),
            "journal_sha256": hashlib.sha256(batch.commands + batch.events).hexdigest(),
        },
        by=by,
        at=batch.at,
    )


def _columns(lines: Iterable[tuple[Any, ...]]) -> list[str]:
    """Turn rows into PostgreSQL arrays of numbers, uuids or words, none of which needs more quoting."""
    return ["{" + ",".join(map(str, column)) + "}" for column in zip(*lines, strict=True)]


def _copy(table: str, columns: Sequence[str], lines: Iterable[tuple[Any, ...]]) -> None:
    """Add rows whose values are numbers, uuids, instants or words: nothing in them needs escaping."""
    content = "\n".join("\t".join("\\N" if v is None else str(v) for v in line) for line in lines)
    if not content:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        copy.write(content)
