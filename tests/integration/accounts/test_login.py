"""Logging in: limits, silence about who exists, states that refuse."""

import pytest

from apps.accounts import services
from apps.accounts.models import User
from apps.accounts.services.login import AccountNotActive, WrongCredentials
from apps.audit.models import AuditEvent
from apps.common.errors import TooMany
from apps.common.types import Actor
from tests.factories.accounts import PASSWORD, AccountFactory

pytestmark = pytest.mark.django_db(transaction=True)


def log_in(at, email, password=PASSWORD, ip="here"):
    return services.authenticate(
        email=email, password=password, by=Actor(kind="anonymous", id="", ip_digest=ip), at=at
    )


@pytest.mark.spec("ACC-1", "AUD-1")
def test_the_right_password_opens_the_account_and_is_audited(at, valkey):
    account = AccountFactory(email="noor@example.com")
    assert log_in(at, " NOOR@example.com ").id == account.id
    event = AuditEvent.objects.order_by("-id").first()
    assert (event.action, event.target_id) == ("accounts.logged_in", str(account.id))


@pytest.mark.spec("SEC-2")
def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(at, valkey):
    AccountFactory(email="noor@example.com")
    said = set()
    for email, password in (("noor@example.com", "wrong password"), ("nobody@example.com", PASSWORD)):
        with pytest.raises(WrongCredentials) as refusal:
            log_in(at, email, password)
        said.add((refusal.value.code, refusal.value.detail, refusal.value.next_step))
    assert len(said) == 1
    assert AuditEvent.objects.filter(action="accounts.log_in_failed").count() == 2


@pytest.mark.spec("SEC-1")
def test_five_attempts_a_minute_from_one_address_then_429_even_for_the_right_password(at, valkey):
    AccountFactory(email="noor@example.com")
    for number in range(5):
        with pytest.raises(WrongCredentials):
            log_in(at, f"x{number}@example.com")
    with pytest.raises(TooMany) as refusal:
        log_in(at, "noor@example.com")
    assert 0 < refusal.value.retry_after <= 60
    assert log_in(at, "noor@example.com", ip="elsewhere")


@pytest.mark.spec("SEC-1")
def test_ten_wrong_passwords_lock_the_account_from_everywhere(at, valkey):
    AccountFactory(email="noor@example.com")
    for number in range(10):
        with pytest.raises(WrongCredentials):
            log_in(at, "noor@example.com", "wrong password", ip=f"ip{number}")
    with pytest.raises(TooMany) as refusal:
        log_in(at, "noor@example.com", ip="fresh")
    assert 60 < refusal.value.retry_after <= 900


@pytest.mark.spec("SEC-1")
def test_logging_in_often_with_the_right_password_locks_nobody_out(at, valkey):
    AccountFactory(email="noor@example.com")
    for number in range(15):
        log_in(at, "noor@example.com", ip=f"ip{number}")


@pytest.mark.parametrize(
    ("status", "refusal"),
    [("pending", WrongCredentials), ("suspended", AccountNotActive), ("closed", AccountNotActive)],
)
def test_a_state_that_may_not_log_in_is_told_only_with_the_right_password(status, refusal, at, valkey):
    account = AccountFactory(email="noor@example.com")
    User.objects.filter(pk=account.id).update(status=status)
    with pytest.raises(refusal):
        log_in(at, "noor@example.com")
    with pytest.raises(WrongCredentials):
        log_in(at, "noor@example.com", "wrong password")
