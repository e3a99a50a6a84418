"""What others may know of accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from apps.accounts import rules
from apps.accounts.models import Preset, PresetPermission, User
from apps.accounts.personal_data import email_index
from apps.accounts.types import (
    Access,
    Account,
    Accreditation,
    Fatca,
    KycStatus,
    Permission,
    Role,
    Status,
    Verdict,
)
from apps.common.errors import NotFound


@dataclass(frozen=True, slots=True)
class PresetView:
    """A preset with its permissions; `members` is how many staff act with it."""

    code: str
    name: str
    version: int
    permissions: tuple[Permission, ...]
    members: int


def account(user_id: UUID) -> Account:
    """Return an account by id. Raises NotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    return as_account(user)


def accounts_of(user_ids: Iterable[UUID]) -> dict[UUID, Account]:
    """Return accounts by id; unknown ones are left out."""
    return {user.pk: as_account(user) for user in User.objects.filter(pk__in=set(user_ids))}


def permissions_of(user_id: UUID) -> frozenset[Permission]:
    """Return what a user may do. Raises NotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    return user.permissions


def accounts(*, role: str = "", status: str = "", email: str = "", limit: int = 100) -> list[Account]:
    """Return the newest accounts that match; an e-mail is found exactly or not at all."""
    query = User.objects.order_by("-id")
    if role:
        query = query.filter(role=role)
    if status:
        query = query.filter(status=status)
    if email:
        query = query.filter(email_index=email_index(rules.normal_email(email)))
    return [as_account(user) for user in query[:limit]]


def with_permission(permission: Permission) -> list[Account]:
    """Return the active staff who hold a permission by their preset, and the admins, who hold all."""
    presets = PresetPermission.objects.filter(permission=permission).values_list("preset_id", flat=True)
    holding = Q(role=Role.ADMIN) | Q(role=Role.STAFF, team_role__in=list(presets))
    return [as_account(user) for user in User.objects.filter(holding, status=Status.ACTIVE).order_by("id")]


def as_account(user: User) -> Account:
    """Return the frozen view of a user row."""
    return Account(
        id=user.pk,
        role=Role(user.role),
        status=Status(user.status),
        is_activated=user.is_activated,
        team_role=user.team_role_id or "",
        kyc_status=KycStatus(user.kyc_status),
        kyc_level=user.kyc_level,
        accreditation_status=Accreditation(user.accreditation_status),
        fatca_status=Fatca(user.fatca_status),
        country=user.country,
        locale=user.locale,
        session_version=user.session_version,
    )


def presets() -> list[PresetView]:
    """Return all presets with their permissions, by name."""
    held: dict[str, set[Permission]] = {}
    for code, permission in PresetPermission.objects.values_list("preset_id", "permission"):
        held.setdefault(code, set()).add(Permission(permission))
    members: dict[str, int] = {}
    for code in User.objects.filter(team_role__isnull=False).values_list("team_role_id", flat=True):
        members[str(code)] = members.get(str(code), 0) + 1
    return [
        PresetView(p.code, p.name, p.version, tuple(sorted(held.get(p.code, ()))), members.get(p.code, 0))
        for p in Preset.objects.order_by("name")
    ]


def verdict(user: Any, address: str) -> Verdict:
    """Judge whether `user` may open the address of this name, by the one access matrix."""
    known = user is not None and user.is_authenticated
    return rules.judge(
        rules.find_access(matrix(), address),
        role=Role(user.role) if known else None,
        permissions=user.permissions if known else frozenset(),
    )


def permission_for(address: str) -> str:
    """Return the name of the permission that an address asks for, or an empty text."""
    access = rules.find_access(matrix(), address)
    return str(access.permission) if access and access.permission else ""


@cache
def matrix() -> dict[str, Access]:
    """Return the access matrix, config/access.py."""
    table: dict[str, Access] = import_string(settings.ACCESS_MATRIX)
    return table
