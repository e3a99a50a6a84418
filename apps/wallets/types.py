"""The words of deposits and withdrawals. Every amount is an integer of the currency's smallest unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.outbox.types import MessageType
from apps.outbox.types import declare as declare_message
from apps.parameters.types import Parameter, declare

CURRENCIES = ("USD", "AED", "SAR", "EUR", "INR")
DECIMALS = 2  # of each of them
LEVELS = (1, 2, 3)


class DepositState(StrEnum):
    """`received`: the money lies in suspense; `credited`: it is its owner's."""

    REQUESTED = "requested"
    RECEIVED = "received"
    CREDITED = "credited"
    REJECTED = "rejected"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class WithdrawalState(StrEnum):
    """From `requested` to `sent` the amount is held; `completed` took it, all other ends gave it back."""

    REQUESTED = "requested"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    SENT = "sent"
    COMPLETED = "completed"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a request ended otherwise than its owner wanted. A closed list: people read it in their language,
    and it says nothing about anybody."""

    NOTHING_CAME = "nothing_came"
    REPEATED_REQUEST = "repeated_request"
    SENDER_DIFFERS = "sender_differs"
    HOLDER_DIFFERS = "holder_differs"
    ACCOUNT_INVALID = "account_invalid"
    RETURNED_BY_BANK = "returned_by_bank"
    NOT_ACCEPTED = "not_accepted"


REJECTS_DEPOSIT = (Reason.NOTHING_CAME, Reason.REPEATED_REQUEST, Reason.NOT_ACCEPTED)
REFUNDS_DEPOSIT = (Reason.SENDER_DIFFERS, Reason.NOT_ACCEPTED)
REJECTS_WITHDRAWAL = (Reason.HOLDER_DIFFERS, Reason.ACCOUNT_INVALID, Reason.NOT_ACCEPTED)
FAILS_WITHDRAWAL = (Reason.RETURNED_BY_BANK, Reason.ACCOUNT_INVALID)


class DestinationKind(StrEnum):
    IBAN = "iban"
    LOCAL = "local"


# Europe, the Emirates and Saudi Arabia pay by IBAN only; India has none.
KINDS: Mapping[str, frozenset[DestinationKind]] = {
    "USD": frozenset(DestinationKind),
    "AED": frozenset({DestinationKind.IBAN}),
    "SAR": frozenset({DestinationKind.IBAN}),
    "EUR": frozenset({DestinationKind.IBAN}),
    "INR": frozenset({DestinationKind.LOCAL}),
}


class WaitsFor(StrEnum):
    """Whose turn it is in a request."""

    YOU = "you"
    US = "us"
    BANK = "bank"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit as its owner and staff see it. `received` is what came, None while nothing has."""

    id: UUID
    owner: UUID
    currency: str
    decimals: int
    amount: int
    reference: str
    state: DepositState
    received: int | None
    bank_reference: str
    refund_reference: str
    reason: str
    requested_at: datetime
    expires_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal without where it goes to: that is personal data, and behind its own door."""

    id: UUID
    owner: UUID
    currency: str
    decimals: int
    amount: int
    reference: str
    state: WithdrawalState
    destination_kind: DestinationKind
    bank_reference: str
    reason: str
    requested_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One step in the life of a request, when, and who took it there. The first has no before."""

    before: str | None
    after: str
    at: datetime
    actor_kind: str
    actor_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a withdrawal goes: an IBAN, or an account number with its bank's code. Personal data.

    `bank_code` is a BIC, a US routing number or an Indian IFSC.
    """

    kind: DestinationKind
    holder_name: str
    iban: str = ""
    account_number: str = ""
    bank_code: str = ""


@dataclass(frozen=True, slots=True)
class Revealed:
    """A destination as staff see it; `holder_is_owner` compares its holder with the account's name."""

    destination: Destination
    holder_is_owner: bool


