"""Locks on balances: always ascending by account, so that no two transactions wait for each other.

The lock on a balance also guards the holds on its account: whoever changes a hold has it.
"""

from collections.abc import Iterable, Mapping

from apps.common.db import rows, text_array
from apps.ledger.selectors.balances import COLUMNS, TABLES, as_balance
from apps.ledger.types import Balance


def lock(addresses: Iterable[str], *, skip_locked: bool = False) -> dict[str, Balance]:
    """Lock the balances of these accounts until the transaction ends, and return what is in them.

    Waits for whoever has them, or leaves those out with `skip_locked`. Unknown accounts are left out.
    """
    found = rows(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE a.address = ANY (%s::text[])"  # noqa: S608  # our own constants
        f" ORDER BY a.id FOR NO KEY UPDATE OF b {'SKIP LOCKED' if skip_locked else ''}",
        [text_array(addresses)],
    )
    return {row[1]: as_balance(row) for row in found}


def lock_rest(addresses: Iterable[str], locked: Mapping[str, Balance]) -> Mapping[str, Balance]:
    """Lock those of these accounts that aren't `locked` yet; return what is in all of them."""
    rest = set(addresses) - locked.keys()
    return {**locked, **lock(rest)} if rest else locked
