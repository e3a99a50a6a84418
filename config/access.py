"""Who may open which address: the one place, by the address's name. What has no row is refused.

Pages are asked by `AccessMiddleware`, the API by `AccessMatrix`; the sidebar shows what is allowed here,
and a test opens every address as every role and compares (RBAC-3).
"""

from apps.accounts.types import Access, Permission, Role

EVERYONE = Access(public=True)
LOGGED_IN = Access()
INVESTORS = Access(roles=frozenset({Role.INVESTOR}))
ISSUERS = Access(roles=frozenset({Role.ISSUER}))
CUSTOMERS = Access(roles=frozenset({Role.INVESTOR, Role.ISSUER}))
STAFF = frozenset({Role.ADMIN, Role.STAFF})


def staff_with(permission: Permission) -> Access:
    """Open an address to admins, and to staff whose preset has the permission."""
    return Access(roles=STAFF, permission=permission)


MATRIX: dict[str, Access] = {
    # public pages
    "landing": EVERYONE,
    "status": EVERYONE,
    "register": EVERYONE,
    "verify": EVERYONE,
    "login": EVERYONE,
    "logout": EVERYONE,
    "components": EVERYONE,
    "errors": EVERYONE,
    "healthz": EVERYONE,
    "readyz": EVERYONE,
    "set_language": EVERYONE,
    "dev-mail": EVERYONE,  # mounted in development only
    "dev-mail-json": EVERYONE,
    "api-schema": EVERYONE,
    "api-docs": EVERYONE,
    # everybody's own pages
    "home": LOGGED_IN,
    "account": LOGGED_IN,
    "account-phone": LOGGED_IN,
    "account-phone-confirm": LOGGED_IN,
    "account-logout-everywhere": LOGGED_IN,
    "wallet": CUSTOMERS,
    # kyc pages
    "kyc": CUSTOMERS,
    "kyc-step": CUSTOMERS,
    "kyc-upload": CUSTOMERS,
    "kyc-remove": CUSTOMERS,
    "kyc-submit": CUSTOMERS,
    "kyc-again": CUSTOMERS,
    "kyc-file": LOGGED_IN,  # a signed link says whose
    "kyc-queue": staff_with(Permission.KYC_VIEW),
    "kyc-case": staff_with(Permission.KYC_VIEW),
    "kyc-decide": staff_with(Permission.KYC_REVIEW),
    "kyc-release": staff_with(Permission.KYC_REVIEW),
    "kyc-judge": staff_with(Permission.KYC_REVIEW),
    # businesses pages
    "businesses": ISSUERS,
    "business-new": ISSUERS,
    "business": ISSUERS,
    "staff-businesses": staff_with(Permission.BUSINESS_VIEW),
    "staff-business": staff_with(Permission.BUSINESS_VIEW),
    "staff-business-decide": staff_with(Permission.BUSINESS_APPROVE),
    # tokens pages
    "offerings": CUSTOMERS,
    "offering": CUSTOMERS,
    "offering-subscribe": INVESTORS,
    "subscriptions": INVESTORS,
    "subscription-cancel": INVESTORS,
    "subscription-waive": INVESTORS,
    "subscription-withdraw": INVESTORS,
    "tokens": ISSUERS,
    "token": ISSUERS,
    "token-new": ISSUERS,
    "token-edit": ISSUERS,
    "token-split": ISSUERS,
    "staff-tokens": staff_with(Permission.TOKENS_VIEW),
    "staff-token": staff_with(Permission.TOKENS_VIEW),
    "staff-token-deploy": staff_with(Permission.TOKENS_DEPLOY),
    "staff-token-start": staff_with(Permission.TOKENS_MANAGE),
    "staff-token-open": staff_with(Permission.TOKENS_MANAGE),
    "staff-token-market": staff_with(Permission.TOKENS_MANAGE),
    "staff-token-confirm": staff_with(Permission.ALLOCATIONS_CONFIRM),
    "staff-mint-requeue": staff_with(Permission.SETTLEMENT_RETRY),
    "staff-allocations": staff_with(Permission.ALLOCATIONS_CONFIRM),
    # wallets pages
    "wallet-deposit": CUSTOMERS,
    "deposit": CUSTOMERS,
    "deposit-cancel": CUSTOMERS,
    "wallet-withdraw": CUSTOMERS,
    "withdrawal": CUSTOMERS,
    "withdrawal-cancel": CUSTOMERS,
    "staff-deposits": staff_with(Permission.WALLETS_VIEW),
    "staff-deposit": staff_with(Permission.WALLETS_VIEW),
    "staff-deposit-act": staff_with(Permission.DEPOSITS_APPROVE),
    "staff-withdrawals": staff_with(Permission.WALLETS_VIEW),
    "staff-withdrawal": staff_with(Permission.WALLETS_VIEW),
    "staff-withdrawal-act": staff_with(Permission.WITHDRAWALS_APPROVE),
    # trading pages
    "staff-instruments": staff_with(Permission.TRADING_VIEW),
    "staff-instrument": staff_with(Permission.TRADING_VIEW),
    "staff-instrument-act": staff_with(Permission.TRADING_MANAGE),
    "staff-orders": staff_with(Permission.TRADING_VIEW),
    "staff-order": staff_with(Permission.TRADING_VIEW),
    "staff-order-cancel": staff_with(Permission.TRADING_MANAGE),
    # settlement pages
    # chain pages
    "chain": staff_with(Permission.TOKENS_VIEW),
    "chain-intent": staff_with(Permission.TOKENS_VIEW),
    "chain-requeue": staff_with(Permission.SETTLEMENT_RETRY),
    "chain-cancel": staff_with(Permission.SETTLEMENT_RETRY),
    "gas": staff_with(Permission.TOKENS_VIEW),
    # parameters pages
    "settings": staff_with(Permission.STAFF_MANAGE),
    "setting": staff_with(Permission.STAFF_MANAGE),
    # staff pages
    "users": staff_with(Permission.USERS_VIEW),
    "user": staff_with(Permission.USERS_VIEW),
    "presets": staff_with(Permission.STAFF_MANAGE),
    "preset": staff_with(Permission.STAFF_MANAGE),
    "audit": staff_with(Permission.AUDIT_VIEW),
    "ledger": staff_with(Permission.AUDIT_VIEW),
    "dead-letters": staff_with(Permission.SETTLEMENT_RETRY),
    "dead-letter-requeue": staff_with(Permission.SETTLEMENT_RETRY),
    # the compliance workplace; each of its pages asks for its own permission besides
    "admin:login": EVERYONE,
    "admin:*": Access(roles=STAFF),
    # API
    "api:register": EVERYONE,
    "api:verify": EVERYONE,
    "api:login": EVERYONE,
    "api:refresh": EVERYONE,
    "api:logout": EVERYONE,
    "api:me": LOGGED_IN,
    "api:phone": LOGGED_IN,
    "api:phone-confirm": LOGGED_IN,
    "api:logout-everywhere": LOGGED_IN,
    "api:balances": CUSTOMERS,
    "api:wallet-transactions": CUSTOMERS,
    "api:users": staff_with(Permission.USERS_VIEW),
    "api:user": staff_with(Permission.USERS_VIEW),
    "api:presets": staff_with(Permission.STAFF_MANAGE),
    "api:preset": staff_with(Permission.STAFF_MANAGE),
    "api:audit-events": staff_with(Permission.AUDIT_VIEW),
    "api:audit-links": staff_with(Permission.AUDIT_VIEW),
    "api:audit-state": staff_with(Permission.AUDIT_VIEW),
    "api:ledger-sums": staff_with(Permission.AUDIT_VIEW),
    # kyc API
    "api:kyc": CUSTOMERS,
    "api:kyc-file": LOGGED_IN,  # a signed link says whose
    "api:kyc-cases": staff_with(Permission.KYC_VIEW),
    "api:kyc-case": staff_with(Permission.KYC_VIEW),
    "api:kyc-review": staff_with(Permission.KYC_REVIEW),
    "api:kyc-release": staff_with(Permission.KYC_REVIEW),
    "api:kyc-judge": staff_with(Permission.KYC_REVIEW),
    # businesses API
    "api:businesses": CUSTOMERS,  # an investor who registers is told by the verb that it takes an issuer
    "api:business": CUSTOMERS,
    "api:admin-businesses": staff_with(Permission.BUSINESS_VIEW),
    "api:admin-business": staff_with(Permission.BUSINESS_VIEW),  # PATCH asks for business.approve besides
    # tokens API
    "api:tokens": LOGGED_IN,
    "api:token": LOGGED_IN,
    "api:token-subscribe": INVESTORS,
    "api:allocations": INVESTORS,
    "api:allocation-cancel": INVESTORS,
    "api:allocation-withdraw": INVESTORS,
    "api:allocation-waive": INVESTORS,
    "api:admin-tokens": staff_with(Permission.TOKENS_VIEW),
    "api:admin-token": staff_with(Permission.TOKENS_VIEW),
    "api:token-deploy": staff_with(Permission.TOKENS_DEPLOY),
    "api:token-start": staff_with(Permission.TOKENS_MANAGE),
    "api:token-enable-secondary": staff_with(Permission.TOKENS_MANAGE),
    "api:token-pause": staff_with(Permission.TOKENS_MANAGE),
    "api:token-resume": staff_with(Permission.TOKENS_MANAGE),
    "api:token-mature": staff_with(Permission.TOKENS_MANAGE),
    "api:token-delist": staff_with(Permission.TOKENS_MANAGE),
    "api:token-confirm": staff_with(Permission.ALLOCATIONS_CONFIRM),
    "api:token-allocations": staff_with(Permission.TOKENS_VIEW),
    "api:token-register": staff_with(Permission.AUDIT_VIEW),
    "api:allocation-requeue": staff_with(Permission.SETTLEMENT_RETRY),
    # wallets API
    "api:deposits": CUSTOMERS,
    "api:deposit": CUSTOMERS,
    "api:deposit-cancel": CUSTOMERS,
    "api:withdrawals": CUSTOMERS,
    "api:withdrawal-limits": CUSTOMERS,
    "api:withdrawal": CUSTOMERS,
    "api:withdrawal-cancel": CUSTOMERS,
    "api:wallet-address": CUSTOMERS,
    "api:admin-deposits": staff_with(Permission.WALLETS_VIEW),
    "api:admin-deposit": staff_with(Permission.WALLETS_VIEW),
    "api:admin-deposit-confirm": staff_with(Permission.DEPOSITS_APPROVE),
    "api:admin-deposit-receive": staff_with(Permission.DEPOSITS_APPROVE),
    "api:admin-deposit-credit": staff_with(Permission.DEPOSITS_APPROVE),
    "api:admin-deposit-reject": staff_with(Permission.DEPOSITS_APPROVE),
    "api:admin-deposit-refund": staff_with(Permission.DEPOSITS_APPROVE),
    "api:admin-withdrawals": staff_with(Permission.WALLETS_VIEW),
    "api:admin-withdrawal": staff_with(Permission.WALLETS_VIEW),
    "api:admin-withdrawal-approve": staff_with(Permission.WITHDRAWALS_APPROVE),
    "api:admin-withdrawal-reject": staff_with(Permission.WITHDRAWALS_APPROVE),
    "api:admin-withdrawal-send": staff_with(Permission.WITHDRAWALS_APPROVE),
    "api:admin-withdrawal-complete": staff_with(Permission.WITHDRAWALS_APPROVE),
    "api:admin-withdrawal-fail": staff_with(Permission.WITHDRAWALS_APPROVE),
    # trading API
    # settlement API
    # chain API
    "api:chain": staff_with(Permission.TOKENS_VIEW),
    "api:chain-intents": staff_with(Permission.TOKENS_VIEW),
    "api:chain-intent": staff_with(Permission.TOKENS_VIEW),
    "api:chain-requeue": staff_with(Permission.SETTLEMENT_RETRY),
    "api:chain-cancel": staff_with(Permission.SETTLEMENT_RETRY),
    # parameters API
    "api:parameters": staff_with(Permission.STAFF_MANAGE),
    "api:parameter": staff_with(Permission.STAFF_MANAGE),
}
