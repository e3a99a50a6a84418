"""What others may know of the chain."""

from apps.chain import client
from apps.chain.client import NodeUnavailable
from apps.chain.types import Head

__all__ = ["NodeUnavailable", "head"]


def head() -> Head:
    """Return the newest block. Raises NodeUnavailable."""
    return client.head()
