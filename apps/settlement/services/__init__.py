"""The verbs of settlement."""

from apps.settlement.services.batches import begin_batch, note_executed, settle_due
from apps.settlement.services.endings import note_completed, note_gave_up
from apps.settlement.services.retrying import AlreadySettled, retry

__all__ = [
    "AlreadySettled",
    "begin_batch",
    "note_completed",
    "note_executed",
    "note_gave_up",
    "retry",
    "settle_due",
]
