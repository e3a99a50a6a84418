"""The relay process: takes what was committed to the outbox to whoever listens."""

from apps.outbox.relay.process import Relay

__all__ = ["Relay"]
