"""What people type into the trading screen. The verbs check; forms only give it a shape."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.fields import AmountField
from apps.common.ids import new_id
from apps.trading.templatetags.market import ORDER_TYPES, SIDES, TIMES_IN_FORCE
from apps.trading.types import Instrument, NewOrder, OrderType, Side, TimeInForce

OFFERED = (TimeInForce.GTC, TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK)


def _stays() -> list[tuple[str, str]]:
    return [(str(each), f"{each}: {TIMES_IN_FORCE[each]}") for each in OFFERED]


class OrderForm(forms.Form):
    """An order. `client_order_id` is made when the form is shown, so that a resend finds the first order."""

    client_order_id = forms.CharField(max_length=64, widget=forms.HiddenInput)
    side = forms.ChoiceField(label=_("Side"), choices=list(SIDES.items()), widget=forms.RadioSelect)
    order_type = forms.ChoiceField(
        label=_("Order type"), choices=list(ORDER_TYPES.items()), widget=forms.RadioSelect
    )
    time_in_force = forms.ChoiceField(label=_("How long"), choices=_stays)
    post_only = forms.BooleanField(
        label=_("Post-only"), help_text=_("Refuse it if it would trade at once."), required=False
    )

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        usual = {
            "client_order_id": str(new_id()),
            "side": Side.BUY,
            "order_type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
        }
        kwargs["initial"] = usual | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.instrument = instrument
        self.fields["price"] = AmountField(
            decimals=instrument.quote_decimals, label=_("Price"), required=False
        )
        self.fields["quantity"] = AmountField(decimals=instrument.asset_decimals, label=_("Quantity"))

    def clean(self) -> dict[str, Any]:
        """Ask a limit order for its price; what a market order doesn't know is left out of it."""
        data = super().clean() or {}
        if data.get("order_type") == OrderType.LIMIT:
            if data.get("price") is None and "price" not in self.errors:
                self.add_error("price", _("Write the price for one token."))
        else:
            self.errors.pop("price", None)
        return data

    def order(self) -> NewOrder:
        """Return what the valid form asks for."""
        data = self.cleaned_data
        is_limit = data["order_type"] == OrderType.LIMIT
        stays = TimeInForce(data["time_in_force"])
        if not is_limit and stays is not TimeInForce.FOK:
            stays = TimeInForce.IOC
        return NewOrder(
            instrument=self.instrument.id,
            client_order_id=data["client_order_id"],
            side=Side(data["side"]),
            order_type=OrderType(data["order_type"]),
            quantity=data["quantity"],
            price=data["price"] if is_limit else 0,
            time_in_force=stays,
            post_only=is_limit and data["post_only"],
        )


class AmendForm(forms.Form):
    """Another price or quantity for an open order, as of the `version` that was shown."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price"] = AmountField(decimals=instrument.quote_decimals, label=_("Price"))
        self.fields["quantity"] = AmountField(
            decimals=instrument.asset_decimals,
            label=_("Quantity"),
            help_text=_("With what is already filled. Only a smaller quantity keeps the place in the queue."),
        )
