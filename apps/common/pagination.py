from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Pages by cursor, newest first; `page_size` at most 200."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        """Return one page. Raises DRF's NotFound for a cursor that we didn't make."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError) as error:  # its position is no value of the column
            raise NotFound(self.invalid_cursor_message) from error


class NewestFirst(CursorPages):
    """Pages of what has a `created_at`: an id may come from a form, and then it doesn't say when."""

    ordering = ("-created_at", "-id")  # type: ignore[assignment]  # DRF takes a tuple as well
