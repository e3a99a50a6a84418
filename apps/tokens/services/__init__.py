"""The verbs of tokens."""

from apps.tokens.rules import (
    AboveMaximum,
    BelowMinimum,
    InvalidPeriod,
    InvalidTerms,
    NoCoolingOff,
    OfferingClosed,
    PaymentExpired,
    QuantityNotExact,
    SoldOut,
)
from apps.tokens.services.confirming import TooManyAllocations, UnknownAllocations, confirm_payment
from apps.tokens.services.cooling import waive_cooling_off, withdraw_in_cooling_off
from apps.tokens.services.deploying import deploy, note_deploy_failed, note_deployed
from apps.tokens.services.drafting import SymbolTaken, TermsFrozen, TokenTaken, create_token, update_token
from apps.tokens.services.minting import (
    NotFailed,
    note_mint_due,
    note_mint_failed,
    note_minted,
    queue_due_mints,
    requeue_mint,
)
from apps.tokens.services.offering import NotDeployed, start_offering
from apps.tokens.services.subscribing import (
    AllocationTaken,
    Insider,
    cancel_subscription,
    note_hold_expired,
    subscribe,
)

__all__ = [
    "AboveMaximum",
    "AllocationTaken",
    "BelowMinimum",
    "Insider",
    "InvalidPeriod",
    "InvalidTerms",
    "NoCoolingOff",
    "NotDeployed",
    "NotFailed",
    "OfferingClosed",
    "PaymentExpired",
    "QuantityNotExact",
    "SoldOut",
    "SymbolTaken",
    "TermsFrozen",
    "TokenTaken",
    "TooManyAllocations",
    "UnknownAllocations",
    "cancel_subscription",
    "confirm_payment",
    "create_token",
    "deploy",
    "note_deploy_failed",
    "note_deployed",
    "note_hold_expired",
    "note_mint_due",
    "note_mint_failed",
    "note_minted",
    "queue_due_mints",
    "requeue_mint",
    "start_offering",
    "subscribe",
    "update_token",
    "waive_cooling_off",
    "withdraw_in_cooling_off",
]
