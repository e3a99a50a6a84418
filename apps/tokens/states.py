"""The lives of tokens and allocations, as tables (TOK-2, OFR-2)."""

from collections.abc import Mapping

from apps.tokens.types import AllocationStatus, OnChainStatus, TokenStatus

_T = TokenStatus
TOKEN: Mapping[TokenStatus, frozenset[TokenStatus]] = {
    _T.DRAFT: frozenset({_T.PRIMARY}),
    _T.PRIMARY: frozenset({_T.SECONDARY, _T.FAILED}),
    _T.FAILED: frozenset(),
    _T.SECONDARY: frozenset({_T.PAUSED, _T.MATURED, _T.DELISTED}),
    _T.PAUSED: frozenset({_T.SECONDARY, _T.MATURED, _T.DELISTED}),
    _T.MATURED: frozenset(),
    _T.DELISTED: frozenset(),
}

_A = AllocationStatus
ALLOCATION: Mapping[AllocationStatus, frozenset[AllocationStatus]] = {
    _A.PENDING_PAYMENT: frozenset({_A.CONFIRMED, _A.CANCELLED, _A.EXPIRED}),
    _A.CONFIRMED: frozenset({_A.REFUNDED}),
    _A.REFUNDED: frozenset(),
    _A.CANCELLED: frozenset(),
    _A.EXPIRED: frozenset(),
}

_C = OnChainStatus
ON_CHAIN: Mapping[OnChainStatus, frozenset[OnChainStatus]] = {
    _C.NONE: frozenset({_C.QUEUED, _C.FAILED}),  # failed at once: the chain didn't take the request
    _C.QUEUED: frozenset({_C.MINTED, _C.FAILED}),
    _C.MINTED: frozenset(),
    _C.FAILED: frozenset({_C.QUEUED, _C.MINTED}),  # minted: its intent was tried again on the chain's side
}

PUBLIC = frozenset({_T.PRIMARY, _T.SECONDARY, _T.PAUSED, _T.MATURED})  # what everybody sees
COUNTED = frozenset({_A.PENDING_PAYMENT, _A.CONFIRMED})  # what counts against limits and the allotment
