"""The words of businesses: the legal entities that issue, and the people who act for them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.outbox.types import declare as declare_message
from apps.parameters.types import declare as declare_parameter


class BusinessStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REJECTED = "rejected"


class MemberRole(StrEnum):
    """What a person may do for a business: all, everything but its members, or look."""

    OWNER = "owner"
    MANAGER = "manager"
    VIEWER = "viewer"


class Industry(StrEnum):
    """What a business does, close to the sections of ISIC."""

    AGRICULTURE = "agriculture"
    MINING = "mining"
    FOOD = "food"
    MANUFACTURING = "manufacturing"
    ENERGY = "energy"
    WATER = "water"
    CONSTRUCTION = "construction"
    TRADE = "trade"
    TRANSPORT = "transport"
    HOSPITALITY = "hospitality"
    TECHNOLOGY = "technology"
    FINANCE = "finance"
    REAL_ESTATE = "real_estate"
    PROFESSIONAL_SERVICES = "professional_services"
    EDUCATION = "education"
    HEALTH = "health"
    ENTERTAINMENT = "entertainment"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Business:
    """A business as other apps and pages see it.

    `country` is two capital letters (ISO 3166-1). `platform_allocation_bps` is the part of each of its
    tokens that goes to the platform, in basis points of the supply. `version` counts its changes.
    """

    id: UUID
    name: str
    registration_number: str
    country: str
    industry: Industry
    platform_allocation_bps: int
    status: BusinessStatus
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person who acts for a business."""

    business_id: UUID
    user_id: UUID
    role: MemberRole
    since: datetime


@dataclass(frozen=True, slots=True)
class StatusStep:
    """One line of a business's history: from what to what, when, by whom and why. The first has no before."""

    id: int
    business_id: UUID
    before: BusinessStatus | None
    after: BusinessStatus
    at: datetime
    actor_kind: str
    actor_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Businesses, and the cursor of the next page (empty on the last)."""

    businesses: list[Business]
    next_cursor: str


MIN_KYC_LEVEL = declare_parameter(
    "businesses.min_kyc_level",
    "The identity level that somebody needs to register a business.",
    unit="level",
    default=2,
    minimum=1,
    maximum=3,
)
MIN_PLATFORM_ALLOCATION = declare_parameter(
    "businesses.min_platform_allocation",
    "The smallest part of a token that a business may offer to the platform.",
    unit="basis points",
    default=0,
    maximum=10_000,
)
MAX_PLATFORM_ALLOCATION = declare_parameter(
    "businesses.max_platform_allocation",
    "The largest part of a token that a business may offer to the platform.",
    unit="basis points",
    default=2_000,
    maximum=10_000,
)
MAX_PENDING = declare_parameter(
    "businesses.max_pending",
    "How many businesses of one owner may wait for a decision at once.",
    unit="businesses",
    default=5,
    minimum=1,
    maximum=1_000,
)

REGISTERED = declare_message(
    "business.registered", "A business was registered and waits for a decision.", business_id="uuid"
)
APPROVED = declare_message(
    "business.approved",
    "A pending business became active. `step` is the line of its history.",
    business_id="uuid",
    step="integer",
)
REJECTED = declare_message(
    "business.rejected",
    "A pending business was refused for good; it may be registered anew.",
    business_id="uuid",
    step="integer",
)
SUSPENDED = declare_message(
    "business.suspended",
    "An active business was stopped: until it is resumed it creates and offers nothing.",
    business_id="uuid",
    step="integer",
)
RESUMED = declare_message(
    "business.resumed", "A suspended business became active again.", business_id="uuid", step="integer"
)
