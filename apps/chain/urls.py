from django.urls import path

from apps.chain import api, views

api_urlpatterns = [
    path("admin/chain", api.ChainState.as_view(), name="chain"),
    path("admin/chain/intents", api.Intents.as_view(), name="chain-intents"),
    path("admin/chain/intents/<uuid:intent_id>", api.IntentDetail.as_view(), name="chain-intent"),
    path("admin/chain/intents/<uuid:intent_id>/requeue", api.Requeue.as_view(), name="chain-requeue"),
    path("admin/chain/intents/<uuid:intent_id>/cancel", api.Cancel.as_view(), name="chain-cancel"),
]

urlpatterns = [
    path("staff/chain", views.chain, name="chain"),
    path("staff/chain/<uuid:intent_id>", views.intent, name="chain-intent"),
    path("staff/chain/<uuid:intent_id>/requeue", views.requeue, name="chain-requeue"),
    path("staff/chain/<uuid:intent_id>/cancel", views.cancel, name="chain-cancel"),
    path("staff/gas", views.gas, name="gas"),
]
