"""The API of tokens and offerings."""

from apps.tokens.api.investing import Allocations, Cancel, Subscribe, WaiveCoolingOff, Withdraw
from apps.tokens.api.issuing import TokenDetail, Tokens
from apps.tokens.api.market import Delist, EnableSecondary, Mature, Pause, Resume
from apps.tokens.api.staff import (
    AdminAllocations,
    AdminToken,
    AdminTokens,
    ConfirmPayment,
    Deploy,
    Register,
    RequeueMint,
    StartOffering,
)

__all__ = [
    "AdminAllocations",
    "AdminToken",
    "AdminTokens",
    "Allocations",
    "Cancel",
    "ConfirmPayment",
    "Delist",
    "Deploy",
    "EnableSecondary",
    "Mature",
    "Pause",
    "Register",
    "RequeueMint",
    "Resume",
    "StartOffering",
    "Subscribe",
    "TokenDetail",
    "Tokens",
    "WaiveCoolingOff",
    "Withdraw",
]
