"""Opening an account and proving its e-mail address (ACC-1, SEC-2).

Anybody can register anybody's address, so the link alone opens nothing: whoever follows it also gives the
password that was chosen. Otherwise an account could be prepared for somebody else, who would activate it
for the one who knows its password. Until then the latest registration counts, so that nobody can keep an
address from its owner.
"""

import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
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


class WrongPassword(Invalid):
    """The one who follows the link isn't the one who registered."""

    code = "wrong_password"


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
    """Open a pending account and send a link to its address; a pending one is made anew.

    Says nothing about whether the address is known: its owner is told by mail, the asker is not.

    Raises Invalid (fields email, password, full_name, role, country), TooMany, Unavailable.
    """
    email = _check(email=email, password=password, full_name=full_name, role=role, country=country)
    limits.spend("registration", by.ip_digest)
    limits.spend("verification_mail", personal_data.email_index(email))
    _open_pending(
        email=email,
        password=make_password(password),  # before the look-up, so that both answers take as long
        full_name=full_name,
        role=role,
        locale=locale,
        country=country,
        by=by,
        at=at,
    )


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
            to=address, template="email_exists", context={}, locale=user.locale, at=message.now
        )
        return
    challenge, secret = _open_challenge(user.pk, at=message.now)
    link = f"{settings.BASE_URL}/verify/{challenge}/{secret}"
    notifications.send_mail(
        to=address, template="verify_email", context={"link": link}, locale=user.locale, at=message.now
    )


def verify_email(*, challenge_id: UUID, secret: str, password: str, by: Actor, at: datetime) -> Account:
    """Take the proof that an e-mail address is the user's own, and activate the account.

    `secret` shows that the mailbox is theirs, `password` that the registration is. Following the link
    again answers the same. Raises ChallengeFailed, also after LINK_ATTEMPTS wrong passwords; WrongPassword.
    """
    account = _verify(challenge_id=challenge_id, secret=secret, password=password, by=by, at=at)
    if account is None:  # raised here, outside, so that the attempt stays counted
        said = "This is not the password that this address was last registered with."
        raise WrongPassword(
            said, fields={"password": [said]}, next_step="Register again if you have forgotten it."
        )
    return account


@opens_transaction
def _verify(*, challenge_id: UUID, secret: str, password: str, by: Actor, at: datetime) -> Account | None:
    challenge = (
        Challenge.objects.select_for_update()
        .filter(pk=challenge_id, purpose=Purpose.EMAIL, expires_at__gt=at, attempts_left__gt=0)
        .first()
    )
    if challenge is None or challenge.secret_digest != crypto.secret_digest(secret):
        raise _not_valid()
    user = User.objects.select_for_update().get(pk=challenge.user_id)
    if user.status == Status.ACTIVE:  # by this link or another one
        return as_account(user)
    if user.status != Status.PENDING:  # an old link must not lift a suspension
        raise _not_valid()
    if not check_password(password, user.password):
        Challenge.objects.filter(pk=challenge.pk).update(attempts_left=challenge.attempts_left - 1)
        return None
    _activate(user, by, at)
    Challenge.objects.filter(pk=challenge.pk).update(used_at=at)
    return as_account(user)


def _not_valid() -> ChallengeFailed:
    return ChallengeFailed("This link is not valid any more.", next_step="Register again to get a new link.")


def _activate(user: User, by: Actor, at: datetime) -> None:
    user.status = advance(states.STATUS, Status(user.status), Status.ACTIVE)
    user.is_activated, user.kyc_level, user.updated_at = True, max(1, user.kyc_level), at
    user.save(update_fields=["status", "is_activated", "kyc_level", "updated_at"])
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


def _open_pending(
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
    same = User.objects.select_for_update().filter(email_index=personal_data.email_index(email))
    user = same.first()
    if user is None:
        try:
            with transaction.atomic():
                created = _create(
                    email=email,
                    password=password,
                    full_name=full_name,
                    role=role,
                    locale=locale,
                    country=country,
                    at=at,
                )
            _note(created, by, at)
            return _ask_for_verification(created, at)
        except IntegrityError:  # somebody registered the same address between the look-up and here
            user = same.get()
    if user.status == Status.PENDING:
        given = {"password": password, "role": role, "locale": locale, "country": country}
        _replace(user, full_name=full_name, given=given, by=by, at=at)
    return _ask_for_verification(user, at)


def _replace(user: User, *, full_name: str, given: dict[str, str], by: Actor, at: datetime) -> None:
    User.objects.filter(pk=user.pk).update(**given, updated_at=at)
    user.role = given["role"]
    person = Person.objects.get(pk=user.pk)
    key = personal_data.data_key(person)
    if key is not None:
        person.full_name = personal_data.sealed(key, user.pk, "full_name", full_name.strip())
        person.save(update_fields=["full_name"])
    _note(user, by, at)


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
