"""Accounts without personal data, and the personal data beside them under their own keys."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property

from apps.accounts import rules
from apps.accounts.types import Accreditation, Fatca, KycStatus, Permission, Role, Status
from apps.common.ids import new_id
from apps.common.laws import choices, one_of


class Preset(models.Model):
    """A named set of permissions that a member of staff acts with: their `team_role` (RBAC-2)."""

    code = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)


class PresetPermission(models.Model):
    preset = models.ForeignKey(Preset, on_delete=models.CASCADE, related_name="+")
    permission = models.CharField(max_length=40, choices=choices(Permission))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["preset", "permission"], name="preset_permission_once"),
            one_of("permission", Permission),
        ]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email_index=username)


class User(AbstractBaseUser):
    """Somebody who can log in. The e-mail is known here by its blind index only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email_index = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=choices(Role))
    team_role = models.ForeignKey(Preset, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=16, choices=choices(Status), default=Status.PENDING)
    is_activated = models.BooleanField(default=False)
    session_version = models.PositiveIntegerField(default=1)
    kyc_status = models.CharField(max_length=16, default=KycStatus.NONE)
    kyc_level = models.PositiveSmallIntegerField(default=0)
    accreditation_status = models.CharField(max_length=16, default=Accreditation.NONE)
    fatca_status = models.CharField(max_length=16, default=Fatca.NONE)
    country = models.CharField(max_length=2, blank=True)
    locale = models.CharField(max_length=8, default="en")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    USERNAME_FIELD = "email_index"
    EMAIL_FIELD = ""
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            one_of("role", Role),
            one_of("status", Status),
            one_of("kyc_status", KycStatus),
            one_of("accreditation_status", Accreditation),
            one_of("fatca_status", Fatca),
            models.CheckConstraint(condition=Q(kyc_level__lte=3), name="user_kyc_level_known"),
            models.CheckConstraint(
                condition=Q(team_role__isnull=True) | Q(role=Role.STAFF), name="user_team_role_is_for_staff"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_staff(self) -> bool:
        """Tell whether the compliance workplace (Django admin) lets this user in at all."""
        return self.role in {Role.ADMIN, Role.STAFF} and self.status == Status.ACTIVE

    is_superuser = False  # nobody is above the access matrix

    def get_full_name(self) -> str:
        """Name the user where Django shows one: by role, because a name is personal data."""
        return f"{self.team_role_id or self.role} {str(self.pk)[:8]}"

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """What this user may do: read once a request, as the user is, and never cached beyond it."""
        held = PresetPermission.objects.filter(preset_id=self.team_role_id)
        codes = held.values_list("permission", flat=True) if self.team_role_id else []
        return rules.permissions_of(Role(self.role), [Permission(code) for code in codes])

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        """Tell whether the user holds one of our 23 permissions; Django's own are nobody's."""
        return self.status == Status.ACTIVE and permission in self.permissions

    def has_module_perms(self, label: str) -> bool:
        return self.is_staff

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Bind sessions to the session version too, so that moving it on ends them all."""
        value = f"{self.password}:{self.session_version}"
        return salted_hmac("accounts.session", value, secret=secret, algorithm="sha256").hexdigest()


class Person(models.Model):
    """The personal data of one user, each value sealed under the user's own data key.

    Destroying `wrapped_key` is erasure: what is sealed stays, and nobody can read it again.
    """

    subject = models.OneToOneField(User, primary_key=True, on_delete=models.PROTECT, related_name="+")
    wrapped_key = models.BinaryField(null=True)
    email = models.BinaryField()
    full_name = models.BinaryField(null=True)
    phone = models.BinaryField(null=True)
    phone_index = models.CharField(max_length=64, blank=True, db_index=True)
    email_verified_at = models.DateTimeField(null=True)
    phone_verified_at = models.DateTimeField(null=True)
    key_destroyed_at = models.DateTimeField(null=True)


class Challenge(models.Model):
    """A secret sent to an address to prove that its owner asked: by link or by code, used once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=16)
    secret_digest = models.CharField(max_length=64)
    attempts_left = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class RefreshFamily(models.Model):
    """All refresh tokens that descend from one log-in; revoked as a whole (ACC-4)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)


class RefreshToken(models.Model):
    """One link of a family. Only the digest of the token is kept; `used_at` marks the one that follows it."""

    digest = models.CharField(primary_key=True, max_length=64)
    family = models.ForeignKey(RefreshFamily, on_delete=models.CASCADE, related_name="+")
    parent = models.OneToOneField("self", null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)


def person_place(field: str, subject: UUID) -> str:
    """Return the associated data that binds a sealed value to its field and person."""
    return f"accounts.Person.{field}:{subject}"
