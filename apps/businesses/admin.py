"""Businesses in the compliance workplace: filters, search, and decisions by the same verb as everywhere."""

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.accounts.types import Permission
from apps.businesses import rules, services
from apps.businesses.models import Business
from apps.businesses.types import BusinessStatus
from apps.common.admin import ReadOnlyAdmin
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of


class DecisionActionForm(ActionForm):  # type: ignore[misc]  # unfold has no types
    reason = forms.CharField(
        label="",
        required=False,
        max_length=rules.MAX_REASON,
        widget=UnfoldAdminTextInputWidget(
            {"placeholder": gettext_lazy("Reason"), "aria-label": gettext_lazy("Reason")}
        ),
    )


@admin.register(Business)
class BusinessAdmin(ReadOnlyAdmin):
    permission = Permission.BUSINESS_VIEW
    list_display = ("name", "registration_number", "country", "industry", "status", "created_at")
    list_filter = ("status", "industry", "country")
    search_fields = ("name", "registration_number", "id__iexact")
    ordering = ("-created_at", "-id")
    action_form = DecisionActionForm
    actions = ("approve", "reject", "suspend", "resume")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Tell Django whether to offer the actions."""
        return request.user.has_perm(Permission.BUSINESS_APPROVE)

    @admin.action(description=gettext_lazy("Approve"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Business]) -> None:
        self._decide(request, queryset, BusinessStatus.PENDING, BusinessStatus.ACTIVE)

    @admin.action(description=gettext_lazy("Reject (needs a reason)"), permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Business]) -> None:
        self._decide(request, queryset, BusinessStatus.PENDING, BusinessStatus.REJECTED)

    @admin.action(description=gettext_lazy("Suspend (needs a reason)"), permissions=["decide"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Business]) -> None:
        self._decide(request, queryset, BusinessStatus.ACTIVE, BusinessStatus.SUSPENDED)

    @admin.action(description=gettext_lazy("Resume"), permissions=["decide"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Business]) -> None:
        self._decide(request, queryset, BusinessStatus.SUSPENDED, BusinessStatus.ACTIVE)

    def _decide(
        self, request: HttpRequest, chosen: QuerySet[Business], before: BusinessStatus, after: BusinessStatus
    ) -> None:
        """Decide on the chosen ones; to approve isn't to resume, so each act leaves other states alone."""
        for row in chosen:
            if row.status != before:
                refused = {"name": row.name, "status": row.status}
                messages.warning(request, _("%(name)s is %(status)s and stays so.") % refused)
                continue
            try:
                services.decide(
                    business_id=row.pk,
                    status=after,
                    reason=request.POST.get("reason", ""),
                    version=row.version,
                    by=actor_of(request),
                    at=now(),
                )
            except DomainError as error:
                messages.error(request, f"{row.name}: {error.detail}")
            else:
                messages.success(request, _("%(name)s: decided.") % {"name": row.name})
