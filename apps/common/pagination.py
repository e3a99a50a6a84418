from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Pages by cursor, newest first; `page_size` at most 200."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
