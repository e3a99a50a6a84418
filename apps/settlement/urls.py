from django.urls import path

from apps.settlement import api, views

api_urlpatterns = [
    path("admin/trades", api.AdminTrades.as_view(), name="admin-trades"),
    path("admin/trades/<uuid:trade_id>", api.AdminTrade.as_view(), name="admin-trade"),
    path(
        "admin/trades/<uuid:trade_id>/retry-settlement",
        api.RetrySettlement.as_view(),
        name="admin-trade-retry",
    ),
]
urlpatterns = [
    path("staff/trades", views.trades, name="staff-trades"),
    path("staff/trades/retry", views.retry_many, name="staff-trades-retry"),
    path("staff/trades/<uuid:trade_id>", views.trade, name="staff-trade"),
    path("staff/trades/<uuid:trade_id>/retry", views.retry, name="staff-trade-retry"),
]
