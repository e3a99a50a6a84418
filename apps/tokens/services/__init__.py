"""The verbs of tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from apps.common.types import Actor
from apps.outbox.types import Message
from apps.tokens.types import Allocation, Confirmation, Terms, Token


def create_token(
    *, token_id: UUID, business_id: UUID, terms: Terms, user_id: UUID, by: Actor, at: datetime
) -> Token:
    """Draft a token of an active business, by an owner or manager of it. The same id again is the same draft.

    Raises NotFound for a business that isn't the user's, what `businesses.require_active` raises,
    InvalidTerms with fields, SymbolTaken, TokenTaken.
    """
    raise NotImplementedError


def update_token(
    *, token_id: UUID, terms: Terms, version: int, user_id: UUID, by: Actor, at: datetime
) -> Token:
    """Change the terms of a draft, by an owner or manager; `version` is the one that the asker has read.

    Raises NotFound, Stale, TermsFrozen once it was deployed, InvalidTerms with fields, SymbolTaken.
    """
    raise NotImplementedError


def deploy(*, token_id: UUID, by: Actor, at: datetime) -> Token:
    """Ask the chain for a draft's contracts and freeze its terms (TOK-4). A second call changes nothing.

    Raises NotFound, Conflict `invalid_transition` for what isn't a draft, SymbolTaken, what
    `businesses.require_active` raises.
    """
    raise NotImplementedError


def note_deployed(message: Message) -> None:
    """Store the addresses of a token whose contracts are final."""
    raise NotImplementedError


def note_deploy_failed(message: Message) -> None:
    """Store why the chain refused a deployment; it stays asked for."""
    raise NotImplementedError


def start_offering(
    *, token_id: UUID, primary_start: datetime, primary_end: datetime, by: Actor, at: datetime
) -> Token:
    """Open the primary offering of a deployed token, from its start to its end (TOK-5).

    Raises NotFound, Conflict `invalid_transition`, NotDeployed, InvalidPeriod, what
    `businesses.require_active` raises.
    """
    raise NotImplementedError


def subscribe(
    *, allocation_id: UUID, token_id: UUID, investor_id: UUID, quantity: int, by: Actor, at: datetime
) -> Allocation:
    """Subscribe `quantity` base units: reserve the cash and the tokens, first come (OFR-1).

    The caller makes the id; the same subscription again is the same allocation.

    Raises NotFound, OfferingClosed, what `compliance.require_eligible` raises, Insider, QuantityNotExact,
    BelowMinimum, AboveMaximum, SoldOut, InsufficientFunds, AllocationTaken.
    """
    raise NotImplementedError


def cancel_subscription(*, allocation_id: UUID, investor_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Give up one's own subscription while its payment is pending; the cash is free again.

    Raises NotFound, Conflict `invalid_transition`, HoldClosed.
    """
    raise NotImplementedError


def note_hold_expired(message: Message) -> None:
    """End a subscription whose cash was reserved for too long."""
    raise NotImplementedError


def confirm_payment(
    *, token_id: UUID, allocation_ids: Sequence[UUID] | Literal["all"], by: Actor, at: datetime
) -> Confirmation:
    """Book allocations as paid: the cash to the issuer's escrow, the tokens to the investors (OFR-2).

    At most MAX_AT_ONCE: all of the ids or none, or the oldest pending ones for "all".

    Raises NotFound, TooManyAllocations, Conflict `invalid_transition`, PaymentExpired, Ineligible.
    """
    raise NotImplementedError


def waive_cooling_off(*, allocation_id: UUID, investor_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Give up one's own cooling-off, so that the tokens are minted at once. A second call changes nothing.

    Raises NotFound, NoCoolingOff.
    """
    raise NotImplementedError


def withdraw_in_cooling_off(*, allocation_id: UUID, investor_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Withdraw one's own confirmed subscription in its cooling-off; cash and tokens go back (OFR-3).

    Raises NotFound, NoCoolingOff, Conflict `invalid_transition`.
    """
    raise NotImplementedError


def queue_due_mints(*, at: datetime, limit: int = 100) -> int:
    """Ask the chain for the tokens of confirmed allocations that need wait no longer; return how many."""
    raise NotImplementedError


def note_minted(message: Message) -> None:
    """Note that an allocation's tokens are final on chain: they are settled now."""
    raise NotImplementedError


def note_mint_failed(message: Message) -> None:
    """Keep why the chain refused a mint."""
    raise NotImplementedError


def requeue_mint(*, allocation_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Have a failed mint tried again. Raises NotFound, Conflict `invalid_transition`."""
    raise NotImplementedError
