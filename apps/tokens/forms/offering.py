"""What investors and staff type on the pages of an offering."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.common.fields import AmountField
from apps.tokens.types import MAX_AT_ONCE, TokenStatus

STATUSES = {
    TokenStatus.DRAFT: _("Draft"),
    TokenStatus.PRIMARY: _("Primary"),
    TokenStatus.SECONDARY: _("Secondary"),
    TokenStatus.PAUSED: _("Paused"),
    TokenStatus.FAILED: _("Failed"),
    TokenStatus.MATURED: _("Matured"),
    TokenStatus.DELISTED: _("Delisted"),
}
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", re.ASCII)


class MarketTimeField(forms.CharField):
    """A time to the minute in the market's time zone; cleans to an aware datetime."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"type": "datetime-local", "dir": "ltr"})
        super().__init__(max_length=16, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write an initial datetime as the control reads it."""
        return f"{value.astimezone(_market()):%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else value

    def clean(self, value: Any) -> Any:
        """Return the datetime. Raises ValidationError."""
        text = super().clean(value)
        at = _read(text) if _LOCAL_TIME.fullmatch(text) else None
        if at is None:
            raise forms.ValidationError(_("Write a date and a time, such as 2026-05-01 10:00."))
        return at


class IdsField(forms.Field):
    """The ids of ticked rows; cleans to a tuple of UUIDs, at most MAX_AT_ONCE."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> tuple[UUID, ...]:
        """Return the ids. Raises ValidationError."""
        texts: Sequence[str] = value or []
        if len(texts) > MAX_AT_ONCE:
            raise forms.ValidationError(_("Tick fewer rows at once."))
        try:
            return tuple(UUID(text) for text in texts)
        except ValueError as error:
            raise forms.ValidationError(_("This row doesn't exist.")) from error


class QuantityForm(forms.Form):
    """How many tokens, to as many decimals as the token has."""

    quantity = AmountField(label=_("How many tokens?"))

    def __init__(self, *args: Any, decimals: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["quantity"]
        if isinstance(field, AmountField):
            field.decimals = decimals


class SubscribeForm(QuantityForm):
    """A subscription whose id was made when the form was shown, so that a resent form finds it."""

    allocation_id = forms.UUIDField(widget=forms.HiddenInput)


class StartForm(forms.Form):
    """When an offering begins and ends."""

    primary_start = MarketTimeField(label=_("Begins"))
    primary_end = MarketTimeField(label=_("Ends"))


class ConfirmForm(forms.Form):
    """Which pending payments have arrived: the ticked ones, or all that wait."""

    allocation_ids = IdsField(required=False)
    every = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse nothing at all."""
        data = super().clean() or {}
        if not self.errors and not data.get("every") and not data.get("allocation_ids"):
            raise forms.ValidationError(_("Tick at least one payment."))
        return data


class TokenFilter(forms.Form):
    search = forms.CharField(label=_("Name, symbol or ISIN"), required=False, max_length=80)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Any status")), *STATUSES.items()]
    )


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=_market())
    except ValueError:
        return None


def _market() -> ZoneInfo:
    return ZoneInfo(settings.MARKET_TIME_ZONE)
