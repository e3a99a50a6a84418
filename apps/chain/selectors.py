"""What others may know of the chain."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

from apps.chain import client, models
from apps.chain.client import NodeUnavailable
from apps.chain.types import (
    Checkpoint,
    Deployed,
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
    Watched,
)

__all__ = [
    "NodeUnavailable",
    "checkpoint",
    "head",
    "holders",
    "intent_of",
    "intents",
    "network",
    "register",
    "state",
    "suite",
    "unwatched",
    "watched",
]

MAX_PAGE = 100


def head() -> Head:
    """Return the newest block. Raises NodeUnavailable."""
    return client.head()


def network() -> Network | None:
    """Return the network and how far it was indexed; None before the indexer's first look."""
    row = models.Network.objects.filter(chain_id=settings.CHAIN_ID).first()
    if row is None:
        return None
    return Network(
        row.chain_id, settings.CHAIN_NAME, NetworkState(row.state), row.number, settings.CHAIN_EXPLORER
    )


def checkpoint() -> Checkpoint | None:
    """Return how far the configured network was read; None before the indexer's first look."""
    row = models.Network.objects.filter(chain_id=settings.CHAIN_ID).first()
    return Checkpoint(row.chain_id, row.genesis_hash, row.number, row.block_hash) if row else None


def state() -> NetworkState:
    """Return whether the chain has what the database has seen there; nothing is sent or indexed if not."""
    row = models.Network.objects.filter(chain_id=settings.CHAIN_ID).values("state").first()
    return NetworkState(row["state"]) if row else NetworkState.OK


def watched() -> list[Watched]:
    """Return the contracts whose events are kept."""
    found = models.WatchedContract.objects.filter(chain_id=settings.CHAIN_ID).order_by("pk")
    return [Watched(row.address, row.token_id, row.missing_from) for row in found]


def unwatched() -> list[Deployed]:
    """Return contracts of ours that were deployed and aren't watched yet."""
    known = models.WatchedContract.objects.filter(chain_id=settings.CHAIN_ID).values("address")
    contracts = models.Contract.objects.filter(chain_id=settings.CHAIN_ID).exclude(address__in=known)
    found = [Deployed(row.address, None, row.tx_hash, None) for row in contracts.order_by("pk")]
    suites = models.Suite.objects.filter(chain_id=settings.CHAIN_ID).exclude(token__in=known)
    for row in suites.order_by("block_number"):
        others = (row.identity_registry, row.compliance, row.claim_topics, row.trusted_issuers)
        parts = [(row.token, row.token_id), *((address, None) for address in others)]
        found += [Deployed(address, token, row.tx_hash, row.block_number) for address, token in parts]
    return found


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
