"""Two at once: one wins, the other is told, and no cent is there twice."""

from datetime import UTC, datetime

import pytest

from apps.common.ids import new_id
from apps.ledger import models as ledger_models
from apps.ledger import selectors as ledger
from apps.wallets import models, selectors, services
from apps.wallets.types import DepositState, Reason, WithdrawalState
from tests.factories.wallets import BY, acting, asked, bank_reference, destination, funded, person, requested
from tests.threads import at_once, refusals

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def noor():
    return person()


def balance(account, currency="USD"):
    found = {b.account.asset: (b.available, b.held) for b in ledger.balances_of(str(account.id))}
    return found.get(currency, (0, 0))


def confirm(deposit, reference):
    return lambda: services.confirm_deposit(
        deposit_id=deposit.id, amount=deposit.amount, bank_reference=reference, by=BY, at=AT
    )


def receive(deposit, reference):
    return lambda: services.receive_deposit(
        deposit_id=deposit.id, amount=deposit.amount, bank_reference=reference, by=BY, at=AT
    )


def nothing_wrong():
    assert ledger.verify().findings == ()


@pytest.mark.spec("PAY-1")
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("_", range(3))
def test_a_deposit_is_confirmed_once(_, same, noor):
    deposit = requested(noor, 100_00, at=AT)
    first = bank_reference()
    results = at_once(*(confirm(deposit, first if same else bank_reference()) for _ in range(3)))
    assert refusals(results) == ["invalid_transition"] * 2
    assert balance(noor) == (100_00, 0)
    nothing_wrong()


@pytest.mark.spec("PAY-1")
@pytest.mark.parametrize("currency", ["USD", "EUR"])
@pytest.mark.parametrize("verb", [confirm, receive])
@pytest.mark.parametrize("_", range(3))
def test_a_transfer_of_the_bank_is_booked_for_one_of_two(_, verb, currency, noor):
    one, two = requested(noor, 70_00, at=AT), requested(person(), 70_00, currency, at=AT)
    results = at_once(verb(one, "FT-SAME"), verb(two, "FT-SAME"))
    assert refusals(results) == ["bank_reference_used"]
    states = sorted([selectors.deposit(one.id).state, selectors.deposit(two.id).state])
    assert states == sorted(["requested", "credited" if verb is confirm else "received"])
    nothing_wrong()


@pytest.mark.spec("PAY-1")
@pytest.mark.parametrize("_", range(3))
def test_confirmed_or_cancelled_not_both(_, noor):
    deposit = requested(noor, 100_00, at=AT)

    def cancel():
        return services.cancel_deposit(deposit_id=deposit.id, owner=noor.id, by=acting(noor), at=AT)

    results = at_once(confirm(deposit, bank_reference()), cancel)
    state = selectors.deposit(deposit.id).state
    assert refusals(results) == ["invalid_transition" if state is DepositState.CREDITED else "request_ended"]
    assert balance(noor) == ((100_00 if state is DepositState.CREDITED else 0), 0)
    nothing_wrong()


@pytest.mark.spec("PAY-1")
@pytest.mark.parametrize("_", range(3))
def test_received_and_cancelled_at_once_the_money_is_in_the_ledger_either_way(_, noor):
    deposit = requested(noor, 100_00, at=AT)

    def cancel():
        return services.cancel_deposit(deposit_id=deposit.id, owner=noor.id, by=acting(noor), at=AT)

    results = at_once(receive(deposit, bank_reference()), cancel)
    assert refusals(results) in ([], ["invalid_transition"])
    assert selectors.deposit(deposit.id).state is DepositState.RECEIVED
    pending = [t for t in ledger.transactions_of(str(noor.id)) if t.status == "pending"]
    assert [t.amount for t in pending] == [100_00]
    nothing_wrong()


@pytest.mark.spec("PAY-1")
def test_credited_or_refunded_not_both(noor):
    deposit = requested(noor, 100_00, at=AT)
    receive(deposit, bank_reference())()
    results = at_once(
        lambda: services.credit_deposit(deposit_id=deposit.id, by=BY, at=AT),
        lambda: services.refund_deposit(
            deposit_id=deposit.id,
            reason=Reason.SENDER_DIFFERS,
            bank_reference=bank_reference(),
            by=BY,
            at=AT,
        ),
    )
    assert refusals(results) == ["invalid_transition"]
    suspense = ledger.balances(["client:suspense:USD"])["client:suspense:USD"]
    assert suspense.available == 0
    nothing_wrong()


def test_the_sweep_and_a_confirmation_at_once(noor):
    deposit = requested(noor, 100_00, at=AT)
    results = at_once(
        confirm(deposit, bank_reference()),
        lambda: services.expire_deposits(by=BY, at=deposit.expires_at),
        lambda: services.expire_deposits(by=BY, at=deposit.expires_at),
    )
    state = selectors.deposit(deposit.id).state
    assert refusals(results) == ([] if state is DepositState.CREDITED else ["request_ended"])
    assert len(selectors.changes_of_deposit(deposit.id)) == (3 if state is DepositState.CREDITED else 2)


