"""Trades and batches in the compliance workplace: failed settlements are tried again by the usual verb."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.types import Permission
from apps.common import money
from apps.common.admin import ReadOnlyAdmin
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of
from apps.settlement import models, services
from apps.settlement.templatetags.settlement import RETRIES
from apps.trading import selectors as trading

MOST = 100  # rows of one action


class RetryActionForm(ActionForm):  # type: ignore[misc]  # unfold has no types
    """Why it will work now."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[("", "—"), *RETRIES.items()],
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(apps.get_model("trading", "Trade"))  # it stands here because its act is settlement's
class TradeAdmin(ReadOnlyAdmin):
    permission = Permission.TRADING_VIEW
    list_display = (
        *("shown", "settlement_status", "settlement_type", "market", "paid", "units", "settlement_attempts"),
        *("tx_hash", "executed_at", "settled_at"),
    )
    list_filter = ("settlement_status", "settlement_type", "taker_side")
    search_fields = ("id__iexact", "tx_hash__iexact", "buy_order__id__iexact", "sell_order__id__iexact")
    ordering = ("-id",)
    show_full_result_count = False
    action_form = RetryActionForm
    actions = ("retry",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Tell whether this person may retry; Django's actions ask by this name."""
        return request.user.has_perm(Permission.SETTLEMENT_RETRY)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read what amounts are written with from the instrument, which trades name by its number."""
        found: QuerySet[Any] = trading.with_market(super().get_queryset(request))
        return found

    @admin.display(description=pgettext_lazy("market", "Trade"))
    def shown(self, row: Any) -> SafeString:
        """Lead to the page that shows it whole."""
        return format_html(
            '<a class="underline" href="{}">{}</a>', reverse("staff-trade", args=[row.pk]), row
        )

    @admin.display(description=_("Instrument"))
    def market(self, row: Any) -> str:
        return str(row.symbol)

    @admin.display(description=_("Amount"), ordering="notional")
    def paid(self, row: Any) -> str:
        return f"{money.text(row.notional, decimals=row.quote_decimals)} {row.quote}"

    @admin.display(description=_("Quantity"), ordering="quantity")
    def units(self, row: Any) -> str:
        return money.text(row.quantity, decimals=row.asset_decimals)

    @admin.action(description=_("Try the settlement again, by reason"), permissions=["retry"])
    def retry(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Have failed trades tried again; say which were refused and why."""
        reason, done = request.POST.get("reason", ""), 0
        if reason not in RETRIES:
            self.message_user(request, gettext("Choose a reason."), messages.ERROR)
            return
        for row in rows[:MOST]:
            try:
                services.retry(trade_id=row.pk, reason=reason, by=actor_of(request), at=now())
            except DomainError as error:
                said = f"{row}: {error.detail} {error.next_step}".strip()
                self.message_user(request, said, messages.ERROR)
            else:
                done += 1
        if done:
            success = gettext("Tried again: %(count)s.") % {"count": done}
            self.message_user(request, success, messages.SUCCESS)


@admin.register(models.Batch)
class BatchAdmin(ReadOnlyAdmin):
    permission = Permission.TRADING_VIEW
    list_display = ("id", "state", "instrument_id", "intent_id", "size", "settled", "trades", "begun_at")
    list_filter = ("state",)
    search_fields = ("id__iexact", "instrument_id__iexact", "intent_id__iexact")
    ordering = ("-id",)

    @admin.display(description=_("Trades"))
    def trades(self, row: models.Batch) -> SafeString:
        """Lead to the trades of the batch."""
        address = f"{reverse('staff-trades')}?batch={row.pk}"
        return format_html('<a class="underline" href="{}">{}</a>', address, gettext("Show"))
