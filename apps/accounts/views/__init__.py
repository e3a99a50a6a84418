"""The pages of accounts."""

from apps.accounts.views.entrance import log_in, log_out, register, verify
from apps.accounts.views.own import account, log_out_everywhere, phone, phone_confirm
from apps.accounts.views.staff import preset, presets, user, users

__all__ = [
    "account",
    "log_in",
    "log_out",
    "log_out_everywhere",
    "phone",
    "phone_confirm",
    "preset",
    "presets",
    "register",
    "user",
    "users",
    "verify",
]
