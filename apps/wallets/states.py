"""The lives of a deposit and of a withdrawal, as tables.

Money that comes for a request which had ended is received all the same: it lies at our bank, so it stands
in the ledger, and is then credited or sent back. `requested` of a withdrawal is where a second factor is
going to be asked; today each goes on to `under_review` in the act that requests it.
"""

from collections.abc import Mapping

from apps.wallets.types import DepositState, WithdrawalState

DEPOSIT: Mapping[DepositState, frozenset[DepositState]] = {
    DepositState.REQUESTED: frozenset(
        {DepositState.RECEIVED, DepositState.REJECTED, DepositState.CANCELLED, DepositState.EXPIRED}
    ),
    DepositState.RECEIVED: frozenset({DepositState.CREDITED, DepositState.REFUNDED}),
    DepositState.CREDITED: frozenset(),
    DepositState.REJECTED: frozenset({DepositState.RECEIVED}),
    DepositState.REFUNDED: frozenset(),
    DepositState.CANCELLED: frozenset({DepositState.RECEIVED}),
    DepositState.EXPIRED: frozenset({DepositState.RECEIVED}),
}

WITHDRAWAL: Mapping[WithdrawalState, frozenset[WithdrawalState]] = {
    WithdrawalState.REQUESTED: frozenset({WithdrawalState.UNDER_REVIEW, WithdrawalState.CANCELLED}),
    WithdrawalState.UNDER_REVIEW: frozenset(
        {WithdrawalState.APPROVED, WithdrawalState.REJECTED, WithdrawalState.CANCELLED}
    ),
    # What was approved may still be refused as long as no bank was told.
    WithdrawalState.APPROVED: frozenset({WithdrawalState.SENT, WithdrawalState.REJECTED}),
    WithdrawalState.SENT: frozenset({WithdrawalState.COMPLETED, WithdrawalState.FAILED}),
    WithdrawalState.COMPLETED: frozenset(),
    WithdrawalState.REJECTED: frozenset(),
    WithdrawalState.FAILED: frozenset(),
    WithdrawalState.CANCELLED: frozenset(),
}

# What still waits for somebody; the queues show these first.
OPEN_DEPOSITS = frozenset({DepositState.REQUESTED, DepositState.RECEIVED})
OPEN_WITHDRAWALS = frozenset(state for state, following in WITHDRAWAL.items() if following)
# What counts towards a limit: all but those whose hold went back.
SPENDING = frozenset(WithdrawalState) - {
    WithdrawalState.REJECTED,
    WithdrawalState.FAILED,
    WithdrawalState.CANCELLED,
}
