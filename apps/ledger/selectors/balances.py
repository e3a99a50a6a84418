"""What is in accounts, holds and assets."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.common.db import rows, text_array
from apps.common.errors import NotFound
from apps.ledger import models
from apps.ledger.types import (
    Account,
    AccountKind,
    Asset,
    AssetStatus,
    AssetSum,
    AssetType,
    Balance,
    Hold,
    HoldOwner,
)

TABLES = (
    "ledger_account a JOIN ledger_asset s ON s.code = a.asset_id JOIN ledger_balance b ON b.account_id = a.id"
)
COLUMNS = (
    "a.id, a.address, a.kind, a.owner, a.asset_id, s.decimals, s.status, b.available, b.held, b.unsettled"
)
_KINDS = {str(kind): kind for kind in AccountKind}
_STATUSES = {str(status): status for status in AssetStatus}


class UnknownAsset(NotFound):
    """There is no such asset."""

    code = "unknown_asset"


def as_balance(row: tuple[Any, ...]) -> Balance:
    """Return a row of COLUMNS as a Balance."""
    number, address, kind, owner, asset, decimals, status, available, held, unsettled = row
    account = Account(number, address, _KINDS[kind], owner, asset, decimals, _STATUSES[status])
    return Balance(account, available, held, unsettled)


def balances(addresses: Iterable[str]) -> dict[str, Balance]:
    """Return what is in these accounts, by address; unknown ones are left out. Takes no lock."""
    found = rows(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE a.address = ANY (%s::text[])",  # noqa: S608  # our own constants
        [text_array(addresses)],
    )
    return {row[1]: as_balance(row) for row in found}


def balances_of(owner: str, *, kind: AccountKind = AccountKind.CLIENT) -> list[Balance]:
    """Return what an owner has in accounts of one kind, sorted by asset (LED-5)."""
    found = rows(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE a.owner = %s AND a.kind = %s",  # noqa: S608  # our own constants
        [owner, str(kind)],
    )
    return sorted(map(as_balance, found), key=lambda balance: balance.account.asset)


def client_holdings(asset: str) -> dict[str, int]:
    """Return how many units of an asset each client has, available and held, by owner; nobody with none."""
    found = rows(
        "SELECT a.owner, b.available + b.held FROM ledger_account a JOIN ledger_balance b"
        " ON b.account_id = a.id WHERE a.asset_id = %s AND a.kind = %s AND b.available + b.held <> 0",
        [asset, str(AccountKind.CLIENT)],
    )
    return {owner: int(units) for owner, units in found}


def holds(ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """Return these holds by id; unknown ones are left out."""
    found = rows(
        "SELECT h.id, a.address, a.asset_id, h.owner_type, h.owner_id, h.amount, h.consumed, h.released,"
        " h.expires_at FROM ledger_hold h JOIN ledger_account a ON a.id = h.account_id"
        " WHERE h.id = ANY (%s::uuid[])",
        [text_array(map(str, ids))],
    )
    return {row[0]: Hold(row[0], row[1], row[2], HoldOwner(row[3]), *row[4:]) for row in found}


def due_holds(at: datetime, *, limit: int) -> list[tuple[UUID, str]]:
    """Return (id, address) of active holds that have expired, the longest expired first."""
    return [
        (row[0], row[1])
        for row in rows(
            "SELECT h.id, a.address FROM ledger_hold h JOIN ledger_account a ON a.id = h.account_id"
            " WHERE h.due_at <= %s ORDER BY h.due_at LIMIT %s",
            [at, limit],
        )
    ]


def assets() -> list[Asset]:
    """Return all assets, sorted by code."""
    return sorted(map(_as_asset, models.Asset.objects.all()), key=lambda asset: asset.code)


def asset(code: str) -> Asset:
    """Return one asset. Raises UnknownAsset."""
    row = models.Asset.objects.filter(pk=code).first()
    if row is None:
        raise UnknownAsset(f"There is no asset {code}.")
    return _as_asset(row)


def _as_asset(row: models.Asset) -> Asset:
    return Asset(row.code, row.name, AssetType(row.type), row.decimals, AssetStatus(row.status))


def sums() -> list[AssetSum]:
    """Return for each asset what all balances and all postings sum to: zero, in a ledger that is right.

    Reads the whole journal, in one statement and so at one instant.
    """
    found = rows(
        """
        SELECT s.code, s.decimals, coalesce(b.total, 0), coalesce(p.total, 0)
          FROM ledger_asset s
          LEFT JOIN (SELECT a.asset_id, sum(b.available::numeric + b.held) AS total
                       FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
                      GROUP BY a.asset_id) b ON b.asset_id = s.code
          LEFT JOIN (SELECT asset_id, sum(amount) AS total FROM ledger_posting GROUP BY asset_id) p
                 ON p.asset_id = s.code
        """
    )
    return sorted(
        (AssetSum(code, decimals, int(total), int(posted)) for code, decimals, total, posted in found),
        key=lambda each: each.asset,
    )
