"""Access and refresh tokens of API clients (ACC-4).

The access token is a short JWT that carries the session version. The refresh token is opaque; its family
lives in PostgreSQL. Rotation is one conditional UPDATE, so of two uses of one token exactly one wins, and
the other is a reuse: it ends the family and the owner is told.
"""

import secrets
from datetime import UTC, datetime
from uuid import UUID

import jwt
from django.conf import settings

from apps.accounts import personal_data
from apps.accounts.models import RefreshFamily, RefreshToken, User
from apps.accounts.types import SESSION_REVOKED, Status, TokenPair
from apps.audit import services as audit
from apps.common import crypto
from apps.common.db import opens_transaction
from apps.common.errors import Unauthenticated
from apps.common.types import Actor
from apps.notifications import services as notifications
from apps.outbox import services as outbox
from apps.outbox.types import Message

ALGORITHM = "HS256"
AUDIENCE = "alef-api"


class RefreshRefused(Unauthenticated):
    """The refresh token is unknown, expired, revoked, or was used before."""

    code = "refresh_refused"


@opens_transaction
def issue_tokens(*, user_id: UUID, by: Actor, at: datetime) -> TokenPair:
    """Begin a refresh family for a user who has just logged in, and return its first pair."""
    user = User.objects.get(pk=user_id)
    family = RefreshFamily.objects.create(user=user, created_at=at)
    audit.record(
        action="accounts.tokens_issued",
        target_type="user",
        target_id=str(user.pk),
        after={"family": str(family.pk)},
        by=by,
        at=at,
    )
    return _pair(user, family.pk, parent=None, at=at)


def rotate_tokens(*, refresh: str, by: Actor, at: datetime) -> TokenPair:
    """Trade a refresh token for the next pair of its family. Raises RefreshRefused."""
    pair = _rotate(digest=crypto.secret_digest(refresh), by=by, at=at)
    if pair is None:  # raised here, outside, so that the family's end is committed
        raise RefreshRefused("This refresh token is not valid.", next_step="Log in again.")
    return pair


@opens_transaction
def revoke_tokens(*, refresh: str, by: Actor, at: datetime) -> None:
    """End the family of a refresh token. Doing it again, or for an unknown token, changes nothing."""
    token = RefreshToken.objects.filter(pk=crypto.secret_digest(refresh)).select_related("family").first()
    if token is not None:
        _revoke(token.family, because="logged_out", by=by, at=at)


def send_session_revoked(message: Message) -> None:
    """Tell a user that a refresh token of theirs was used twice, so all that descend from it ended."""
    user = User.objects.get(pk=message.payload["user_id"])
    notifications.send_mail(
        to=personal_data.own(user.pk).email,
        template="session_revoked",
        context={"link": f"{settings.BASE_URL}/login"},
        locale=user.locale,
        at=message.created_at,
    )


@opens_transaction
def forget_old_tokens(*, at: datetime) -> int:
    """Delete families all of whose tokens have expired; return how many."""
    alive = RefreshToken.objects.filter(expires_at__gt=at).values("family_id")
    old = RefreshFamily.objects.exclude(pk__in=alive).filter(
        created_at__lt=at - settings.REFRESH_TOKEN_LIFETIME
    )
    return old.delete()[1].get("accounts.RefreshFamily", 0)


def read_access_token(token: str, *, at: datetime) -> tuple[UUID, int, datetime]:
    """Return the family, the session version and the end of an access token that was valid at `at`.

    The algorithm is fixed and the key is found by its id in our own map. Raises Unauthenticated.
    """
    try:
        key = settings.JWT_KEYS[int(jwt.get_unverified_header(token).get("kid", ""))]
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "sub", "fam", "sv"], "verify_exp": False, "verify_iat": False},
        )
        end = datetime.fromtimestamp(int(claims["exp"]), UTC)
        family, version = UUID(claims["fam"]), int(claims["sv"])
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError, OSError) as error:
        raise Unauthenticated("The access token is not valid.", code="invalid_token") from error
    if end <= at:
        raise Unauthenticated("The access token has expired.", code="token_expired", next_step="Refresh it.")
    return family, version, end


@opens_transaction
def _rotate(*, digest: str, by: Actor, at: datetime) -> TokenPair | None:
    # Conditions on this table alone: one that joins would become a subquery, which PostgreSQL doesn't
    # look at again after it has waited for the other's lock, so that both would win.
    won = RefreshToken.objects.filter(pk=digest, used_at=None, expires_at__gt=at).update(used_at=at)
    token = RefreshToken.objects.filter(pk=digest).select_related("family__user").first()
    if token is None:
        return None
    user = token.family.user
    if won:
        alive = token.family.revoked_at is None and user.status == Status.ACTIVE
        return _pair(user, token.family_id, parent=digest, at=at) if alive else None
    if token.used_at is not None and _revoke(token.family, because="reused", by=by, at=at):
        payload = {"user_id": str(user.pk)}
        outbox.publish(type=SESSION_REVOKED.name, key=str(user.pk), payload=payload, at=at)
    return None


def _revoke(family: RefreshFamily, *, because: str, by: Actor, at: datetime) -> bool:
    ended = RefreshFamily.objects.filter(pk=family.pk, revoked_at=None).update(
        revoked_at=at, revoked_because=because
    )
    if ended:
        audit.record(
            action="accounts.tokens_revoked",
            target_type="user",
            target_id=str(family.user_id),
            after={"family": str(family.pk)},
            reason=because,
            by=by,
            at=at,
        )
    return bool(ended)


def _pair(user: User, family: UUID, *, parent: str | None, at: datetime) -> TokenPair:
    refresh = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        digest=crypto.secret_digest(refresh),
        family_id=family,
        parent_id=parent,
        created_at=at,
        expires_at=at + settings.REFRESH_TOKEN_LIFETIME,
    )
    return TokenPair(
        access=_access_token(user, family, at),
        refresh=refresh,
        access_expires_in=int(settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
        refresh_expires_in=int(settings.REFRESH_TOKEN_LIFETIME.total_seconds()),
    )


def _access_token(user: User, family: UUID, at: datetime) -> str:
    newest = max(settings.JWT_KEYS)
    claims = {
        "sub": str(user.pk),
        "fam": str(family),
        "sv": user.session_version,
        "aud": AUDIENCE,
        "iat": int(at.timestamp()),
        "exp": int((at + settings.ACCESS_TOKEN_LIFETIME).timestamp()),
    }
    return jwt.encode(claims, settings.JWT_KEYS[newest], algorithm=ALGORITHM, headers={"kid": str(newest)})
