"""Opening an account and proving its e-mail address (ACC-1, SEC-2)."""

import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from apps.accounts import personal_data, rules, states
from apps.accounts.models import Challenge, Person, User, person_place
from apps.accounts.selectors import as_account
from apps.accounts.types import ACTIVATED, VERIFICATION_REQUESTED, Account, Purpose, Role, Status
from apps.audit import services as audit
from apps.common import crypto, limits
from apps.common.db import opens_transaction
from apps.common.errors import Invalid, NotFound
from apps.common.ids import new_id
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.notifications import services as notifications
from apps.outbox import services as outbox
from apps.outbox.types import Message

SELF_REGISTERED = frozenset({Role.INVESTOR, Role.ISSUER})
LINK_ATTEMPTS = 5
MAX_NAME = 200
MAX_EMAIL = 254


class ChallengeFailed(NotFound):
    """The link or code is unknown, used up, expired or wrong."""

    code = "challenge_failed"


@opens_transaction
def register(
    *,
    email: str,
    password: str,
    full_name: str,
    role: str,
    locale: str,
    country: str,
    by: Actor,
    at: datetime,
) -> None:
    """Open a pending account and send a link to its address.

    Says nothing about whether the address is known: its owner is told by mail, the asker is not.

    Raises Invalid (fields email, password, full_name, role, country), TooMany.
    """
    limits.spend("registration", by.ip_digest)
    email = _check(email=email, password=password, full_name=full_name, role=role, country=country)
    hashed = make_password(password)  # before the look-up, so that both answers take as long
    known = User.objects.filter(email_index=personal_data.email_index(email)).first()
    if known is None:
        try:
            with transaction.atomic():
                user = _create(
                    email=email,
                    password=hashed,
                    full_name=full_name,
                    role=role,
                    locale=locale,
                    country=country,
                    at=at,
                )
        except IntegrityError:  # somebody registered the same address between the two lines above
            known = User.objects.get(email_index=personal_data.email_index(email))
        else:
            _note(user, by, at)
            known = user
    _ask_for_verification(known, at)


@opens_transaction
def open_account(
    *,
    user_id: UUID,
    email: str,
    password: str,
    full_name: str,
    role: Role,
    team_role: str = "",
    locale: str = "en",
    country: str = "",
    by: Actor,
    at: datetime,
) -> Account:
    """Open an active account whose address somebody else vouches for: staff, the first admin, the demo.

    `user_id` comes from the caller: an account that exists under it is returned as it is.

    Raises Invalid (also for an address that somebody has).
    """
    known = User.objects.filter(pk=user_id).first()
    if known is not None:
        return as_account(known)
    email = _check(
        email=email,
        password=password,
        full_name=full_name,
        role=role,
        country=country,
        allowed=frozenset(Role),
    )
    try:
        with transaction.atomic():
            user = _create(
                user_id=user_id,
                email=email,
                password=make_password(password),
                full_name=full_name,
                role=role,
                locale=locale,
                country=country,
                at=at,
            )
    except IntegrityError as error:
        raise Invalid(
            "Some fields are not valid.", fields={"email": ["Somebody has this address."]}
        ) from error
    user.status, user.is_activated, user.kyc_level = Status.ACTIVE, True, 1
    user.team_role_id = team_role or None
    user.save(update_fields=["status", "is_activated", "kyc_level", "team_role"])
    Person.objects.filter(pk=user.pk).update(email_verified_at=at)
    _note(user, by, at)
    return as_account(user)


def send_verification(message: Message) -> None:
    """Mail what a registration leads to: a link to a new address, a warning to a known one."""
    user = User.objects.get(pk=message.payload["user_id"])
    address = personal_data.own(user.pk).email
    if user.status != Status.PENDING:
        notifications.send_mail(
            to=address, template="email_exists", context={}, locale=user.locale, at=message.created_at
        )
        return
    challenge, secret = _open_challenge(user.pk, at=message.created_at)
    link = f"{settings.BASE_URL}/verify/{challenge}/{secret}"
    notifications.send_mail(
        to=address, template="verify_email", context={"link": link}, locale=user.locale, at=message.created_at
    )


