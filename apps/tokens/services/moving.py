"""A token's step from one status to the next, with its line of history (TOK-2)."""

from datetime import datetime

from apps.common.db import needs_transaction
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.tokens import models, states
from apps.tokens.types import TokenStatus


@needs_transaction
def begin(row: models.Token, *, by: Actor, at: datetime) -> None:
    """Write the first line of a draft's history."""
    _note(row, before="", by=by, at=at, reason="")


@needs_transaction
def move(row: models.Token, to: TokenStatus, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Change the status of a locked row, which the caller saves. Raises Conflict `invalid_transition`."""
    before = TokenStatus(row.status)
    row.status = advance(states.TOKEN, before, to)
    _note(row, before=before, by=by, at=at, reason=reason)


def _note(row: models.Token, *, before: str, by: Actor, at: datetime, reason: str) -> None:
    models.TokenStatusHistory.objects.create(
        token=row,
        before=str(before),
        after=str(row.status),
        actor=f"{by.kind}:{by.id}",
        reason=reason,
        at=at,
    )
