"""The only door to the personal data of users. What staff read here is recorded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.accounts.models import Person, person_place
from apps.accounts.types import PersonalData
from apps.audit import services as audit
from apps.audit.types import Act
from apps.common import crypto
from apps.common.db import opens_transaction
from apps.common.errors import Conflict, NotFound
from apps.common.types import Actor

FIELDS = ("email", "full_name", "phone")
ERASED = ""


def own(subject: UUID) -> PersonalData:
    """Return a person's data for the person themselves, or for a message to them. Raises NotFound."""
    return _open(_person(subject))


@opens_transaction
def reveal(subjects: Sequence[UUID], *, why: str, by: Actor, at: datetime) -> dict[UUID, PersonalData]:
    """Show personal data to somebody else, and record who saw whose and why.

    Returns what is known, by subject; subjects that don't exist are left out.
    """
    persons = list(Person.objects.filter(pk__in=subjects))
    audit.record_many(
        acts=[
            Act(
                action="accounts.personal_data_read",
                target_type="user",
                target_id=str(person.pk),
                after={"fields": list(FIELDS)},
                reason=why,
            )
            for person in persons
        ],
        by=by,
        at=at,
    )
    return {person.pk: _open(person) for person in persons}


def email_index(email: str) -> str:
    """Return the blind index of a normalised e-mail address."""
    return crypto.digest("accounts.email", email)


def phone_index(phone: str) -> str:
    """Return the blind index of a phone number in E.164."""
    return crypto.digest("accounts.phone", phone)


def subject_key(subject: UUID) -> bytes:
    """Return the data key under which other apps seal what they keep of a person.

    Raises NotFound, Conflict `person_erased`.
    """
    key = data_key(_person(subject))
    if key is None:
        raise Conflict("The personal data of this account was erased.", code="person_erased")
    return key


def data_key(person: Person) -> bytes | None:
    """Return the person's data key, None once it has been destroyed."""
    if person.wrapped_key is None:
        return None
    return crypto.unwrap(bytes(person.wrapped_key), place=person_place("key", person.pk))


def sealed(key: bytes, subject: UUID, field: str, value: str) -> bytes:
    """Encrypt one value for its field and person."""
    return crypto.seal(key, value.encode(), place=person_place(field, subject))


def _person(subject: UUID) -> Person:
    person = Person.objects.filter(pk=subject).first()
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _open(person: Person) -> PersonalData:
    key = data_key(person)
    return PersonalData(**{field: _value(person, key, field) for field in FIELDS})


def _value(person: Person, key: bytes | None, field: str) -> str:
    value = getattr(person, field)
    if key is None or value is None:
        return ERASED
    return crypto.unseal(key, bytes(value), place=person_place(field, person.pk)).decode()


def contact_state(subject: UUID) -> dict[str, datetime | None]:
    """Return when the person's e-mail and phone were proved, None for one that wasn't."""
    found = Person.objects.values("email_verified_at", "phone_verified_at").get(pk=subject)
    return {"email": found["email_verified_at"], "phone": found["phone_verified_at"]}
