"""What every page shows around its content: the sidebar of this user's role."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from apps.accounts import personal_data
from apps.accounts import selectors as accounts
from apps.accounts.types import Role, Verdict


@dataclass(frozen=True, slots=True)
class Item:
    """A place in the sidebar; it is shown to those whom the access matrix lets in."""

    address: str
    title: str | Promise
    icon: str


CUSTOMER: Sequence[tuple[str | Promise, Sequence[Item]]] = [
    (
        _("Overview"),
        [Item("home", _("Dashboard"), "layout-dashboard"), Item("wallet", _("Wallet"), "wallet")],
    ),
    (
        _("Securities"),
        [Item("offerings", _("Offerings"), "store"), Item("subscriptions", _("Subscriptions"), "ticket")],
    ),
    (
        _("Issuing"),
        [Item("businesses", _("Businesses"), "building-2"), Item("tokens", _("Tokens"), "coins")],
    ),
    (
        _("You"),
        [Item("account", _("Account"), "user-round"), Item("kyc", _("Identity check"), "id-card")],
    ),
]
STAFF: Sequence[tuple[str | Promise, Sequence[Item]]] = [
    (_("Overview"), [Item("home", _("Dashboard"), "layout-dashboard")]),
    (_("People"), [Item("users", _("Users"), "users"), Item("presets", _("Team presets"), "shield-check")]),
    (_("Compliance"), [Item("kyc-queue", _("Identity checks"), "id-card")]),
    (
        _("Issuing"),
        [
            Item("staff-businesses", _("Businesses"), "building-2"),
            Item("staff-tokens", _("Tokens"), "coins"),
            Item("staff-allocations", _("Pending payments"), "hand-coins"),
        ],
    ),
    (
        _("Money"),
        [
            Item("staff-deposits", _("Deposits"), "arrow-down-left"),
            Item("staff-withdrawals", _("Withdrawals"), "arrow-up-right"),
        ],
    ),
    (
        _("Chain"),
        [Item("chain", _("Network"), "blocks"), Item("gas", _("Gas"), "fuel")],
    ),
    (
        _("Records"),
        [
            Item("ledger", _("Ledger"), "scale"),
            Item("audit", _("Audit log"), "scroll-text"),
            Item("dead-letters", _("Dead letters"), "mail-open"),
        ],
    ),
    (
        _("Tools"),
        [
            Item("settings", _("Settings"), "sliders-horizontal"),
            Item("admin:index", _("Compliance workplace"), "briefcase"),
        ],
    ),
    (_("You"), [Item("account", _("Account"), "user-round")]),
]


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return what the layouts show of this user; nothing is read unless a template shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"role": "", "nav": []}
    data = SimpleLazyObject(lambda: personal_data.own(user.pk))
    return {
        "role": user.role,
        "nav": SimpleLazyObject(lambda: navigation(request, Role(user.role))),
        "account_name": SimpleLazyObject(lambda: data.full_name),
        "account_detail": SimpleLazyObject(lambda: data.email),
    }


def navigation(request: HttpRequest, role: Role) -> list[dict[str, Any]]:
    """Return the sidebar's groups with the items that this user may open; empty groups are left out."""
    groups = STAFF if role in {Role.ADMIN, Role.STAFF} else CUSTOMER
    shown = [{"title": title, "items": _items(request, items)} for title, items in groups]
    return [group for group in shown if group["items"]]


def _items(request: HttpRequest, items: Sequence[Item]) -> list[dict[str, Any]]:
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {
            "title": item.title,
            "url": reverse(item.address),
            "icon": item.icon,
            "count": 0,
            "active": item.address == here,
        }
        for item in items
        if accounts.verdict(request.user, item.address) is Verdict.ALLOWED
    ]
