"""Tokens and allocations in the compliance workplace: filters, search, and acts by the usual verbs."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.accounts.types import Permission
from apps.common import money
from apps.common.admin import ReadOnlyAdmin
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of
from apps.tokens import rules, services
from apps.tokens.models import Allocation, Token


def _moment(name: Any) -> forms.DateTimeField:
    """Return a field for a time that only one of the actions reads."""
    widget = UnfoldAdminTextInputWidget({"type": "datetime-local", "aria-label": name, "title": name})
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    return forms.DateTimeField(label="", required=False, input_formats=formats, widget=widget)


class TokenActionForm(ActionForm):  # type: ignore[misc]  # unfold has no types
    primary_start = _moment(gettext_lazy("Start of the offering (UTC)"))
    primary_end = _moment(gettext_lazy("End of the offering (UTC)"))
    reason = forms.CharField(
        label="",
        required=False,
        max_length=rules.MAX_REASON,
        widget=UnfoldAdminTextInputWidget(
            {"placeholder": gettext_lazy("Reason"), "aria-label": gettext_lazy("Reason")}
        ),
    )


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    permission = Permission.TOKENS_VIEW
    list_display = (
        *("symbol", "name", "kind", "status", "trading_mode", "sold", "raised", "primary_end", "deployed_at"),
        "contract_address",
    )
    list_filter = ("status", "trading_mode", "kind", "raise_currency", "jurisdiction")
    search_fields = ("symbol__startswith", "name__icontains", "isin__exact", "contract_address__iexact")
    ordering = ("-created_at", "-id")
    action_form = TokenActionForm
    actions = (
        *("deploy", "start_offering", "confirm_all_payments", "enable_secondary"),
        *("pause", "resume", "delist", "mature"),
    )

    @admin.display(description=gettext_lazy("Sold"))
    def sold(self, row: Token) -> str:
        return money.text(row.tokens_sold, decimals=row.decimals)

    @admin.display(description=gettext_lazy("Raised"))
    def raised(self, row: Token) -> str:
        amount = money.text(row.total_raised, decimals=row.raise_decimals)
        return f"{amount} {row.raise_currency_id}"

    def has_deploy_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Permission.TOKENS_DEPLOY)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Permission.TOKENS_MANAGE)

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Permission.ALLOCATIONS_CONFIRM)

    @admin.action(description=gettext_lazy("Deploy on chain"), permissions=["deploy"])
    def deploy(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for row in queryset:
            _act(request, row, services.deploy, token_id=row.pk)

    @admin.action(
        description=gettext_lazy("Start the offering (needs its start and end)"), permissions=["manage"]
    )
    def start_offering(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        given = self._given(request)
        start, end = (given.get(name) for name in ("primary_start", "primary_end"))
        if not start or not end:
            messages.error(request, _("Give the start and the end of the offering."))
            return
        for row in queryset:
            _act(
                request,
                row,
                services.start_offering,
                token_id=row.pk,
                primary_start=start,
                primary_end=end,
            )

    @admin.action(description=gettext_lazy("Open the market"), permissions=["manage"])
    def enable_secondary(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for row in queryset:
            _act(request, row, services.enable_secondary, token_id=row.pk)

    @admin.action(description=gettext_lazy("Pause the market (needs a reason)"), permissions=["manage"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        self._change(request, queryset, services.pause)

    @admin.action(description=gettext_lazy("Resume the market (needs a reason)"), permissions=["manage"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        self._change(request, queryset, services.resume)

    @admin.action(description=gettext_lazy("Delist (needs a reason)"), permissions=["manage"])
    def delist(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        self._change(request, queryset, services.delist)

    @admin.action(description=gettext_lazy("Mature"), permissions=["manage"])
    def mature(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for row in queryset:
            _act(request, row, services.mature, token_id=row.pk)

    def _change(self, request: HttpRequest, queryset: QuerySet[Token], verb: Callable[..., object]) -> None:
        reason = self._given(request).get("reason") or ""
        for row in queryset:
            _act(request, row, verb, token_id=row.pk, reason=reason)

    def _given(self, request: HttpRequest) -> dict[str, Any]:
        """Return what was written beside the action."""
        form = TokenActionForm(request.POST)
        form.fields["action"].choices = self.get_action_choices(request)
        form.full_clean()
        return dict(form.cleaned_data)

    @admin.action(description=gettext_lazy("Confirm all pending payments"), permissions=["confirm"])
    def confirm_all_payments(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for row in queryset:
            _act(request, row, services.confirm_payment, token_id=row.pk, allocation_ids="all")


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    """Also for those who confirm payments and see no more of tokens than this."""

    permission = Permission.TOKENS_VIEW
    list_display = (
        *("id", "token", "investor_id", "units", "price_paid", "status", "on_chain_status", "on_chain_error"),
        *("created_at", "expires_at", "cooling_off_until"),
    )
    list_filter = ("status", "on_chain_status", "investor_class", "allocation_type")
    search_fields = ("id__iexact", "investor_id__iexact", "token__symbol__exact", "on_chain_tx_hash__exact")
    list_select_related = ("token",)
    ordering = ("-created_at", "-id")
    actions = ("confirm_payment", "requeue_mint")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.permission) or self.has_confirm_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Permission.ALLOCATIONS_CONFIRM)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Permission.SETTLEMENT_RETRY)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Name the token without a link for who may not open it."""
        fields = list(super().get_fields(request, obj))
        if request.user.has_perm(self.permission):
            return fields
        return ["symbol" if field == "token" else field for field in fields]

    @admin.display(description=gettext_lazy("Token"))
    def symbol(self, row: Allocation) -> str:
        return row.token.symbol

    @admin.display(description=gettext_lazy("Quantity"))
    def units(self, row: Allocation) -> str:
        return money.text(row.quantity, decimals=row.token.decimals)

    @admin.display(description=gettext_lazy("Cost"))
    def price_paid(self, row: Allocation) -> str:
        return f"{money.text(row.cost, decimals=row.token.raise_decimals)} {row.token.raise_currency_id}"

    @admin.action(description=gettext_lazy("Confirm the payments"), permissions=["confirm"])
    def confirm_payment(self, request: HttpRequest, queryset: QuerySet[Allocation]) -> None:
        chosen = queryset.order_by("token_id", "pk").select_related("token")
        for token, rows in groupby(chosen, key=lambda row: row.token):
            ids = [row.pk for row in rows]
            _act(request, token, services.confirm_payment, token_id=token.pk, allocation_ids=ids)

    @admin.action(description=gettext_lazy("Try the mint again"), permissions=["retry"])
    def requeue_mint(self, request: HttpRequest, queryset: QuerySet[Allocation]) -> None:
        for row in queryset:
            _act(request, row, services.requeue_mint, allocation_id=row.pk)


def _act(
    request: HttpRequest, row: Token | Allocation, verb: Callable[..., object], **arguments: Any
) -> None:
    """Call a verb for one row, and show what it refuses."""
    try:
        verb(**arguments, by=actor_of(request), at=now())
    except DomainError as error:
        messages.error(request, f"{row}: {error.detail} {error.next_step}".strip())
    else:
        messages.success(request, _("%(row)s: done.") % {"row": row})
