"""Rebuilding a book from its journal alone, and comparing it with what was recorded on the way (MAT-7)."""

from dataclasses import dataclass

from apps.trading import models
from apps.trading.engine import RECORD, Book

_PAGE = 200  # batches read at once


@dataclass(slots=True)
class Replayed:
    """Where a replay ended, how many recorded state hashes it met, and what it found wrong."""

    sequence: int = 0
    state_hash: str = ""
    checked: int = 0
    findings: tuple[str, ...] = ()


def replay(number: int, *, to: int = 0) -> Replayed:
    """Rebuild an instrument's book from its first command up to sequence number `to` (0: all).

    Every batch must follow the one before it and lead to the events that were recorded with it; a state hash
    recorded in the form of version 1 of the engine's state is compared in that form.
    """
    book, result = Book(number), Replayed()
    while page := list(_batches(number, result.sequence)):
        for batch in page:
            commands, findings = bytes(batch.commands), _findings(batch, result.sequence)
            if to and batch.last > to:
                commands = commands[: (to - batch.first + 1) * RECORD]
            events = book.replay(commands)
            result.findings += (
                *findings,
                *_differences(batch, book, events, whole=batch.last <= (to or batch.last)),
            )
            result.sequence = batch.first + len(commands) // RECORD - 1
            result.checked += batch.state_hash is not None and result.sequence == batch.last
            if result.findings or result.sequence == to:
                result.state_hash = book.state_hash().hex()
                return result
    result.state_hash = book.state_hash().hex()
    return result


def _batches(number: int, after: int) -> "list[models.JournalBatch]":
    found = models.JournalBatch.objects.filter(instrument=number, first__gt=after)
    return list(found.order_by("first")[:_PAGE])


def _findings(batch: models.JournalBatch, before: int) -> tuple[str, ...]:
    if batch.first != before + 1 or len(batch.commands) != (batch.last - batch.first + 1) * RECORD:
        return (f"the batch {batch.first}-{batch.last} doesn't follow {before}",)
    return ()


def _differences(batch: models.JournalBatch, book: Book, events: bytes, *, whole: bool) -> tuple[str, ...]:
    recorded = bytes(batch.events)
    if events != (recorded if whole else recorded[: len(events)]):
        return (f"the batch {batch.first}-{batch.last} leads to other events",)
    if whole and batch.state_hash and not book.is_hashed_by(bytes(batch.state_hash)):
        return (f"the book at {batch.last} isn't the one that was recorded",)
    return ()
