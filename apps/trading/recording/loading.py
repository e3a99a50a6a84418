"""What a sequencer reads: an instrument's state when it begins, repeats and the venue's wishes later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.common.db import rows
from apps.ledger import selectors as ledger
from apps.ledger.types import AccountKind, address_of
from apps.trading import models, selectors
from apps.trading.engine import SIDE_OF, TYPE_OF, Command, Event, EventKind, events_of, reason, unpack
from apps.trading.recording.leases import Fenced
from apps.trading.types import (
    Answer,
    Fill,
    Instrument,
    OrderStatus,
    OrderType,
    Party,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
    VenueOp,
    Working,
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """An instrument as the last recorded batch left it; orders stand in the order of their priority."""

    instrument: Instrument
    epoch: int
    sequence: int
    inbox_id: str
    last_order: int
    last_price: int
    orders: list[Working]
    snapshot: tuple[int, bytes] | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """An order that was taken before under this client_order_id, and what was answered then."""

    account: int
    client_order_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that the venue asks for; see VenueCommand."""

    id: int
    op: VenueOp
    order: int | None
    account: int | None
    lowest: int
    highest: int
    due_at: datetime | None
    reason: str


def load(number: int, *, epoch: int) -> Loaded:
    """Read an instrument's state. The caller took its lease at this epoch, so nobody else writes it.

    Raises Fenced where somebody has taken it since: their epoch must never become ours.
    """
    row = models.Instrument.objects.get(number=number)
    lease = models.Lease.objects.get(pk=number)
    if lease.epoch != epoch:
        raise Fenced(f"instrument {number} is no longer ours")
    saved = models.Snapshot.objects.filter(pk=number).first()
    instrument = selectors.as_instrument(row)
    return Loaded(
        instrument,
        lease.epoch,
        lease.sequence,
        lease.inbox_id,
        lease.last_order,
        lease.last_price,
        _live_orders(instrument),
        (saved.sequence, bytes(saved.content)) if saved else None,
    )


def parties(numbers: Iterable[int], instrument: Instrument) -> dict[int, Party]:
    """Return who has these numbers; unknown ones are left out."""
    found = models.TradingAccount.objects.filter(pk__in=list(numbers))
    return {row.pk: _party(row.pk, row.owner, instrument, frozen=row.frozen) for row in found}


def journal_after(number: int, sequence: int) -> list[tuple[bytes, bytes]]:
    """Return the commands and events of every batch after a sequence number, in order."""
    found = models.JournalBatch.objects.filter(instrument=number, first__gt=sequence).order_by("first")
    return [(bytes(commands), bytes(events)) for commands, events in found.values_list("commands", "events")]


def venue_commands(numbers: Iterable[int], *, limit: int) -> dict[int, list[Wish]]:
    """Return what the venue asks of these instruments and isn't done, oldest first."""
    found: dict[int, list[Wish]] = {}
    for row in models.VenueCommand.objects.filter(
        instrument__in=list(numbers), done_at__isnull=True
    ).order_by("id")[:limit]:
        wish = Wish(
            row.pk,
            VenueOp(row.op),
            row.order,
            row.account,
            row.lowest,
            row.highest,
            row.due_at,
            row.reason,
        )
        found.setdefault(int(row.instrument), []).append(wish)
    return found


def first_answers(instrument: Instrument, asked: Mapping[tuple[int, str], Command]) -> list[Repeat]:
    """Return what was answered first to these (account, client_order_id), where they were sent before.

    The answer is what the journal says happened in the order's own command, and so always the same. A
    command that says something else than the first one is refused.
    """
    if not asked:
        return []
    found = rows(
        "SELECT o.id, o.account_id, o.client_order_id, o.number, o.instrument, o.reason, o.side,"
        " o.order_type, o.price, o.quantity"
        " FROM unnest(%s::integer[], %s::text[]) AS asked (account, name)"
        " JOIN trading_order o ON o.account_id = asked.account AND o.client_order_id = asked.name",
        [[account for account, _ in asked], [name for _, name in asked]],
    )
    return [Repeat(row[1], row[2], _first_answer(instrument, row, asked[row[1], row[2]])) for row in found]


