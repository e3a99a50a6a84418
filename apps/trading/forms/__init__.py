"""What people choose and type on the pages of the market. The verbs check; forms only give it a shape."""

from apps.trading.forms.staff import CancelForm, CollarForm, HaltForm, OrderFilter, ResumeForm, market_choices
from apps.trading.forms.ticket import AmendForm, OrderForm

__all__ = [
    "AmendForm",
    "CancelForm",
    "CollarForm",
    "HaltForm",
    "OrderFilter",
    "OrderForm",
    "ResumeForm",
    "market_choices",
]
