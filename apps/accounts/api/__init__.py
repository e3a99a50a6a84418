"""The API of accounts."""

from apps.accounts.api.me import ConfirmPhone, LogOutEverywhere, Me, Phone
from apps.accounts.api.oversight import PresetDetail, Presets, UserDetail, Users
from apps.accounts.api.tokens import Login, Logout, Refresh, Register, Verify

__all__ = [
    "ConfirmPhone",
    "LogOutEverywhere",
    "Login",
    "Logout",
    "Me",
    "Phone",
    "PresetDetail",
    "Presets",
    "Refresh",
    "Register",
    "UserDetail",
    "Users",
    "Verify",
]
