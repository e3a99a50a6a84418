"""What a batch is asked for: commands from the inbox and from the venue, in order, known and in time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from apps.trading import recording
from apps.trading.client import HEAD, Envelope, envelopes
from apps.trading.engine import Command, Op
from apps.trading.recording import Wish
from apps.trading.rules import is_client_order_id
from apps.trading.sequencer.orders import OpenOrders
from apps.trading.types import Answer, Instrument, Reason, VenueOp

log = structlog.get_logger(__name__)

FROM_OUTSIDE = frozenset({Op.NEW, Op.CANCEL, Op.REDUCE, Op.REPLACE})
_NOBODY = UUID(int=0)


@dataclass(slots=True, eq=False)
class Asked:
    """One command to carry out, who waits for it, and why an order ends by it."""

    envelope: Envelope
    command: Command
    why: Reason


def read(entries: Sequence[tuple[str, bytes]]) -> list[Envelope]:
    """Return the envelopes of an inbox's entries; what isn't one is dropped."""
    whole = [content for _, content in entries if len(content) >= HEAD]
    if len(whole) < len(entries):
        log.warning("trading.not_a_command", entries=len(entries) - len(whole))
    return [each for each in envelopes(whole) if _is_from_outside(each)] if whole else []


def _is_from_outside(envelope: Envelope) -> bool:
    command = envelope.command
    named = command.op != Op.NEW or is_client_order_id(envelope.client_order_id)
    return command.op in FROM_OUTSIDE and command.account == command.owner > 0 and named


def wished(wish: Wish, orders: OpenOrders, instrument: Instrument) -> list[Command]:
    """Return the commands by which what the venue asks for is done to the orders that are open now."""
    venue = Command(instrument=instrument.number)
    done: list[Command] = []
    match wish.op:
        case VenueOp.HALT:
            done = [venue._replace(op=Op.HALT)]
        case VenueOp.RESUME:
            done = [venue._replace(op=Op.RESUME)]
        case VenueOp.SET_COLLAR:
            lowest, highest = wish.lowest // instrument.tick, wish.highest // instrument.tick
            done = [venue._replace(op=Op.SET_COLLAR, price=lowest, stop_price=highest)]
        case VenueOp.CANCEL_ORDER:
            done = [venue._replace(op=Op.CANCEL, order_id=wish.order or 0)]
        case VenueOp.CANCEL_ALL:
            done = [venue._replace(op=Op.CANCEL, order_id=order.number) for order in orders]
        case VenueOp.FREEZE:
            numbers = [order.number for order in orders if order.party.number == wish.account]
            done = [venue._replace(op=Op.CANCEL, order_id=number) for number in numbers]
        case VenueOp.EXPIRE:
            numbers = [order.number for order in orders if _is_due(order.expires_at, wish.due_at)]
            done = [venue._replace(op=Op.EXPIRE, order_id=number) for number in numbers]
    return done


def _is_due(expires_at: datetime | None, at: datetime | None) -> bool:
    return expires_at is not None and at is not None and expires_at <= at


def by_venue(command: Command) -> Asked:
    """Return a command of the venue's own, for which nobody waits."""
    why = Reason.TIME_OVER if command.op == Op.EXPIRE else Reason.BY_VENUE
    return Asked(Envelope(_NOBODY, command, 0), command, why)


@dataclass(slots=True)
class Sorted:
    """The new commands of a batch, the answers that are known already, and who waits for another's answer."""

    asked: list[Asked]
    answers: list[tuple[Envelope, Answer]]
    followers: list[tuple[Envelope, UUID]]


def sort(found: Sequence[Envelope], instrument: Instrument, *, at: datetime) -> Sorted:
    """Refuse what comes too late, answer what was sent before, and keep one of those sent twice at once."""
    now = int(at.timestamp() * 1000)
    result = Sorted([], [], [])
    first: dict[tuple[int, str], Envelope] = {}
    for each in found:
        key = (each.command.account, each.client_order_id)
        if each.deadline < now:
            result.answers.append((each, Answer(each.id, Reason.TOO_LATE)))
        elif each.command.op == Op.NEW and key in first:
            if recording.is_same_order(first[key].command, each.command):
                result.followers.append((each, first[key].id))
            else:
                result.answers.append((each, Answer(each.id, Reason.CLIENT_ORDER_ID_REUSED)))
        else:
            if each.command.op == Op.NEW:
                first[key] = each
            result.asked.append(Asked(each, each.command, Reason.BY_OWNER))
    for repeat in recording.first_answers(instrument, {key: e.command for key, e in first.items()}):
        each = first[(repeat.account, repeat.client_order_id)]
        result.asked = [asked for asked in result.asked if asked.envelope is not each]
        result.answers.append((each, replace(repeat.answer, command=each.id)))
    return result
