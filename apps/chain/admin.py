"""The chain in the compliance workplace: what was asked, what was sent, what was seen, what it cost."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.chain import services
from apps.chain.models import ChainEvent, GasTransaction, Intent, Transaction
from apps.common.admin import ReadOnlyAdmin
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of

VIEW, ACT = "tokens.view", "settlement.retry"


@admin.register(Intent)
class IntentAdmin(ReadOnlyAdmin):
    permission = VIEW
    list_display = ("id", "kind", "subject", "state", "attempts", "error", "created_at", "completed_at")
    list_filter = ("kind", "state")
    search_fields = ("id__iexact", "subject__iexact", "business_key")
    ordering = ("-created_at",)
    actions = ("try_again", "call_off")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ACT)

    @admin.action(description=gettext_lazy("Try dead letters again"), permissions=["act"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Intent]) -> None:
        """Requeue each of the chosen ones."""
        for row in rows:
            _say(request, row, services.requeue, _("It is tried again now."))

    @admin.action(description=gettext_lazy("Call off"), permissions=["act"])
    def call_off(self, request: HttpRequest, rows: QuerySet[Intent]) -> None:
        """Cancel each of the chosen ones."""
        for row in rows:
            _say(request, row, services.cancel, _("It is called off."), reason="called off in the workplace")


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    permission = VIEW
    list_display = ("step", "state", "duty", "nonce", "tx_hash", "block_number", "gas_used", "created_at")
    list_filter = ("state", "duty")
    search_fields = ("tx_hash__iexact", "signer__iexact", "intent__id__iexact")
    exclude = ("data",)
    ordering = ("-created_at", "-number")


@admin.register(ChainEvent)
class ChainEventAdmin(ReadOnlyAdmin):
    permission = VIEW
    list_display = ("block_number", "log_index", "name", "address", "arguments", "tx_hash")
    list_filter = ("name",)
    search_fields = ("tx_hash__iexact", "address__iexact")
    ordering = ("-block_number", "-log_index")
    show_full_result_count = False


@admin.register(GasTransaction)
class GasTransactionAdmin(ReadOnlyAdmin):
    permission = VIEW
    list_display = ("step", "kind", "gas_used", "gas_price", "cost", "at")
    list_filter = ("kind",)
    ordering = ("-at",)


def _say(request: HttpRequest, row: Intent, verb: Any, done: str, **arguments: Any) -> None:
    """Let a verb act on one row, and tell how it went."""
    try:
        verb(intent_id=row.pk, **arguments, by=actor_of(request), at=now())
    except DomainError as error:
        messages.error(request, f"{row.pk}: {error.detail}")
    else:
        messages.success(request, f"{row.pk}: {done}")
