"""What is asked of the chain, what was sent, and what was seen there. No foreign keys to other apps.

Addresses are EIP-55 checksummed text, hashes are 0x and 64 lower-case hex digits.
"""

from django.db import models
from django.db.models import F, Q

from apps.chain import states
from apps.chain.types import Duty, HolderState, IntentKind, IntentState, NetworkState, TransactionState
from apps.common.ids import new_id
from apps.common.laws import choices, one_of

# As lists, because migrations write them down.
OPEN_TRANSACTIONS = list(states.TRANSACTION_OPEN)
WITHOUT_NONCE = [TransactionState.QUEUED, TransactionState.CANCELLED, TransactionState.DEAD]


class Intent(models.Model):
    """Something asked of the chain: written by the app that wants it, carried out by the chain process."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=choices(IntentKind))
    subject = models.UUIDField()
    business_key = models.CharField(max_length=120, unique=True)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=choices(IntentState), default=IntentState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    waits_for = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)
    requested_by = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [one_of("kind", IntentKind), one_of("state", IntentState)]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="chain_intent_open",
                condition=Q(state__in=[IntentState.QUEUED, IntentState.PROCESSING]),
            ),
            models.Index(fields=["kind", "subject"], name="chain_intent_subject"),
        ]


class Transaction(models.Model):
    """One step of an intent, under one nonce of one signer.

    Nonce and signed bytes are stored before anything is sent; the same bytes may be sent again freely.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=80)
    chain_id = models.BigIntegerField()
    duty = models.CharField(max_length=16, choices=choices(Duty))
    signer = models.CharField(max_length=42, blank=True)
    to = models.CharField(max_length=42, blank=True)  # empty: a contract is created
    data = models.BinaryField()
    contract = models.CharField(max_length=80, blank=True)  # the name under which what it creates is kept
    gas_limit = models.BigIntegerField(null=True)
    nonce = models.BigIntegerField(null=True)
    state = models.CharField(
        max_length=16, choices=choices(TransactionState), default=TransactionState.QUEUED
    )
    error = models.CharField(max_length=500, blank=True)
    tx_hash = models.CharField(max_length=66, blank=True)
    block_number = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=66, blank=True)
    contract_address = models.CharField(max_length=42, blank=True)
    gas_used = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    broadcast_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("duty", Duty),
            one_of("state", TransactionState),
            models.UniqueConstraint(fields=["intent", "number"], name="chain_transaction_number_once"),
            models.UniqueConstraint(fields=["chain_id", "signer", "nonce"], name="chain_nonce_once"),
            models.UniqueConstraint(
                fields=["intent"],
                condition=Q(state__in=OPEN_TRANSACTIONS),
                name="chain_one_under_way",
            ),
            models.UniqueConstraint(
                fields=["intent", "step"],
                condition=Q(state=TransactionState.CONFIRMED),
                name="chain_step_done_once",
            ),
            models.CheckConstraint(
                condition=Q(nonce__isnull=True, signer="", state__in=WITHOUT_NONCE)
                | (Q(nonce__isnull=False) & ~Q(signer="") & ~Q(state__in=WITHOUT_NONCE)),
                name="chain_nonce_before_sending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="chain_transaction_open",
                condition=Q(state__in=OPEN_TRANSACTIONS),
            )
        ]


class Attempt(models.Model):
    """A signed form of a transaction: the first, or one with a higher fee under the same nonce.

    Each form offers more than the one before, so the newest is the dearest. A filler does nothing: it
    takes the nonce of a transaction that no node wants, so that the signer's later ones can be mined.
    `tried_at` is when a node was last given these bytes.
    """

    tx_hash = models.CharField(primary_key=True, max_length=66)
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+")
    raw = models.BinaryField()
    max_fee = models.DecimalField(max_digits=40, decimal_places=0)  # wei per gas
    priority_fee = models.DecimalField(max_digits=40, decimal_places=0)
    filler = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)


class SignerAccount(models.Model):
    """The next nonce of a signer; its row is locked while one is given out."""

    chain_id = models.BigIntegerField()
    address = models.CharField(max_length=42)
    duty = models.CharField(max_length=16, choices=choices(Duty))
    next_nonce = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "address"], name="chain_signer_once"),
            models.UniqueConstraint(fields=["chain_id", "duty"], name="chain_signer_duty_once"),
        ]


