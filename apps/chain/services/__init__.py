"""The verbs of the chain: what other apps ask of it, and what its own process does with that."""

from apps.chain.services.indexing import (
    NOBODY,
    CheckpointMoved,
    begin_network,
    keep_missing,
    keep_range,
    note_state,
    watch_contracts,
)
from apps.chain.services.repairs import SomethingSent, cancel, requeue, try_again
from apps.chain.services.requests import (
    HolderUnknown,
    SuiteMissing,
    deploy_platform,
    request_holder,
    request_market,
    request_mint,
    request_platform,
    request_settlement,
    request_suite,
)

__all__ = [
    "NOBODY",
    "CheckpointMoved",
    "HolderUnknown",
    "SomethingSent",
    "SuiteMissing",
    "begin_network",
    "cancel",
    "deploy_platform",
    "keep_missing",
    "keep_range",
    "note_state",
    "request_holder",
    "request_market",
    "request_mint",
    "request_platform",
    "request_settlement",
    "request_suite",
    "requeue",
    "try_again",
    "watch_contracts",
]
