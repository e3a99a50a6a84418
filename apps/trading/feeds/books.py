"""The public book: `book:{instrument}` in Valkey, kept level by level, for who wants all of it at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.common.connections import valkey
from apps.trading.types import Side

Level = tuple[int, int]  # price, open quantity
Change = tuple[Side, int, int]  # side, price, open quantity; 0 removes the level

# The book is changed only if it is where we think it is: else it was lost, and must be written whole.
_CHANGE = """
if redis.call('HGET', KEYS[1], 'sequence') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do
    if ARGV[i + 1] == '0' then redis.call('HDEL', KEYS[1], ARGV[i])
    else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
redis.call('HSET', KEYS[1], 'sequence', ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Depth:
    """Price levels as (price, open quantity) in smallest units, best first, as of a sequence number."""

    sequence: int
    bids: list[Level]
    asks: list[Level]


def book(instrument: UUID, *, levels: int = 0) -> Depth | None:
    """Return the first levels of both sides (0: all), None while nobody has written the book."""
    return books([instrument], levels=levels).get(instrument)


def books(instruments: Sequence[UUID], *, levels: int = 0) -> dict[UUID, Depth]:
    """Return the books that somebody has written, in one way to Valkey and back; `levels` as of `book`."""
    pipeline = valkey().pipeline(transaction=False)
    for instrument in instruments:
        pipeline.hgetall(_key(instrument))
    found = zip(instruments, pipeline.execute(), strict=True)
    return {instrument: _depth(fields, levels) for instrument, fields in found if b"sequence" in fields}


def _depth(found: Mapping[bytes, bytes], levels: int) -> Depth:
    sides: dict[bytes, list[Level]] = {b"b": [], b"a": []}
    for name, quantity in found.items():
        side, _, price = name.partition(b":")
        if side in sides and price:
            sides[side].append((int(price), int(quantity)))
    bids, asks = sorted(sides[b"b"], reverse=True), sorted(sides[b"a"])
    end = levels or None
    return Depth(int(found[b"sequence"]), bids[:end], asks[:end])


def sequence_of(instrument: UUID) -> int:
    """Return the number as of which the book was written, -1 for a book that isn't there."""
    found = valkey().hget(_key(instrument), "sequence")
    return -1 if found is None else int(found)


def write_book(instrument: UUID, depth: Depth) -> None:
    """Write the whole book."""
    fields = {_field(Side.BUY, price): quantity for price, quantity in depth.bids}
    fields |= {_field(Side.SELL, price): quantity for price, quantity in depth.asks}
    pipeline = valkey().pipeline(transaction=True)
    pipeline.delete(_key(instrument))
    pipeline.hset(_key(instrument), mapping={"sequence": depth.sequence, **fields})
    pipeline.execute()


def change_book(
    pipeline: Any, instrument: UUID, *, previous: int, sequence: int, changes: Iterable[Change]
) -> None:
    """Put into a pipeline to change the book as it was at `previous`.

    Its answer is 0 where the book isn't at `previous`: then nothing was changed.
    """
    parts = [part for side, price, quantity in changes for part in (_field(side, price), quantity)]
    pipeline.eval(_CHANGE, 1, _key(instrument), previous, sequence, *parts)


def _key(instrument: UUID) -> str:
    return f"book:{instrument}"


def _field(side: Side, price: int) -> str:
    return f"{'b' if side is Side.BUY else 'a'}:{price}"
