"""The verbs of the market."""

from apps.trading.rules import InvalidInstrument, InvalidOrder, UnsupportedOrderType
from apps.trading.services.eligibility import AddressNotRegistered, NotListed
from apps.trading.services.limits import TooManyOpenOrders
from apps.trading.services.opening import InstrumentTaken, enrol, open_instrument
from apps.trading.services.placing import (
    MAX_BATCH,
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
    cancel_all,
    cancel_order,
    place_order,
    place_orders,
)
from apps.trading.services.previewing import preview_order
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
    "MAX_BATCH",
    "AccountFrozen",
    "AddressNotRegistered",
    "AssetSuspended",
    "ClientOrderIdReused",
    "FokNotFillable",
    "InstrumentHalted",
    "InstrumentTaken",
    "InvalidInstrument",
    "InvalidOrder",
    "NotListed",
    "OpenQuantityLimit",
    "OrderNotOpen",
    "OrderRefused",
    "PostOnlyWouldTrade",
    "PriceOutsideCollar",
    "StaleVersion",
    "TooManyOpenOrders",
    "TooManyOrders",
    "UnsupportedOrderType",
    "amend_order",
    "cancel_all",
    "cancel_by_venue",
    "cancel_order",
    "enrol",
    "expire_orders",
    "freeze_account",
    "halt",
    "open_instrument",
    "place_order",
    "place_orders",
    "preview_order",
    "resume",
    "set_collar",
    "unfreeze_account",
]
