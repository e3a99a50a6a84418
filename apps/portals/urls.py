from django.urls import path

from apps.portals import views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("status", views.status, name="status"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("components/", views.components, name="components"),
    path("docs/errors", views.errors, name="errors"),
    path("home", views.home, name="home"),
    path("wallet", views.wallet, name="wallet"),
    path("staff/audit", views.audit_log, name="audit"),
    path("staff/ledger", views.ledger_sums, name="ledger"),
    path("staff/dead-letters", views.dead_letters, name="dead-letters"),
    path("staff/dead-letters/<int:delivery_id>/requeue", views.requeue, name="dead-letter-requeue"),
]
