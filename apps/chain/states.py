"""The lives of intents and transactions, as tables."""

from collections.abc import Mapping

from apps.chain.types import IntentState, TransactionState

INTENT: Mapping[IntentState, frozenset[IntentState]] = {
    IntentState.QUEUED: frozenset({IntentState.PROCESSING, IntentState.DEAD, IntentState.CANCELLED}),
    IntentState.PROCESSING: frozenset({IntentState.QUEUED, IntentState.COMPLETED, IntentState.DEAD}),
    IntentState.COMPLETED: frozenset(),
    IntentState.DEAD: frozenset({IntentState.QUEUED, IntentState.CANCELLED}),
    IntentState.CANCELLED: frozenset(),
}

_T = TransactionState
TRANSACTION: Mapping[TransactionState, frozenset[TransactionState]] = {
    _T.QUEUED: frozenset({_T.ASSIGNED, _T.CANCELLED, _T.DEAD}),
    _T.ASSIGNED: frozenset({_T.SIGNED, _T.DEAD}),
    _T.SIGNED: frozenset({_T.BROADCAST, _T.MINED, _T.DEAD}),
    _T.BROADCAST: frozenset({_T.MINED, _T.SUPERSEDED, _T.DEAD}),
    _T.MINED: frozenset({_T.CONFIRMED, _T.REVERTED, _T.BROADCAST}),  # back: its block is gone
    _T.CONFIRMED: frozenset(),
    _T.REVERTED: frozenset(),
    _T.SUPERSEDED: frozenset(),
    _T.CANCELLED: frozenset(),
    _T.DEAD: frozenset(),
}
