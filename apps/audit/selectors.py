"""Reading the audit record: pages of events, how far the chain is, the chain itself."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.audit import rules
from apps.audit.models import AuditEvent, AuditSeal, UnsealedEvent
from apps.audit.types import Event, Filter, Link, Page, State
from apps.common.db import rows

PAGE = 50
CHUNK = 2000  # links held in memory while the chain is walked


def events(*, where: Filter, cursor: str = "", limit: int = PAGE) -> Page:
    """Return one page of events, newest first, and the cursor of the next. An unknown cursor starts anew."""
    query = matching(where)
    if cursor.isascii() and cursor.isdigit():
        query = query.filter(id__lt=min(int(cursor), 2**63 - 1))
    found = list(query.order_by("-id")[: limit + 1])
    more = len(found) > limit
    return Page([_event(row) for row in found[:limit]], str(found[limit - 1].pk) if more else "")


def matching(where: Filter) -> QuerySet[AuditEvent]:
    """Return the rows of the events that a filter lets through, each with its `sequence` in the chain."""
    wanted = Q()
    if where.action:
        wanted &= Q(action=where.action) | Q(action__startswith=where.action.rstrip(".") + ".")
    if where.actor:
        wanted &= Q(actor_id=where.actor)
    if where.target_type:
        wanted &= Q(target_type=where.target_type)
    if where.target_id:
        wanted &= Q(target_id=where.target_id)
    if where.since:
        wanted &= Q(at__gte=where.since)
    if where.until:
        wanted &= Q(at__lt=where.until)
    seal = AuditSeal.objects.filter(event_id=OuterRef("pk")).values("sequence")
    return AuditEvent.objects.filter(wanted).annotate(sequence=Subquery(seal))


def state(*, at: datetime) -> State:
    """Return how far the chain is at the instant `at`."""
    last = AuditSeal.objects.order_by("-sequence").first()
    sealed, last_hash = (last.sequence, last.hash) if last else (0, "")
    waiting = UnsealedEvent.objects.count()
    oldest = UnsealedEvent.objects.order_by("event_id").values_list("event__recorded_at", flat=True).first()
    return State(
        events=sealed + waiting,  # links are numbered without gaps, so the last number is their count
        sealed=sealed,
        unsealed=waiting,
        oldest_unsealed=max(0.0, (at - oldest).total_seconds()) if oldest else 0.0,
        last_sequence=sealed,
        last_hash=last_hash,
    )


def sealed_and_waiting() -> tuple[int, int]:
    """Return how many events are sealed, and how many wait for their seal: what `state` says, by one look."""
    ((sealed, waiting),) = rows(
        "SELECT coalesce((SELECT max(sequence) FROM audit_seal), 0), (SELECT count(*) FROM audit_unsealed)"
    )
    return sealed, waiting


def links(*, first: int = 1, last: int | None = None) -> Iterator[Link]:
    """Go along the chain in order, with constant memory."""
    after = first - 1
    while True:
        query = AuditSeal.objects.filter(sequence__gt=after).order_by("sequence")
        seals = list((query.filter(sequence__lte=last) if last else query)[:CHUNK])
        if not seals:
            return
        sealed = AuditEvent.objects.in_bulk([seal.event_id for seal in seals])
        for seal in seals:
            yield _link(seal, sealed.get(seal.event_id))
        after = seals[-1].sequence


def unsealed(*, before: datetime, among: Sequence[int] | None = None, limit: int = 1000) -> list[int]:
    """Return the ids of events that were recorded before an instant and have no link, oldest first.

    Looks at the events and at the links themselves, not at the sealer's own list of what is left to do.
    """
    seal = AuditSeal.objects.filter(event_id=OuterRef("pk"))
    query = AuditEvent.objects.filter(~Exists(seal), recorded_at__lt=before)
    if among is not None:
        query = query.filter(pk__in=among)
    return list(query.order_by("id").values_list("pk", flat=True)[:limit])


def _event(row: AuditEvent) -> Event:
    return Event(
        id=row.pk,
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        on_behalf_of=row.on_behalf_of,
        action=row.action,
        target_type=row.target_type,
        target_id=row.target_id,
        before=row.before,
        after=row.after,
        reason=row.reason,
        request_id=row.request_id,
        sequence=row.sequence,  # type: ignore[attr-defined]  # annotated by `matching`
    )


def _link(seal: AuditSeal, event: AuditEvent | None) -> Link:
    return Link(
        sequence=seal.sequence,
        event_id=seal.event_id,
        previous_hash=seal.previous_hash,
        hash=seal.hash,
        sealed_at=rules.stamp(seal.sealed_at),
        event=event.contents() if event else None,
    )