def _first_answer(instrument: Instrument, row: tuple[Any, ...], again: Command) -> Answer:
    order, _, _, number, market, why, side, order_type, price, quantity = row
    if market != instrument.number:
        return Answer(order, Reason.CLIENT_ORDER_ID_REUSED)
    if number is None:
        given = (side, order_type, price // instrument.tick, quantity // instrument.lot)
        same = given == (SIDE_OF[again.side], TYPE_OF[again.order_type], again.price, again.quantity)
        status = OrderStatus.REJECTED
        first = Answer(order, why, order, status, Reason(why), quantity, 0, 0, price, 1, repeated=True)
        return first if same else Answer(order, Reason.CLIENT_ORDER_ID_REUSED)
    batch = models.JournalBatch.objects.filter(instrument=market, last__gte=number).order_by("last")[0]
    command = next(each for each in unpack(bytes(batch.commands)) if each.sequence == number)
    if not is_same_order(command, again):
        return Answer(order, Reason.CLIENT_ORDER_ID_REUSED)
    own = [each for each in events_of(bytes(batch.events)) if each.order_id == number == each.sequence]
    return _answered(order, command, own, instrument)


def is_same_order(one: Command, other: Command) -> bool:
    """Tell whether two NEW commands under one client_order_id ask for the same; a budget may differ."""
    return _terms(one) == _terms(other)


def _terms(command: Command) -> tuple[int, ...]:
    return (
        *(command.side, command.order_type, command.time_in_force, command.self_trade, command.flags),
        *(command.price, command.quantity),
    )


def _answered(order: UUID, command: Command, own: list[Event], instrument: Instrument) -> Answer:
    """Return the answer to a NEW command of which these events told; fills come from the trades' rows."""
    trades = models.Trade.objects.filter(instrument=instrument.number, sequence=command.sequence)
    fills = tuple(Fill(each.pk, each.price, each.quantity) for each in trades.order_by("fill"))
    filled = sum(fill.quantity for fill in fills)
    reduced = sum(each.quantity for each in own if each.kind == EventKind.REDUCED)
    quantity = (command.quantity - reduced) * instrument.lot
    ended = next((each for each in own if each.kind in _ENDING), None)
    rejected = ended is not None and ended.kind == EventKind.REJECTED
    return Answer(
        order,
        reason(ended.reason) if ended and rejected else "",
        order,
        _status(ended, filled, quantity),
        reason(ended.reason) if ended else Reason.NONE,
        quantity,
        filled,
        0 if ended else quantity - filled,
        command.price * instrument.tick,
        1,
        command.sequence,
        fills,
        repeated=True,
    )


_ENDING = (EventKind.REJECTED, EventKind.CANCELLED)


def _status(ended: Event | None, filled: int, quantity: int) -> OrderStatus:
    if ended is not None:
        return OrderStatus.REJECTED if ended.kind == EventKind.REJECTED else OrderStatus.CANCELLED
    if filled == quantity:
        return OrderStatus.FILLED
    return OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.OPEN


def _live_orders(instrument: Instrument) -> list[Working]:
    found = list(models.Order.objects.filter(instrument=instrument.number, is_live=True).order_by("priority"))
    known = parties({row.account_id for row in found}, instrument)
    holds = ledger.holds(row.pk for row in found)
    return [_working(row, instrument, known, holds[row.pk].rest) for row in found]


def _working(row: Any, instrument: Instrument, known: dict[int, Party], held: int) -> Working:
    return Working(
        id=row.pk,
        number=row.number,
        party=known[row.account_id],
        client_order_id=row.client_order_id,
        side=Side(row.side),
        order_type=OrderType(row.order_type),
        time_in_force=TimeInForce(row.time_in_force),
        self_trade=SelfTrade(row.self_trade),
        post_only=row.post_only,
        price=row.price // instrument.tick,
        quantity=row.quantity // instrument.lot,
        remaining=row.remaining // instrument.lot,
        maker_bps=row.maker_bps,
        taker_bps=row.taker_bps,
        expires_at=row.expires_at,
        filled=row.filled_quantity // instrument.lot,
        status=OrderStatus(row.status),
        reason=Reason(row.reason),
        maker_notional=row.maker_notional,
        taker_notional=row.taker_notional,
        fee=row.fee,
        priority=row.priority,
        version=row.version,
        held=held,
        reserved=held,
        created_at=row.created_at,
    )


def _party(number: int, owner: UUID, instrument: Instrument, *, frozen: bool) -> Party:
    name = str(owner)
    cash, asset = (
        address_of(AccountKind.CLIENT, code, owner=name) for code in (instrument.quote, instrument.asset)
    )
    return Party(number, name, cash, asset, frozen)
