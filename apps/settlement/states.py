"""The life of a batch; a trade's own is in `apps.trading.states`."""

from collections.abc import Mapping

from apps.settlement.types import BatchState

BATCH: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.UNDER_WAY: frozenset({BatchState.DONE, BatchState.GIVEN_UP}),
    BatchState.DONE: frozenset(),
    BatchState.GIVEN_UP: frozenset(),
}
