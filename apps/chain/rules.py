"""What the sender decides by numbers alone: pauses, gas, fees, and what a node's refusal means."""

from datetime import timedelta
from enum import StrEnum

from apps.chain.types import Fees, Market

# Seconds after the first, second, … refusal. A refusal is predictable, so it takes a change elsewhere to
# lift it: soon if it was a race, in minutes if a person has to act. The last pause repeats.
PAUSES = (1, 4, 15, 60, 240)
BUMP = 1_125  # thousandths; nodes replace a transaction only for 10 % to 12.5 % more
GWEI = 10**9
BASE_FEE_ROOM = 2  # a block's base fee may double in six blocks


class Answer(StrEnum):
    """What it means when a node doesn't just take signed bytes."""

    KNOWN = "known"  # it has them already
    SPENT = "spent"  # something with this nonce was mined: perhaps these bytes
    AGAIN = "again"  # nothing is wrong with them, or we don't know: send them again later
    NEVER = "never"  # no node will ever take them


_KNOWN = ("already known", "already imported", "known transaction", "alreadyknown", "already exists")
_SPENT = (
    "nonce too low",
    "nonce is too low",
    "oldnonce",
    "invalid nonce; got",
    "nonce has already been used",
)
_NEVER = (
    "intrinsic gas too low",
    "exceeds block gas limit",
    "gas limit too high",
    "transaction gas limit",
    "oversized data",
    "max initcode size exceeded",
    "invalid sender",
    "invalid chain id",
    "invalid signature",
    "transaction type not supported",
    "max priority fee per gas higher than max fee per gas",
)


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many refusals."""
    return timedelta(seconds=PAUSES[min(attempts, len(PAUSES)) - 1])


def gas_limit(estimate: int, *, margin: int, cap: int) -> int:
    """Return an estimate with its margin in basis points, but not more than the cap."""
    return min(estimate + estimate * margin // 10_000, cap)


def first_fees(market: Market, *, cap: int) -> Fees:
    """Return what to offer at first, at most `cap` gwei."""
    if market.base_fee is None:
        price = min(market.tip, cap * GWEI)
        return Fees(price, price, legacy=True)
    tip = min(market.tip, cap * GWEI)
    return Fees(min(market.base_fee * BASE_FEE_ROOM + tip, cap * GWEI), tip)


def bumped(last: Fees, market: Market, *, cap: int) -> Fees | None:
    """Return a higher offer that nodes take in place of the last one; None if the cap leaves no room."""
    now = first_fees(market, cap=cap)
    priority_fee = max(_more(last.priority_fee), now.priority_fee)
    max_fee = max(_more(last.max_fee), now.max_fee, priority_fee)
    if last.legacy:
        priority_fee = max_fee
    return Fees(max_fee, priority_fee, legacy=last.legacy) if max_fee <= cap * GWEI else None


def meaning(refusal: str) -> Answer:
    """Return what a node's words mean. Words that we don't know never end a transaction."""
    words = refusal.lower()
    for answer, known in ((Answer.KNOWN, _KNOWN), (Answer.SPENT, _SPENT), (Answer.NEVER, _NEVER)):
        if any(each in words for each in known):
            return answer
    return Answer.AGAIN


def _more(fee: int) -> int:
    return -(-fee * BUMP // 1_000) + 1
