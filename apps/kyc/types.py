"""The words of identity checks: what is asked, what was decided, and what others are told."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.accounts.types import Accreditation, Fatca, KycStatus
from apps.outbox.types import declare as declare_message
from apps.parameters.types import declare as declare_parameter


class ApplicationStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


OPEN = (ApplicationStatus.DRAFT, ApplicationStatus.PENDING, ApplicationStatus.IN_REVIEW)


class DocumentStatus(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DocumentType(StrEnum):
    PASSPORT = "passport"
    EMIRATES_ID = "emirates_id"
    NATIONAL_ID = "national_id"
    DRIVERS_LICENSE = "drivers_license"


class Side(StrEnum):
    FRONT = "front"
    BACK = "back"
    SELFIE = "selfie"


class Funds(StrEnum):
    """Where somebody's money comes from."""

    SALARY = "salary"
    BUSINESS = "business"
    SAVINGS = "savings"
    INVESTMENTS = "investments"
    PROPERTY = "property"
    INHERITANCE = "inheritance"
    PENSION = "pension"
    GIFT = "gift"
    OTHER = "other"


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


class Step(StrEnum):
    """The pages of the wizard, in order."""

    PERSONAL = "personal"
    ADDRESS = "address"
    DETAILS = "details"
    DOCUMENTS = "documents"
    CHECK = "check"


class Flag(StrEnum):
    """What a reviewer must look at twice."""

    PEP = "pep"
    US_PERSON = "us_person"
    US_INDICIA = "us_indicia"
    SAME_DOCUMENT = "same_document"
    NAME_DIFFERS = "name_differs"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person says of themselves: text, empty while unanswered. Never leaves a sealed column.

    Dates are ISO 8601, countries two capital letters, `pep` and `us_person` "yes" or "no".
    """

    full_name: str = ""
    birth_date: str = ""
    birth_place: str = ""
    birth_country: str = ""
    nationality: str = ""
    second_nationality: str = ""
    residence: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    occupation: str = ""
    source_of_funds: str = ""
    source_of_funds_details: str = ""
    pep: str = ""
    pep_details: str = ""
    tax_residence: str = ""
    tax_number: str = ""
    us_person: str = ""
    us_tax_number: str = ""
    document_type: str = ""
    document_number: str = ""
    document_issued_on: str = ""
    document_expires_on: str = ""


FIELDS = tuple(field.name for field in fields(Answers))
STEPS: Mapping[Step, tuple[str, ...]] = {
    Step.PERSONAL: FIELDS[0:6],
    Step.ADDRESS: FIELDS[6:11],
    Step.DETAILS: FIELDS[11:20],
    Step.DOCUMENTS: FIELDS[20:24],
}
OPTIONAL = frozenset(
    {
        "second_nationality",
        "region",
        "postal_code",
        "source_of_funds_details",
        "pep_details",
        "tax_number",
        "us_tax_number",
    }
)
SIDES: Mapping[DocumentType, tuple[Side, ...]] = {
    DocumentType.PASSPORT: (Side.FRONT, Side.SELFIE),
    DocumentType.EMIRATES_ID: (Side.FRONT, Side.BACK, Side.SELFIE),
    DocumentType.NATIONAL_ID: (Side.FRONT, Side.BACK, Side.SELFIE),
    DocumentType.DRIVERS_LICENSE: (Side.FRONT, Side.BACK, Side.SELFIE),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A file of an application, without its content. `size` is in bytes, of what is kept."""

    id: UUID
    application_id: UUID
    type: DocumentType
    side: Side
    status: DocumentStatus
    content_type: str
    size: int
    added_at: datetime
    submitted_at: datetime | None
    reviewer_id: UUID | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """An application as others see it: no personal data."""

    id: UUID
    user_id: UUID
    status: ApplicationStatus
    verification_provider: str
    kyc_level: int | None
    previous_id: UUID | None
    created_at: datetime
    submitted_at: datetime | None
    claimed_by: UUID | None
    claimed_at: datetime | None
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    expires_at: datetime | None
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a case's history. `actor_id` is a user's id or a process's name."""

    at: datetime
    actor_id: str
    before: str
    after: str
    document_id: UUID | None = None
    side: str = ""


@dataclass(frozen=True, slots=True)
class OwnCase:
    """An application as its owner sees it; `missing` are the steps that aren't complete."""

    case: Case
    answers: Answers
    missing: tuple[Step, ...]
    rejection_reason: str
    document_notes: Mapping[UUID, str]
    history: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Revealed:
    """The personal side of a case, shown to staff: answers, words about the person, what stands out.

    `moves` are those of the application with why each was made.
    """

    answers: Answers
    review_notes: str
    rejection_reason: str
    document_notes: Mapping[UUID, str]
    moves: tuple[tuple[Change, str], ...]
    flags: tuple[Flag, ...]
    fatca: Fatca


@dataclass(frozen=True, slots=True)
class State:
    """How far somebody's identity check is, for dashboards. `application` is the newest one's status."""

    kyc_status: KycStatus
    kyc_level: int
    accreditation: Accreditation
    fatca: Fatca
    application: ApplicationStatus | None


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to show; what is empty doesn't narrow.

    `status` may be "open" for what waits for a decision, `claimed_by` "nobody" for what waits for a reviewer.
    """

    status: str = ""
    claimed_by: str = ""
    user_id: UUID | None = None


MINIMUM_AGE = declare_parameter(
    "kyc.minimum_age", "How old somebody must be.", unit="years", default=18, minimum=18, maximum=30
)
VALIDITY = declare_parameter(
    "kyc.validity", "How long an approval holds.", unit="months", default=24, minimum=1, maximum=120
)
CLAIM_HOURS = declare_parameter(
    "kyc.claim_hours",
    "After how long another reviewer may release a case that somebody holds.",
    unit="hours",
    default=8,
    minimum=1,
    maximum=720,
)
LEVEL_TWO_IS_PROFESSIONAL = declare_parameter(
    "kyc.level_two_is_professional",
    "Whether level 2 makes a professional investor without evidence of that status.",
    unit="0 for no, 1 for yes",
    default=0,
    maximum=1,
)

_IDS = {"application_id": "uuid", "user_id": "uuid"}
SUBMITTED = declare_message("kyc.submitted", "Somebody handed in an identity check.", **_IDS)
REVIEW_REQUESTED = declare_message(
    "kyc.review_requested",
    "A reviewer is to be told that an identity check waits.",
    application_id="uuid",
    reviewer_id="uuid",
)
APPROVED = declare_message("kyc.approved", "An identity check was approved.", **_IDS)
REJECTED = declare_message("kyc.rejected", "An identity check was rejected; it may be corrected.", **_IDS)
