from django.urls import path

from apps.audit import api

api_urlpatterns = [
    path("admin/audit/events", api.Events.as_view(), name="audit-events"),
    path("admin/audit/links", api.Links.as_view(), name="audit-links"),
    path("admin/audit/state", api.ChainState.as_view(), name="audit-state"),
]
