"""Nonces of our signers: each is given out once, under a lock on the signer's row."""

from apps.chain.models import SignerAccount
from apps.chain.types import Duty
from apps.common.db import needs_transaction

FURTHEST = 1_000  # transactions that somebody else may have sent with a key of ours
FURTHEST_AT_FIRST = 1_000_000  # that a key may have sent before this database knew it


class CountTooFar(Exception):
    """A node counts more transactions of a signer than there can be; a nonce after them is never mined."""


@needs_transaction
def take(*, chain_id: int, duty: Duty, address: str, pending: int) -> int:
    """Return the next nonce of a signer. The row stays locked until the transaction ends.

    `pending` is the node's own count. It begins ours, and moves it on where somebody else has used the
    key; where ours is further, the node has yet to hear of what we gave out.

    Raises CountTooFar: one answer of a broken node must not leave a gap that no transaction fills.
    """
    SignerAccount.objects.bulk_create(
        [SignerAccount(chain_id=chain_id, duty=duty, address=address)], ignore_conflicts=True
    )
    account = SignerAccount.objects.select_for_update().get(chain_id=chain_id, address=address)
    furthest = account.next_nonce + FURTHEST if account.next_nonce else FURTHEST_AT_FIRST
    if pending > furthest:
        raise CountTooFar(f"it counts {pending} transactions of a signer that has {account.next_nonce}")
    nonce = max(account.next_nonce, pending)
    account.next_nonce = nonce + 1
    account.save(update_fields=["next_nonce"])
    return nonce
