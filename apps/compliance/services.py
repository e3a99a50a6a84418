"""Keeping to investment limits (ORD-5): asked by subscriptions and orders before they take effect."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.accounts.types import Account
from apps.compliance import locks, selectors
from apps.compliance.types import Meter


def reserve_investment(
    *, investor: Account, currency: str, amounts: Mapping[str, int], asker: UUID, at: datetime
) -> Meter:
    """Reserve what is about to be invested, in the currency's smallest unit and by a name for each part.

    `asker` is a new id for each attempt, because two attempts under one name may meet. Call
    `release_investment` after the commit; what nobody releases ends by itself. Returns the meter as it stands
    beside these parts. Nothing is reserved for whom nothing limits.

    Raises InvestmentLimitExceeded, NoRate, Unavailable.
    """
    limit = selectors.investment_limit(investor)
    if not limit:
        return Meter(0, 0)
    cents = selectors.each_in_cents(amounts, currency)
    others = locks.reserve(investor.id, cents, asker=asker)  # before the tables are read: see there
    meter = Meter(limit, selectors.invested(investor, at=at), others)
    try:
        selectors.require_within(meter, cents=sum(cents.values()))
    except selectors.InvestmentLimitExceeded:
        locks.release(investor.id, list(cents), asker=asker)
        raise
    return meter


def release_investment(*, investor: UUID, names: list[str], asker: UUID) -> None:
    """Give back what this asker reserved under these names: it is in the tables now, or never will be."""
    locks.release(investor, names, asker=asker)