@pytest.mark.spec("PAY-1", "PAY-2")
@pytest.mark.parametrize("_", range(3))
def test_the_same_request_by_three_at_once_is_made_once(_, noor):
    funded(noor, 1_000_00, at=AT)
    one, two = new_id(), new_id()

    def deposit():
        return services.request_deposit(
            deposit_id=one, owner=noor.id, currency="USD", amount=5_00, by=acting(noor), at=AT
        )

    def withdraw():
        return asked(noor, 100_00, at=AT, withdrawal_id=two)

    results = at_once(deposit, withdraw, deposit, withdraw, deposit, withdraw)
    assert refusals(results) == []
    assert (models.Deposit.objects.filter(pk=one).count(), models.Withdrawal.objects.count()) == (1, 1)
    assert balance(noor) == (900_00, 100_00)


@pytest.mark.spec("PAY-2", "LED-4")
@pytest.mark.parametrize("_", range(3))
def test_approved_or_cancelled_and_the_hold_is_released_at_most_once(_, noor):
    funded(noor, 1_000_00, at=AT)
    found = asked(noor, 300_00, at=AT)

    def cancel():
        return services.cancel_withdrawal(withdrawal_id=found.id, owner=noor.id, by=acting(noor), at=AT)

    results = at_once(
        lambda: services.approve_withdrawal(withdrawal_id=found.id, by=BY, at=AT), cancel, cancel
    )
    cancelled = selectors.withdrawal(found.id).state is WithdrawalState.CANCELLED
    assert refusals(results) == ["invalid_transition"] * 2
    assert balance(noor) == ((1_000_00, 0) if cancelled else (700_00, 300_00))
    hold = models.Withdrawal.objects.get(pk=found.id).hold
    assert ledger_models.JournalEntry.objects.filter(business_key=f"release:{hold}").count() == cancelled


@pytest.mark.spec("PAY-2", "LED-4")
@pytest.mark.parametrize("_", range(3))
def test_paid_or_failed_not_both(_, noor):
    funded(noor, 1_000_00, at=AT)
    found = asked(noor, 300_00, at=AT)
    services.approve_withdrawal(withdrawal_id=found.id, by=BY, at=AT)
    services.send_withdrawal(withdrawal_id=found.id, bank_reference="OUT-1", by=BY, at=AT)
    results = at_once(
        lambda: services.complete_withdrawal(withdrawal_id=found.id, by=BY, at=AT),
        lambda: services.fail_withdrawal(
            withdrawal_id=found.id, reason=Reason.RETURNED_BY_BANK, by=BY, at=AT
        ),
    )
    assert refusals(results) == ["invalid_transition"]
    completed = selectors.withdrawal(found.id).state is WithdrawalState.COMPLETED
    assert balance(noor) == ((700_00, 0) if completed else (1_000_00, 0))
    nothing_wrong()


@pytest.mark.spec("PAY-2")
@pytest.mark.parametrize("_", range(3))
def test_two_at_once_do_not_pass_the_limit_of_the_day_together(_):
    omar = person(level=1)
    funded(omar, 9_000_00, at=AT)
    results = at_once(*[lambda: asked(omar, 600_00, at=AT)] * 3)
    assert refusals(results) == ["withdrawal_limit_reached"] * 2
    assert balance(omar) == (8_400_00, 600_00)


@pytest.mark.spec("PAY-2")
def test_two_at_once_do_not_take_the_same_money(noor):
    funded(noor, 100_00, at=AT)
    results = at_once(*[lambda: asked(noor, 80_00, at=AT)] * 3)
    assert refusals(results) == ["insufficient_funds"] * 2
    assert balance(noor) == (20_00, 80_00)


@pytest.mark.spec("PAY-2")
@pytest.mark.parametrize("_", range(3))
def test_a_transfer_of_the_bank_is_named_for_one_of_two_withdrawals(_, noor):
    funded(noor, 1_000_00, at=AT)
    funded(noor, 1_000_00, "EUR", at=AT)
    both = [asked(noor, 50_00, at=AT), asked(noor, 60_00, "EUR", at=AT)]
    for each in both:
        services.approve_withdrawal(withdrawal_id=each.id, by=BY, at=AT)
    results = at_once(
        *(
            lambda each=each: services.send_withdrawal(
                withdrawal_id=each.id, bank_reference="OUT-SAME", by=BY, at=AT
            )
            for each in both
        )
    )
    assert refusals(results) == ["bank_reference_used"]
    assert sorted(selectors.withdrawal(each.id).state for each in both) == ["approved", "sent"]


def test_two_people_who_ask_at_once_do_not_wait_for_ever(noor):
    people = [person() for _ in range(3)]
    for each in people:
        funded(each, 1_000_00, at=AT)
    acts = [lambda each=each: asked(each, 100_00, at=AT) for each in people]
    acts += [lambda each=each: requested(each, 5_00, at=AT) for each in people]
    assert refusals(at_once(*acts)) == []
    assert destination().iban
    nothing_wrong()
