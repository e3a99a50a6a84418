from django.urls import path

from apps.ledger import api

api_urlpatterns = [
    path("balances", api.Balances.as_view(), name="balances"),
    path("wallet-transactions", api.WalletTransactions.as_view(), name="wallet-transactions"),
    path("admin/ledger/sums", api.LedgerSums.as_view(), name="ledger-sums"),
]
