"""Wallet transactions: opened pending or completed, ended once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.common.errors import Conflict
from apps.common.ids import new_id
from apps.ledger import models, selectors, services
from apps.ledger.types import NewTransaction, TransactionStatus, TransactionType
from tests.factories import ledger as bank
from tests.factories.ledger import act, client

pytestmark = [pytest.mark.django_db, pytest.mark.spec("LED-5")]

LATER = bank.AT + timedelta(days=1)


def new(**changes):
    wanted = NewTransaction(new_id(), client("noor"), TransactionType.TOKEN_BUY, 500_00, "subscription 1")
    return replace(wanted, **changes)


def open_all(*wanted):
    act(services.open_transactions, transactions=wanted, at=bank.AT)


def close(*ids, status=TransactionStatus.COMPLETED):
    act(services.close_transactions, ids=ids, status=status, at=LATER)


def row(wanted):
    return models.WalletTransaction.objects.get(pk=wanted.id)


def test_a_subscription_shows_as_pending_and_its_confirmation_completes_it():
    bought = new()
    open_all(bought)
    found = row(bought)
    assert (found.owner, found.asset_id, found.type, found.status) == ("noor", "USD", "token_buy", "pending")
    assert (found.amount, found.created_at, found.completed_at) == (500_00, bank.AT, None)
    close(bought.id)
    assert (row(bought).status, row(bought).completed_at) == ("completed", LATER)


def test_what_is_done_at_once_is_opened_as_completed():
    paid = [new(type=TransactionType.DIVIDEND, status=TransactionStatus.COMPLETED) for _ in range(3)]
    open_all(*paid)
    assert [(row(each).status, row(each).completed_at) for each in paid] == [("completed", bank.AT)] * 3


def test_repeats_change_nothing():
    bought = new()
    for _ in range(2):
        open_all(bought, bought)
    for _ in range(2):
        close(bought.id)
    assert models.WalletTransaction.objects.count() == 1
    with pytest.raises(services.TransactionTaken):
        open_all(replace(bought, amount=1))


@pytest.mark.parametrize("first", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("second", ["completed", "failed", "cancelled"])
def test_an_end_is_final(first, second):
    bought = new()
    open_all(bought)
    close(bought.id, status=TransactionStatus(first))
    if first == second:
        return close(bought.id, status=TransactionStatus(second))
    with pytest.raises(Conflict) as refusal:
        close(bought.id, status=TransactionStatus(second))
    assert refusal.value.code == "invalid_transition"
    assert row(bought).status == first
    return None


def test_one_that_ended_otherwise_keeps_all_of_them_open():
    bought, sold = new(), new(type=TransactionType.TOKEN_SELL)
    open_all(bought, sold)
    close(sold.id, status=TransactionStatus.CANCELLED)
    with pytest.raises(Conflict):
        close(bought.id, sold.id)
    assert row(bought).status == "pending"


def test_what_is_none_is_refused():
    for wrong in (
        new(amount=0),
        new(amount=-5),
        new(status=TransactionStatus.FAILED),
        new(reference="x" * 201),
    ):
        with pytest.raises(services.InvalidTransaction):
            open_all(wrong)
    with pytest.raises(services.UnknownAccount):
        open_all(new(account="client:nobody:USD"))
    with pytest.raises(services.UnknownTransaction):
        close(new_id())


def test_my_lines_come_in_pages_newest_first():
    opened = [new(amount=number + 1) for number in range(5)]
    open_all(*opened[:3])
    act(services.open_transactions, transactions=opened[3:], at=LATER)
    open_all(new(account=client("sami")))
    seen, before = [], None
    while page := selectors.transactions_of("noor", before=before, limit=2):
        seen += page
        before = page[-1].created_at, page[-1].id
    assert {line.id for line in seen} == {line.id for line in opened}
    assert [line.created_at for line in seen] == [LATER, LATER, bank.AT, bank.AT, bank.AT]
    assert (seen[0].asset, seen[0].decimals, seen[0].status) == ("USD", 2, "pending")


def test_the_database_keeps_an_end_final_too():
    bought = new(status=TransactionStatus.COMPLETED)
    open_all(bought)
    statement = "UPDATE wallet_transactions SET status = 'pending', completed_at = NULL WHERE id = %s"
    with pytest.raises(IntegrityError, match="final"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [bought.id])
