"""How the pages say why a trade is where it is on its way to the chain."""

from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

RETRIES: dict[str, str | Promise] = {
    "holder_restored": _("The holder is admitted on chain again"),
    "tokens_arrived": _("The seller has the tokens now"),
    "rule_changed": _("The rule that refused it allows it now"),
    "chain_repaired": _("The chain or its settings were repaired"),
    "other_cause_removed": _("Another cause was removed"),
}
REASONS: Mapping[str, str | Promise] = {
    **RETRIES,
    "": "",
    "retried": _("Tried again by staff"),
    "token_paused": _("Transfers of the token are paused"),
    "seller_frozen": _("The address of the seller is frozen"),
    "buyer_frozen": _("The address of the buyer is frozen"),
    "seller_not_verified": _("The seller is not admitted on chain"),
    "buyer_not_verified": _("The buyer is not admitted on chain"),
    "insufficient_free_balance": _("The seller does not have the tokens on chain"),
    "compliance_refused": _("A rule of the token refuses the transfer"),
    "transfer_failed": _("The transfer did not happen"),
    "refused_without_reason": _("The contract refused without saying why"),
    "refused": _("The contract refused"),
    "trade_gas_exhausted": _("The transfer took more gas than a trade may"),
    "already_settled": _("The contract has settled it before"),
    "holder_unknown": _("The buyer or the seller has no address on chain"),
    "holder_not_registered": _("The buyer or the seller is still being registered on chain"),
    "chain_gave_up": _("The transaction failed again and again"),
    "invalid_trade": _("The contract does not take a trade like this"),
    "country_denied": _("The country of the buyer is refused"),
    "country_not_allowed": _("The country of the buyer is not allowed"),
    "country_unknown": _("The country of the buyer is not known on chain"),
    "recipient_not_verified": _("The receiver is not admitted on chain"),
    "recipient_sell_only": _("The buyer may only sell"),
    "sender_not_verified": _("The sender is not admitted on chain"),
    "holding_period": _("The tokens may not be sold on yet"),
    "too_many_lots": _("The buyer received the tokens in too many lots"),
    "max_balance_exceeded": _("The buyer would hold more than is allowed"),
    "max_investors_reached": _("There are as many holders as are allowed"),
    "transfers_closed": _("The token cannot be transferred at this time"),
}


@register.filter
def settlement_words(reason: object) -> str | Promise:
    """Say why a settlement took a step; a word that is not known is shown as it is spelt."""
    text = str(reason)
    return REASONS.get(text, text.replace("_", " ").capitalize() if text.islower() else text)
