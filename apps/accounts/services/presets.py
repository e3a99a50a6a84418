"""Team presets: rows that an admin edits and adds (RBAC-2)."""

import re
from collections.abc import Collection
from datetime import datetime

from django.db.models import F

from apps.accounts.models import Preset, PresetPermission, User
from apps.accounts.types import Permission
from apps.audit import services as audit
from apps.common.db import opens_transaction
from apps.common.errors import Forbidden, Invalid, Stale
from apps.common.types import Actor

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
MAX_NAME = 80
RESERVED = "new"  # the address of the page that makes one


class NotYoursToGive(Forbidden):
    """The editor doesn't hold a permission that they would add."""

    code = "permission_missing"


@opens_transaction
def save_preset(
    *, code: str, name: str, permissions: Collection[str], version: int, by: Actor, at: datetime
) -> int:
    """Create a preset (version 0) or change the one that the editor saw at `version`; return the new version.

    Nobody adds a permission that they don't hold themselves, else staff.manage would be every permission.

    Raises Invalid (fields code, name, permissions), Stale if somebody else saved it in between,
    NotYoursToGive.
    """
    held = _check(code, name, permissions)
    if version == 0:
        _, created = Preset.objects.get_or_create(code=code, defaults={"name": name})
        changed = int(created)
    else:
        changed = Preset.objects.filter(code=code, version=version).update(
            name=name, version=F("version") + 1
        )
    if not changed:
        raise Stale(
            "Somebody else saved this preset first.", next_step="Read it again and repeat your change."
        )
    before = sorted(PresetPermission.objects.filter(preset_id=code).values_list("permission", flat=True))
    _check_editor(by, added=set(held) - set(before))
    PresetPermission.objects.filter(preset_id=code).delete()
    PresetPermission.objects.bulk_create(
        PresetPermission(preset_id=code, permission=permission) for permission in held
    )
    audit.record(
        action="accounts.preset_saved",
        target_type="preset",
        target_id=code,
        before={"permissions": before},
        after={"permissions": held},
        by=by,
        at=at,
    )
    return version + 1


def _check_editor(by: Actor, *, added: set[str]) -> None:
    if by.kind != "user":
        return  # a process of ours, such as the demo
    missing = sorted(added - set(User.objects.get(pk=by.id).permissions))
    if missing:
        raise NotYoursToGive(
            f"You can't give a permission that you don't have: {', '.join(missing)}.",
            permission=missing[0],
        )


def _check(code: str, name: str, permissions: Collection[str]) -> list[str]:
    wrong: dict[str, list[str]] = {}
    if not _CODE.fullmatch(code) or code == RESERVED:
        wrong["code"] = ["Use 2 to 40 small letters, digits and underscores, beginning with a letter."]
    if not 1 <= len(name.strip()) <= MAX_NAME or not name.isprintable():
        wrong["name"] = [f"Enter a name of at most {MAX_NAME} characters."]
    unknown = sorted(set(permissions) - set(Permission))
    if unknown or not permissions:
        wrong["permissions"] = [f"Unknown: {', '.join(unknown)}." if unknown else "Choose at least one."]
    if wrong:
        raise Invalid("Some fields are not valid.", fields=wrong)
    return sorted(set(permissions))
