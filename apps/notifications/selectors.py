"""The development mailbox: what was sent, read back from where the mail backend put it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.core import mail

from apps.notifications.providers import SMS_DOMAIN, SMS_HEADER
from apps.notifications.types import SentMail

MAX_FILE = 5_000_000  # bytes; a larger one is no mail of ours

# Django's file backend writes this line after each message, so what follows the last one is incomplete.
_END = b"\n" + b"-" * 79 + b"\n"
_LINK = re.compile(r"https?://[^\s<>\"']+")


def sent_mail(*, limit: int = 50, to: str = "") -> list[SentMail]:
    """Return what was sent, newest first; `to` is a whole address or number.

    Reads MAIL_DIR while others write to it: a message that isn't whole yet is left for the next look.
    """
    found = []
    for raw in _raw():
        sent = _parse(raw)
        if not to or sent.to.lower() == to.lower():
            found.append(sent)
        if len(found) == limit:
            break
    return found


def _raw() -> Iterator[bytes]:
    """Go over the messages as bytes, newest first."""
    if settings.EMAIL_BACKEND.endswith("locmem.EmailBackend"):
        for message in reversed(getattr(mail, "outbox", [])):
            yield message.message().as_bytes()
        return
    for path in _files(Path(settings.EMAIL_FILE_PATH)):
        try:
            *whole, _incomplete = path.read_bytes().split(_END)
        except FileNotFoundError:  # somebody empties the directory
            continue
        yield from reversed(whole)


def _files(directory: Path) -> list[Path]:
    dated = []
    for path in directory.glob("*.log"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if status.st_size <= MAX_FILE:
            dated.append((status.st_mtime_ns, path))
    return [path for _, path in sorted(dated, reverse=True)]


def _parse(raw: bytes) -> SentMail:
    message = message_from_bytes(raw, policy=policy.default)
    text = _body(message, "plain")
    sms = message.get(SMS_HEADER) == "sms"
    return SentMail(
        kind="sms" if sms else "mail",
        to=str(message.get("To", "")).removesuffix(SMS_DOMAIN if sms else ""),
        subject=str(message.get("Subject", "")),
        text=text,
        html=_body(message, "html"),
        links=tuple(_LINK.findall(text)),
        sent_at=_date(message),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _date(message: EmailMessage) -> datetime | None:
    date = message.get("Date")
    sent_at: datetime | None = date.datetime if date is not None else None
    # "-0000" means UTC of a writer who doesn't say their zone (RFC 5322, 3.3); Python gives it no zone.
    return sent_at.replace(tzinfo=UTC) if sent_at and sent_at.tzinfo is None else sent_at
