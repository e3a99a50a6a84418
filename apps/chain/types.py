"""The words of the chain."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block that a node knows: the chain's id, the block's number and its Unix time in seconds."""

    chain_id: int
    number: int
    timestamp: int
