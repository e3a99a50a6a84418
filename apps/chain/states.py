"""The lives of intents and transactions, as tables."""

from collections.abc import Mapping

from apps.chain.types import IntentState, TransactionState

INTENT: Mapping[IntentState, frozenset[IntentState]] = {
    IntentState.QUEUED: frozenset({IntentState.PROCESSING, IntentState.DEAD, IntentState.CANCELLED}),
    IntentState.PROCESSING: frozenset({IntentState.QUEUED, IntentState.COMPLETED, IntentState.DEAD}),
    IntentState.COMPLETED: frozenset(),
    IntentState.DEAD: frozenset({IntentState.QUEUED, IntentState.CANCELLED}),
    IntentState.CANCELLED: frozenset({IntentState.QUEUED}),  # by staff, who look at what it was for
}

_T = TransactionState
TRANSACTION: Mapping[TransactionState, frozenset[TransactionState]] = {
    _T.QUEUED: frozenset({_T.ASSIGNED, _T.CANCELLED, _T.DEAD}),
    _T.ASSIGNED: frozenset({_T.SIGNED}),  # from here on its nonce is taken, so it must come to an end
    _T.SIGNED: frozenset({_T.BROADCAST, _T.MINED}),
    _T.BROADCAST: frozenset({_T.MINED, _T.SUPERSEDED}),  # its nonce was used by something else
    # Back: its block is gone. Superseded: what was mined under its nonce does nothing.
    _T.MINED: frozenset({_T.CONFIRMED, _T.REVERTED, _T.SUPERSEDED, _T.BROADCAST}),
    _T.CONFIRMED: frozenset(),
    _T.REVERTED: frozenset(),
    _T.SUPERSEDED: frozenset(),
    _T.CANCELLED: frozenset(),
    _T.DEAD: frozenset(),
}

TRANSACTION_OPEN = (_T.QUEUED, _T.ASSIGNED, _T.SIGNED, _T.BROADCAST, _T.MINED)
IN_FLIGHT = (_T.ASSIGNED, _T.SIGNED, _T.BROADCAST)  # the nonce is taken, and no block has used it yet
INTENT_OPEN = (IntentState.QUEUED, IntentState.PROCESSING)
