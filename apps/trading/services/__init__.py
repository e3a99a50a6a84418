"""The verbs of the market."""

from apps.trading.rules import InvalidInstrument, InvalidOrder
from apps.trading.services.eligibility import NotEligible
from apps.trading.services.opening import InstrumentTaken, enrol, open_instrument
from apps.trading.services.placing import (
    AccountFrozen,
    AssetSuspended,
    ClientOrderIdReused,
    FokNotFillable,
    InstrumentHalted,
    OpenQuantityLimit,
    OrderNotOpen,
    OrderRefused,
    PostOnlyWouldTrade,
    PriceOutsideCollar,
    StaleVersion,
    TooManyOrders,
    amend_order,
    cancel_order,
    place_order,
    place_orders,
)
from apps.trading.services.venue import (
    cancel_by_venue,
    expire_orders,
    freeze_account,
    halt,
    resume,
    set_collar,
    unfreeze_account,
)

__all__ = [
    "AccountFrozen",
    "AssetSuspended",
    "ClientOrderIdReused",
    "FokNotFillable",
    "InstrumentHalted",
    "InstrumentTaken",
    "InvalidInstrument",
    "InvalidOrder",
    "NotEligible",
    "OpenQuantityLimit",
    "OrderNotOpen",
    "OrderRefused",
    "PostOnlyWouldTrade",
    "PriceOutsideCollar",
    "StaleVersion",
    "TooManyOrders",
    "amend_order",
    "cancel_by_venue",
    "cancel_order",
    "enrol",
    "expire_orders",
    "freeze_account",
    "halt",
    "open_instrument",
    "place_order",
    "place_orders",
    "resume",
    "set_collar",
    "unfreeze_account",
]
