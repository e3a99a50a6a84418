"""The pages of businesses."""

from apps.businesses.views.own import business, businesses, new
from apps.businesses.views.staff import decide, queue, review

__all__ = ["business", "businesses", "decide", "new", "queue", "review"]
