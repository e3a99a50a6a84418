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
from apps.chain.services.requests import (
    HolderUnknown,
    SuiteMissing,
    request_holder,
    request_mint,
    request_platform,
    request_suite,
)

__all__ = [
    "NOBODY",
    "CheckpointMoved",
    "HolderUnknown",
    "SuiteMissing",
    "begin_network",
    "keep_missing",
    "keep_range",
    "note_state",
    "request_holder",
    "request_mint",
    "request_platform",
    "request_suite",
    "watch_contracts",
]
