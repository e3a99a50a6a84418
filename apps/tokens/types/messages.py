"""What a manager may set, and what is told of tokens."""

from apps.outbox.types import declare as declare_message
from apps.parameters.types import declare

PAYMENT_DAYS = declare(
    "tokens.payment_days",
    "How long the cash of a subscription stays reserved while it waits for its confirmation.",
    unit="days",
    default=7,
    minimum=1,
    maximum=90,
)
COOLING_OFF_HOURS = declare(
    "tokens.cooling_off_hours",
    "How long a retail investor may withdraw a confirmed subscription, unless the offering says otherwise.",
    unit="hours",
    default=48,
    maximum=24 * 90,
)
SUCCESS_FEE = declare(
    "tokens.success_fee",
    "What the platform takes of a raise when the token's market is opened, in basis points of it.",
    unit="basis points",
    default=200,
    maximum=2_000,
)
LOCK_UP_DAYS = declare(
    "tokens.lock_up_days",
    "How long the tokens of the team and of the reserve can't be sold once the market is open.",
    unit="days",
    default=365,
    maximum=3_650,
)
_TOKEN = {"token_id": "uuid"}
_OF_BUSINESS = {"token_id": "uuid", "business_id": "uuid"}
_ALLOCATION = {"token_id": "uuid", "allocation_id": "uuid", "investor_id": "uuid"}
TOKEN_CREATED = declare_message("token.created", "A business drafted a token.", **_OF_BUSINESS)
TOKEN_CHANGED = declare_message("token.changed", "The terms of a draft were changed.", **_TOKEN)
DEPLOY_REQUESTED = declare_message(
    "token.deploy_requested", "The chain was asked for a token's contracts.", **_TOKEN
)
TOKEN_DEPLOYED = declare_message("token.deployed", "A token's contracts are final on chain.", **_OF_BUSINESS)
OFFERING_STARTED = declare_message(
    "offering.started", "A token's primary offering was opened.", **_OF_BUSINESS
)
ALLOCATION_CREATED = declare_message(
    "allocation.created", "An investor subscribed; their cash is reserved.", **_ALLOCATION
)
ALLOCATION_CANCELLED = declare_message(
    "allocation.cancelled", "An investor cancelled before the payment was confirmed.", **_ALLOCATION
)
ALLOCATION_EXPIRED = declare_message(
    "allocation.expired", "Nobody confirmed in time; the cash is free again.", **_ALLOCATION
)
ALLOCATION_CONFIRMED = declare_message(
    "allocation.confirmed", "The cash went to escrow and the tokens to the investor.", **_ALLOCATION
)
ALLOCATION_REFUNDED = declare_message(
    "allocation.refunded", "An investor withdrew in the cooling-off; the cash is back.", **_ALLOCATION
)
COOLING_OFF_WAIVED = declare_message(
    "allocation.cooling_off_waived", "An investor gave up the right to withdraw.", **_ALLOCATION
)
MINT_QUEUED = declare_message(
    "allocation.mint_queued", "The chain was asked for an allocation's tokens.", **_ALLOCATION
)
ALLOCATION_MINTED = declare_message(
    "allocation.minted", "An allocation's tokens are final on chain.", **_ALLOCATION
)
MINT_FAILED = declare_message(
    "allocation.mint_failed", "The chain refused an allocation's mint for good.", **_ALLOCATION
)
ALLOCATION_GRANTED = declare_message(
    "allocation.granted", "Tokens of the platform, the team or the reserve were booked.", **_ALLOCATION
)
TOKEN_LISTED = declare_message(
    "token.listed",
    "A token's market was opened for the first time; tick and lot in the smallest units.",
    **_OF_BUSINESS,
    tick="integer",
    lot="integer",
)
TOKEN_PAUSED = declare_message("token.paused", "A token's market was paused.", **_OF_BUSINESS)
TOKEN_RESUMED = declare_message("token.resumed", "A token's market was opened again.", **_OF_BUSINESS)
TOKEN_MATURED = declare_message("token.matured", "A token came to its end.", **_OF_BUSINESS)
TOKEN_DELISTED = declare_message("token.delisted", "A token was taken off the market.", **_OF_BUSINESS)
