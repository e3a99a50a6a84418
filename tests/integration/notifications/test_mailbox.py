"""The development mailbox reads what the mail backend wrote, while others write."""

import threading
from pathlib import Path

import pytest
from django.core import mail
from django.test import override_settings

from apps.notifications import selectors, services

LINK = "http://127.0.0.1:8000/verify/1/secret"


@pytest.fixture
def in_files(settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    Path(settings.EMAIL_FILE_PATH).mkdir()
    return Path(settings.EMAIL_FILE_PATH)


def send(at, to="jane@example.com", locale="en", link=LINK):
    services.send_mail(to=to, template="verify_email", context={"link": link}, locale=locale, at=at)


def send_code(at, to="+971501234567"):
    services.send_sms(to=to, template="phone_code", context={"code": "004711"}, locale="en", at=at)


@pytest.mark.parametrize("where", ["files", "memory"])
def test_what_was_sent_is_read_back_newest_first(where, at, request):
    if where == "files":
        request.getfixturevalue("in_files")
    send(at)
    send_code(at)
    send(at, to="Ali@Example.com", locale="ar")
    newest, sms, first = selectors.sent_mail()
    assert (first.kind, first.to, first.subject) == (
        "mail",
        "jane@example.com",
        "Confirm your e-mail address",
    )
    assert first.links == (LINK,)
    assert LINK in first.text
    assert '<html lang="en"' in first.html
    assert first.sent_at == at
    assert (sms.kind, sms.to, sms.html, sms.links) == ("sms", "+971501234567", "", ())
    assert "004711" in sms.text
    assert 'dir="rtl"' in newest.html
    assert selectors.sent_mail(limit=1) == [newest]
    assert selectors.sent_mail(to="ali@example.com") == [newest]
    assert selectors.sent_mail(to="+971501234567") == [sms]
    assert selectors.sent_mail(to="nobody@example.com") == []


def test_an_empty_mailbox(in_files):
    assert selectors.sent_mail() == []
    in_files.rmdir()
    assert selectors.sent_mail() == []


def test_several_messages_of_one_connection_lie_in_one_file(in_files):
    with mail.get_connection() as connection:
        for number in range(3):
            mail.EmailMessage(subject=str(number), to=["a@example.com"], connection=connection).send()
    assert len(list(in_files.iterdir())) == 1
    assert [sent.subject for sent in selectors.sent_mail()] == ["2", "1", "0"]


def test_a_message_that_is_being_written_is_not_read_yet(in_files, at):
    send(at)
    (file,) = in_files.iterdir()
    whole = file.read_bytes()
    for length in range(0, len(whole), 50):
        file.write_bytes(whole + whole[:length])
        assert len(selectors.sent_mail()) == 1
    file.write_bytes(whole + whole)
    assert len(selectors.sent_mail()) == 2


def test_readers_and_writers_at_once(in_files, at):
    done, errors = threading.Event(), []

    def write():
        try:
            for number in range(30):
                send(at, link=f"{LINK}/{number}")
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        for sent in selectors.sent_mail(limit=100):
            assert sent.to == "jane@example.com"
            assert sent.links
    done.set()
    assert not errors
    assert len(selectors.sent_mail(limit=100)) == 60


def test_what_is_no_mail_is_shown_as_it_is_or_not_at_all(in_files, at):
    send(at)
    (in_files / "notes.txt").write_text("mine")
    (in_files / "empty.log").touch()
    (in_files / "half.log").write_bytes(b"Subject: x\n\nhello")
    assert [sent.to for sent in selectors.sent_mail()] == ["jane@example.com"]


@pytest.mark.django_db
def test_the_page_and_its_json_show_the_same(client, in_files, at):
    send(at)
    send_code(at)
    page = client.get("/dev/mail")
    assert page.status_code == 200
    assert f'href="{LINK}"' in page.content.decode()
    messages = client.get("/dev/mail.json").json()["messages"]
    assert [message["to"] for message in messages] == ["+971501234567", "jane@example.com"]
    assert messages[1]["links"] == [LINK]
    (only,) = client.get("/dev/mail.json", {"to": "jane@example.com"}).json()["messages"]
    assert only == messages[1]


@pytest.mark.django_db
def test_a_mail_cannot_bring_markup_to_the_page(client, in_files):
    mail.EmailMessage(subject="<script>1</script>", body="<img src=x onerror=1>", to=["a@example.com"]).send()
    page = client.get("/dev/mail").content.decode()
    assert "<script>1" not in page
    assert "<img src=x" not in page


@pytest.mark.django_db
def test_outside_development_there_is_no_mailbox(client, in_files, at):
    send(at)
    with override_settings(DEVELOPMENT=False):
        assert client.get("/dev/mail").status_code == 404
        assert client.get("/dev/mail.json").status_code == 404
