from django.urls import path

from apps.notifications import views

dev_urlpatterns = [
    path("dev/mail", views.mailbox, name="dev-mail"),
    path("dev/mail.json", views.mailbox_json, name="dev-mail-json"),
]
