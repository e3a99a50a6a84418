"""The access matrix as a pure rule, and e-mail addresses that are the same."""

import pytest

from apps.accounts import rules
from apps.accounts.types import Access, Permission, Role, Verdict

OPEN = Access(public=True)
STAFF_ONLY = Access(roles=frozenset({Role.ADMIN, Role.STAFF}), permission=Permission.KYC_VIEW)


@pytest.mark.spec("RBAC-3", "RBAC-4")
@pytest.mark.parametrize(
    ("access", "role", "held", "verdict"),
    [
        (None, Role.ADMIN, set(Permission), Verdict.ROLE_MISSING),
        (OPEN, None, set(), Verdict.ALLOWED),
        (Access(), None, set(), Verdict.LOGIN_NEEDED),
        (Access(), Role.INVESTOR, set(), Verdict.ALLOWED),
        (STAFF_ONLY, Role.INVESTOR, {Permission.KYC_VIEW}, Verdict.ROLE_MISSING),
        (STAFF_ONLY, Role.STAFF, {Permission.AUDIT_VIEW}, Verdict.PERMISSION_MISSING),
        (STAFF_ONLY, Role.STAFF, {Permission.KYC_VIEW}, Verdict.ALLOWED),
    ],
)
def test_judge(access, role, held, verdict):
    assert rules.judge(access, role=role, permissions=held) is verdict


@pytest.mark.spec("RBAC-1")
def test_an_admin_may_do_all_of_the_23_and_a_customer_none():
    assert len(Permission) == 23
    assert rules.permissions_of(Role.ADMIN, []) == frozenset(Permission)
    assert rules.permissions_of(Role.INVESTOR, list(Permission)) == frozenset()
    assert rules.permissions_of(Role.ISSUER, list(Permission)) == frozenset()


def test_a_namespace_row_covers_its_addresses_and_a_named_row_wins():
    table = {"admin:*": STAFF_ONLY, "admin:login": OPEN}
    assert rules.find_access(table, "admin:index") is STAFF_ONLY
    assert rules.find_access(table, "admin:login") is OPEN
    assert rules.find_access(table, "elsewhere") is None


@pytest.mark.parametrize("same", ["Noor@Example.com", " noor@example.com ", "ｎｏｏｒ@example.com"])
def test_one_mailbox_has_one_form(same):
    assert rules.normal_email(same) == "noor@example.com"
