"""Sending messages by template and language. They take an address, not a user, and keep nothing."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string

from apps.notifications.providers import NotSent, SmsProvider

_TEMPLATE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def send_mail(*, to: str, template: str, context: Mapping[str, Any], locale: str, at: datetime) -> None:
    """Send an e-mail: `templates/mail/<template>.txt` and `.html`, in the language `locale`.

    The text's first line is the subject. Whoever calls this again sends the message again.

    Raises NotSent if the mail server didn't take it, TemplateDoesNotExist for an unknown template.
    """
    subject, text = _split(_render(f"mail/{_named(template)}.txt", context, locale))
    html = _render(f"mail/{template}.html", {**context, "subject": subject}, locale)
    message = EmailMultiAlternatives(
        subject=subject, body=text, to=[to], headers={"Date": format_datetime(at)}
    )
    message.attach_alternative(html, "text/html")
    try:
        message.send()
    except (SMTPException, OSError) as error:
        raise _not_sent(error) from None  # what the server answered may quote the address


def send_sms(*, to: str, template: str, context: Mapping[str, Any], locale: str, at: datetime) -> None:
    """Send an SMS to a number in E.164: `templates/notifications/sms/<template>.txt`.

    Raises NotSent if the provider didn't take it, TemplateDoesNotExist for an unknown template.
    """
    text = _render(f"notifications/sms/{_named(template)}.txt", context, locale).strip()
    provider: SmsProvider = import_string(settings.SMS_PROVIDER)()
    try:
        provider.send(to=to, text=text, at=at)
    except (SMTPException, OSError) as error:
        raise _not_sent(error) from None


def _render(name: str, context: Mapping[str, Any], locale: str) -> str:
    known = locale if locale in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(known):
        return render_to_string(name, {"base_url": settings.BASE_URL, **context})


def _split(rendered: str) -> tuple[str, str]:
    subject, _, text = rendered.lstrip().partition("\n")
    return " ".join(subject.split()), text.strip() + "\n"


def _named(template: str) -> str:
    if not _TEMPLATE.fullmatch(template):
        raise ValueError(f"{template!r} is not the name of a template")
    return template


def _not_sent(error: Exception) -> NotSent:
    reason = str(getattr(error, "smtp_code", "") or type(error).__name__)
    return NotSent("The message could not be handed to its provider.", reason=reason)
