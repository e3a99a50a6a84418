"""Nonces of our signers: each is given out once, under a lock on the signer's row."""

from apps.chain.models import SignerAccount
from apps.chain.types import Duty
from apps.common.db import needs_transaction


@needs_transaction
def take(*, chain_id: int, duty: Duty, address: str, pending: int) -> int:
    """Return the next nonce of a signer. The row stays locked until the transaction ends.

    `pending` is the node's own count. It begins ours, and moves it on where somebody else has used the
    key; where ours is further, the node has yet to hear of what we gave out.
    """
    SignerAccount.objects.bulk_create(
        [SignerAccount(chain_id=chain_id, duty=duty, address=address)], ignore_conflicts=True
    )
    account = SignerAccount.objects.select_for_update().get(chain_id=chain_id, address=address)
    nonce = max(account.next_nonce, pending)
    account.next_nonce = nonce + 1
    account.save(update_fields=["next_nonce"])
    return nonce
