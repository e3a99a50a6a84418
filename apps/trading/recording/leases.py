"""Who sequences an instrument: a lease that must be renewed, and an epoch that fences off its former holder.

Time only decides when a stand-by tries; the epoch, checked in each batch's transaction, keeps a second
writer out however wrong the clocks are.
"""

from datetime import datetime

from apps.common.db import rows
from apps.trading.types import LEASE


class Fenced(Exception):
    """Another sequencer has the instrument now."""


def free_instruments(*, at: datetime) -> list[int]:
    """Return the numbers of the instruments that nobody sequences, ascending."""
    found = rows(
        "SELECT instrument FROM trading_lease WHERE holder = '' OR renewed_at < %s ORDER BY instrument",
        [at - LEASE],
    )
    return [number for (number,) in found]


def take(instrument: int, *, holder: str, at: datetime) -> int | None:
    """Take a free instrument and return the new epoch, None where somebody was faster."""
    taken = rows(
        "UPDATE trading_lease SET epoch = epoch + 1, holder = %s, renewed_at = %s"
        " WHERE instrument = %s AND (holder = '' OR renewed_at < %s) RETURNING epoch",
        [holder, at, instrument, at - LEASE],
    )
    return int(taken[0][0]) if taken else None


def renew(epochs: dict[int, int], *, at: datetime) -> set[int]:
    """Renew the leases on these instruments, each at its epoch; return the numbers of those still held."""
    held = rows(
        "UPDATE trading_lease l SET renewed_at = %s"
        " FROM unnest(%s::integer[], %s::bigint[]) AS mine (instrument, epoch)"
        " WHERE l.instrument = mine.instrument AND l.epoch = mine.epoch RETURNING l.instrument",
        [at, list(epochs), list(epochs.values())],
    )
    return {number for (number,) in held}


def leave(epochs: dict[int, int]) -> None:
    """Give the leases on these instruments up, so that a stand-by needs not wait."""
    rows(
        "UPDATE trading_lease l SET holder = ''"
        " FROM unnest(%s::integer[], %s::bigint[]) AS mine (instrument, epoch)"
        " WHERE l.instrument = mine.instrument AND l.epoch = mine.epoch",
        [list(epochs), list(epochs.values())],
    )
