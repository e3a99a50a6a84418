"""What others may know of the chain."""

from apps.chain.client import NodeUnavailable
from apps.chain.selectors.networks import (
    checkpoint,
    coins,
    head,
    network,
    platform_is_deployed,
    signers,
    state,
    unwatched,
    watched,
)
from apps.chain.selectors.registers import (
    holders,
    register,
    suite,
)
from apps.chain.selectors.requests import (
    counts,
    gas_sums,
    intent,
    intent_of,
    intents,
    market_of,
    matching,
    oldest_open,
    settled,
    transactions_of,
    with_steps,
)

__all__ = [
    "NodeUnavailable",
    "checkpoint",
    "coins",
    "counts",
    "gas_sums",
    "head",
    "holders",
    "intent",
    "intent_of",
    "intents",
    "market_of",
    "matching",
    "network",
    "oldest_open",
    "platform_is_deployed",
    "register",
    "settled",
    "signers",
    "state",
    "suite",
    "transactions_of",
    "unwatched",
    "watched",
    "with_steps",
]
