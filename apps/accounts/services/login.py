"""Logging in with e-mail and password, and ending every session of a user (SEC-1, SEC-2)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F

from apps.accounts import personal_data, rules
from apps.accounts.models import RefreshFamily, User
from apps.accounts.selectors import as_account
from apps.accounts.types import Account, Status
from apps.audit import services as audit
from apps.common import limits
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Forbidden, TooMany, Unauthenticated
from apps.common.types import Actor


class WrongCredentials(Unauthenticated):
    """The e-mail and password don't belong together, or to anybody."""

    code = "invalid_credentials"


class AccountNotActive(Forbidden):
    """The password is right; the account is suspended or closed."""

    code = "account_not_active"


def authenticate(*, email: str, password: str, by: Actor, at: datetime) -> Account:
    """Check an e-mail and password, and return the account they open.

    A wrong password, an unknown address and one that isn't verified take the same time and get the same
    answer: told apart, the last one would say which addresses are known, because anybody may register an
    address with a password of their own and then try it. Only failures count against the account, so that
    its owner isn't locked out by logging in often.

    Raises WrongCredentials, AccountNotActive, TooMany, Unavailable.
    """
    index = personal_data.email_index(rules.normal_email(email))
    limits.spend("login_per_address", by.ip_digest)
    _take_attempt(index)
    user = User.objects.filter(email_index=index).first()
    if user is None:
        make_password(password)  # as long as checking one
    if user is None or not check_password(password, user.password) or user.status == Status.PENDING:
        _note_failure(user_id=user.pk if user else None, by=by, at=at)
        raise WrongCredentials(
            "The e-mail address or the password is wrong.",
            next_step="If you have just registered, first follow the link in the mail we sent you.",
        )
    limits.forgive("login_per_account", index)
    if user.status != Status.ACTIVE:
        raise AccountNotActive(
            f"This account is {user.status}.", next_step="Write to the platform's support."
        )
    _note_login(user_id=user.pk, by=by, at=at)
    return as_account(user)


@opens_transaction
def log_out_everywhere(*, user_id: UUID, by: Actor, at: datetime) -> None:
    """End every session, refresh family and access token of a user."""
    end_sessions(user_id=user_id, because="logged_out_everywhere", at=at)
    _record("accounts.logged_out_everywhere", user_id, by, at)


@needs_transaction
def end_sessions(*, user_id: UUID, because: str, at: datetime) -> None:
    """Make every credential of a user worthless: each carries the session version, which moves on."""
    User.objects.filter(pk=user_id).update(session_version=F("session_version") + 1, updated_at=at)
    RefreshFamily.objects.filter(user_id=user_id, revoked_at=None).update(
        revoked_at=at, revoked_because=because
    )


def _take_attempt(index: str) -> None:
    """Count the attempt before it is made, so that guesses can't run in parallel; success gives it back."""
    limits.check("login_lock", index)
    try:
        limits.spend("login_per_account", index)
    except TooMany:
        limits.spend("login_lock", index)
        raise


@opens_transaction
def _note_failure(*, user_id: UUID | None, by: Actor, at: datetime) -> None:
    _record("accounts.log_in_failed", user_id, by, at)


@opens_transaction
def _note_login(*, user_id: UUID, by: Actor, at: datetime) -> None:
    _record("accounts.logged_in", user_id, replace(by, kind="user", id=str(user_id)), at)


def _record(action: str, user_id: UUID | None, by: Actor, at: datetime) -> None:
    audit.record(action=action, target_type="user", target_id=str(user_id or ""), by=by, at=at)
