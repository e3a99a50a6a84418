"""The verbs of deposits and withdrawals."""

from apps.wallets.rules import (
    BankReferenceUsed,
    CurrencyNotOffered,
    CustomerNotActive,
    FundsUnsettled,
    IdentityCheckNeeded,
    OwnRequest,
    RequestEnded,
    RequestIdTaken,
    TooManyOpenDeposits,
    WithdrawalLimitReached,
    WithdrawalTooSmall,
)
from apps.wallets.services.arriving import (
    confirm_deposit,
    credit_deposit,
    receive_deposit,
    refund_deposit,
    reject_deposit,
)
from apps.wallets.services.cash import ensure_cash_account
from apps.wallets.services.leaving import (
    approve_withdrawal,
    complete_withdrawal,
    fail_withdrawal,
    reject_withdrawal,
    send_withdrawal,
)
from apps.wallets.services.requesting import (
    cancel_deposit,
    cancel_withdrawal,
    expire_deposits,
    request_deposit,
    request_withdrawal,
)
from apps.wallets.services.telling import tell_of_deposit, tell_of_withdrawal

__all__ = [
    "BankReferenceUsed",
    "CurrencyNotOffered",
    "CustomerNotActive",
    "FundsUnsettled",
    "IdentityCheckNeeded",
    "OwnRequest",
    "RequestEnded",
    "RequestIdTaken",
    "TooManyOpenDeposits",
    "WithdrawalLimitReached",
    "WithdrawalTooSmall",
    "approve_withdrawal",
    "cancel_deposit",
    "cancel_withdrawal",
    "complete_withdrawal",
    "confirm_deposit",
    "credit_deposit",
    "ensure_cash_account",
    "expire_deposits",
    "fail_withdrawal",
    "receive_deposit",
    "refund_deposit",
    "reject_deposit",
    "reject_withdrawal",
    "request_deposit",
    "request_withdrawal",
    "send_withdrawal",
    "tell_of_deposit",
    "tell_of_withdrawal",
]
