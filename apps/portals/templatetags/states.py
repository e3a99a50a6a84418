"""The words of every life cycle, and the one colour family each belongs to.

The API says `in_review`; a badge says "In review" in the reader's language. The family decides colour and
icon, so that a state looks the same on every page (ui.md).
"""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Union

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Family(Enum):
    """What a state asks of the reader: (hue of the style sheet, icon)."""

    RESTING = ("neutral", "circle-dashed")
    WAITING = ("warning", "clock")
    MOVING = ("info", "circle-dot")
    GOOD = ("success", "circle-check")
    BAD = ("error", "circle-x")
    STOPPED = ("error", "circle-pause")
    ENDED = ("neutral", "circle-slash")

    @property
    def hue(self) -> str:
        return self.value[0]

    @property
    def icon(self) -> str:
        return self.value[1]


@dataclass(frozen=True)
class State:
    """One state as a badge shows it."""

    word: str
    family: Family
    label: Union[str, "_StrPromise"]


_WORDS: "dict[Family, dict[str, _StrPromise]]" = {
    Family.RESTING: {
        "draft": _("Draft"),
        "none": _("None"),
        "pending_stop": _("Pending stop"),
        "trialing": _("Trialing"),
        "received": _("Received"),
        "inactive": _("Inactive"),
        "off_chain": _("Off chain"),
        # classes of investors
        "retail": _("Retail"),
        "professional": _("Professional"),
        "institutional": _("Institutional"),
    },
    Family.WAITING: {
        "pending": _("Pending"),
        "requested": _("Requested"),
        "pending_approval": _("Pending approval"),
        "pending_payment": _("Pending payment"),
        "pending_verification": _("Pending verification"),
        "queued": _("Queued"),
        "awaiting_confirmation": _("Awaiting confirmation"),
        "under_review": _("Under review"),
        "in_review": _("In review"),
        "escalated": _("Escalated"),
        "past_due": _("Past due"),
        "overdue": _("Overdue"),
        "held": _("Held"),
        "review": _("Review"),
        "assessing": _("Assessing"),
        "detected": _("Detected"),
        "reported": _("Reported"),
        "expiring": _("Expiring"),
    },
    Family.MOVING: {
        "open": _("Open"),
        "partially_filled": _("Partially filled"),
        "processing": _("Processing"),
        "under_way": _("Under way"),
        "in_progress": _("In progress"),
        "deploying": _("Deploying"),
        "assigned": _("Assigned"),
        "signed": _("Signed"),
        "sent": _("Sent"),
        "broadcast": _("Broadcast"),
        "mined": _("Mined"),
        "distributing": _("Distributing"),
        "primary": _("Primary"),
        "identity_verified": _("Identity verified"),
        "contained": _("Contained"),
        "issued": _("Issued"),
        "resubmit": _("Resubmit"),
    },
    Family.GOOD: {
        "active": _("Active"),
        "registered": _("Registered"),
        "approved": _("Approved"),
        "accepted": _("Accepted"),
        "verified": _("Verified"),
        "confirmed": _("Confirmed"),
        "completed": _("Completed"),
        "done": _("Done"),
        "credited": _("Credited"),
        "filled": _("Filled"),
        "minted": _("Minted"),
        "deployed": _("Deployed"),
        "settled": _("Settled"),
        "distributed": _("Distributed"),
        "paid": _("Paid"),
        "secondary": _("Secondary"),
        "live": _("Live"),
        "trading": _("Trading"),
        "continuous": _("Continuous"),
        "clear": _("Clear"),
        "cleared": _("Cleared"),
        "delivered": _("Delivered"),
        "ok": _("OK"),
        "sealed": _("Sealed"),
        "matured": _("Matured"),
    },
    Family.BAD: {
        "rejected": _("Rejected"),
        "failed": _("Failed"),
        "reverted": _("Reverted"),
        "dead": _("Dead letter"),
        "given_up": _("Given up"),
        "blocked": _("Blocked"),
        "bounced": _("Bounced"),
        "down": _("Down"),
        "breached": _("Breached"),
    },
    Family.STOPPED: {
        "suspended": _("Suspended"),
        "frozen": _("Frozen"),
        "halted": _("Halted"),
        "paused": _("Paused"),
        "restricted": _("Restricted"),
        "locked": _("Locked"),
    },
    Family.ENDED: {
        "cancelled": _("Cancelled"),
        "removed": _("Removed"),
        "expired": _("Expired"),
        "closed": _("Closed"),
        "refunded": _("Refunded"),
        "void": _("Void"),
        "voided": _("Voided"),
        "captured": _("Captured"),
        "released": _("Released"),
        "superseded": _("Superseded"),
        "delisted": _("Delisted"),
        "dismissed": _("Dismissed"),
        "revoked": _("Revoked"),
        "retired": _("Retired"),
        "archived": _("Archived"),
        "withdrawn": _("Withdrawn"),
    },
}

STATES: dict[str, State] = {
    word: State(word, family, label) for family, words in _WORDS.items() for word, label in words.items()
}


def state_named(word: object) -> State:
    """Return the state of this name; a word not in the table rests, and is shown as it is spelt."""
    text = str(word)
    return STATES.get(text) or State(text, Family.RESTING, text.replace("_", " ").capitalize())
