"""How the pages say the words of the chain: what was asked, its steps, who signs, what came of it."""

from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.chain.forms import KINDS
from apps.chain.types import Duty

register = template.Library()

Words = Mapping[str, str | Promise]

STEPS: Words = {
    "create the identity": _("Create the identity"),
    "add the claim": _("Add the claim of the identity check"),
    "enter the storage": _("Enter it in the storage of identities"),
    "deploy the token": _("Deploy the token with its contracts"),
    "mint": _("Mint"),
    "pause": _("Pause transfers"),
    "unpause": _("Open transfers"),
    "list": _("Let settlement trade it"),
    "settle": _("Settle the trades"),
}
DUTIES: Words = {
    Duty.OWNER: _("Owner of the contracts"),
    Duty.REGISTRAR: _("Registrar of identities"),
    Duty.ISSUER: _("Issuer of claims"),
    Duty.AGENT: _("Agent of the tokens"),
    Duty.COURT: _("Court orders"),
    Duty.OPERATOR: _("Operator of settlement"),
    Duty.PUBLISHER: _("Publisher of anchors"),
}
RESULTS: Words = {
    "tx_hash": _("Transaction"),
    "block_number": _("Block"),
    "gas_used": _("Gas"),
    "address": _("Address"),
    "identity": _("Identity"),
    "token": _("Token"),
    "identity_registry": _("Identity registry"),
    "compliance": _("Compliance"),
    "claim_topics": _("Claim topics"),
    "trusted_issuers": _("Trusted issuers"),
    "contracts": _("Contracts"),
    "settlement": _("Settlement contract"),
    "open": _("Transfers are open"),
    "superseded_by": _("Replaced by the change"),
    "settled": _("Trades settled"),
    "refused": _("Trades refused"),
}
WAITS: Words = {
    "the change of this market before it": _("the change of this market before it"),
    "the platform's contracts": _("the contracts of the platform"),
    "the token's contracts": _("the contracts of the token"),
    "the investor's registration on chain": _("the registration of the investor on chain"),
    "an investor's registration on chain": _("the registration of an investor on chain"),
    "settlement to be resumed": _("settlement to be resumed"),
    "the token's transfers to be opened": _("the transfers of the token to be opened"),
    "the block of a settlement to be final": _("the block of a settlement to be final"),
    "the node's events of a settlement": _("what the node says of a settlement"),
}


@register.filter
def intent_words(kind: object) -> str | Promise:
    """Say what was asked of the chain."""
    return _said(kind, {str(known): words for known, words in KINDS.items()})


@register.filter
def step_words(step: object) -> str | Promise:
    """Say what one transaction does. Contracts of the platform keep their names."""
    text = str(step)
    contract, colon, function = text.partition(": ")
    if colon:
        return gettext("Set up %(contract)s: %(function)s") % {"contract": contract, "function": function}
    if text not in STEPS and text.startswith("deploy "):
        return gettext("Deploy %(contract)s") % {"contract": text.removeprefix("deploy ")}
    return _said(text, STEPS)


@register.filter
def duty_words(duty: object) -> str | Promise:
    """Say what a key is for."""
    return _said(duty, DUTIES)


@register.filter
def result_words(name: object) -> str | Promise:
    """Say what a value of an intent's result is."""
    return _said(name, RESULTS)


@register.filter
def wait_words(why: object) -> str | Promise:
    """Say what an intent waits for."""
    return WAITS.get(str(why), str(why))


def _said(word: object, table: Words) -> str | Promise:
    text = str(word).replace("_", " ")
    return table.get(str(word), text[:1].upper() + text[1:])
