"""What the market tells whoever listens: the book, and numbered messages by which it is followed.

A message says which number it follows. Whoever misses one, or finds another checksum, reads the book again.
Feeds may drop: nothing here is the truth, and what is lost is written anew.
"""

from apps.trading.feeds.books import Change, Depth, Level, book, books, sequence_of, write_book
from apps.trading.feeds.telling import (
    LOST,
    News,
    channel,
    instrument_of,
    private_channel,
    renewals,
    renewed,
    tell,
    tell_owners,
)
from apps.trading.feeds.texts import CHECKED, checksum, levels, snapshot

__all__ = [
    "CHECKED",
    "LOST",
    "Change",
    "Depth",
    "Level",
    "News",
    "book",
    "books",
    "channel",
    "checksum",
    "instrument_of",
    "levels",
    "private_channel",
    "renewals",
    "renewed",
    "sequence_of",
    "snapshot",
    "tell",
    "tell_owners",
    "write_book",
]
