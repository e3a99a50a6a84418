"""What follows from the chain's answer to a trade (SET-3, SET-5)."""

from datetime import timedelta

from apps.chain.types import Settled
from apps.settlement.types import Verdict

# Seconds after the first, second, … refusal. The last pause repeats.
PAUSES = (5, 30, 120, 600)
# How long a trade waits for an earlier one, unless that settles before, and for a registration.
BLOCKED = timedelta(minutes=10)
UNREADY = timedelta(minutes=1)

NOT_REGISTERED = "holder_not_registered"
LACKS_TOKENS = "insufficient_free_balance"
_FREE = frozenset({"", "token_paused"})  # nobody's fault and nobody's turn


def judge(said: Settled, *, attempts: int, limit: int, is_blocked: bool) -> Verdict:
    """Say what follows for a trade that was refused `attempts` times before and may be `limit` times.

    `is_blocked` if an earlier trade that should bring its seller tokens isn't settled.
    """
    if said.tx_hash:
        return Verdict.SETTLED
    if said.code in _FREE:
        return Verdict.AGAIN
    if said.code == LACKS_TOKENS and is_blocked:
        return Verdict.BLOCKED
    if said.code == NOT_REGISTERED:
        return Verdict.UNREADY
    return Verdict.FAILED if attempts + 1 >= limit else Verdict.REFUSED


def pause(verdict: Verdict, attempts: int) -> timedelta:
    """Return how long a trade waits that comes back with so many attempts."""
    if verdict is Verdict.REFUSED:
        return timedelta(seconds=PAUSES[min(attempts, len(PAUSES)) - 1])
    return {Verdict.BLOCKED: BLOCKED, Verdict.UNREADY: UNREADY}.get(verdict, timedelta(0))
