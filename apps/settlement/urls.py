from django.urls import URLPattern, path

from apps.settlement import api

api_urlpatterns = [
    path("admin/trades", api.AdminTrades.as_view(), name="admin-trades"),
    path("admin/trades/<uuid:trade_id>", api.AdminTrade.as_view(), name="admin-trade"),
    path(
        "admin/trades/<uuid:trade_id>/retry-settlement",
        api.RetrySettlement.as_view(),
        name="admin-trade-retry",
    ),
]
urlpatterns: list[URLPattern] = []
