"""The verbs of the audit record: write events, and seal what was committed into the hash chain.

An act writes its event in its own transaction and nothing more: a chain extended there would make all
writers wait for one row. The relay process seals committed events a moment later.

Events are sealed in the order in which they are found committed, by id within one look. Whoever waits
for another's lock gets the higher id, and sees the other's event committed: cause comes before effect.
"""

from collections.abc import Sequence
from datetime import datetime

from apps.audit import rules
from apps.audit.models import AuditEvent, AuditSeal
from apps.audit.types import Act
from apps.common.db import needs_transaction, opens_transaction, rows
from apps.common.types import Actor

BATCH = 1000  # events in one look
BATCHES = 4  # looks in one call, so in one transaction

_SEALER = "SELECT pg_try_advisory_xact_lock(hashtext('audit.seal'))"
_TAKE = """
DELETE FROM audit_unsealed
 WHERE event_id IN (SELECT event_id FROM audit_unsealed ORDER BY event_id LIMIT %s)
RETURNING event_id
"""


@needs_transaction
def record(
    *,
    action: str,
    target_type: str,
    target_id: str,
    by: Actor,
    at: datetime,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> None:
    """Write one audit event in the transaction of the act. See `Act` for the arguments.

    Raises ValueError and TypeError for what may not be recorded.
    """
    act = Act(action, target_type, target_id, before=before, after=after, reason=reason)
    record_many(acts=[act], by=by, at=at)


@needs_transaction
def record_many(*, acts: Sequence[Act], by: Actor, at: datetime) -> None:
    """Write many audit events of one actor with one INSERT, in the transaction of the act.

    Raises ValueError and TypeError for what may not be recorded.
    """
    for act in acts:
        rules.check(act)
    AuditEvent.objects.bulk_create(_event(act, by, at) for act in acts)


@opens_transaction
def seal(*, at: datetime) -> int:
    """Give committed events their number and hash, at most BATCH × BATCHES of them; return how many.

    Only one sealer works at a time: a second one returns 0 at once. Events that are not committed yet
    are not seen, and are sealed by a later call.
    """
    if not rows(_SEALER)[0][0]:
        return 0
    sequence, previous = _end_of_chain()
    total = 0
    for _ in range(BATCHES):
        seals = _seals(_take(), sequence=sequence + total, previous=previous, at=at)
        AuditSeal.objects.bulk_create(seals)
        total += len(seals)
        if len(seals) < BATCH:
            break
        previous = seals[-1].hash
    return total


def _event(act: Act, by: Actor, at: datetime) -> AuditEvent:
    return AuditEvent(
        at=at,
        actor_kind=by.kind,
        actor_id=by.id,
        on_behalf_of=by.on_behalf_of,
        action=act.action,
        target_type=act.target_type,
        target_id=act.target_id,
        before=rules.plain(act.before),
        after=rules.plain(act.after),
        reason=act.reason,
        ip_digest=by.ip_digest,
        device=by.device[:64],
        request_id=by.request_id[:64],
    )


def _end_of_chain() -> tuple[int, str]:
    last = AuditSeal.objects.order_by("-sequence").values_list("sequence", "hash").first()
    return last or (0, rules.GENESIS)


def _take() -> list[AuditEvent]:
    ids = [event_id for (event_id,) in rows(_TAKE, [BATCH])]
    return list(AuditEvent.objects.filter(pk__in=ids).order_by("id"))


def _seals(events: list[AuditEvent], *, sequence: int, previous: str, at: datetime) -> list[AuditSeal]:
    seals = []
    for number, event in enumerate(events, start=sequence + 1):
        link_hash = rules.seal_hash(
            sequence=number, previous_hash=previous, sealed_at=rules.stamp(at), event=event.contents()
        )
        seals.append(
            AuditSeal(
                sequence=number, event_id=event.pk, previous_hash=previous, hash=link_hash, sealed_at=at
            )
        )
        previous = link_hash
    return seals