@opens_transaction
def verify_email(*, challenge_id: UUID, secret: str, by: Actor, at: datetime) -> Account:
    """Take the proof that an e-mail address is the user's own, and activate the account.

    Following the link again answers the same. Raises ChallengeFailed.
    """
    challenge = (
        Challenge.objects.select_for_update()
        .filter(pk=challenge_id, purpose=Purpose.EMAIL, expires_at__gt=at)
        .first()
    )
    if challenge is None or challenge.secret_digest != crypto.secret_digest(secret):
        raise ChallengeFailed(
            "This link is not valid any more.", next_step="Register again to get a new link."
        )
    user = User.objects.select_for_update().get(pk=challenge.user_id)
    if challenge.used_at is not None:
        return as_account(user)
    user.status = advance(states.STATUS, Status(user.status), Status.ACTIVE)
    user.is_activated, user.kyc_level, user.updated_at = True, max(1, user.kyc_level), at
    user.save(update_fields=["status", "is_activated", "kyc_level", "updated_at"])
    Challenge.objects.filter(pk=challenge.pk).update(used_at=at)
    Person.objects.filter(pk=user.pk).update(email_verified_at=at)
    audit.record(
        action="accounts.email_verified",
        target_type="user",
        target_id=str(user.pk),
        before={"status": Status.PENDING},
        after={"status": Status.ACTIVE},
        by=by,
        at=at,
    )
    outbox.publish(type=ACTIVATED.name, key=str(user.pk), payload={"user_id": str(user.pk)}, at=at)
    return as_account(user)


@opens_transaction
def _open_challenge(user_id: UUID, *, at: datetime) -> tuple[UUID, str]:
    secret = secrets.token_urlsafe(32)
    made = Challenge.objects.create(
        user_id=user_id,
        purpose=Purpose.EMAIL,
        secret_digest=crypto.secret_digest(secret),
        attempts_left=LINK_ATTEMPTS,
        created_at=at,
        expires_at=at + settings.VERIFICATION_LIFETIME,
    )
    return made.pk, secret


def _check(
    *,
    email: str,
    password: str,
    full_name: str,
    role: str,
    country: str,
    allowed: frozenset[Role] = SELF_REGISTERED,
) -> str:
    email = rules.normal_email(email)
    wrong: dict[str, list[str]] = {}
    try:
        validate_email(email)
    except ValidationError:
        wrong["email"] = ["Enter an e-mail address such as name@example.com."]
    if len(email) > MAX_EMAIL:
        wrong["email"] = [f"An e-mail address has at most {MAX_EMAIL} characters."]
    try:
        validate_password(password)
    except ValidationError as error:
        wrong["password"] = list(error.messages)
    if not 1 <= len(full_name.strip()) <= MAX_NAME or not full_name.isprintable():
        wrong["full_name"] = [f"Enter your name, at most {MAX_NAME} characters on one line."]
    if role not in allowed:
        wrong["role"] = ["Choose investor or issuer."]
    if country and not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        wrong["country"] = ["Give the country as two capital letters (ISO 3166-1), for example AE."]
    if wrong:
        raise Invalid("Some fields are not valid.", fields=wrong)
    return email


def _create(
    *,
    email: str,
    password: str,
    full_name: str,
    role: str,
    locale: str,
    country: str,
    at: datetime,
    user_id: UUID | None = None,
) -> User:
    user = User.objects.create(
        id=user_id or new_id(),
        email_index=personal_data.email_index(email),
        password=password,
        role=role,
        country=country,
        locale=locale,
        created_at=at,
        updated_at=at,
    )
    key = crypto.new_key()
    Person.objects.create(
        subject=user,
        wrapped_key=crypto.wrap(key, place=person_place("key", user.pk)),
        email=personal_data.sealed(key, user.pk, "email", email),
        full_name=personal_data.sealed(key, user.pk, "full_name", full_name.strip()),
    )
    return user


def _note(user: User, by: Actor, at: datetime) -> None:
    audit.record(
        action="accounts.registered",
        target_type="user",
        target_id=str(user.pk),
        after={"role": user.role, "status": user.status, "team_role": user.team_role_id or ""},
        by=by,
        at=at,
    )


def _ask_for_verification(user: User, at: datetime) -> None:
    outbox.publish(
        type=VERIFICATION_REQUESTED.name, key=str(user.pk), payload={"user_id": str(user.pk)}, at=at
    )
