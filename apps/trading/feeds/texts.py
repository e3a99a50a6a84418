"""Levels as they go over the wire: decimal text, and a checksum of what was sent."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from apps.common import money
from apps.trading.feeds.books import Depth, Level
from apps.trading.types import Instrument

CHECKED = 10  # levels of each side that the checksum covers

TextLevel = Sequence[str]  # price, open quantity


def levels(found: Iterable[Level], instrument: Instrument) -> list[list[str]]:
    """Write levels: the price in the quote for one whole unit, the quantity in whole units, "0" for none."""
    quote, asset = instrument.quote_decimals, instrument.asset_decimals
    return [
        [money.text(price, decimals=quote), money.text(quantity, decimals=asset) if quantity else "0"]
        for price, quantity in found
    ]


def checksum(bids: Sequence[TextLevel], asks: Sequence[TextLevel]) -> int:
    """Return the CRC-32 of the first levels, written as `price:quantity` and joined by `|`, bids first."""
    first = [*bids[:CHECKED], *asks[:CHECKED]]
    return zlib.crc32("|".join(f"{price}:{quantity}" for price, quantity in first).encode())


def snapshot(depth: Depth, instrument: Instrument) -> dict[str, Any]:
    """Write a whole book."""
    bids, asks = levels(depth.bids, instrument), levels(depth.asks, instrument)
    return {"sequence": depth.sequence, "bids": bids, "asks": asks, "checksum": checksum(bids, asks)}
