"""The verbs of accounts."""

from apps.accounts.services.admission import admit_session, admit_token, still_admitted
from apps.accounts.services.login import authenticate, log_out_everywhere
from apps.accounts.services.phone import confirm_phone, start_phone
from apps.accounts.services.presets import save_preset
from apps.accounts.services.registration import open_account, register, send_verification, verify_email
from apps.accounts.services.standing import set_standing
from apps.accounts.services.tokens import (
    forget_old_tokens,
    issue_tokens,
    revoke_tokens,
    rotate_tokens,
    send_session_revoked,
)

__all__ = [
    "admit_session",
    "admit_token",
    "authenticate",
    "confirm_phone",
    "forget_old_tokens",
    "issue_tokens",
    "log_out_everywhere",
    "open_account",
    "register",
    "revoke_tokens",
    "rotate_tokens",
    "save_preset",
    "send_session_revoked",
    "send_verification",
    "set_standing",
    "start_phone",
    "still_admitted",
    "verify_email",
]
