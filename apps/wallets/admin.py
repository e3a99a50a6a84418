"""Deposits and withdrawals in the compliance workplace: the acts of staff as actions on the rows."""

from collections.abc import Callable
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
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.types import Permission
from apps.common import money
from apps.common.admin import ReadOnlyAdmin
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of
from apps.wallets import models, services
from apps.wallets.forms import REASONS
from apps.wallets.types import DECIMALS

MOST = 100  # rows of one action
_LTR = {"dir": "ltr"}


class EvidenceForm(ActionForm):  # type: ignore[misc]  # unfold has no types
    """What an action needs to know besides its rows."""

    amount = forms.CharField(
        label=_("Amount that came"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget(_LTR),
    )
    bank_reference = forms.CharField(
        label=_("Bank's reference"),
        required=False,
        max_length=80,
        widget=UnfoldAdminTextInputWidget(_LTR),
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[("", "—"), *REASONS.items()],
        widget=UnfoldAdminSelectWidget,
    )


class _RequestAdmin(ReadOnlyAdmin):
    permission = Permission.WALLETS_VIEW
    act_permission: Permission
    id_name = ""
    page = ""
    action_form = EvidenceForm
    list_filter = ("state", "currency")
    search_fields = ("reference__iexact", "bank_reference__iexact", "owner__iexact", "id__iexact")
    ordering = ("requested_at", "id")
    show_full_result_count = False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Tell whether this person may decide; Django's actions ask by this name."""
        return request.user.has_perm(self.act_permission)

    @admin.display(description=_("Amount"), ordering="amount")
    def announced(self, row: Any) -> str:
        """Write the amount for people."""
        return f"{money.text(row.amount, decimals=DECIMALS)} {row.currency}"

    @admin.display(description=_("Case"))
    def case(self, row: Any) -> SafeString:
        """Lead to the page that shows the case whole."""
        return format_html(
            '<a class="underline" href="{}">{}</a>', reverse(self.page, args=[row.pk]), row.reference
        )

    def _each(self, request: HttpRequest, rows: QuerySet[Any], verb: Callable[..., Any], *names: str) -> None:
        """Call a verb for each chosen row, and say which were refused and why. `names` are what it asks."""
        done = 0
        for row in rows[:MOST]:
            try:
                given = {name: _given(request, name, row) for name in names}
                verb(**{self.id_name: row.pk}, **given, by=actor_of(request), at=now())
            except DomainError as error:
                of_fields = [text for texts in getattr(error, "fields", {}).values() for text in texts]
                said = [f"{row.reference}:", error.detail, *of_fields, error.next_step]
                self.message_user(request, " ".join(filter(None, said)), messages.ERROR)
            else:
                done += 1
        if done:
            self.message_user(request, gettext("Done: %(count)s.") % {"count": done}, messages.SUCCESS)


def _given(request: HttpRequest, name: str, row: Any) -> Any:
    """Return what the form beside the action says; no amount means the one that was announced."""
    text = request.POST.get(name, "").replace("\x00", "").strip()
    if name != "amount":
        return text
    return money.parse(text, decimals=DECIMALS) if text else row.amount


@admin.register(models.Deposit)
class DepositAdmin(_RequestAdmin):
    act_permission = Permission.DEPOSITS_APPROVE
    id_name, page = "deposit_id", "staff-deposit"
    list_display = ("case", "state", "announced", "owner", "bank_reference", "requested_at", "expires_at")
    actions = ("confirm", "receive", "credit", "reject", "refund")

    @admin.action(description=_("Confirm: receive and credit"), permissions=["act"])
    def confirm(self, request: HttpRequest, rows: QuerySet[models.Deposit]) -> None:
        """Receive and credit; without an amount, the one that was announced."""
        self._each(request, rows, services.confirm_deposit, "amount", "bank_reference")

    @admin.action(description=_("Receive into suspense"), permissions=["act"])
    def receive(self, request: HttpRequest, rows: QuerySet[models.Deposit]) -> None:
        """Receive; without an amount, the one that was announced."""
        self._each(request, rows, services.receive_deposit, "amount", "bank_reference")

    @admin.action(description=_("Credit what was received"), permissions=["act"])
    def credit(self, request: HttpRequest, rows: QuerySet[models.Deposit]) -> None:
        """Give what came to its owners."""
        self._each(request, rows, services.credit_deposit)

    @admin.action(description=_("Reject, by reason"), permissions=["act"])
    def reject(self, request: HttpRequest, rows: QuerySet[models.Deposit]) -> None:
        """Refuse requests for which nothing came."""
        self._each(request, rows, services.reject_deposit, "reason")

    @admin.action(description=_("Refunded, by reason and bank's reference"), permissions=["act"])
    def refund(self, request: HttpRequest, rows: QuerySet[models.Deposit]) -> None:
        """Say that what came was sent back."""
        self._each(request, rows, services.refund_deposit, "reason", "bank_reference")


@admin.register(models.Withdrawal)
class WithdrawalAdmin(_RequestAdmin):
    act_permission = Permission.WITHDRAWALS_APPROVE
    id_name, page = "withdrawal_id", "staff-withdrawal"
    list_display = (
        "case",
        "state",
        "announced",
        "owner",
        "destination_kind",
        "bank_reference",
        "requested_at",
    )
    exclude = ("destination",)
    actions = ("approve", "reject", "send", "complete", "fail")

    @admin.action(description=_("Approve"), permissions=["act"])
    def approve(self, request: HttpRequest, rows: QuerySet[models.Withdrawal]) -> None:
        """Allow withdrawals to be paid."""
        self._each(request, rows, services.approve_withdrawal)

    @admin.action(description=_("Reject, by reason"), permissions=["act"])
    def reject(self, request: HttpRequest, rows: QuerySet[models.Withdrawal]) -> None:
        """Refuse withdrawals; what they hold is available again."""
        self._each(request, rows, services.reject_withdrawal, "reason")

    @admin.action(description=_("Sent, by the bank's reference"), permissions=["act"])
    def send(self, request: HttpRequest, rows: QuerySet[models.Withdrawal]) -> None:
        """Say that the bank was told."""
        self._each(request, rows, services.send_withdrawal, "bank_reference")

    @admin.action(description=_("Completed: the bank has paid"), permissions=["act"])
    def complete(self, request: HttpRequest, rows: QuerySet[models.Withdrawal]) -> None:
        """Say that the bank has paid."""
        self._each(request, rows, services.complete_withdrawal)

    @admin.action(description=_("Failed, by reason"), permissions=["act"])
    def fail(self, request: HttpRequest, rows: QuerySet[models.Withdrawal]) -> None:
        """Say that the bank did not pay; what they hold is available again."""
        self._each(request, rows, services.fail_withdrawal, "reason")
