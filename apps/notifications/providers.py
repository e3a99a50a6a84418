"""Who carries messages away. E-mail goes through Django's mail backends; this is the same for SMS."""

from datetime import datetime
from email.utils import format_datetime
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage

from apps.common.errors import Unavailable

SMS_HEADER = "X-Alef-Channel"
SMS_DOMAIN = "@sms.localhost"


class NotSent(Unavailable):
    """The provider didn't take the message; it may be tried again."""

    code = "message_not_sent"


class SmsProvider(Protocol):
    """Takes a text to a phone.

    `to` is a number in E.164. Returns once the provider has taken the message, and raises NotSent
    otherwise, which carries neither the number nor the text.
    """

    def send(self, *, to: str, text: str, at: datetime) -> None: ...


class MailboxSms:
    """Puts an SMS among the development mail, where /dev/mail shows it. Refuses to work in production."""

    def send(self, *, to: str, text: str, at: datetime) -> None:
        """Write the message as an e-mail to a number. Raises NotSent outside development."""
        if not settings.DEVELOPMENT:
            raise NotSent("No SMS provider is configured.")
        headers = {SMS_HEADER: "sms", "Date": format_datetime(at)}
        EmailMessage(subject="SMS", body=text, to=[to + SMS_DOMAIN], headers=headers).send()
