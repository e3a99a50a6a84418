"""Composite pages: public ones, each persona's dashboard, the records of the platform, and its health."""

from apps.portals.views.customer import home, wallet
from apps.portals.views.failures import bad_request, broken, forbidden, not_found
from apps.portals.views.health import healthz, readyz, status
from apps.portals.views.public import components, errors, landing
from apps.portals.views.records import audit_log, dead_letters, ledger_sums, requeue

__all__ = [
    "audit_log",
    "bad_request",
    "broken",
    "components",
    "dead_letters",
    "errors",
    "forbidden",
    "healthz",
    "home",
    "landing",
    "ledger_sums",
    "not_found",
    "readyz",
    "requeue",
    "status",
    "wallet",
]
