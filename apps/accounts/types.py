"""The words of accounts: roles, states, and the 23 permissions (RBAC-1)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.outbox.types import declare

ACCESS_COOKIE = "access"
REFRESH_COOKIE = "refresh"


class Role(StrEnum):
    INVESTOR = "investor"
    ISSUER = "issuer"
    ADMIN = "admin"
    STAFF = "staff"


class Status(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class KycStatus(StrEnum):
    """How far the identity check of a person is (KYC-1)."""

    NONE = "none"
    PENDING = "pending"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Accreditation(StrEnum):
    """The class of investor that somebody counts as."""

    NONE = "none"
    RETAIL = "retail"
    PROFESSIONAL = "professional"
    INSTITUTIONAL = "institutional"


class Fatca(StrEnum):
    """What US tax law means for somebody."""

    NONE = "none"
    CLEAR = "clear"
    REVIEW = "review"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the identity check says of a person; the kyc app alone decides it.

    `country` is that of residence, two capital letters, empty while unknown.
    """

    kyc_status: KycStatus
    kyc_level: int
    accreditation_status: Accreditation
    fatca_status: Fatca
    country: str


class Permission(StrEnum):
    USERS_VIEW = "users.view"
    USERS_MANAGE = "users.manage"
    STAFF_MANAGE = "staff.manage"
    KYC_VIEW = "kyc.view"
    KYC_REVIEW = "kyc.review"
    BUSINESS_VIEW = "business.view"
    BUSINESS_APPROVE = "business.approve"
    TOKENS_VIEW = "tokens.view"
    TOKENS_MANAGE = "tokens.manage"
    TOKENS_DEPLOY = "tokens.deploy"
    ALLOCATIONS_CONFIRM = "allocations.confirm"
    WALLETS_VIEW = "wallets.view"
    DEPOSITS_APPROVE = "deposits.approve"
    WITHDRAWALS_APPROVE = "withdrawals.approve"
    TRADING_VIEW = "trading.view"
    TRADING_MANAGE = "trading.manage"
    SETTLEMENT_RETRY = "settlement.retry"
    DIVIDENDS_APPROVE = "dividends.approve"
    DIVIDENDS_DISTRIBUTE = "dividends.distribute"
    FEES_MANAGE = "fees.manage"
    COMPLIANCE_MANAGE = "compliance.manage"
    NOTIFICATIONS_BROADCAST = "notifications.broadcast"
    AUDIT_VIEW = "audit.view"


@dataclass(frozen=True, slots=True)
class Account:
    """A user as other apps and interfaces see one: no personal data."""

    id: UUID
    role: Role
    status: Status
    is_activated: bool
    team_role: str
    kyc_status: KycStatus
    kyc_level: int
    accreditation_status: Accreditation
    fatca_status: Fatca
    country: str
    locale: str
    session_version: int


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A short access token (JWT), an opaque refresh token, and their lifetimes in seconds."""

    access: str
    refresh: str
    access_expires_in: int
    refresh_expires_in: int


class Purpose(StrEnum):
    """What a challenge proves."""

    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may open an address: everyone, or the named roles and permissions.

    `roles` empty means every role. `permission` is asked of staff; an admin has all of them.
    """

    public: bool = False
    roles: frozenset[Role] = frozenset()
    permission: Permission | None = None


class Verdict(StrEnum):
    """What the matrix says of one person and one address."""

    ALLOWED = "allowed"
    LOGIN_NEEDED = "login_needed"
    ROLE_MISSING = "role_missing"
    PERMISSION_MISSING = "permission_missing"


@dataclass(frozen=True, slots=True)
class Pass:
    """How somebody showed who they are, for who must ask again later whether they still may.

    By an access token: its family, session version and end. By a browser's session: its key and hash.
    """

    user_id: UUID
    family: UUID | None = None
    version: int = 0
    expires_at: datetime | None = None
    session: str = ""
    session_hash: str = ""


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A person in plain text. Empty text where nothing is known."""

    email: str
    full_name: str
    phone: str


VERIFICATION_REQUESTED = declare(
    "accounts.verification_requested",
    "Somebody registered with an address; its owner gets a link, or a warning if they have an account.",
    user_id="uuid",
)
ACTIVATED = declare("accounts.activated", "A user proved their e-mail address.", user_id="uuid")
SESSION_REVOKED = declare(
    "accounts.session_revoked",
    "A refresh token was used twice, so its family ended; the user is told.",
    user_id="uuid",
)
