"""What was sent, as the development mailbox shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class SentMail:
    """A message that left the platform; `html` is empty for an SMS, `links` are those in the text."""

    kind: Literal["mail", "sms"]
    to: str
    subject: str
    text: str
    html: str
    links: tuple[str, ...]
    sent_at: datetime | None
