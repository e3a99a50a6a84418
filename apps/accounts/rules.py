"""Pure rules: who may open what, and when two e-mail addresses are the same."""

import unicodedata
from collections.abc import Collection, Mapping

from apps.accounts.types import Access, Permission, Role, Verdict


def normal_email(text: str) -> str:
    """Return the form of an e-mail address in which equal mailboxes are equal text.

    The local part is folded too: by RFC 5321 it may be case-sensitive, and no mailbox in use is.
    """
    return unicodedata.normalize("NFKC", text).strip().casefold()


def permissions_of(role: Role, preset: Collection[Permission]) -> frozenset[Permission]:
    """Return what a role may do: an admin everything, staff what their preset says, others nothing."""
    if role is Role.ADMIN:
        return frozenset(Permission)
    return frozenset(preset) if role is Role.STAFF else frozenset()


def find_access(table: Mapping[str, Access], name: str) -> Access | None:
    """Return the row of an address by its name, or by its namespace as "admin:*"; None denies."""
    namespace = name.rpartition(":")[0]
    return table.get(name) or (table.get(f"{namespace}:*") if namespace else None)


def judge(access: Access | None, *, role: Role | None, permissions: Collection[Permission]) -> Verdict:
    """Decide whether a role (None: nobody logged in) with these permissions may pass. Default: deny."""
    if access is None:
        return Verdict.ROLE_MISSING
    if access.public:
        return Verdict.ALLOWED
    if role is None:
        return Verdict.LOGIN_NEEDED
    if access.roles and role not in access.roles:
        return Verdict.ROLE_MISSING
    if access.permission is not None and access.permission not in permissions:
        return Verdict.PERMISSION_MISSING
    return Verdict.ALLOWED
