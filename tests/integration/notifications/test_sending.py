"""E-mail and SMS: by template, in the reader's language, to an address."""

import smtplib
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.template import TemplateDoesNotExist
from django.utils import translation

from apps.notifications import services
from apps.notifications.providers import NotSent

pytestmark = pytest.mark.spec("NTF-1")

LINK = "http://127.0.0.1:8000/verify/1/a?b=c&d=e"
TEMPLATES = sorted(
    path.stem
    for path in Path(django_settings.BASE_DIR, "templates", "mail").glob("*.txt")
    if path.stem != "base" and not path.stem.startswith("_")
)


def send(at, **changes):
    arguments = {"to": "jane@example.com", "template": "verify_email", "context": {"link": LINK}}
    services.send_mail(**arguments | {"locale": "en"} | changes, at=at)
    return mail.outbox[-1]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_every_template_is_a_whole_mail(template, locale, at):
    sent = send(at, template=template, locale=locale)
    (html, kind), *others = sent.alternatives
    assert not others
    assert kind == "text/html"
    assert sent.to == ["jane@example.com"]
    assert sent.from_email == django_settings.DEFAULT_FROM_EMAIL
    assert sent.subject
    assert "\n" not in sent.subject
    assert sent.body.splitlines()[0] != sent.subject
    direction = "rtl" if locale == "ar" else "ltr"
    assert f'<html lang="{locale}" dir="{direction}">' in html
    assert ("text-align:right" in html) == (locale == "ar")
    for text in (sent.body, html, sent.subject):
        assert "{{" not in text
        assert "{%" not in text


def test_there_are_the_mails_that_are_needed_now():
    assert set(TEMPLATES) >= {"verify_email", "email_exists", "session_revoked"}


def test_a_link_is_whole_in_both_forms(at):
    sent = send(at)
    assert LINK in sent.body.splitlines()
    assert f'href="{LINK.replace("&", "&amp;")}"' in sent.alternatives[0][0]


def test_the_text_is_not_escaped_and_the_page_is(at):
    sent = send(at, context={"link": "http://x/<b>&'"})
    assert "http://x/<b>&'" in sent.body
    assert "<b>" not in sent.alternatives[0][0]


def test_the_mail_bears_the_time_of_its_cause(at):
    assert send(at).message()["Date"] == "Mon, 02 Mar 2026 10:00:00 +0000"


def test_an_unknown_language_is_read_in_ours_and_the_reader_of_this_page_keeps_theirs(at):
    with translation.override("ar"):
        sent = send(at, locale="xx")
        assert '<html lang="en" dir="ltr">' in sent.alternatives[0][0]
        assert translation.get_language() == "ar"


@pytest.mark.parametrize("template", ["../secrets", "verify_email.txt", "", "Verify", "mail/verify"])
def test_a_template_is_a_name_and_no_path(template, at):
    with pytest.raises(ValueError, match="template"):
        send(at, template=template)


def test_an_unknown_template_is_a_defect(at):
    with pytest.raises(TemplateDoesNotExist):
        send(at, template="nothing_like_it")


def test_an_address_cannot_bring_headers_along(at):
    with pytest.raises(ValueError, match=r"[Hh]eader"):
        send(at, to="jane@example.com\nBcc: all@example.com")
    assert mail.outbox == []


class Refusing(BaseEmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPRecipientsRefused({"jane@example.com": (550, b"jane@example.com is unknown")})


def test_a_refusal_of_the_server_says_nothing_about_the_address(settings, at):
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    with pytest.raises(NotSent) as refusal:
        send(at)
    assert refusal.value.code == "message_not_sent"
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    assert "jane" not in str(refusal.value) + str(refusal.value.data)


def test_a_server_that_does_not_answer_is_told_apart_from_a_defect(settings, at):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(NotSent):
        send(at)


def test_an_sms_goes_to_a_number(at):
    services.send_sms(
        to="+971501234567", template="phone_code", context={"code": "004711"}, locale="en", at=at
    )
    assert mail.outbox[-1].to == ["+971501234567@sms.localhost"]
    assert "004711" in mail.outbox[-1].body
    assert "\n" not in mail.outbox[-1].body


taken = []


class Provider:
    def send(self, *, to, text, at):
        taken.append((to, text, at))


def test_the_provider_is_chosen_by_a_setting(settings, at):
    settings.SMS_PROVIDER = f"{__name__}.Provider"
    services.send_sms(to="+971501234567", template="phone_code", context={"code": "1"}, locale="en", at=at)
    assert [(to, when) for to, _, when in taken] == [("+971501234567", at)]
    assert mail.outbox == []


def test_the_development_provider_refuses_production(settings, at):
    settings.DEVELOPMENT = False
    with pytest.raises(NotSent):
        services.send_sms(
            to="+971501234567", template="phone_code", context={"code": "1"}, locale="en", at=at
        )
    assert mail.outbox == []
