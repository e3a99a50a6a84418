from django.urls import path

from apps.wallets import api, views

_DEPOSIT, _WITHDRAWAL = "admin/deposits/<uuid:deposit_id>", "admin/withdrawals/<uuid:withdrawal_id>"
api_urlpatterns = [
    path("deposits", api.Deposits.as_view(), name="deposits"),
    path("deposits/<uuid:deposit_id>", api.DepositDetail.as_view(), name="deposit"),
    path("deposits/<uuid:deposit_id>/cancel", api.CancelDeposit.as_view(), name="deposit-cancel"),
    path("withdrawals", api.Withdrawals.as_view(), name="withdrawals"),
    path("withdrawals/limits", api.WithdrawalLimits.as_view(), name="withdrawal-limits"),
    path("withdrawals/<uuid:withdrawal_id>", api.WithdrawalDetail.as_view(), name="withdrawal"),
    path("withdrawals/<uuid:withdrawal_id>/cancel", api.CancelWithdrawal.as_view(), name="withdrawal-cancel"),
    path("wallet/address", api.WalletAddress.as_view(), name="wallet-address"),
    path("admin/deposits", api.DepositQueue.as_view(), name="admin-deposits"),
    path(_DEPOSIT, api.DepositCase.as_view(), name="admin-deposit"),
    path(f"{_DEPOSIT}/confirm", api.ConfirmDeposit.as_view(), name="admin-deposit-confirm"),
    path(f"{_DEPOSIT}/receive", api.ReceiveDeposit.as_view(), name="admin-deposit-receive"),
    path(f"{_DEPOSIT}/credit", api.CreditDeposit.as_view(), name="admin-deposit-credit"),
    path(f"{_DEPOSIT}/reject", api.RejectDeposit.as_view(), name="admin-deposit-reject"),
    path(f"{_DEPOSIT}/refund", api.RefundDeposit.as_view(), name="admin-deposit-refund"),
    path("admin/withdrawals", api.WithdrawalQueue.as_view(), name="admin-withdrawals"),
    path(_WITHDRAWAL, api.WithdrawalCase.as_view(), name="admin-withdrawal"),
    path(f"{_WITHDRAWAL}/approve", api.ApproveWithdrawal.as_view(), name="admin-withdrawal-approve"),
    path(f"{_WITHDRAWAL}/reject", api.RejectWithdrawal.as_view(), name="admin-withdrawal-reject"),
    path(f"{_WITHDRAWAL}/send", api.SendWithdrawal.as_view(), name="admin-withdrawal-send"),
    path(f"{_WITHDRAWAL}/complete", api.CompleteWithdrawal.as_view(), name="admin-withdrawal-complete"),
    path(f"{_WITHDRAWAL}/fail", api.FailWithdrawal.as_view(), name="admin-withdrawal-fail"),
]

urlpatterns = [
    path("wallet/deposit", views.new_deposit, name="wallet-deposit"),
    path("wallet/deposits/<uuid:deposit_id>", views.deposit, name="deposit"),
    path("wallet/deposits/<uuid:deposit_id>/cancel", views.cancel_deposit, name="deposit-cancel"),
    path("wallet/withdraw", views.new_withdrawal, name="wallet-withdraw"),
    path("wallet/withdrawals/<uuid:withdrawal_id>", views.withdrawal, name="withdrawal"),
    path("wallet/withdrawals/<uuid:withdrawal_id>/cancel", views.cancel_withdrawal, name="withdrawal-cancel"),
    path("staff/deposits", views.deposits, name="staff-deposits"),
    path("staff/deposits/<uuid:deposit_id>", views.deposit_case, name="staff-deposit"),
    path("staff/deposits/<uuid:deposit_id>/<slug:act>", views.act_on_deposit, name="staff-deposit-act"),
    path("staff/withdrawals", views.withdrawals, name="staff-withdrawals"),
    path("staff/withdrawals/<uuid:withdrawal_id>", views.withdrawal_case, name="staff-withdrawal"),
    path(
        "staff/withdrawals/<uuid:withdrawal_id>/<slug:act>",
        views.act_on_withdrawal,
        name="staff-withdrawal-act",
    ),
]
