"""The WebSocket `/ws/v1`: market data for everybody, and their own orders for who says who they are."""

from apps.trading.consumers.sockets import socket

__all__ = ["socket"]
