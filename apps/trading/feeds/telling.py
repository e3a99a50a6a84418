"""Channels of Valkey and what goes through them.

An instrument has one channel, whose messages are numbered; an owner has one for orders and fills, named by
the owner's id alone and written to only while somebody listens.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.common.connections import valkey
from apps.trading.feeds.books import Change, change_book

LOST = -1  # the number before a message that follows none: everybody must look anew

_FEED, _OWNER = "feed:", "orders:"


@dataclass(frozen=True, slots=True)
class News:
    """What happened in an instrument from one number to another, and how that changes the book.

    `content` is JSON: bids, asks and checksum as texts, trades, and the state if it is another one.
    """

    instrument: UUID
    previous: int
    sequence: int
    content: Mapping[str, Any]
    changes: Sequence[Change] = field(default=())


def tell(news: News | None, *, owners: Iterable[str]) -> tuple[bool, set[str]]:
    """Change the book and tell whoever listens, in one way to Valkey and back.

    Returns whether the book was there to be changed, and to which of these owners somebody listens.
    """
    asked = list(owners)
    if news is None and not asked:
        return True, set()
    pipeline = valkey().pipeline(transaction=False)
    if asked:
        pipeline.pubsub_numsub(*map(private_channel, asked))
    if news is not None:
        if news.previous != LOST:
            change_book(
                pipeline,
                news.instrument,
                previous=news.previous,
                sequence=news.sequence,
                changes=news.changes,
            )
        pipeline.publish(channel(news.instrument), _written(news))
    answers = pipeline.execute()
    counts = answers.pop(0) if asked else []
    listened = {owner for owner, (_, count) in zip(asked, counts, strict=True) if count}
    return news is None or news.previous == LOST or bool(answers[0]), listened


def tell_owners(messages: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Give owners what concerns them alone, each in its order."""
    pipeline = valkey().pipeline(transaction=False)
    for owner, found in messages.items():
        pipeline.publish(
            private_channel(owner), "\n".join(json.dumps(m, separators=(",", ":")) for m in found)
        )
    pipeline.execute()


def renewed() -> None:
    """Tell every process that messages to owners may have been lost."""
    valkey().publish(renewals(), "")


def channel(instrument: UUID) -> str:
    """Return the name of an instrument's channel."""
    return f"{_FEED}{instrument}"


def private_channel(owner: object) -> str:
    """Return the name of an owner's channel."""
    return f"{_OWNER}{owner}"


def renewals() -> str:
    """Return the name of the channel of `renewed`; channels aren't parted by databases, so it names ours."""
    return f"renewed:{valkey().connection_pool.connection_kwargs.get('db', 0)}"


def instrument_of(name: str) -> UUID | None:
    """Return the instrument whose channel this is, None for another channel."""
    return UUID(name.removeprefix(_FEED)) if name.startswith(_FEED) else None


def _written(news: News) -> str:
    message = {"previous": news.previous, "sequence": news.sequence, **news.content}
    return json.dumps(message, separators=(",", ":"))
