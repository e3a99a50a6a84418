from django.urls import URLPattern, path

from apps.settlement import views

api_urlpatterns: list[URLPattern] = []
urlpatterns = [
    path("staff/trades", views.trades, name="staff-trades"),
    path("staff/trades/retry", views.retry_many, name="staff-trades-retry"),
    path("staff/trades/<uuid:trade_id>", views.trade, name="staff-trade"),
    path("staff/trades/<uuid:trade_id>/retry", views.retry, name="staff-trade-retry"),
]
