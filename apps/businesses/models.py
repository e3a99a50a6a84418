"""Businesses, the people who act for them, and every step of their life."""

from django.db import models
from django.db.models import Q

from apps.businesses.types import BusinessStatus, Industry, MemberRole
from apps.common.ids import new_id
from apps.common.laws import choices, one_of


class Business(models.Model):
    """A legal entity that issues. `register_key` is its register number without separators."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    registration_number = models.CharField(max_length=40)
    register_key = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    industry = models.CharField(max_length=32, choices=choices(Industry))
    platform_allocation_bps = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=choices(BusinessStatus), default=BusinessStatus.PENDING)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "businesses"
        constraints = [
            one_of("status", BusinessStatus),
            one_of("industry", Industry),
            models.CheckConstraint(
                condition=Q(platform_allocation_bps__lte=10_000), name="business_allocation_is_a_part"
            ),
            models.UniqueConstraint(
                fields=["country", "register_key"],
                condition=~Q(status=BusinessStatus.REJECTED),
                name="business_registered_once",
            ),
        ]
        indexes = [models.Index(fields=["status", "created_at", "id"], name="business_queue")]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person who acts for a business; `user_id` is the account's id."""

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+")
    user_id = models.UUIDField()
    role = models.CharField(max_length=16, choices=choices(MemberRole))
    since = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("role", MemberRole),
            models.UniqueConstraint(fields=["user_id", "business"], name="member_once"),
            models.UniqueConstraint(
                fields=["business"], condition=Q(role=MemberRole.OWNER), name="business_has_one_owner"
            ),
        ]


class StatusStep(models.Model):
    """A step of a business's life; append-only. `before` is empty in the first."""

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+")
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16, choices=choices(BusinessStatus))
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [one_of("after", BusinessStatus)]
