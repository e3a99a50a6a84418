"""Who may open which address: the one place, by the address's name. What has no row is refused.

Pages are asked by `AccessMiddleware`, the API by `AccessMatrix`; the sidebar shows what is allowed here,
and a test opens every address as every role and compares (RBAC-3).
"""

from apps.accounts.types import Access, Permission, Role

EVERYONE = Access(public=True)
LOGGED_IN = Access()
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
    # tokens pages
    # wallets pages
    # chain pages
    # parameters pages
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
    # tokens API
    # wallets API
    # chain API
    # parameters API
}
