from django.urls import URLPattern, path

from apps.trading import views

urlpatterns = [
    path("markets", views.markets, name="markets"),
    path("markets/<str:symbol>", views.market, name="market"),
    path("markets/<str:symbol>/preview", views.preview, name="market-preview"),
    path("markets/<str:symbol>/order", views.place, name="market-order"),
    path("orders", views.orders, name="orders"),
    path("orders/<uuid:order_id>/amend", views.amend, name="order-amend"),
    path("orders/<uuid:order_id>/cancel", views.cancel, name="order-cancel"),
]
api_urlpatterns: list[URLPattern] = []
