"""The verbs of the chain: what other apps ask of it, and what its own process does with that."""

from apps.chain.services.requests import (
    HolderUnknown,
    SuiteMissing,
    request_holder,
    request_mint,
    request_platform,
    request_suite,
)

__all__ = [
    "HolderUnknown",
    "SuiteMissing",
    "request_holder",
    "request_mint",
    "request_platform",
    "request_suite",
]
