"""What people type into the pages of tokens. The verbs check; forms only give it a shape."""

from apps.tokens.forms.draft import CHECK, Draft
from apps.tokens.forms.market import MarketForm, StepsForm
from apps.tokens.forms.offering import ConfirmForm, QuantityForm, StartForm, SubscribeForm, TokenFilter
from apps.tokens.forms.split import split_of
from apps.tokens.forms.words import CLASSES, KINDS, country_names

__all__ = [
    "CHECK",
    "CLASSES",
    "KINDS",
    "ConfirmForm",
    "Draft",
    "MarketForm",
    "QuantityForm",
    "StartForm",
    "StepsForm",
    "SubscribeForm",
    "TokenFilter",
    "country_names",
    "split_of",
]
