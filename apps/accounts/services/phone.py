"""A phone number, optional, proved by a code (ACC-1)."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import phonenumbers
from django.db.models import F

from apps.accounts import personal_data
from apps.accounts.models import Challenge, Person, User
from apps.accounts.types import Purpose
from apps.audit import services as audit
from apps.common import crypto, limits
from apps.common.db import opens_transaction
from apps.common.errors import Conflict, Invalid
from apps.common.types import Actor
from apps.notifications import services as notifications

CODE_LIFETIME = timedelta(minutes=10)
CODE_ATTEMPTS = 5


class WrongCode(Invalid):
    """The code is wrong, used up or expired."""

    code = "wrong_code"


def start_phone(*, user_id: UUID, phone: str, by: Actor, at: datetime) -> None:
    """Keep a phone number as unproved and send a six-digit code to it; an earlier code stops working.

    Raises Invalid (field phone), TooMany.
    """
    limits.spend("phone_code", str(user_id))
    number = _e164(phone)
    code = f"{secrets.randbelow(1_000_000):06}"
    locale = _keep(user_id=user_id, number=number, code=code, by=by, at=at)
    # Sent here and not by the relay: the code may not stand in a message that is kept.
    notifications.send_sms(to=number, template="phone_code", context={"code": code}, locale=locale, at=at)


def confirm_phone(*, user_id: UUID, code: str, by: Actor, at: datetime) -> None:
    """Take the code as proof of the number. Raises WrongCode; five wrong ones end the code."""
    if not _confirm(user_id=user_id, code=code, by=by, at=at):
        # Raised outside the transaction, so that the attempt stays counted.
        raise WrongCode("This code is not valid.", next_step="Ask for a new code.")


@opens_transaction
def _keep(*, user_id: UUID, number: str, code: str, by: Actor, at: datetime) -> str:
    person = Person.objects.select_for_update().get(pk=user_id)
    key = personal_data.data_key(person)
    if key is None:
        raise Conflict("The personal data of this account was erased.", code="person_erased")
    person.phone = personal_data.sealed(key, user_id, "phone", number)
    person.phone_index, person.phone_verified_at = personal_data.phone_index(number), None
    person.save(update_fields=["phone", "phone_index", "phone_verified_at"])
    Challenge.objects.filter(user_id=user_id, purpose=Purpose.PHONE, used_at=None).update(used_at=at)
    Challenge.objects.create(
        user_id=user_id,
        purpose=Purpose.PHONE,
        secret_digest=_code_digest(user_id, code),
        attempts_left=CODE_ATTEMPTS,
        created_at=at,
        expires_at=at + CODE_LIFETIME,
    )
    _record("accounts.phone_given", user_id, by, at)
    return str(User.objects.values_list("locale", flat=True).get(pk=user_id))


@opens_transaction
def _confirm(*, user_id: UUID, code: str, by: Actor, at: datetime) -> bool:
    open_one = Challenge.objects.filter(
        user_id=user_id, purpose=Purpose.PHONE, used_at=None, expires_at__gt=at, attempts_left__gt=0
    )
    # The attempt is taken before the comparison, in one statement, so that guesses can't run in parallel.
    if not open_one.update(attempts_left=F("attempts_left") - 1):
        return False
    right = Challenge.objects.filter(
        user_id=user_id,
        purpose=Purpose.PHONE,
        used_at=None,
        expires_at__gt=at,
        secret_digest=_code_digest(user_id, code),
    ).update(used_at=at)
    if right:
        Person.objects.filter(pk=user_id).update(phone_verified_at=at)
        _record("accounts.phone_verified", user_id, by, at)
    return bool(right)


def _code_digest(user_id: UUID, code: str) -> str:
    """Digest with our key: six digits alone could be found by trying them all."""
    return crypto.digest("accounts.phone_code", f"{user_id}:{code}")


def _e164(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone)
        valid = phone.isascii() and phonenumbers.is_valid_number(number)
    except phonenumbers.NumberParseException:
        valid = False
    if not valid:
        raise Invalid(
            "Some fields are not valid.",
            fields={"phone": ["Enter the number with its country code, for example +971 50 123 4567."]},
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _record(action: str, user_id: UUID, by: Actor, at: datetime) -> None:
    audit.record(action=action, target_type="user", target_id=str(user_id), by=by, at=at)