@dataclass(frozen=True, slots=True)
class BankInstructions:
    """Where a deposit is sent: our account in one currency. What is empty isn't asked for there."""

    holder: str
    bank: str
    iban: str = ""
    account_number: str = ""
    bic: str = ""
    routing: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a request isn't further: whom it waits for, a sentence, and what to do (empty for nothing)."""

    waits_for: WaitsFor
    sentence: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """A request that waits for somebody, as its owner's wallet shows it; `deposit` tells which kind."""

    deposit: bool
    id: UUID
    currency: str
    decimals: int
    amount: int
    state: str
    requested_at: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody could withdraw in one currency now, in numbers.

    `most` is the largest amount that no rule about numbers refuses, 0 where even the smallest would be.
    """

    currency: str
    decimals: int
    available: int
    unsettled: int
    withdrawable: int
    minimum: int
    day_limit: int
    day_left: int
    month_limit: int
    month_left: int

    @property
    def most(self) -> int:
        found = max(0, min(self.withdrawable, self.day_left, self.month_left))
        return found if found >= self.minimum else 0


DEPOSIT_DAYS = declare(
    "wallets.deposit_days",
    "How long a requested deposit waits for its money before it expires.",
    unit="days",
    default=30,
    minimum=1,
    maximum=365,
)
OPEN_DEPOSITS = declare(
    "wallets.open_deposits",
    "How many deposits one person may have requested at a time.",
    unit="requests",
    default=20,
    minimum=1,
    maximum=1000,
)
MONTH_FACTOR = declare(
    "wallets.withdrawal_month_factor",
    "How many times the limit of a day may be withdrawn in a calendar month.",
    unit="days",
    default=10,
    minimum=1,
    maximum=31,
)

_SMALLEST = {"USD": 10_00, "AED": 40_00, "SAR": 40_00, "EUR": 10_00, "INR": 800_00}
_A_DAY = {
    "USD": (1_000_00, 50_000_00, 1_000_000_00),
    "AED": (3_600_00, 180_000_00, 3_600_000_00),
    "SAR": (3_700_00, 185_000_00, 3_700_000_00),
    "EUR": (900_00, 45_000_00, 900_000_00),
    "INR": (80_000_00, 4_000_000_00, 80_000_000_00),
}

MINIMUM: Mapping[str, Parameter] = {
    currency: declare(
        f"wallets.withdrawal_minimum_{currency.lower()}",
        f"The smallest withdrawal in {currency}.",
        unit=f"hundredths of {currency}",
        default=_SMALLEST[currency],
        minimum=1,
    )
    for currency in CURRENCIES
}
DAY_LIMIT: Mapping[tuple[str, int], Parameter] = {
    (currency, level): declare(
        f"wallets.withdrawal_day_{currency.lower()}_level_{level}",
        f"What a person of KYC level {level} may withdraw in {currency} on one day.",
        unit=f"hundredths of {currency}",
        default=_A_DAY[currency][level - 1],
    )
    for currency in CURRENCIES
    for level in LEVELS
}

DEPOSIT_MESSAGES: Mapping[DepositState, MessageType] = {
    state: declare_message(f"deposit.{state}", meaning, deposit_id="uuid", owner="uuid")
    for state, meaning in {
        DepositState.REQUESTED: "Somebody announced a deposit and got its reference.",
        DepositState.RECEIVED: "The money of a deposit came and lies in suspense.",
        DepositState.CREDITED: "What came for a deposit is its owner's.",
        DepositState.REJECTED: "A deposit was refused before anything came.",
        DepositState.REFUNDED: "The money of a deposit was sent back.",
        DepositState.CANCELLED: "A deposit was cancelled by its owner.",
        DepositState.EXPIRED: "Nothing came for a deposit in time.",
    }.items()
}
WITHDRAWAL_MESSAGES: Mapping[WithdrawalState, MessageType] = {
    state: declare_message(f"withdrawal.{state}", meaning, withdrawal_id="uuid", owner="uuid")
    for state, meaning in {
        WithdrawalState.REQUESTED: "Somebody asked for a withdrawal, and its amount is held.",
        WithdrawalState.APPROVED: "A withdrawal may be paid.",
        WithdrawalState.SENT: "The bank was told to pay a withdrawal.",
        WithdrawalState.COMPLETED: "A withdrawal was paid, and its hold was consumed.",
        WithdrawalState.REJECTED: "A withdrawal was refused, and its hold released.",
        WithdrawalState.FAILED: "The bank didn't pay a withdrawal, and its hold was released.",
        WithdrawalState.CANCELLED: "A withdrawal was cancelled by its owner, and its hold released.",
    }.items()
}
