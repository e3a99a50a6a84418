"""Who holds what: deployed tokens, holders, and the register as it was indexed."""

from collections.abc import Iterable
from uuid import UUID

from apps.chain import models
from apps.chain.types import Holder, HolderState, Suite


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
