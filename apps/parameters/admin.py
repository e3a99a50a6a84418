"""The parameters that somebody has changed, in the compliance workplace; changing is done on their page."""

from django.contrib import admin

from apps.common.admin import ReadOnlyAdmin
from apps.parameters.models import ChangedParameter


@admin.register(ChangedParameter)
class ChangedParameterAdmin(ReadOnlyAdmin):
    permission = "staff.manage"
    list_display = ("name", "value", "version", "changed_at")
    search_fields = ("name__startswith",)
    ordering = ("name",)
