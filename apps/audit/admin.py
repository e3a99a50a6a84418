"""The audit log in the compliance workplace."""

from django.contrib import admin

from apps.audit.models import AuditEvent
from apps.common.admin import ReadOnlyAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    permission = "audit.view"
    list_display = ("id", "at", "action", "actor_kind", "actor_id", "target_type", "target_id", "reason")
    list_filter = ("actor_kind",)
    search_fields = ("action__startswith", "actor_id__exact", "target_id__exact")
    ordering = ("-id",)
    show_full_result_count = False  # counting every event would cost more than the page
