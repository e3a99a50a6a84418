"""Who hears what: message type → the handlers that get it. The only place that names listeners."""

SUBSCRIPTIONS: dict[str, list[str]] = {
    "accounts.verification_requested": ["apps.accounts.services.send_verification"],
    "accounts.session_revoked": ["apps.accounts.services.send_session_revoked"],
    "business.registered": ["apps.businesses.services.send_registered"],
    "business.approved": ["apps.businesses.services.send_decision"],
    "business.rejected": ["apps.businesses.services.send_decision"],
    "business.suspended": ["apps.businesses.services.send_decision"],
    "business.resumed": ["apps.businesses.services.send_decision"],
}
