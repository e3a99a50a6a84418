from django.urls import path

from apps.parameters import api, views

api_urlpatterns = [
    path("admin/parameters", api.Parameters.as_view(), name="parameters"),
    path("admin/parameters/<str:name>", api.ParameterDetail.as_view(), name="parameter"),
]

urlpatterns = [
    path("staff/settings", views.settings, name="settings"),
    path("staff/settings/<str:name>", views.setting, name="setting"),
]
