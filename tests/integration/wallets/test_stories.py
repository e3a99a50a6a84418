"""Long random lives of many requests, and the mails at their ends."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from apps.accounts.models import Person, User
from apps.common.errors import DomainError
from apps.ledger import models as ledger_models
from apps.ledger import selectors as ledger
from apps.outbox.models import OutboxMessage
from apps.outbox.types import Message
from apps.wallets import models, selectors, services
from apps.wallets.tasks import expire_deposits
from apps.wallets.types import DepositState, Reason, WithdrawalState
from config.subscriptions import SUBSCRIPTIONS
from tests.factories.wallets import BY, asked, bank_reference, funded, person, requested

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.mark.spec("PAY-1", "PAY-2", "LED-2", "LED-4")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_after_a_random_life_every_cent_is_where_the_requests_say(seed):
    dice = random.Random(seed)
    people = [person(level=3) for _ in range(3)]
    for who in people:
        funded(who, 2_000_00, at=AT)
    deposits, withdrawals, done = [], [], 0
    references = [f"SEED-{number}" for number in range(30)]  # few enough that some are tried twice
    for turn in range(300):
        at = AT + timedelta(hours=turn)
        try:
            _act(dice, people, deposits, withdrawals, references, at)
            done += 1
        except DomainError:
            continue
    assert done > 80
    assert {"credited", "refunded"} <= {row.state for row in models.Deposit.objects.all()}
    assert {"completed", "failed"} <= {row.state for row in models.Withdrawal.objects.all()}
    assert ledger.verify().findings == ()
    _agrees(people)


def _act(dice, people, deposits, withdrawals, references, at):
    """Do something that somebody could do, whatever its request is."""
    kind = dice.choice(["ask", "deposit", "deposit", "expire", *["withdrawal"] * 4])
    if kind == "ask":
        who, currency = dice.choice(people), dice.choice(["USD", "EUR"])
        asking, made = dice.choice([(requested, deposits), (asked, withdrawals)])
        made.append(asking(who, dice.randrange(10_00, 500_00), currency, at=at))
    elif kind == "expire":
        services.expire_deposits(by=BY, at=at - timedelta(days=24))
    elif kind == "deposit" and deposits:
        each = dice.choice(deposits)
        amount = dice.choice([each.amount, dice.randrange(1, 500_00)])
        came = {"amount": amount, "bank_reference": dice.choice(references)}
        back = {"reason": Reason.NOT_ACCEPTED, "bank_reference": bank_reference()}
        verb, more = dice.choice(
            [
                (services.confirm_deposit, came),
                (services.confirm_deposit, came),
                (services.receive_deposit, came),
                (services.credit_deposit, {}),
                (services.reject_deposit, {"reason": Reason.NOTHING_CAME}),
                (services.refund_deposit, back),
                (services.cancel_deposit, {"owner": each.owner}),
            ]
        )
        verb(deposit_id=each.id, **more, by=BY, at=at)
    elif withdrawals:
        each = dice.choice(withdrawals[-3:])
        fits = {
            WithdrawalState.APPROVED: [services.send_withdrawal],
            WithdrawalState.SENT: [services.complete_withdrawal, services.fail_withdrawal],
        }.get(selectors.withdrawal(each.id).state, [services.approve_withdrawal])
        verb = dice.choice([*WITHDRAWAL, *fits * 6])
        verb(withdrawal_id=each.id, **WITHDRAWAL[verb](each), by=BY, at=at)


WITHDRAWAL = {
    services.approve_withdrawal: lambda each: {},
    services.send_withdrawal: lambda each: {"bank_reference": bank_reference()},
    services.complete_withdrawal: lambda each: {},
    services.fail_withdrawal: lambda each: {"reason": Reason.ACCOUNT_INVALID},
    services.reject_withdrawal: lambda each: {"reason": Reason.NOT_ACCEPTED},
    services.cancel_withdrawal: lambda each: {"owner": each.owner},
}


def _agrees(people):
    """Compare the ledger with what the rows of requests say, person by person and currency by currency."""
    holding = {WithdrawalState.UNDER_REVIEW, WithdrawalState.APPROVED, WithdrawalState.SENT}
    for currency in ("USD", "EUR"):
        rows = models.Deposit.objects.filter(currency=currency)
        waiting = sum(row.received_amount for row in rows if row.state == DepositState.RECEIVED)
        suspense = f"client:suspense:{currency}"
        assert ledger.balances([suspense])[suspense].available == waiting
        for who in people:
            came = sum(
                row.received_amount
                for row in rows
                if row.owner == who.id and row.state == DepositState.CREDITED
            )
            mine = models.Withdrawal.objects.filter(owner=who.id, currency=currency)
            held = sum(row.amount for row in mine if row.state in holding)
            gone = sum(row.amount for row in mine if row.state == WithdrawalState.COMPLETED)
            found = {b.account.asset: b for b in ledger.balances_of(str(who.id))}.get(currency)
            has = (found.available, found.held) if found else (0, 0)
            assert has == (came - gone - held, held)
    every: list[Any] = [*models.Deposit.objects.all(), *models.Withdrawal.objects.all()]
    for row in every:
        line = ledger_models.WalletTransaction.objects.get(pk=row.line)
        ended = row.state in {"credited", "completed"}
        waits = row.state in {"requested", "received", "under_review", "approved", "sent"}
        assert (line.status == "completed", line.status == "pending") == (ended, waits)


@pytest.fixture
def deliver():
    """Deliver every message to its handlers, as the relay would."""

    def run():
        for row in OutboxMessage.objects.order_by("id"):
            message = Message(row.pk, row.type, row.key, row.payload, row.created_at, row.created_at)
            for handler in SUBSCRIPTIONS.get(row.type, []):
                getattr(services, handler.rpartition(".")[2])(message)

    return run


@pytest.mark.django_db
@pytest.mark.spec("PAY-1", "PAY-2")
def test_people_are_told_how_it_ended(deliver):
    noor = person()
    funded(noor, 1_000_00, at=AT)
    short = requested(noor, 100_00, at=AT)
    services.confirm_deposit(deposit_id=short.id, amount=90_00, bank_reference=bank_reference(), by=BY, at=AT)
    refused = requested(noor, 50_00, at=AT)
    services.reject_deposit(deposit_id=refused.id, reason=Reason.NOTHING_CAME, by=BY, at=AT)
    paid, stopped = asked(noor, 100_00, at=AT), asked(noor, 110_00, at=AT)
    for act, more in (("approve", {}), ("send", {"bank_reference": "OUT-1"}), ("complete", {})):
        getattr(services, f"{act}_withdrawal")(withdrawal_id=paid.id, **more, by=BY, at=AT)
    services.reject_withdrawal(withdrawal_id=stopped.id, reason=Reason.HOLDER_DIFFERS, by=BY, at=AT)
    mail.outbox.clear()
    deliver()
    said = {message.subject: message.body for message in mail.outbox}
    assert sorted(said) == sorted(
        [
            "Your deposit is in your balance",
            "We closed your deposit request",
            "Your withdrawal was paid",
            "We refused your withdrawal",
        ]
    )
    assert len(mail.outbox) == 5
    assert "90.00 USD" in said["Your deposit is in your balance"]
    assert "You had announced 100.00 USD." in said["Your deposit is in your balance"]
    assert "No money with this reference has reached our account." in said["We closed your deposit request"]
    assert "in another name than yours" in said["We refused your withdrawal"]
    assert f"/wallet/withdrawals/{paid.id}" in said["Your withdrawal was paid"]


@pytest.mark.django_db
def test_nobody_is_told_who_was_erased(deliver):
    noor = person()
    funded(noor, 1_000_00, at=AT)
    Person.objects.filter(pk=noor.id).update(wrapped_key=None, key_destroyed_at=AT)
    mail.outbox.clear()
    deliver()
    assert mail.outbox == []


@pytest.mark.django_db
def test_a_late_mail_tells_what_its_message_says_not_what_is_now(deliver):
    noor = person()
    deposit = requested(noor, 50_00, at=AT)
    services.reject_deposit(deposit_id=deposit.id, reason=Reason.NOTHING_CAME, by=BY, at=AT)
    services.receive_deposit(
        deposit_id=deposit.id, amount=50_00, bank_reference=bank_reference(), by=BY, at=AT
    )
    User.objects.filter(pk=noor.id).update(locale="xx")  # a language that we don't speak
    mail.outbox.clear()
    deliver()
    assert [message.subject for message in mail.outbox] == ["We closed your deposit request"]
    assert "We closed this request." in mail.outbox[0].body


@pytest.mark.django_db
def test_the_task_rings_the_sweep():
    noor = person()
    deposit = requested(noor, at=datetime.now(UTC) - timedelta(days=31))
    expire_deposits()
    assert models.Deposit.objects.get(pk=deposit.id).state == DepositState.EXPIRED
