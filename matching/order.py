"""An order as the reference keeps it, from its acceptance to its end."""

from dataclasses import dataclass

from matching.codes import Flag, OrderType

ICEBERG = int(OrderType.ICEBERG)
OCO = int(Flag.OCO)
STOP_TYPES = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
LIMIT_TYPES = frozenset({OrderType.LIMIT, OrderType.ICEBERG})  # these may rest in the book


@dataclass(slots=True, eq=False)
class Order:
    """An order: incoming, resting, or a stop that waits. `quantity` is what is still open.

    `visible` is the part that the book shows: all of a resting LIMIT, a slice of an ICEBERG, nothing of
    a stop. `extreme` is the best trade price that a trailing stop has seen, `arrival` a stop's place
    among those that wait.
    """

    order_id: int
    instrument: int
    account: int
    owner: int
    side: int
    order_type: int
    time_in_force: int
    self_trade: int
    flags: int
    price: int
    quantity: int
    stop_price: int = 0
    display_quantity: int = 0
    budget: int = 0
    visible: int = 0
    extreme: int = 0
    arrival: int = 0

    def is_stop(self) -> bool:
        """Say whether this order waits for a trade, outside the book."""
        return self.order_type in STOP_TYPES

    def show_fresh_slice(self) -> None:
        """Show what the book is to see of this order: all of it, or an iceberg's next slice."""
        if self.order_type == ICEBERG:
            self.visible = min(self.display_quantity, self.quantity)
        else:
            self.visible = self.quantity
