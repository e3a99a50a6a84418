from django.urls import URLPattern, path

from apps.tokens import views

api_urlpatterns: list[URLPattern] = []

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
    path("staff/tokens/<uuid:token_id>/confirm", views.confirm, name="staff-token-confirm"),
    path("staff/allocations", views.staff_allocations, name="staff-allocations"),
    path("staff/allocations/<uuid:allocation_id>/requeue", views.requeue, name="staff-mint-requeue"),
]
