"""From a confirmed allocation to tokens on chain, asked for once nothing can take it back (OFR-2)."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Q, Sum

from apps.chain import selectors as chain
from apps.chain import services as chain_requests
from apps.chain.types import Intent, IntentKind, IntentState
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Conflict, DomainError
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.outbox.types import Message
from apps.tokens import locks, models, postings, selectors, states
from apps.tokens.services.telling import tell
from apps.tokens.types import (
    ALLOCATION_MINTED,
    MINT_FAILED,
    MINT_QUEUED,
    Allocation,
    AllocationStatus,
    OnChainStatus,
)

CHAIN = Actor.system("chain")
QUEUE = Actor.system("queue_due_mints")
MAX_ERROR = 500
MINTS_AT_ONCE = 100
_GIVEN_UP = frozenset({IntentState.DEAD, IntentState.CANCELLED})


class NotFailed(Conflict):
    """Only a mint that failed is tried again."""

    code = "mint_not_failed"


@opens_transaction
def queue_due_mints(*, at: datetime, limit: int = MINTS_AT_ONCE) -> int:
    """Ask the chain for the tokens of confirmed allocations that need wait no longer; return how many.

    One waits while its investor may withdraw, and while less money than the soft cap is beyond withdrawal:
    what could still be withdrawn doesn't count, or a withdrawal could leave minted tokens below the cap.
    Tokens that are busy now are left to the next call.
    """
    return _queue_due(at, limit=limit)


@needs_transaction
def note_mint_due(message: Message) -> None:
    """Ask for a token's due mints when one of its allocations became firm; the sweep finds the rest."""
    _queue_due(message.now, limit=MINTS_AT_ONCE, token_id=UUID(message.payload["token_id"]))


def _queue_due(at: datetime, *, limit: int, token_id: UUID | None = None) -> int:
    queued: list[Allocation] = []
    for token in _due_tokens(at, token_id):
        if len(queued) < limit and _has_reached_soft_cap(token, at):
            rows = models.Allocation.objects.select_for_update(of=("self",)).filter(_due(at), token=token)
            queued += [_queue(row, token, at=at) for row in rows.order_by("pk")[: limit - len(queued)]]
    asked = [each for each in queued if each.on_chain_status is OnChainStatus.QUEUED]
    refused = [each for each in queued if each.on_chain_status is OnChainStatus.FAILED]
    tell(asked, MINT_QUEUED, action="allocations.mint_queued", by=QUEUE, at=at)
    tell(refused, MINT_FAILED, action="allocations.mint_failed", by=QUEUE, at=at)
    return len(asked)


def _due(at: datetime) -> Q:
    beyond_withdrawal = Q(cooling_off_until__lte=at) | Q(cooling_off_waived_at__isnull=False)
    return beyond_withdrawal & Q(status=AllocationStatus.CONFIRMED, on_chain_status=OnChainStatus.NONE)


def _due_tokens(at: datetime, token_id: UUID | None) -> Iterator[models.Token]:
    waiting = models.Allocation.objects.filter(_due(at)).values("token").distinct()
    ids = [row["token"] for row in waiting if token_id in {None, row["token"]}]
    yield from (
        models.Token.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk__in=ids)
        .order_by("pk")
    )


def _has_reached_soft_cap(token: models.Token, at: datetime) -> bool:
    if token.soft_cap is None:
        return True
    beyond_withdrawal = Q(cooling_off_until__lte=at) | Q(cooling_off_waived_at__isnull=False)
    firm = models.Allocation.objects.filter(
        beyond_withdrawal, token=token, status=AllocationStatus.CONFIRMED
    ).aggregate(total=Sum("cost"))
    return int(firm["total"] or 0) >= token.soft_cap


def _queue(row: models.Allocation, token: models.Token, *, at: datetime) -> Allocation:
    row.token = token
    try:
        _request(row, by=QUEUE, at=at)
    except DomainError as refusal:  # the chain knows no address of this investor: it is shown, not hidden
        _change(row, OnChainStatus.FAILED, error=f"{refusal.code}: {refusal.detail}")
    else:
        row.queued_at = at
        _change(row, OnChainStatus.QUEUED, error="")
    return selectors.as_allocation(row)


