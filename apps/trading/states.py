"""The lives of an order and of a trade's settlement, as tables."""

from collections.abc import Mapping

from apps.trading.types import OrderStatus, SettlementStatus

_ENDS = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED})

ORDER: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.OPEN: _ENDS | {OrderStatus.PARTIALLY_FILLED, OrderStatus.REJECTED},
    OrderStatus.PARTIALLY_FILLED: _ENDS,
    OrderStatus.FILLED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
}
LIVE = frozenset({OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED})

SETTLEMENT: Mapping[SettlementStatus, frozenset[SettlementStatus]] = {
    SettlementStatus.PENDING: frozenset({SettlementStatus.PROCESSING}),
    SettlementStatus.PROCESSING: frozenset(
        {SettlementStatus.SETTLED, SettlementStatus.FAILED, SettlementStatus.PENDING}
    ),
    SettlementStatus.FAILED: frozenset({SettlementStatus.PENDING, SettlementStatus.SETTLED}),
    SettlementStatus.SETTLED: frozenset(),
}
