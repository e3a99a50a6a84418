"""Identifiers made by the caller, so that a repeat can be recognised."""

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """Make a UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Ordered by time, so that an index on it grows at one end.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return UUID(int=value)
