"""What lies in the database and on the disk says nothing of anybody without their key (KYC-3)."""

import json
from datetime import UTC, datetime

import psycopg
import pytest
from django.conf import settings as configured
from django.core.files.storage import FileSystemStorage, storages
from django.urls import reverse

from apps.accounts import personal_data as persons
from apps.accounts.models import Person
from apps.common import crypto
from apps.common.errors import Conflict
from apps.kyc import models, personal_data, selectors, services
from apps.kyc.types import Decision
from tests import database
from tests.factories.accounts import AccountFactory, bearer
from tests.factories.kyc import actor, decided, picture, reviewer, submitted
from tests.relay import deliver_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("KYC-3")]

SECRETS = {
    "full_name": "Xanthippe Quillfeather",
    "birth_place": "Zzyzxville",
    "birth_date": "1971-11-23",
    "street": "77 Quixotic Lane",
    "city": "Ozymandias Town",
    "occupation": "Falconer",
    "source_of_funds_details": "My late aunt Euphemia",
    "pep": "yes",
    "pep_details": "Ambassador to Brobdingnag",
    "tax_number": "TX998877665",
    "us_tax_number": "987-65-4320",
    "document_number": "QX5551234",
}
WORDS = [*(value for value in SECRETS.values() if value != "yes"), "Blurred beyond words", "Call her cousin"]
REASON = "The portrait is not hers"


@pytest.fixture(autouse=True)
def _limits(valkey):
    """Start with no limit used up."""


@pytest.fixture
def disk(settings, tmp_path):
    """Put documents into files, as an embedded system does."""
    options = {"location": str(tmp_path / "documents"), "file_permissions_mode": 0o600}
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"documents": backend}
    assert isinstance(storages["documents"], FileSystemStorage)
    return tmp_path / "documents"


def everything_in_the_database():
    """Return every byte of every table, as a dump would hold it."""
    parts = []
    name = configured.DATABASES["default"]["NAME"]
    with database.admin(name) as connection, connection.cursor() as cursor:
        for table in database._tables(connection):
            with cursor.copy(psycopg.sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(
                psycopg.sql.Identifier(table)
            )) as copy:  # fmt: skip
                parts += [bytes(part) for part in copy]
    return b"".join(parts)


@pytest.mark.spec("AUD-4")
def test_a_dump_of_the_database_names_nobody(client, disk):
    account = AccountFactory(full_name=SECRETS["full_name"], email="xanthippe@example.com")
    staff = reviewer()
    case = submitted(account, at=datetime.now(UTC), **SECRETS)
    services.claim(application_id=case.id, by=actor(staff), at=datetime.now(UTC))
    services.judge_document(
        application_id=case.id,
        document_id=case.documents[0].id,
        accepted=False,
        notes="Blurred beyond words",
        by=actor(staff),
        at=datetime.now(UTC),
    )
    decided(case, decision=Decision.REJECT, by=staff, rejection_reason=REASON, notes="Call her cousin")
    services.start_again(user_id=account.id, by=actor(account), at=datetime.now(UTC))
    client.get(reverse("api:kyc"), **bearer(account))
    client.get(reverse("api:kyc-case", args=[case.id]), **bearer(staff))
    deliver_all()
    dump = everything_in_the_database()
    assert str(case.id).replace("-", "") in dump.hex()  # it is a whole dump
    assert b"kyc.rejected" in dump
    for word in (*WORDS, REASON):
        for form in (word, word.upper(), word.lower(), json.dumps(word)[1:-1]):
            assert form.encode() not in dump, word
    seen = personal_data.reveal(case.id, why="check", by=actor(staff), at=datetime.now(UTC))
    assert (seen.answers.street, seen.rejection_reason) == (SECRETS["street"], REASON)


def test_files_are_unreadable_and_private(disk):
    case = submitted()
    paths = [path for path in disk.rglob("*") if path.is_file()]
    assert len(paths) == 2
    for path in paths:
        content = path.read_bytes()
        assert not content.startswith((b"\xff\xd8", b"%PDF", b"\x89PNG"))
        assert b"JFIF" not in content
        assert path.stat().st_mode & 0o077 == 0
    document = models.Document.objects.filter(application_id=case.id).first()
    key = personal_data.subject_key(case.user_id)
    assert personal_data.content_of(key, document).startswith(b"\xff\xd8")
    with pytest.raises(crypto.CannotOpen):
        personal_data.content_of(crypto.new_key(), document)


def test_a_file_swapped_for_another_does_not_open(disk, client):
    account = AccountFactory()
    mine, other = submitted(account), submitted()
    key = personal_data.subject_key(account.id)
    rows = list(models.Document.objects.filter(application_id=mine.id).order_by("side"))
    foreign = models.Document.objects.filter(application_id=other.id).first()
    files = {each.pk: disk / each.storage_key for each in (*rows, foreign)}
    front, selfie = rows
    original = files[front.pk].read_bytes()
    for replacement in (
        files[selfie.pk].read_bytes(),  # the same person's other file
        files[foreign.pk].read_bytes(),  # somebody else's
        original[:-1] + bytes([original[-1] ^ 1]),
        original[:20],
        picture(),
        b"",
    ):
        files[front.pk].write_bytes(replacement)
        with pytest.raises(crypto.CannotOpen):
            personal_data.content_of(key, front)
    files[front.pk].write_bytes(original)
    assert personal_data.content_of(key, front)


def test_answers_moved_to_another_row_do_not_open():
    account = AccountFactory()
    first = submitted(account)
    decided(first, decision=Decision.REJECT)
    services.start_again(user_id=account.id, by=actor(account), at=datetime.now(UTC))
    old, new = models.Application.objects.filter(user_id=account.id).order_by("created_at")
    key = personal_data.subject_key(account.id)
    assert personal_data.open_answers(key, old) == personal_data.open_answers(key, new)
    new.answers = old.answers
    with pytest.raises(crypto.CannotOpen):
        personal_data.open_answers(key, new)


def test_destroying_the_key_erases_the_case(disk):
    account, staff = AccountFactory(), reviewer()
    case = submitted(account)
    Person.objects.filter(pk=account.id).update(wrapped_key=None)
    for act in (
        lambda: personal_data.reveal(case.id, why="x", by=actor(staff), at=datetime.now(UTC)),
        lambda: personal_data.open_document(
            case.documents[0].id, why="x", by=actor(staff), at=datetime.now(UTC)
        ),
        lambda: selectors.own_case(account.id, at=datetime.now(UTC)),
    ):
        with pytest.raises(Conflict) as refusal:
            act()
        assert refusal.value.code == "person_erased"
    assert persons.own(account.id).full_name == ""
