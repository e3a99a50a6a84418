"""The tables of the ledger. Their laws are in the migrations; only the database changes a balance.

Rows that are written by the thousand name their account, entry or hold without a foreign key, because
one check for each row would lock the same few rows again and again. The trigger on postings checks all
of a statement at once, and nothing that they name can be deleted.
"""

from django.db import models
from django.db.models import Case, F, Q, Value, When

from apps.common.laws import choices, one_of
from apps.ledger.types import (
    MAY_GO_NEGATIVE,
    TREE_OF,
    AccountKind,
    AssetStatus,
    AssetType,
    Bucket,
    EntryKind,
    HoldOwner,
    HoldState,
    TransactionStatus,
    TransactionType,
    Tree,
)


def _kinds_of(tree: Tree) -> list[str]:
    return sorted(str(kind) for kind, its_tree in TREE_OF.items() if its_tree is tree)


_TREE_OF_KIND = Q()
for _tree in Tree:
    _TREE_OF_KIND |= Q(tree=str(_tree), kind__in=_kinds_of(_tree))


class Asset(models.Model):
    code = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=16, choices=choices(AssetType))
    decimals = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=choices(AssetStatus))

    class Meta:
        constraints = [
            one_of("type", AssetType, "ledger_asset_type_known"),
            one_of("status", AssetStatus, "ledger_asset_status_known"),
            models.CheckConstraint(condition=Q(decimals__lte=18), name="ledger_asset_decimals"),
        ]

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """Never changed and never deleted; its balance row is made by the database."""

    id = models.BigAutoField(primary_key=True)
    address = models.CharField(max_length=240, db_collation="C")
    kind = models.CharField(max_length=16, choices=choices(AccountKind))
    tree = models.CharField(max_length=16, choices=choices(Tree))
    owner = models.CharField(max_length=64, blank=True)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address"], name="ledger_account_once"),
            models.CheckConstraint(condition=_TREE_OF_KIND, name="ledger_account_tree_of_kind"),
        ]
        indexes = [models.Index(fields=["owner", "kind"], name="ledger_account_owner")]

    def __str__(self) -> str:
        return self.address


class Balance(models.Model):
    """What the postings of an account sum to; only the trigger on postings writes it.

    `kind` is the account's, kept equal by a foreign key, so that a check can say who may go below zero.
    `unsettled` is a counter inside available that only blocks withdrawal.
    """

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    kind = models.CharField(max_length=16)
    available = models.BigIntegerField(db_default=0)
    held = models.BigIntegerField(db_default=0)
    unsettled = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(available__gte=0) | Q(kind__in=sorted(map(str, MAY_GO_NEGATIVE))),
                name="ledger_balance_not_negative",
            ),
            models.CheckConstraint(condition=Q(held__gte=0), name="ledger_balance_held_not_negative"),
            models.CheckConstraint(condition=Q(unsettled__gte=0), name="ledger_balance_unsettled"),
        ]


class JournalEntry(models.Model):
    """What happened, once for each business key. The column `xid` names the transaction that wrote it."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=choices(EntryKind))
    business_key = models.CharField(max_length=200, db_collation="C")
    reference = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=160)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business_key"], name="ledger_entry_once"),
            one_of("kind", EntryKind, "ledger_entry_kind_known"),
            models.CheckConstraint(condition=~Q(business_key=""), name="ledger_entry_has_key"),
        ]

    def __str__(self) -> str:
        return self.business_key


class Hold(models.Model):
    """A reserved amount. The application opens it empty; the trigger on postings fills and empties it.

    `due_at` is the expiry of an active hold, and empty for all others, so that its index stays small.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    owner_type = models.CharField(max_length=16, choices=choices(HoldOwner))
    owner_id = models.CharField(max_length=64)
    amount = models.BigIntegerField(db_default=0)
    consumed = models.BigIntegerField(db_default=0)
    released = models.BigIntegerField(db_default=0)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    state = models.GeneratedField(
        expression=Case(
            When(amount__gt=F("consumed") + F("released"), then=Value(str(HoldState.ACTIVE))),
            default=Value(str(HoldState.CLOSED)),
        ),
        output_field=models.CharField(max_length=8),
        db_persist=True,
    )
    due_at = models.GeneratedField(
        expression=Case(When(amount__gt=F("consumed") + F("released"), then=F("expires_at"))),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    class Meta:
        constraints = [
            one_of("owner_type", HoldOwner, "ledger_hold_owner_known"),
            models.CheckConstraint(
                condition=Q(amount__gte=F("consumed") + F("released"), consumed__gte=0, released__gte=0),
                name="ledger_hold_not_overdrawn",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="ledger_hold_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Posting(models.Model):
    """A signed change of one bucket of an account."""

    pk = models.CompositePrimaryKey("entry_id", "line")
    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    line = models.IntegerField()
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    asset = models.ForeignKey(
        Asset, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    bucket = models.CharField(max_length=9, choices=choices(Bucket))
    amount = models.BigIntegerField()
    hold = models.ForeignKey(
        Hold, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_posting_moves"),
            models.CheckConstraint(
                condition=Q(bucket=str(Bucket.HELD), hold__isnull=False)
                | Q(bucket=str(Bucket.AVAILABLE), hold__isnull=True),
                name="ledger_posting_held_names_hold",
            ),
        ]
        indexes = [models.Index(fields=["account", "entry", "line"], name="ledger_posting_of_account")]


class ListedMixture(models.Model):
    """A kind of entry and the trees it may mix, as "client+platform" (LED-6)."""

    kind = models.CharField(max_length=20, choices=choices(EntryKind))
    trees = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "trees"], name="ledger_mixture_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.trees}"


class WalletTransaction(models.Model):
    """A deposit, purchase, dividend … as its owner sees it. The ledger's postings are the truth."""

    id = models.UUIDField(primary_key=True)
    owner = models.CharField(max_length=64)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    type = models.CharField(max_length=16, choices=choices(TransactionType))
    status = models.CharField(max_length=16, choices=choices(TransactionStatus))
    asset = models.ForeignKey(
        Asset, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()
    reference = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "wallet_transactions"
        constraints = [
            one_of("type", TransactionType, "wallet_transaction_type_known"),
            one_of("status", TransactionStatus, "wallet_transaction_status_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="wallet_transaction_amount"),
            models.CheckConstraint(
                condition=Q(status=str(TransactionStatus.PENDING), completed_at__isnull=True)
                | ~Q(status=str(TransactionStatus.PENDING)) & Q(completed_at__isnull=False),
                name="wallet_transaction_ended",
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="wallet_transaction_owner")]

    def __str__(self) -> str:
        return str(self.pk)
