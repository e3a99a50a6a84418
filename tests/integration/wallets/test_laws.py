"""What the database refuses whoever writes, and what it never holds in plain text."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from apps.accounts import personal_data as persons
from apps.accounts.models import Person
from apps.common import crypto
from apps.common.errors import Conflict
from apps.wallets import models, personal_data, services
from apps.wallets.types import DestinationKind
from tests import database
from tests.factories.wallets import (
    BY,
    HOLDER,
    IBAN,
    acting,
    asked,
    bank_reference,
    destination,
    finance,
    funded,
    person,
    requested,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def noor():
    account = person()
    funded(account, 1_000_00, at=AT)
    return account


def refuses(kind, query, **changes):
    with pytest.raises(kind), transaction.atomic():
        query.update(**changes)


@pytest.mark.spec("PAY-1")
@pytest.mark.parametrize(
    "changes",
    [
        {"state": "credited"},
        {"state": "received"},
        {"state": "received", "received_amount": 5},
        {"state": "received", "received_amount": 0, "bank_reference": "FT-1"},
        {"state": "received", "received_amount": -5, "bank_reference": "FT-1"},
        {"received_amount": 5, "bank_reference": "FT-1"},
        {"bank_reference": "FT-1"},
        {"state": "refunded", "received_amount": 5, "bank_reference": "FT-1", "reason": "sender_differs"},
        {"state": "rejected"},
        {"reason": "nothing_came"},
        {"state": "gone"},
    ],
)
def test_a_deposit_without_evidence_or_reason_is_refused(changes, noor):
    refuses(IntegrityError, models.Deposit.objects.filter(pk=requested(noor).id), **changes)


@pytest.mark.spec("PAY-2")
@pytest.mark.parametrize(
    "changes",
    [{"state": "sent"}, {"state": "completed"}, {"bank_reference": "OUT-1"}, {"state": "rejected"},
     {"reason": "account_invalid"}, {"state": "gone"}],
)  # fmt: skip
def test_a_withdrawal_without_evidence_or_reason_is_refused(changes, noor):
    refuses(IntegrityError, models.Withdrawal.objects.filter(pk=asked(noor).id), **changes)


def test_the_database_lets_nobody_handle_their_own_request(noor):
    refuses(IntegrityError, models.Deposit.objects.filter(pk=requested(noor).id), handled_by=noor.id)
    refuses(IntegrityError, models.Withdrawal.objects.filter(pk=asked(noor).id), handled_by=noor.id)


def test_one_transfer_of_the_bank_stands_in_one_row(noor):
    one, two = requested(noor), requested(noor)
    services.receive_deposit(deposit_id=one.id, amount=1, bank_reference="FT-1", by=BY, at=AT)
    came = {"state": "received", "received_amount": 1, "bank_reference": "FT-1"}
    refuses(IntegrityError, models.Deposit.objects.filter(pk=two.id), **came)


@pytest.mark.parametrize("column", ["owner", "amount", "currency", "reference", "requested_at", "expires_at"])
def test_what_was_asked_for_never_changes(column, noor):
    row = models.Deposit.objects.get(pk=requested(noor).id)
    refuses(ProgrammingError, models.Deposit.objects.filter(pk=row.pk), **{column: getattr(row, column)})


@pytest.mark.parametrize("column", ["owner", "amount", "destination", "hold", "line", "reference"])
def test_where_a_withdrawal_goes_and_how_much_never_changes(column, noor):
    row = models.Withdrawal.objects.get(pk=asked(noor).id)
    refuses(ProgrammingError, models.Withdrawal.objects.filter(pk=row.pk), **{column: getattr(row, column)})


def test_an_end_is_an_end(noor):
    deposit = models.Deposit.objects.get(state="credited")
    refuses(IntegrityError, models.Deposit.objects.filter(pk=deposit.pk), updated_at=AT + timedelta(days=1))
    found = asked(noor)
    services.cancel_withdrawal(withdrawal_id=found.id, owner=noor.id, by=acting(noor), at=AT)
    rows = models.Withdrawal.objects.filter(pk=found.id)
    refuses(IntegrityError, rows, state="under_review")


@pytest.mark.parametrize(
    "model", [models.Deposit, models.Withdrawal, models.DepositChange, models.WithdrawalChange]
)
def test_nothing_is_deleted(model, noor):
    asked(noor)
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table}")


@pytest.mark.parametrize("model", [models.DepositChange, models.WithdrawalChange])
def test_history_only_grows(model, noor):
    asked(noor)
    refuses(ProgrammingError, model.objects.all(), state="requested")


@pytest.mark.spec("PDPL-6")
@pytest.mark.django_db(transaction=True)
def test_a_dump_names_no_holder_and_no_account():
    """Every column of every table as text, after every verb that has to do with a destination."""
    noor, staff = person(), finance()
    funded(noor, 5_000_00, at=AT)
    local = destination(kind=DestinationKind.LOCAL, iban="", account_number="77120045", bank_code="111000025")
    first, second = asked(noor, 100_00, at=AT), asked(noor, 100_00, at=AT, destination=local)
    for found in (first, second):
        personal_data.reveal_destination(found.id, why="case 1", by=acting(staff), at=AT)
        services.approve_withdrawal(withdrawal_id=found.id, by=acting(staff), at=AT)
        services.send_withdrawal(
            withdrawal_id=found.id, bank_reference=bank_reference(), by=acting(staff), at=AT
        )
    services.complete_withdrawal(withdrawal_id=first.id, by=acting(staff), at=AT)
    services.fail_withdrawal(withdrawal_id=second.id, reason="returned_by_bank", by=acting(staff), at=AT)
    dump = everything()
    assert str(first.id) in dump
    for secret in (HOLDER, *HOLDER.split(), IBAN, IBAN[-12:], "77120045", "111000025"):
        assert secret not in dump
        assert secret.encode().hex() not in dump


def everything():
    """Return every row of every table as text, read as a superuser."""
    with database.admin(settings.DATABASES["default"]["NAME"]) as admin:
        tables = [
            row[0] for row in admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        found = []
        for table in tables:
            statement = psycopg.sql.SQL("SELECT t::text FROM {} t").format(psycopg.sql.Identifier(table))
            found += [row[0] for row in admin.execute(statement)]
    return "\n".join(found)


@pytest.mark.spec("PDPL-6")
def test_a_destination_opens_only_in_its_own_row(noor):
    one, two = asked(noor, 50_00), asked(noor, 60_00)
    row = models.Withdrawal.objects.get(pk=one.id)
    row.destination = models.Withdrawal.objects.get(pk=two.id).destination
    with pytest.raises(crypto.CannotOpen):
        personal_data.opened(row)


@pytest.mark.spec("PDPL-6")
def test_who_was_erased_has_no_destination_and_asks_for_no_withdrawal(noor):
    found = asked(noor, 50_00)
    Person.objects.filter(pk=noor.id).update(wrapped_key=None, key_destroyed_at=AT)
    assert personal_data.own_destination(found.id, owner=noor.id) is None
    assert personal_data.reveal_destination(found.id, why="x", by=BY, at=AT) is None
    assert persons.own(noor.id).email == ""
    with pytest.raises(Conflict) as refusal:
        asked(noor, 50_00)
    assert refusal.value.code == "person_erased"
