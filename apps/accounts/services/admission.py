"""Who somebody is, by the token or session they show; and, for long connections, whether that still holds."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from apps.accounts.models import RefreshFamily, User
from apps.accounts.services.tokens import read_access_token
from apps.accounts.types import Pass, Status
from apps.common.errors import Unauthenticated


def bearer(token: str, *, at: datetime) -> tuple[User, Pass]:
    """Return whom an access token stands for. Raises Unauthenticated where it doesn't, or no longer.

    The family and the session version are looked up: a log-out, a suspension or a reuse binds at once.
    """
    family_id, version, end = read_access_token(token, at=at)
    family = RefreshFamily.objects.filter(pk=family_id, revoked_at=None).select_related("user").first()
    if family is None or family.user.session_version != version or family.user.status != Status.ACTIVE:
        raise Unauthenticated("This session has ended.", code="session_ended", next_step="Log in again.")
    return family.user, Pass(family.user.pk, family=family_id, version=version, expires_at=end)


def admit_token(*, token: str, at: datetime) -> Pass:
    """Return a pass for an access token. Raises Unauthenticated."""
    return bearer(token, at=at)[1]


def admit_session(*, key: str) -> Pass | None:
    """Return a pass for a browser's session, None where nobody is logged in by it."""
    user = _user_of(SessionStore(key).load()) if key.isascii() and key.isalnum() else None
    if user is None:
        return None
    return Pass(user.pk, session=key, session_hash=user.get_session_auth_hash())


def still_admitted(*, passes: Collection[Pass], at: datetime) -> set[Pass]:
    """Return those that still hold: three queries, however many there are."""
    users = User.objects.filter(pk__in={each.user_id for each in passes}, status=Status.ACTIVE).in_bulk()
    families = set(
        RefreshFamily.objects.filter(
            pk__in={each.family for each in passes if each.family}, revoked_at=None
        ).values_list("pk", flat=True)
    )
    sessions = set(
        Session.objects.filter(
            pk__in={each.session for each in passes if each.session}, expire_date__gt=at
        ).values_list("pk", flat=True)
    )
    return {
        each
        for each in passes
        if (user := users.get(each.user_id)) is not None
        and (
            _holds(each, user, at=at) and each.family in families
            if each.family
            else each.session in sessions and user.get_session_auth_hash() == each.session_hash
        )
    }


def _holds(shown: Pass, user: User, *, at: datetime) -> bool:
    return user.session_version == shown.version and shown.expires_at is not None and at < shown.expires_at


def _user_of(content: dict[str, Any]) -> User | None:
    """Return the user of a session's content, as Django does for a page."""
    shown = content.get(HASH_SESSION_KEY, "")
    user = User.objects.filter(pk=str(content[SESSION_KEY]), status=Status.ACTIVE).first() if shown else None
    if user is None or not constant_time_compare(shown, user.get_session_auth_hash()):
        return None
    return user
