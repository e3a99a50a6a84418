"""What happened: entries, the movements of an account, wallet transactions."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.common.db import rows, text_array
from apps.ledger.models import WalletTransaction
from apps.ledger.types import (
    Bucket,
    EntryKind,
    Movement,
    Posting,
    Transaction,
    TransactionStatus,
    TransactionType,
)

MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it stands in the journal."""

    id: int
    kind: EntryKind
    postings: tuple[Posting, ...]


def recorded(business_keys: Iterable[str]) -> dict[str, Recorded]:
    """Return the entries posted under these business keys; keys without one are left out."""
    found = rows(
        "SELECT business_key, id, kind FROM ledger_journalentry WHERE business_key = ANY (%s::text[])",
        [text_array(business_keys)],
    )
    lines = _lines([number for _, number, _ in found]) if found else {}
    return {key: Recorded(number, EntryKind(kind), tuple(lines[number])) for key, number, kind in found}


def _lines(entries: list[int]) -> dict[int, list[Posting]]:
    lines: dict[int, list[Posting]] = defaultdict(list)
    for entry, account, asset, amount, bucket, hold in rows(
        "SELECT p.entry_id, a.address, p.asset_id, p.amount, p.bucket, p.hold_id"
        " FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " WHERE p.entry_id = ANY (%s::bigint[]) ORDER BY p.entry_id, p.line",
        [entries],
    ):
        lines[entry].append(Posting(account, asset, amount, Bucket(bucket), hold))
    return lines


def entries_of(
    address: str, *, before: tuple[int, int] | None = None, limit: int = MAX_PAGE
) -> list[Movement]:
    """Return the movements of an account, newest first.

    `before` is the (entry, line) of the last one seen; at most MAX_PAGE come at once.
    """
    found = rows(
        "SELECT p.entry_id, p.line, e.kind, e.reference, e.at, p.bucket, p.amount"
        " FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id"
        " WHERE p.account_id = (SELECT id FROM ledger_account WHERE address = %s)"
        " AND (p.entry_id, p.line) < (%s, %s) ORDER BY p.entry_id DESC, p.line DESC LIMIT %s",
        [address, *(before or (2**63 - 1, 0)), min(limit, MAX_PAGE)],
    )
    return [
        Movement(entry, line, EntryKind(kind), reference, at, Bucket(bucket), amount)
        for entry, line, kind, reference, at, bucket, amount in found
    ]


def transactions_of(
    owner: str, *, before: tuple[datetime, UUID] | None = None, limit: int = MAX_PAGE
) -> list[Transaction]:
    """Return the wallet transactions of one owner, newest first (LED-5).

    `before` is the (created_at, id) of the last one seen; at most MAX_PAGE come at once.
    """
    found = rows(
        "SELECT t.id, t.type, t.status, t.asset_id, s.decimals, t.amount, t.reference, t.created_at,"
        " t.completed_at FROM wallet_transactions t JOIN ledger_asset s ON s.code = t.asset_id"
        " WHERE t.owner = %s AND (%s::timestamptz IS NULL OR (t.created_at, t.id) < (%s, %s::uuid))"
        " ORDER BY t.created_at DESC, t.id DESC LIMIT %s",
        [owner, before and before[0], *(before or (None, None)), min(limit, MAX_PAGE)],
    )
    return [
        Transaction(row[0], TransactionType(row[1]), TransactionStatus(row[2]), *row[3:]) for row in found
    ]


def wallet_transactions(owner: str, **wanted: str) -> QuerySet[WalletTransaction]:
    """Return the rows of `transactions_of` for a paginator; `wanted` narrows by type, status or asset."""
    return WalletTransaction.objects.filter(owner=owner, **wanted).select_related("asset")
