"""Who hears what: message type → the handlers that get it. The only place that names listeners."""

SUBSCRIPTIONS: dict[str, list[str]] = {
    "accounts.verification_requested": ["apps.accounts.services.send_verification"],
    "accounts.session_revoked": ["apps.accounts.services.send_session_revoked"],
    "chain.intent_completed": [
        "apps.tokens.services.note_deployed",
        "apps.tokens.services.note_minted",
        "apps.settlement.services.note_completed",
    ],
    "chain.intent_failed": [
        "apps.tokens.services.note_deploy_failed",
        "apps.tokens.services.note_mint_failed",
        "apps.settlement.services.note_gave_up",
    ],
    "allocation.confirmed": ["apps.tokens.services.note_mint_due"],
    "allocation.granted": ["apps.tokens.services.note_mint_due"],
    "allocation.cooling_off_waived": ["apps.tokens.services.note_mint_due"],
    "ledger.hold_expired": ["apps.tokens.services.note_hold_expired"],
    "business.registered": ["apps.businesses.services.send_registered"],
    "business.approved": ["apps.businesses.services.send_decision"],
    "business.rejected": ["apps.businesses.services.send_decision"],
    "business.suspended": ["apps.businesses.services.send_decision"],
    "business.resumed": ["apps.businesses.services.send_decision"],
    "kyc.submitted": ["apps.kyc.services.begin_verification"],
    "kyc.review_requested": ["apps.kyc.services.send_review_request"],
    "kyc.approved": ["apps.kyc.services.send_decision"],
    "kyc.rejected": ["apps.kyc.services.send_decision"],
    # wallets
    "deposit.credited": ["apps.wallets.services.tell_of_deposit"],
    "deposit.rejected": ["apps.wallets.services.tell_of_deposit"],
    "deposit.refunded": ["apps.wallets.services.tell_of_deposit"],
    "withdrawal.completed": ["apps.wallets.services.tell_of_withdrawal"],
    "withdrawal.rejected": ["apps.wallets.services.tell_of_withdrawal"],
    "withdrawal.failed": ["apps.wallets.services.tell_of_withdrawal"],
    # trading
    "token.listed": ["apps.trading.services.note_listed"],
    "token.paused": ["apps.trading.services.note_paused"],
    "token.resumed": ["apps.trading.services.note_resumed"],
    "token.matured": ["apps.trading.services.note_withdrawn"],
    "token.delisted": ["apps.trading.services.note_withdrawn"],
    # settlement
    "trade.executed": ["apps.trading.services.add_wallet_lines", "apps.settlement.services.note_executed"],
}