def _request(row: models.Allocation, *, by: Actor, at: datetime) -> None:
    chain_requests.request_mint(
        mint_id=row.pk,
        token_id=row.token.pk,
        owner=row.investor_id,
        units=row.quantity,
        by=by,
        at=at,
    )


def _change(row: models.Allocation, to: OnChainStatus, *, error: str) -> None:
    row.on_chain_status = advance(states.ON_CHAIN, OnChainStatus(row.on_chain_status), to)
    row.on_chain_error = error[:MAX_ERROR]
    row.save(
        update_fields=["on_chain_status", "on_chain_error", "on_chain_tx_hash", "queued_at", "minted_at"]
    )


@needs_transaction
def note_minted(message: Message) -> None:
    """Note that an allocation's tokens are final on chain: they are settled now."""
    row = _meant(message)
    if row is None or row.on_chain_status == OnChainStatus.MINTED:
        return
    row.minted_at = message.now
    row.on_chain_tx_hash = _tx_hash(chain.intent_of(IntentKind.MINT, row.pk))
    _change(row, OnChainStatus.MINTED, error="")
    allocation = selectors.as_allocation(row)
    ledger.clear_unsettled(amounts=postings.unsettled([allocation]))
    tell([allocation], ALLOCATION_MINTED, action="allocations.minted", by=CHAIN, at=message.now)


@needs_transaction
def note_mint_failed(message: Message) -> None:
    """Keep why the chain refused a mint, and say that it failed if nothing tries it again by itself."""
    row = _meant(message)
    if row is None or row.on_chain_status != OnChainStatus.QUEUED:
        return
    intent = chain.intent_of(IntentKind.MINT, row.pk)
    if intent is None or intent.state not in _GIVEN_UP:  # it is tried again
        row.on_chain_error = (intent.error if intent else "")[:MAX_ERROR]
        row.save(update_fields=["on_chain_error"])
        return
    row.on_chain_tx_hash = _tx_hash(intent)
    _change(row, OnChainStatus.FAILED, error=intent.error)
    failed = [selectors.as_allocation(row)]
    tell(failed, MINT_FAILED, action="allocations.mint_failed", by=CHAIN, at=message.now)


@opens_transaction
def requeue_mint(*, allocation_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Have a failed mint tried again.

    Raises NotFound, NotFailed, HolderUnknown.
    """
    row = locks.allocation(allocation_id)
    if row.on_chain_status != OnChainStatus.FAILED:
        raise NotFailed(
            f"This mint is {row.on_chain_status}, and only a failed one is tried again.",
            state=row.on_chain_status,
        )
    row.queued_at = at
    _change(row, OnChainStatus.QUEUED, error=row.on_chain_error)
    intent = chain.intent_of(IntentKind.MINT, allocation_id)
    if intent is None:  # the chain hadn't even taken the request
        _request(row, by=by, at=at)
    elif intent.state in _GIVEN_UP:  # else it was tried again there
        chain_requests.try_again(intent_id=intent.id, by=by, at=at)
    allocation = selectors.as_allocation(row)
    tell([allocation], MINT_QUEUED, action="allocations.mint_requeued", by=by, at=at)
    return allocation


def _meant(message: Message) -> models.Allocation | None:
    """Lock and return the allocation that a message is about, None if it is about something else."""
    if message.payload["kind"] != IntentKind.MINT:
        return None
    subject = UUID(message.payload["subject"])
    if not models.Allocation.objects.filter(pk=subject).exists():
        return None  # minted for something else
    return locks.allocation(subject)


def _tx_hash(intent: Intent | None) -> str:
    """Return the hash of the last transaction that was sent for an intent."""
    hashes = [step.tx_hash for step in intent.steps if step.tx_hash] if intent else []
    return hashes[-1] if hashes else ""
