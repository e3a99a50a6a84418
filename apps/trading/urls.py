from django.urls import URLPattern, path

from apps.trading import views

api_urlpatterns: list[URLPattern] = []

urlpatterns = [
    # staff
    path("staff/instruments", views.staff_instruments, name="staff-instruments"),
    path("staff/instruments/<uuid:instrument_id>", views.staff_instrument, name="staff-instrument"),
    path(
        "staff/instruments/<uuid:instrument_id>/<slug:act>",
        views.act_on_instrument,
        name="staff-instrument-act",
    ),
    path("staff/orders", views.staff_orders, name="staff-orders"),
    path("staff/orders/<uuid:order_id>", views.staff_order, name="staff-order"),
    path("staff/orders/<uuid:order_id>/cancel", views.cancel_order, name="staff-order-cancel"),
]
