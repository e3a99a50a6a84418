from django.urls import path

from apps.trading import api, views

_INSTRUMENT, _MARKET = "instruments/<uuid:instrument_id>", "admin/instruments/<uuid:instrument_id>"
api_urlpatterns = [
    path("instruments", api.Instruments.as_view(), name="instruments"),
    path(_INSTRUMENT, api.InstrumentDetail.as_view(), name="instrument"),
    path(f"{_INSTRUMENT}/book", api.Book.as_view(), name="instrument-book"),
    path(f"{_INSTRUMENT}/trades", api.PublicTrades.as_view(), name="instrument-trades"),
    path(f"{_INSTRUMENT}/candles", api.Candles.as_view(), name="instrument-candles"),
    path(f"{_INSTRUMENT}/ticker", api.TickerDetail.as_view(), name="instrument-ticker"),
    path("orders", api.Orders.as_view(), name="orders"),
    path("orders/batch", api.Batch.as_view(), name="orders-batch"),
    path("orders/cancel-all", api.CancelAll.as_view(), name="orders-cancel-all"),
    path("orders/preview", api.PreviewOrder.as_view(), name="orders-preview"),
    path("orders/<uuid:order_id>", api.OrderDetail.as_view(), name="order"),
    path("orders/<uuid:order_id>/cancel", api.CancelOrder.as_view(), name="order-cancel"),
    path("trades", api.OwnTrades.as_view(), name="trades"),
    path("investment-limit", api.InvestmentLimit.as_view(), name="investment-limit"),
    path("admin/orders", api.AllOrders.as_view(), name="admin-orders"),
    path("admin/orders/<uuid:order_id>/cancel", api.CancelAnyOrder.as_view(), name="admin-order-cancel"),
    path(f"{_MARKET}/halt", api.Halt.as_view(), name="admin-instrument-halt"),
    path(f"{_MARKET}/resume", api.Resume.as_view(), name="admin-instrument-resume"),
    path(f"{_MARKET}/collar", api.Collar.as_view(), name="admin-instrument-collar"),
]

urlpatterns = [
    path("markets", views.markets, name="markets"),
    path("markets/<str:symbol>", views.market, name="market"),
    path("markets/<str:symbol>/preview", views.preview, name="market-preview"),
    path("markets/<str:symbol>/order", views.place, name="market-order"),
    path("markets/<str:symbol>/cancel-all", views.cancel_all, name="market-cancel-all"),
    path("orders", views.orders, name="orders"),
    path("orders/<uuid:order_id>/amend", views.amend, name="order-amend"),
    path("orders/<uuid:order_id>/cancel", views.cancel, name="order-cancel"),
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
