"""Users in the compliance workplace."""

from django.contrib import admin

from apps.accounts.models import User
from apps.accounts.types import Permission
from apps.common.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    permission = Permission.USERS_VIEW
    list_display = ("id", "role", "team_role", "status", "kyc_status", "kyc_level", "country", "created_at")
    list_filter = ("role", "status", "kyc_status", "team_role")
    search_fields = ("id__iexact",)
    exclude = ("password", "email_index")
    ordering = ("-created_at",)
