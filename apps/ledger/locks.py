"""Locks on balances: always ascending by account, so that no two transactions wait for each other.

The lock on a balance also guards the holds on its account: whoever changes a hold has it.
"""

from collections.abc import Iterable

from apps.common.db import rows
from apps.ledger.selectors.balances import COLUMNS, TABLES, as_balance
from apps.ledger.types import Balance


def lock(addresses: Iterable[str], *, skip_locked: bool = False) -> dict[str, Balance]:
    """Lock the balances of these accounts until the transaction ends, and return what is in them.

    Waits for whoever has them, or leaves those out with `skip_locked`. Unknown accounts are left out.
    """
    found = rows(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE a.address = ANY (%s::text[])"  # noqa: S608  # our own constants
        f" ORDER BY a.id FOR NO KEY UPDATE OF b {'SKIP LOCKED' if skip_locked else ''}",
        [list(addresses)],
    )
    return {row[1]: as_balance(row) for row in found}
