"""A person's account of money in the ledger, opened when it is first needed."""

from uuid import UUID

from apps.common.db import needs_transaction
from apps.ledger import services as ledger
from apps.wallets import postings, rules


@needs_transaction
def ensure_cash_account(*, owner: UUID, currency: str) -> str:
    """Open the owner's account in a currency unless it is open, and return its address.

    Raises CurrencyNotOffered, UnknownAsset.
    """
    rules.check_currency(currency)
    spec = postings.cash(owner, currency)
    ledger.open_accounts(accounts=[spec])
    return spec.address
