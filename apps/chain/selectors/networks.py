"""The network: its head, how far it was read, which contracts are watched there, and who signs."""

from collections.abc import Mapping

from django.conf import settings
from django.db.models import Count

from apps.chain import client, models
from apps.chain.client import NodeUnavailable
from apps.chain.states import TRANSACTION_OPEN
from apps.chain.types import (
    Checkpoint,
    Deployed,
    Duty,
    Head,
    IntentKind,
    IntentState,
    Network,
    NetworkState,
    SignerAccount,
    Watched,
)


def head() -> Head:
    """Return the newest block. Raises NodeUnavailable."""
    return client.head()


def network() -> Network | None:
    """Return the network and how far it was indexed; None before the indexer's first look."""
    row = models.Network.objects.filter(chain_id=settings.CHAIN_ID).first()
    if row is None:
        return None
    return Network(
        row.chain_id,
        settings.CHAIN_NAME,
        NetworkState(row.state),
        row.number,
        settings.CHAIN_EXPLORER,
        row.indexed_at,
    )


def checkpoint() -> Checkpoint | None:
    """Return how far the configured network was read; None before the indexer's first look."""
    row = models.Network.objects.filter(chain_id=settings.CHAIN_ID).first()
    return Checkpoint(row.chain_id, row.genesis_hash, row.number, row.block_hash) if row else None


def state() -> NetworkState:
    """Return whether the chain has what the database has seen there; nothing is sent or indexed if not."""
    row = models.Network.objects.filter(chain_id=settings.CHAIN_ID).values("state").first()
    return NetworkState(row["state"]) if row else NetworkState.OK


def platform_is_deployed() -> bool:
    """Tell whether the contracts that every token needs are on chain, and final there."""
    found = models.Intent.objects.filter(kind=IntentKind.PLATFORM, state=IntentState.COMPLETED)
    return found.exists()


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


def signers() -> list[SignerAccount]:
    """Return the accounts that have signed on the configured network, and how much each has under way."""
    waiting = models.Transaction.objects.filter(chain_id=settings.CHAIN_ID, state__in=TRANSACTION_OPEN)
    counts: Mapping[str, int] = dict(
        waiting.exclude(signer="").values_list("signer").annotate(Count("pk")).order_by()
    )
    rows = models.SignerAccount.objects.filter(chain_id=settings.CHAIN_ID).order_by("pk")
    return [
        SignerAccount(Duty(row.duty), row.address, row.next_nonce, counts.get(row.address, 0)) for row in rows
    ]


def coins(addresses: list[str]) -> dict[str, int]:
    """Return what addresses have of the native coin, in wei; empty while no node answers."""
    try:
        return client.balances(addresses)
    except NodeUnavailable:
        return {}
