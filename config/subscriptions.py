"""Who hears what: message type → the handlers that get it. The only place that names listeners."""

SUBSCRIPTIONS: dict[str, list[str]] = {
    "accounts.verification_requested": ["apps.accounts.services.send_verification"],
    "accounts.session_revoked": ["apps.accounts.services.send_session_revoked"],
    "kyc.submitted": ["apps.kyc.services.begin_verification"],
    "kyc.review_requested": ["apps.kyc.services.send_review_request"],
    "kyc.approved": ["apps.kyc.services.send_decision"],
    "kyc.rejected": ["apps.kyc.services.send_decision"],
}
