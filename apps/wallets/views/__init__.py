"""The pages of deposits and withdrawals."""

from apps.wallets.views.own import (
    cancel_deposit,
    cancel_withdrawal,
    deposit,
    new_deposit,
    new_withdrawal,
    withdrawal,
)
from apps.wallets.views.staff import (
    act_on_deposit,
    act_on_withdrawal,
    deposit_case,
    deposits,
    withdrawal_case,
    withdrawals,
)

__all__ = [
    "act_on_deposit",
    "act_on_withdrawal",
    "cancel_deposit",
    "cancel_withdrawal",
    "deposit",
    "deposit_case",
    "deposits",
    "new_deposit",
    "new_withdrawal",
    "withdrawal",
    "withdrawal_case",
    "withdrawals",
]
