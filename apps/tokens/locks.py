"""Locks in one order: the token's row, its allocations ascending, then the accounts of the ledger."""

from collections.abc import Iterable
from uuid import UUID

from apps.common.errors import NotFound
from apps.tokens.models import Allocation, Token


def token(token_id: UUID) -> Token:
    """Lock and return a token. Raises NotFound."""
    row = Token.objects.select_for_update(of=("self",)).filter(pk=token_id).first()
    if row is None:
        raise NotFound("There is no such token.")
    return row


def allocation(allocation_id: UUID, *, investor_id: UUID | None = None) -> Allocation:
    """Lock an allocation's token, then the allocation, and return it.

    Raises NotFound, also for one that isn't this investor's.
    """
    wanted = {"pk": allocation_id} | ({"investor_id": investor_id} if investor_id else {})
    token_id = Allocation.objects.filter(**wanted).values_list("token_id", flat=True).first()
    if token_id is None:
        raise NotFound("There is no such allocation.")
    return allocations(token(token_id), [allocation_id])[0]


def allocations(locked: Token, ids: Iterable[UUID]) -> list[Allocation]:
    """Lock allocations of a token that is locked, and return them ascending; unknown ones are left out."""
    rows = Allocation.objects.select_for_update(of=("self",)).filter(token=locked, pk__in=list(ids))
    found = list(rows.order_by("pk"))
    for row in found:
        row.token = locked  # the same object, so that both are counted on together
    return found
