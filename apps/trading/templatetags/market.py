"""How the pages say the words of the market: {% load market %}, then {{ order.reason|reason_words }}.

Forms and the workplace take the same tables. A word that is not in its table is shown as it is spelt.
"""

import re
from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.trading.types import (
    OrderType,
    Reason,
    SettlementType,
    Side,
    TimeInForce,
    VenueOp,
    VenueReason,
)

register = template.Library()

Words = Mapping[str, str | Promise]
TRADE = re.compile(r"(?P<symbol>\S+) trade (?P<id>[0-9a-f-]{36})")  # a wallet line's reference

SIDES: Words = {Side.BUY: _("Buy"), Side.SELL: _("Sell")}
ORDER_TYPES: Words = {OrderType.LIMIT: _("Limit"), OrderType.MARKET: _("Market")}
TIMES_IN_FORCE: Words = {
    TimeInForce.GTC: _("Until cancelled"),
    TimeInForce.DAY: _("Until the end of the day"),
    TimeInForce.GTD: _("Until a time"),
    TimeInForce.IOC: _("At once, the rest is cancelled"),
    TimeInForce.FOK: _("At once and whole, or not at all"),
}
SETTLEMENT_TYPES: Words = {
    SettlementType.ON_CHAIN: _("On chain"),
    SettlementType.OFF_CHAIN: _("Off chain"),
}
REASONS: Words = {
    Reason.NONE: "",
    Reason.INSUFFICIENT_FUNDS: _("There was not enough available for it"),
    Reason.ACCOUNT_FROZEN: _("The account may not trade"),
    Reason.ASSET_SUSPENDED: _("The security is suspended"),
    Reason.INSTRUMENT_HALTED: _("Trading was halted"),
    Reason.PRICE_OUTSIDE_COLLAR: _("The price was outside the allowed range"),
    Reason.OPEN_QUANTITY_LIMIT: _("The book could not hold an order this large"),
    Reason.BUDGET_EXHAUSTED: _("The money set aside for it was used up"),
    Reason.SELF_TRADE: _("It met another order of the same account"),
    Reason.POST_ONLY_WOULD_TRADE: _("It was to rest in the book, and would have traded at once"),
    Reason.FOK_NOT_FILLABLE: _("It could not be filled whole at once"),
    Reason.IOC_REMAINDER: _("What did not trade at once was cancelled"),
    Reason.NO_LIQUIDITY: _("There was nobody left to trade with"),
    Reason.BY_OWNER: _("Cancelled by its owner"),
    Reason.BY_VENUE: _("Cancelled by the venue"),
    Reason.TIME_OVER: _("Its time was over"),
    Reason.ORDER_NOT_OPEN: _("The order was not open any more"),
    Reason.STALE_VERSION: _("The order had changed in the meantime"),
    Reason.CLIENT_ORDER_ID_REUSED: _("Another order was sent under the same name"),
    Reason.UNKNOWN_ACCOUNT: _("The account is not known to the market"),
    Reason.TOO_LATE: _("It came to the market too late"),
    Reason.ORDER_REFUSED: _("The market refused it"),
}
VENUE_OPS: Words = {
    VenueOp.HALT: _("Halt trading"),
    VenueOp.RESUME: _("Resume trading"),
    VenueOp.SET_COLLAR: _("Set the allowed prices"),
    VenueOp.CANCEL_ORDER: _("Cancel an order"),
    VenueOp.CANCEL_ALL: _("Cancel all orders"),
    VenueOp.FREEZE: _("Freeze an account"),
    VenueOp.UNFREEZE: _("Unfreeze an account"),
    VenueOp.EXPIRE: _("End orders whose time is over"),
}
VENUE_REASONS: Words = {
    VenueReason.DISORDERLY_MARKET: _("Disorderly trading"),
    VenueReason.NEWS_PENDING: _("News about the issuer is to come"),
    VenueReason.REGULATOR_REQUEST: _("Asked for by the regulator"),
    VenueReason.ISSUER_REQUEST: _("Asked for by the issuer"),
    VenueReason.OWNER_REQUEST: _("Asked for by the owner of the order"),
    VenueReason.ERRONEOUS_ORDER: _("Clearly a mistake"),
    VenueReason.SUSPECTED_ABUSE: _("Market abuse is suspected"),
    VenueReason.TECHNICAL_PROBLEM: _("Technical problem"),
    VenueReason.MARKET_ORDERLY: _("Trading can be orderly again"),
    VenueReason.REFERENCE_PRICE: _("The reference price has moved"),
}


@register.filter
def side_words(side: object) -> str | Promise:
    """Say a side: Buy, Sell."""
    return _said(side, SIDES)


@register.filter
def order_type_words(order_type: object) -> str | Promise:
    """Say an order's type: Limit, Market."""
    return _said(order_type, ORDER_TYPES)


@register.filter
def time_words(time_in_force: object) -> str | Promise:
    """Say how long an order stays."""
    return _said(time_in_force, TIMES_IN_FORCE)


@register.filter
def settlement_type_words(settlement_type: object) -> str | Promise:
    """Say where a trade is settled."""
    return _said(settlement_type, SETTLEMENT_TYPES)


@register.filter
def reason_words(reason: object) -> str | Promise:
    """Say why an order was refused, or ended without having been asked to; "" where there is no reason."""
    return _said(reason, REASONS)


@register.filter
def venue_op_words(op: object) -> str | Promise:
    """Say what the venue asked of a sequencer."""
    return _said(op, VENUE_OPS)


@register.filter
def venue_reason_words(reason: object) -> str | Promise:
    """Say why the venue acted."""
    return _said(reason, VENUE_REASONS)


@register.filter
def trade_of(reference: object) -> Mapping[str, str]:
    """Return the symbol and the id that the reference of a trade's wallet line names; of others nothing."""
    found = TRADE.fullmatch(str(reference))
    return found.groupdict() if found else {}


def _said(word: object, table: Words) -> str | Promise:
    text = str(word)
    return table.get(text, text.replace("_", " ").capitalize())
