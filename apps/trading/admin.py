"""The market in the compliance workplace: the acts of its operators as actions on the rows."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.types import Permission
from apps.common import money
from apps.common.admin import ReadOnlyAdmin
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of
from apps.trading import models, selectors, services
from apps.trading.templatetags.market import VENUE_REASONS

MOST = 100  # rows of one action


class VenueActionForm(ActionForm):  # type: ignore[misc]  # unfold has no types
    """Why the venue acts."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[("", "—"), *((str(reason), words) for reason, words in VENUE_REASONS.items())],
        widget=UnfoldAdminSelectWidget,
    )


class _MarketAdmin(ReadOnlyAdmin):
    permission = Permission.TRADING_VIEW
    action_form = VenueActionForm
    show_full_result_count = False
    page = ""

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Tell whether this person may act; Django's actions ask by this name."""
        return request.user.has_perm(Permission.TRADING_MANAGE)

    @admin.display(description=_("Page"))
    def shown(self, row: Any) -> SafeString:
        """Lead to the page that shows it whole."""
        return format_html('<a class="underline" href="{}">{}</a>', reverse(self.page, args=[row.pk]), row)

    def _each(self, request: HttpRequest, rows: QuerySet[Any], verb: Any, name: str, needless: str) -> None:
        """Call a verb for each chosen row; say which were refused and why, and which needed nothing."""
        reason, done = request.POST.get("reason", "").replace("\x00", ""), 0
        for row in rows[:MOST]:
            try:
                asked = verb(**{name: row.pk}, reason=reason, by=actor_of(request), at=now())
            except DomainError as error:
                of_fields = [text for texts in getattr(error, "fields", {}).values() for text in texts]
                said = [f"{row}:", error.detail, *of_fields, error.next_step]
                self.message_user(request, " ".join(filter(None, said)), messages.ERROR)
            else:
                done += bool(asked)
                if not asked:
                    self.message_user(request, f"{row}: {needless}", messages.WARNING)
        if done:
            success = gettext("Asked of the sequencer: %(count)s.") % {"count": done}
            self.message_user(request, success, messages.SUCCESS)


@admin.register(models.Instrument)
class InstrumentAdmin(_MarketAdmin):
    page = "staff-instrument"
    list_display = ("shown", "state", "quote", "price_step", "lowest_price", "highest_price", "opened_at")
    list_filter = ("state", "quote")
    search_fields = ("symbol__startswith", "id__iexact")
    ordering = ("symbol",)
    actions = ("halt", "resume")

    @admin.display(description=_("Price step"), ordering="tick")
    def price_step(self, row: models.Instrument) -> str:
        return _price(row, row.tick)

    @admin.display(description=_("Lowest price"), ordering="lowest")
    def lowest_price(self, row: models.Instrument) -> str:
        return _price(row, row.lowest)

    @admin.display(description=_("Highest price"), ordering="highest")
    def highest_price(self, row: models.Instrument) -> str:
        return _price(row, row.highest)

    @admin.action(description=_("Halt trading, by reason"), permissions=["act"])
    def halt(self, request: HttpRequest, rows: QuerySet[models.Instrument]) -> None:
        """Stop taking orders."""
        needless = gettext("it is halted already, or about to be.")
        self._each(request, rows, services.halt, "instrument_id", needless)

    @admin.action(description=_("Resume trading, by reason"), permissions=["act"])
    def resume(self, request: HttpRequest, rows: QuerySet[models.Instrument]) -> None:
        """Take orders again."""
        needless = gettext("it is open already, or about to be.")
        self._each(request, rows, services.resume, "instrument_id", needless)


@admin.register(models.Order)
class OrderAdmin(_MarketAdmin):
    page = "staff-order"
    list_display = (
        *("shown", "status", "reason", "market", "side", "order_type", "limit", "units", "filled", "owner"),
        "created_at",
    )
    list_filter = ("status", "side", "order_type", "time_in_force", "reason")
    search_fields = ("id__iexact", "account__owner__iexact", "client_order_id__exact")
    list_select_related = ("account",)
    ordering = ("-id",)
    actions = ("cancel",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Order]:
        """Read what amounts are written with from the instrument, which orders name by its number."""
        found: QuerySet[models.Order] = selectors.with_market(super().get_queryset(request))
        return found

    @admin.display(description=_("Instrument"))
    def market(self, row: Any) -> str:
        return str(row.symbol)

    @admin.display(description=_("Price"))
    def limit(self, row: Any) -> str:
        return _price(row, row.price)

    @admin.display(description=_("Quantity"))
    def units(self, row: Any) -> str:
        return money.text(row.quantity, decimals=row.asset_decimals)

    @admin.display(description=_("Filled"))
    def filled(self, row: Any) -> str:
        return money.text(row.filled_quantity, decimals=row.asset_decimals)

    @admin.display(description=_("Account"))
    def owner(self, row: models.Order) -> str:
        return str(row.account.owner)

    @admin.action(description=_("Cancel, by reason"), permissions=["act"])
    def cancel(self, request: HttpRequest, rows: QuerySet[models.Order]) -> None:
        """Cancel orders of anybody."""
        needless = gettext("that was asked already, and is about to happen.")
        self._each(request, rows, services.cancel_by_venue, "order_id", needless)


def _price(market: Any, price: int) -> str:
    return f"{money.text(price, decimals=market.quote_decimals)} {market.quote}" if price else "—"
