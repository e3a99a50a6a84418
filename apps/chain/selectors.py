"""What others may know of the chain."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from apps.chain import client, models
from apps.chain.client import NodeUnavailable
from apps.chain.types import (
    Duty,
    Head,
    Holder,
    HolderState,
    Intent,
    IntentKind,
    IntentState,
    Network,
    NetworkState,
    Step,
    Suite,
    TransactionState,
)

__all__ = [
    "NodeUnavailable",
    "head",
    "holders",
    "intent_of",
    "intents",
    "network",
    "register",
    "suite",
]

MAX_PAGE = 100


def head() -> Head:
    """Return the newest block. Raises NodeUnavailable."""
    return client.head()


def network() -> Network | None:
    """Return the network and how far it was indexed; None before the indexer's first look."""
    row = models.Network.objects.first()
    if row is None:
        return None
    return Network(
        row.chain_id, settings.CHAIN_NAME, NetworkState(row.state), row.number, settings.CHAIN_EXPLORER
    )


def suite(token_id: UUID) -> Suite | None:
    """Return a token's deployed contracts, None before their deployment is final."""
    row = models.Suite.objects.filter(pk=token_id).first()
    if row is None:
        return None
    return Suite(
        row.token_id,
        row.token,
        row.identity_registry,
        row.compliance,
        row.claim_topics,
        row.trusted_issuers,
        row.tx_hash,
        row.block_number,
        row.gas_used,
    )


def holders(owners: Iterable[UUID]) -> dict[UUID, Holder]:
    """Return these owners' custodial holders by owner; those without one are left out."""
    return {
        row.owner: Holder(row.owner, HolderState(row.state), row.address or "", row.identity, row.country)
        for row in models.Holder.objects.filter(owner__in=list(owners))
    }


def register(token_id: UUID) -> dict[str, int]:
    """Return the on-chain register as indexed: address → base units, without empty ones."""
    found = models.RegisterBalance.objects.filter(token_id=token_id, units__gt=0)
    return dict(found.values_list("address", "units"))


def intent_of(kind: IntentKind, subject: UUID) -> Intent | None:
    """Return what was asked for this subject with its steps, None if nothing was."""
    row = models.Intent.objects.filter(kind=kind, subject=subject).order_by("-created_at").first()
    return _intent(row, with_steps=True) if row else None


def intents(*, kind: str = "", state: str = "", limit: int = MAX_PAGE) -> list[Intent]:
    """Return the newest intents that match, with their steps."""
    query = models.Intent.objects.order_by("-created_at", "-id")
    wanted = {name: value for name, value in (("kind", kind), ("state", state)) if value}
    return [_intent(row, with_steps=True) for row in query.filter(**wanted)[: min(limit, MAX_PAGE)]]


def _intent(row: models.Intent, *, with_steps: bool) -> Intent:
    steps = models.Transaction.objects.filter(intent=row).order_by("number") if with_steps else ()
    return Intent(
        id=row.pk,
        kind=IntentKind(row.kind),
        subject=row.subject,
        state=IntentState(row.state),
        attempts=row.attempts,
        error=row.error,
        result=row.result,
        created_at=row.created_at,
        completed_at=row.completed_at,
        next_attempt_at=row.next_attempt_at,
        steps=tuple(map(_step, steps)),
    )


def _step(row: models.Transaction) -> Step:
    return Step(
        row.step,
        row.number,
        Duty(row.duty),
        TransactionState(row.state),
        row.nonce,
        row.tx_hash,
        row.block_number,
        row.gas_used,
        row.error,
        row.created_at,
        row.confirmed_at,
    )
