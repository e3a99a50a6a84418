from django.urls import path

from apps.accounts import api, views

api_urlpatterns = [
    path("auth/register", api.Register.as_view(), name="register"),
    path("auth/verify", api.Verify.as_view(), name="verify"),
    path("auth/login", api.Login.as_view(), name="login"),
    path("auth/refresh", api.Refresh.as_view(), name="refresh"),
    path("auth/logout", api.Logout.as_view(), name="logout"),
    path("me", api.Me.as_view(), name="me"),
    path("me/phone", api.Phone.as_view(), name="phone"),
    path("me/phone/confirm", api.ConfirmPhone.as_view(), name="phone-confirm"),
    path("me/logout-everywhere", api.LogOutEverywhere.as_view(), name="logout-everywhere"),
    path("admin/users", api.Users.as_view(), name="users"),
    path("admin/users/<uuid:user_id>", api.UserDetail.as_view(), name="user"),
    path("admin/presets", api.Presets.as_view(), name="presets"),
    path("admin/presets/<slug:code>", api.PresetDetail.as_view(), name="preset"),
]

urlpatterns = [
    path("register", views.register, name="register"),
    path("login", views.log_in, name="login"),
    path("logout", views.log_out, name="logout"),
    path("verify/<uuid:challenge_id>/<str:secret>", views.verify, name="verify"),
    path("account", views.account, name="account"),
    path("account/phone", views.phone, name="account-phone"),
    path("account/phone/confirm", views.phone_confirm, name="account-phone-confirm"),
    path("account/logout-everywhere", views.log_out_everywhere, name="account-logout-everywhere"),
    path("staff/users", views.users, name="users"),
    path("staff/users/<uuid:user_id>", views.user, name="user"),
    path("staff/presets", views.presets, name="presets"),
    path("staff/presets/<slug:code>", views.preset, name="preset"),
]
