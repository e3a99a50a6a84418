"""What the ledger can be asked."""

from apps.ledger.selectors.balances import (
    UnknownAsset,
    asset,
    assets,
    balances,
    balances_of,
    client_holdings,
    due_holds,
    holds,
    sums,
)
from apps.ledger.selectors.journal import Recorded, entries_of, recorded, transactions_of, wallet_transactions
from apps.ledger.selectors.verification import verify

__all__ = [
    "Recorded",
    "UnknownAsset",
    "asset",
    "assets",
    "balances",
    "balances_of",
    "client_holdings",
    "due_holds",
    "entries_of",
    "holds",
    "recorded",
    "sums",
    "transactions_of",
    "verify",
    "wallet_transactions",
]