class Contract(models.Model):
    """A contract of the platform that is deployed once per network."""

    chain_id = models.BigIntegerField()
    name = models.CharField(max_length=80)
    address = models.CharField(max_length=42)
    tx_hash = models.CharField(max_length=66)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "name"], name="chain_contract_once")]


class Suite(models.Model):
    """The contracts of one token."""

    token_id = models.UUIDField(primary_key=True)
    chain_id = models.BigIntegerField()
    token = models.CharField(max_length=42, unique=True)
    identity_registry = models.CharField(max_length=42)
    compliance = models.CharField(max_length=42)
    claim_topics = models.CharField(max_length=42)
    trusted_issuers = models.CharField(max_length=42)
    tx_hash = models.CharField(max_length=66)
    block_number = models.BigIntegerField()
    gas_used = models.BigIntegerField()
    deployed_at = models.DateTimeField()


class Holder(models.Model):
    """An owner's custodial address: the `index`-th child of the custody seed (BIP-32)."""

    owner = models.UUIDField(primary_key=True)
    state = models.CharField(max_length=16, choices=choices(HolderState), default=HolderState.REQUESTED)
    index = models.PositiveIntegerField(null=True, unique=True)
    address = models.CharField(max_length=42, null=True, unique=True)
    identity = models.CharField(max_length=42, blank=True)
    country = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [one_of("state", HolderState)]


class Network(models.Model):
    """How far the indexer has read, and which chain it was reading."""

    chain_id = models.BigIntegerField(primary_key=True)
    genesis_hash = models.CharField(max_length=66)
    number = models.BigIntegerField()  # the last block whose events are written here
    block_hash = models.CharField(max_length=66)
    state = models.CharField(max_length=16, choices=choices(NetworkState), default=NetworkState.OK)
    indexed_at = models.DateTimeField()

    class Meta:
        constraints = [one_of("state", NetworkState)]


class WatchedContract(models.Model):
    """A contract whose events are kept, from its deployment on.

    It is noticed only after its deployment, when the network may be indexed further: what it said before
    that is read afterwards, beginning at block `missing_from`. Null: its events are kept as far as the
    network is indexed.
    """

    chain_id = models.BigIntegerField()
    address = models.CharField(max_length=42)
    token_id = models.UUIDField(null=True)  # of a token; its transfers move the register
    missing_from = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "address"], name="chain_watched_once")]


class ChainEvent(models.Model):
    """An event of one of our contracts in a final block."""

    chain_id = models.BigIntegerField()
    block_number = models.BigIntegerField()
    block_hash = models.CharField(max_length=66)
    log_index = models.IntegerField()
    tx_hash = models.CharField(max_length=66, db_index=True)
    address = models.CharField(max_length=42)
    name = models.CharField(max_length=60)
    arguments = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["block_hash", "log_index"], name="chain_event_once")]
        indexes = [models.Index(fields=["address", "name"], name="chain_event_address")]


class RegisterBalance(models.Model):
    """What an address has of a token on chain, by the Transfer events of final blocks, in base units."""

    token_id = models.UUIDField()
    address = models.CharField(max_length=42)
    units = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_id", "address"], name="chain_register_once"),
            models.CheckConstraint(condition=Q(units__gte=0), name="chain_register_not_negative"),
        ]


class GasTransaction(models.Model):
    """What a confirmed or reverted transaction cost, in wei (CHN-6)."""

    transaction_id = models.UUIDField(primary_key=True)
    chain_id = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    step = models.CharField(max_length=80)
    gas_used = models.BigIntegerField()
    gas_price = models.DecimalField(max_digits=40, decimal_places=0)
    cost = models.DecimalField(max_digits=60, decimal_places=0)
    at = models.DateTimeField()

    class Meta:
        db_table = "gas_transactions"
        constraints = [
            models.CheckConstraint(condition=Q(cost=F("gas_used") * F("gas_price")), name="gas_cost_is_exact")
        ]
