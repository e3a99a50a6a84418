"""What the venue does to a market: halts, bounds, cancels, freezes, expiry (RISK-4).

Each is a row that the instrument's sequencer finds and carries out in its place in the order of things. None
goes through Valkey, which may lose it.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common.db import opens_transaction
from apps.common.errors import Invalid
from apps.common.types import Actor
from apps.trading import models, rules, selectors
from apps.trading.selectors import UnknownOrder
from apps.trading.services.placing import refusal
from apps.trading.types import Instrument, Reason, VenueOp

_REASON = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


@opens_transaction
def halt(*, instrument_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Stop taking new orders. `reason` is a code. Raises UnknownInstrument, Invalid (field reason)."""
    _ask_for(VenueOp.HALT, selectors.instrument(instrument_id), reason=reason, by=by, at=at)


@opens_transaction
def resume(*, instrument_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Take new orders of an instrument again. Raises UnknownInstrument."""
    _ask_for(VenueOp.RESUME, selectors.instrument(instrument_id), reason=reason, by=by, at=at)


@opens_transaction
def set_collar(
    *, instrument_id: UUID, lowest: int, highest: int, reason: str, by: Actor, at: datetime
) -> None:
    """Set the lowest and the highest price that is taken, in smallest units; 0 for none.

    Raises UnknownInstrument, InvalidInstrument.
    """
    instrument = selectors.instrument(instrument_id)
    rules.check_collar(lowest, highest, tick=instrument.tick)
    _ask_for(VenueOp.SET_COLLAR, instrument, reason=reason, by=by, at=at, lowest=lowest, highest=highest)


@opens_transaction
def cancel_by_venue(*, order_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Cancel anybody's order. `reason` is a code.

    Raises UnknownOrder, OrderNotOpen, Invalid (field reason).
    """
    row = models.Order.objects.filter(pk=order_id).first()
    if row is None or row.number is None:
        raise UnknownOrder("There is no such order.")
    if not row.remaining:
        raise refusal(Reason.ORDER_NOT_OPEN)
    instrument = selectors.instrument_by_number(row.instrument)
    _ask_for(
        VenueOp.CANCEL_ORDER,
        instrument,
        reason=reason,
        by=by,
        at=at,
        target=("order", str(order_id)),
        order=row.number,
    )


@opens_transaction
def freeze_account(*, owner: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Take no more orders of somebody, and cancel all that are open."""
    _freeze(owner, VenueOp.FREEZE, reason=reason, by=by, at=at)


@opens_transaction
def unfreeze_account(*, owner: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Take somebody's orders again."""
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
    account = models.TradingAccount.objects.select_for_update().filter(owner=owner).first()
    if account is None:
        return
    account.frozen = op is VenueOp.FREEZE
    account.save(update_fields=["frozen"])
    numbers = models.Instrument.objects.values_list("number", flat=True)
    _write(op, numbers, at=at, account=account.pk, reason=reason)
    _audit(op, ("user", str(owner)), reason=reason, by=by, at=at)


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
        sentence = "A reason is a word of 1 to 32 small letters, digits and _."
        raise Invalid(sentence, fields={"reason": [sentence]})


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
