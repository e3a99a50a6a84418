"""What the venue does to a market: halts, bounds, cancels, freezes, expiry (RISK-4).

Each is a row that the instrument's sequencer finds and carries out in its place in the order of things. None
goes through Valkey, which may lose it.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Invalid
from apps.common.types import Actor
from apps.trading import models, rules, selectors
from apps.trading.selectors import UnknownInstrument, UnknownOrder
from apps.trading.services import eligibility
from apps.trading.services.placing import OrderNotOpen
from apps.trading.types import Instrument, TradingState, VenueOp

_REASON = re.compile(r"[a-z][a-z0-9_]{2,31}", re.ASCII)
BY_PAUSE = "token_paused"  # why a token's pause halts its market; its resumption lifts no other halt
_LEADS_TO = {VenueOp.HALT: TradingState.HALTED, VenueOp.RESUME: TradingState.CONTINUOUS}


class InvalidVenueReason(Invalid):
    """The reason isn't a code; sentences could name people, and what the venue does is kept for ever."""

    code = "invalid_venue_reason"


@opens_transaction
def halt(*, instrument_id: UUID, reason: str, by: Actor, at: datetime) -> bool:
    """Stop taking new orders of an instrument; return False where it is halted, or about to be.

    `reason` is a code. Raises UnknownInstrument, InvalidVenueReason.
    """
    return switch(VenueOp.HALT, instrument_id, reason=reason, by=by, at=at)


@opens_transaction
def resume(*, instrument_id: UUID, reason: str, by: Actor, at: datetime) -> bool:
    """Take new orders of an instrument again; return False where they are taken, or about to be.

    A token that isn't on the order book, a paused one say, has no market to resume. `reason` is a code.
    Raises UnknownInstrument, InvalidVenueReason, NotListed.
    """
    eligibility.require_listed(selectors.instrument(instrument_id))
    return switch(VenueOp.RESUME, instrument_id, reason=reason, by=by, at=at)


@opens_transaction
def set_collar(
    *, instrument_id: UUID, lowest: int, highest: int, reason: str, by: Actor, at: datetime
) -> None:
    """Set the lowest and the highest price that is taken, in smallest units; 0 for none.

    Raises UnknownInstrument, InvalidInstrument, InvalidVenueReason.
    """
    instrument = selectors.instrument(instrument_id)
    rules.check_collar(lowest, highest, tick=instrument.tick)
    _ask_for(VenueOp.SET_COLLAR, instrument, reason=reason, by=by, at=at, lowest=lowest, highest=highest)


@opens_transaction
def cancel_by_venue(*, order_id: UUID, reason: str, by: Actor, at: datetime) -> bool:
    """Cancel anybody's order; return False where that was asked already, and is about to happen.

    `reason` is a code. Raises UnknownOrder, OrderNotOpen, InvalidVenueReason.
    """
    _check_reason(reason)
    row = models.Order.objects.filter(pk=order_id).first()
    if row is None or row.number is None:
        raise UnknownOrder("There is no such order.")
    if not row.is_live:
        raise OrderNotOpen("The order isn't open any more.", next_step="Read it again.")
    instrument = selectors.instrument_by_number(row.instrument)
    if selectors.cancel_is_asked(instrument, row.number):
        return False
    _ask_for(
        VenueOp.CANCEL_ORDER,
        instrument,
        reason=reason,
        by=by,
        at=at,
        target=("order", str(order_id)),
        order=row.number,
    )
    return True


