"""The kind of page that the compliance workplace is made of."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Shows rows and changes none: acts are actions that call a verb. `permission` is one of our 23."""

    permission = ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow the filters of the list alone: by any other column what isn't shown could be guessed."""
        names = [_name_of(each) for each in self.get_list_filter(request)]
        return "\x00" not in str(value) and any(f"{lookup}__".startswith(f"{name}__") for name in names)


def _name_of(list_filter: Any) -> str:
    """Return what the addresses call a filter of a list: its column, or its own parameter."""
    found = list_filter[0] if isinstance(list_filter, tuple) else list_filter
    if isinstance(found, type) and issubclass(found, SimpleListFilter):
        return str(found.parameter_name)
    return str(found)
