"""What staff do with an intent that came to nothing (CHN-7)."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.chain import states
from apps.chain.models import Intent, Transaction
from apps.chain.types import INTENT_FAILED, IntentState
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Conflict, NotFound
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.outbox import services as outbox


class SomethingSent(Conflict):
    """A part of it was sent to the chain, so it can't be called off."""

    code = "something_sent"


@opens_transaction
def requeue(*, intent_id: UUID, by: Actor, at: datetime) -> None:
    """Have a dead or cancelled intent tried again, with all its attempts. What is final is not done again.

    Raises NotFound, Conflict `invalid_transition`.
    """
    try_again(intent_id=intent_id, by=by, at=at)


@needs_transaction
def try_again(*, intent_id: UUID, by: Actor, at: datetime) -> None:
    """Have a dead or cancelled intent tried again as a part of what its owner does: see `requeue`.

    Raises NotFound, Conflict `invalid_transition`.
    """
    intent = _locked(intent_id)
    before = _move(intent, IntentState.QUEUED)
    intent.attempts, intent.next_attempt_at, intent.completed_at = 0, at, None
    intent.save(update_fields=["state", "attempts", "next_attempt_at", "completed_at"])
    _audit(intent, "chain.requeued", before, by=by, at=at)


@opens_transaction
def cancel(*, intent_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Call off an intent that is dead, or of which nothing was sent. Staff may have it tried again later.

    Raises NotFound, SomethingSent, Conflict `invalid_transition`.
    """
    intent = _locked(intent_id)
    sent = Transaction.objects.filter(intent=intent, nonce__isnull=False).exists()
    if sent and intent.state == IntentState.QUEUED:
        raise SomethingSent(
            "A part of this was sent to the chain already.",
            next_step="Wait until it is done, or until it is a dead letter.",
        )
    before = _move(intent, IntentState.CANCELLED)
    intent.completed_at = at
    intent.save(update_fields=["state", "completed_at"])
    _audit(intent, "chain.cancelled", before, reason=reason, by=by, at=at)
    if before == IntentState.QUEUED:  # of a dead one they were told
        payload = {"intent_id": str(intent.pk), "kind": intent.kind, "subject": str(intent.subject)}
        outbox.publish(
            type=INTENT_FAILED.name, key=str(intent.subject), payload=payload | {"final": True}, at=at
        )


def _locked(intent_id: UUID) -> Intent:
    intent = Intent.objects.select_for_update().filter(pk=intent_id).first()
    if intent is None:
        raise NotFound("Nothing like this was asked of the chain.")
    return intent


def _move(intent: Intent, to: IntentState) -> IntentState:
    """Move an intent on and return the state it was in."""
    before = IntentState(intent.state)
    intent.state = advance(states.INTENT, before, to)
    return before


def _audit(
    intent: Intent, action: str, before: IntentState, *, reason: str = "", by: Actor, at: datetime
) -> None:
    audit.record(
        action=action,
        target_type="intent",
        target_id=str(intent.pk),
        before={"state": before},
        after={"state": intent.state, "kind": intent.kind, "subject": intent.subject},
        reason=reason,
        by=by,
        at=at,
    )
