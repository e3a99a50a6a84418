"""The only door to where withdrawals go. What staff read here is recorded."""

import json
import unicodedata
from datetime import datetime
from uuid import UUID

from apps.accounts import personal_data as persons
from apps.audit import services as audit
from apps.common import crypto
from apps.common.db import opens_transaction
from apps.common.errors import Conflict, NotFound
from apps.common.types import Actor
from apps.wallets.models import Withdrawal
from apps.wallets.types import Destination, DestinationKind, Revealed

FIELDS = ("holder_name", "iban", "account_number", "bank_code")


def sealed(destination: Destination, *, withdrawal: UUID, owner: UUID) -> bytes:
    """Encrypt where a withdrawal goes under its owner's data key. Raises Conflict `person_erased`."""
    text = json.dumps({name: getattr(destination, name) for name in FIELDS})
    return crypto.seal(persons.subject_key(owner), text.encode(), place=_place(withdrawal))


def own_destination(withdrawal_id: UUID, *, owner: UUID) -> Destination | None:
    """Return where a withdrawal goes for its owner; None once the owner's data was erased.

    Raises NotFound for one that isn't theirs.
    """
    row = Withdrawal.objects.filter(pk=withdrawal_id, owner=owner).first()
    if row is None:
        raise NotFound("There is no such withdrawal.")
    return opened(row)


@opens_transaction
def reveal_destination(withdrawal_id: UUID, *, why: str, by: Actor, at: datetime) -> Revealed | None:
    """Show staff where a withdrawal goes, and record who saw it and why; None once it was erased.

    Raises NotFound.
    """
    row = Withdrawal.objects.filter(pk=withdrawal_id).first()
    if row is None:
        raise NotFound("There is no such withdrawal.")
    audit.record(
        action="wallets.destination_read",
        target_type="withdrawal",
        target_id=str(row.pk),
        after={"fields": list(FIELDS), "owner": str(row.owner)},
        reason=why,
        by=by,
        at=at,
    )
    destination = opened(row)
    if destination is None:
        return None
    name = persons.own(row.owner).full_name
    return Revealed(destination, _folded(destination.holder_name) == _folded(name))


def opened(row: Withdrawal) -> Destination | None:
    """Decrypt where a withdrawal goes; None once the owner's data key was destroyed."""
    try:
        key = persons.subject_key(row.owner)
    except Conflict:
        return None
    values = json.loads(crypto.unseal(key, bytes(row.destination), place=_place(row.pk)))
    return Destination(DestinationKind(row.destination_kind), **values)


def _place(withdrawal: UUID) -> str:
    return f"wallets.Withdrawal.destination:{withdrawal}"


def _folded(name: str) -> tuple[str, ...]:
    """Return the words of a name in an order and case that say nothing."""
    return tuple(sorted(unicodedata.normalize("NFKC", name).casefold().replace(".", " ").split()))