@opens_transaction
def freeze_account(*, owner: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Take no more orders of somebody, and cancel all that are open. Raises InvalidVenueReason."""
    _freeze(owner, VenueOp.FREEZE, reason=reason, by=by, at=at)


@opens_transaction
def unfreeze_account(*, owner: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Take somebody's orders again. Raises InvalidVenueReason."""
    _freeze(owner, VenueOp.UNFREEZE, reason=reason, by=by, at=at)


@opens_transaction
def expire_orders(*, at: datetime) -> int:
    """Have the sequencers end DAY and GTD orders whose time is over; return in how many instruments."""
    due = models.Order.objects.filter(is_live=True, expires_at__lte=at).values_list("instrument", flat=True)
    asked = models.VenueCommand.objects.filter(op=str(VenueOp.EXPIRE), done_at__isnull=True)
    numbers = set(due.distinct()) - set(asked.values_list("instrument", flat=True))
    _write(VenueOp.EXPIRE, numbers, at=at, due_at=at)
    return len(numbers)


def _freeze(owner: UUID, op: VenueOp, *, reason: str, by: Actor, at: datetime) -> None:
    _check_reason(reason)
    account = models.TradingAccount.objects.select_for_update().filter(owner=owner).first()
    if account is None:
        return
    account.frozen = op is VenueOp.FREEZE
    account.save(update_fields=["frozen"])
    numbers = models.Instrument.objects.values_list("number", flat=True)
    _write(op, numbers, at=at, account=account.pk, reason=reason)
    _audit(op, ("user", str(owner)), reason=reason, by=by, at=at)


@needs_transaction
def switch(
    op: VenueOp, instrument_id: UUID, *, reason: str, by: Actor, at: datetime, lifts: str = ""
) -> bool:
    """Ask for another state, unless what was asked last leads to it; the row's lock keeps that true.

    A halt that a token's pause made gives way to one for another reason, which then outlasts the pause.
    `reason` is a code; `lifts` is that of the only halt which a resume may lift.
    Raises UnknownInstrument, InvalidVenueReason.
    """
    _check_reason(reason)
    row = models.Instrument.objects.select_for_update(no_key=True).filter(pk=instrument_id).first()
    if row is None:
        raise UnknownInstrument("There is no such instrument.")
    asked = models.VenueCommand.objects.filter(instrument=row.number, op__in=list(map(str, _LEADS_TO)))
    newest = asked.order_by("-id").first()
    because = newest.reason if newest else ""
    is_due = newest is not None and newest.done_at is None
    becomes = _LEADS_TO[VenueOp(newest.op)] if newest and is_due else TradingState(row.state)
    gives_way = op is VenueOp.HALT and because == BY_PAUSE != reason
    if (becomes is _LEADS_TO[op] and not gives_way) or (lifts and because != lifts):
        return False
    _ask_for(op, selectors.as_instrument(row), reason=reason, by=by, at=at)
    return True


@needs_transaction
def cancel_everything(instrument_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Cancel all open orders of an instrument. `reason` is a code. Raises UnknownInstrument."""
    _ask_for(VenueOp.CANCEL_ALL, selectors.instrument(instrument_id), reason=reason, by=by, at=at)


def _ask_for(
    op: VenueOp,
    instrument: Instrument,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    target: tuple[str, str] | None = None,
    **about: int,
) -> None:
    _check_reason(reason)
    _write(op, [instrument.number], at=at, reason=reason, **about)
    _audit(op, target or ("instrument", str(instrument.id)), reason=reason, by=by, at=at, after=about)


def _check_reason(reason: str) -> None:
    if not _REASON.fullmatch(reason):
        sentence = "Give a code of 3 to 32 small letters, digits and _."
        raise InvalidVenueReason("The reason isn't a code.", fields={"reason": [sentence]})


def _write(op: VenueOp, instruments: Iterable[int], *, at: datetime, **about: object) -> None:
    models.VenueCommand.objects.bulk_create(
        models.VenueCommand(instrument=number, op=str(op), created_at=at, **about)
        for number in sorted(instruments)
    )


def _audit(
    op: VenueOp,
    target: tuple[str, str],
    *,
    reason: str,
    by: Actor,
    at: datetime,
    after: dict[str, int] | None = None,
) -> None:
    audit.record(
        action=f"trading.{op}_asked",
        target_type=target[0],
        target_id=target[1],
        after=dict(after) if after else None,
        reason=reason,
        by=by,
        at=at,
    )
