from django.urls import path

from apps.tokens import api, views

api_urlpatterns = [
    path("tokens", api.Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:token_id>", api.TokenDetail.as_view(), name="token"),
    path("tokens/<uuid:token_id>/subscribe", api.Subscribe.as_view(), name="token-subscribe"),
    path("allocations", api.Allocations.as_view(), name="allocations"),
    path("allocations/<uuid:allocation_id>/cancel", api.Cancel.as_view(), name="allocation-cancel"),
    path("allocations/<uuid:allocation_id>/withdraw", api.Withdraw.as_view(), name="allocation-withdraw"),
    path(
        "allocations/<uuid:allocation_id>/waive-cooling-off",
        api.WaiveCoolingOff.as_view(),
        name="allocation-waive",
    ),
    path("admin/tokens", api.AdminTokens.as_view(), name="admin-tokens"),
    path("admin/tokens/<uuid:token_id>", api.AdminToken.as_view(), name="admin-token"),
    path("admin/tokens/<uuid:token_id>/deploy", api.Deploy.as_view(), name="token-deploy"),
    path("admin/tokens/<uuid:token_id>/start-offering", api.StartOffering.as_view(), name="token-start"),
    path("admin/tokens/<uuid:token_id>/confirm-payment", api.ConfirmPayment.as_view(), name="token-confirm"),
    path(
        "admin/tokens/<uuid:token_id>/enable-secondary",
        api.EnableSecondary.as_view(),
        name="token-enable-secondary",
    ),
    path("admin/tokens/<uuid:token_id>/pause", api.Pause.as_view(), name="token-pause"),
    path("admin/tokens/<uuid:token_id>/resume", api.Resume.as_view(), name="token-resume"),
    path("admin/tokens/<uuid:token_id>/mature", api.Mature.as_view(), name="token-mature"),
    path("admin/tokens/<uuid:token_id>/delist", api.Delist.as_view(), name="token-delist"),
    path(
        "admin/tokens/<uuid:token_id>/allocations",
        api.AdminAllocations.as_view(),
        name="token-allocations",
    ),
    path("admin/tokens/<uuid:token_id>/register", api.Register.as_view(), name="token-register"),
    path(
        "admin/allocations/<uuid:allocation_id>/requeue-mint",
        api.RequeueMint.as_view(),
        name="allocation-requeue",
    ),
]

urlpatterns = [
    path("offerings", views.offerings, name="offerings"),
    path("offerings/<uuid:token_id>", views.offering, name="offering"),
    path("offerings/<uuid:token_id>/subscribe", views.subscribe, name="offering-subscribe"),
    path("subscriptions", views.subscriptions, name="subscriptions"),
    path("subscriptions/<uuid:allocation_id>/cancel", views.cancel, name="subscription-cancel"),
    path("subscriptions/<uuid:allocation_id>/waive", views.waive, name="subscription-waive"),
    path("subscriptions/<uuid:allocation_id>/withdraw", views.withdraw, name="subscription-withdraw"),
    path("tokens", views.tokens, name="tokens"),
    path("tokens/new", views.draft, name="token-new"),
    path("tokens/split", views.split, name="token-split"),
    path("tokens/<uuid:token_id>", views.token, name="token"),
    path("tokens/<uuid:token_id>/edit", views.draft, name="token-edit"),
    path("staff/tokens", views.staff_tokens, name="staff-tokens"),
    path("staff/tokens/<uuid:token_id>", views.staff_token, name="staff-token"),
    path("staff/tokens/<uuid:token_id>/deploy", views.deploy, name="staff-token-deploy"),
    path("staff/tokens/<uuid:token_id>/start", views.start, name="staff-token-start"),
    path("staff/tokens/<uuid:token_id>/open-market", views.open_market, name="staff-token-open"),
    path("staff/tokens/<uuid:token_id>/market", views.change_market, name="staff-token-market"),
    path("staff/tokens/<uuid:token_id>/confirm", views.confirm, name="staff-token-confirm"),
    path("staff/allocations", views.staff_allocations, name="staff-allocations"),
    path("staff/allocations/<uuid:allocation_id>/requeue", views.requeue, name="staff-mint-requeue"),
]
