"""What users see beside the balance: wallet transactions, and what isn't settled yet (LED-5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.common import money
from apps.common.db import needs_transaction, rows
from apps.common.errors import Conflict, Invalid, NotFound
from apps.common.transitions import advance
from apps.ledger import locks, models, selectors, states
from apps.ledger.rules import MAX_REFERENCE, UnknownAccount
from apps.ledger.types import Balance, NewTransaction, TransactionStatus


class InvalidTransaction(Invalid):
    """A wallet transaction has a positive amount, and begins as pending or completed."""

    code = "invalid_transaction"


class TransactionTaken(Conflict):
    """Another wallet transaction has this id."""

    code = "transaction_taken"


class UnknownTransaction(NotFound):
    """There is no such wallet transaction."""

    code = "unknown_transaction"


class NothingUnsettled(Conflict):
    """More was to be cleared than is marked as unsettled."""

    code = "nothing_unsettled"


_OPENING = frozenset({TransactionStatus.PENDING, TransactionStatus.COMPLETED})


@needs_transaction
def open_transactions(*, transactions: Sequence[NewTransaction], at: datetime) -> None:
    """Add lines to wallets, pending or already completed. The same line sent again changes nothing.

    Raises InvalidTransaction, UnknownAccount, TransactionTaken.
    """
    known = selectors.balances({each.account for each in transactions})
    for each in transactions:
        if each.account not in known:
            raise UnknownAccount(f"There is no account {each.account}.", account=each.account)
        if money.checked(each.amount) <= 0 or each.status not in _OPENING:
            raise InvalidTransaction("An amount is positive, and a status pending or completed.")
        if len(each.reference) > MAX_REFERENCE:
            raise InvalidTransaction(f"A reference has at most {MAX_REFERENCE} characters.")
    written = rows(
        "INSERT INTO wallet_transactions (id, owner, account_id, type, status, asset_id, amount, reference,"
        " created_at, completed_at)"
        " SELECT t.id, a.owner, a.id, t.type, t.status, a.asset_id, t.amount, t.reference, %(at)s,"
        " CASE WHEN t.status = 'completed' THEN %(at)s::timestamptz END"
        " FROM unnest(%(ids)s::uuid[], %(accounts)s::bigint[], %(types)s::text[], %(statuses)s::text[],"
        " %(amounts)s::bigint[], %(references)s::text[])"
        " AS t (id, account_id, type, status, amount, reference)"
        " JOIN ledger_account a ON a.id = t.account_id ORDER BY t.id"
        " ON CONFLICT (id) DO NOTHING RETURNING id",
        {
            "at": at,
            "ids": [each.id for each in transactions],
            "accounts": [known[each.account].account.id for each in transactions],
            "types": [str(each.type) for each in transactions],
            "statuses": [str(each.status) for each in transactions],
            "amounts": [each.amount for each in transactions],
            "references": [each.reference for each in transactions],
        },
    )
    if len(written) < len(transactions):
        new = {row[0] for row in written}
        _compare([each for each in transactions if each.id not in new], known)


@needs_transaction
def close_transactions(*, ids: Sequence[UUID], status: TransactionStatus, at: datetime) -> None:
    """End pending wallet transactions as completed, failed or cancelled; a repeat changes nothing.

    Raises UnknownTransaction, Conflict `invalid_transition` for one that ended in another way.
    """
    wanted = sorted(set(ids))
    found = dict(
        models.WalletTransaction.objects.select_for_update()
        .filter(pk__in=wanted)
        .order_by("pk")
        .values_list("pk", "status")
    )
    for each in wanted:
        if each not in found:
            raise UnknownTransaction(f"There is no wallet transaction {each}.")
        if found[each] != status:
            advance(states.TRANSACTION, TransactionStatus(found[each]), status)
    pending = [each for each in wanted if found[each] == TransactionStatus.PENDING]
    models.WalletTransaction.objects.filter(pk__in=pending).update(status=str(status), completed_at=at)


@needs_transaction
def mark_unsettled(*, amounts: Mapping[str, int], locked: Mapping[str, Balance] | None = None) -> None:
    """Count amounts (by address) as incoming and unsettled: they can be traded with, not withdrawn.

    The caller makes sure that each amount is marked once and cleared once. `locked` is what `lock_balances`
    returned in this transaction, if nothing was marked since: those accounts aren't read again.

    Raises UnknownAccount, InvalidTransaction.
    """
    _change_unsettled(amounts, sign=1, locked=locked or {})


@needs_transaction
def clear_unsettled(*, amounts: Mapping[str, int]) -> None:
    """Count amounts (by address) as settled. Raises UnknownAccount, InvalidTransaction, NothingUnsettled."""
    _change_unsettled(amounts, sign=-1, locked={})


def _change_unsettled(amounts: Mapping[str, int], *, sign: int, locked: Mapping[str, Balance]) -> None:
    if any(amount <= 0 for amount in amounts.values()):
        raise InvalidTransaction("An amount to be marked or cleared is positive.")
    found = locks.lock_rest(amounts, locked)
    for address, amount in amounts.items():
        if address not in found:
            raise UnknownAccount(f"There is no account {address}.", account=address)
        if money.checked(found[address].unsettled + sign * amount) < 0:
            raise NothingUnsettled("Less than this is unsettled.", account=address)
    rows(
        "UPDATE ledger_balance b SET unsettled = b.unsettled + c.amount"
        " FROM unnest(%s::bigint[], %s::bigint[]) AS c (account_id, amount)"
        " WHERE b.account_id = c.account_id",
        [
            [found[address].account.id for address in amounts],
            [sign * amount for amount in amounts.values()],
        ],
    )


def _compare(repeated: Sequence[NewTransaction], known: Mapping[str, Balance]) -> None:
    found = models.WalletTransaction.objects.in_bulk([each.id for each in repeated])
    for each in repeated:
        row = found[each.id]
        if (row.account_id, row.type, row.amount) != (known[each.account].account.id, each.type, each.amount):
            raise TransactionTaken("Another wallet transaction has this id.", id=str(each.id))
