"""Deliver what the outbox holds, in this process, by the relay's own courier."""

from apps.common.clock import now
from apps.outbox.relay import deliveries
from apps.outbox.relay.courier import Courier
from apps.outbox.relay.handlers import Kind


def deliver_all() -> None:
    """Go round until nothing is left to deliver."""
    courier = Courier(*Kind, go_on=lambda: True)
    while deliveries.dispatch(at=now()) or courier.round():
        pass
