"""What a sequencer writes and reads: its lease, its batches, and all it needs to begin again."""

from apps.trading.recording.batches import record
from apps.trading.recording.leases import Fenced, free_instruments, leave, renew, take
from apps.trading.recording.loading import (
    Loaded,
    Repeat,
    Wish,
    first_answers,
    is_same_order,
    journal_after,
    load,
    parties,
    venue_commands,
)
from apps.trading.recording.replaying import Replayed, replay

__all__ = [
    "Fenced",
    "Loaded",
    "Repeat",
    "Replayed",
    "Wish",
    "first_answers",
    "free_instruments",
    "is_same_order",
    "journal_after",
    "leave",
    "load",
    "parties",
    "record",
    "renew",
    "replay",
    "take",
    "venue_commands",
]
