"""The pages of tokens."""

from apps.tokens.views.investor import cancel, offering, offerings, subscribe, subscriptions, waive, withdraw
from apps.tokens.views.issuer import draft, split, token, tokens
from apps.tokens.views.market import change_market, open_market
from apps.tokens.views.staff import (
    confirm,
    deploy,
    requeue,
    staff_allocations,
    staff_token,
    staff_tokens,
    start,
)

__all__ = [
    "cancel",
    "change_market",
    "confirm",
    "deploy",
    "draft",
    "offering",
    "offerings",
    "open_market",
    "requeue",
    "split",
    "staff_allocations",
    "staff_token",
    "staff_tokens",
    "start",
    "subscribe",
    "subscriptions",
    "token",
    "tokens",
    "waive",
    "withdraw",
]
