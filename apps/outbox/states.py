"""The life of a delivery."""

from collections.abc import Mapping
from enum import StrEnum


class Delivery(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up after the last attempt; later messages of its key go on without it


DELIVERY: Mapping[Delivery, frozenset[Delivery]] = {
    Delivery.PENDING: frozenset({Delivery.DELIVERED, Delivery.DEAD}),
    Delivery.DEAD: frozenset({Delivery.PENDING}),  # a person asks for it to be tried again
    Delivery.DELIVERED: frozenset(),
}
