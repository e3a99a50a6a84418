"""What every act on allocations leaves behind: a line of audit each, and a message each."""

from collections.abc import Sequence
from datetime import datetime

from apps.audit import services as audit
from apps.audit.types import Act
from apps.common.db import needs_transaction
from apps.common.types import Actor
from apps.outbox import services as outbox
from apps.outbox.types import MessageType, NewMessage
from apps.tokens.types import Allocation


@needs_transaction
def tell(
    allocations: Sequence[Allocation], meaning: MessageType, *, action: str, by: Actor, at: datetime
) -> None:
    """Record the same act on each of these, and publish it under the token's key."""
    audit.record_many(acts=[_act(each, action) for each in allocations], by=by, at=at)
    outbox.publish_many(messages=[_message(each, meaning) for each in allocations], at=at)


def _act(allocation: Allocation, action: str) -> Act:
    after = {
        "token": allocation.token_id,
        "status": allocation.status,
        "on_chain_status": allocation.on_chain_status,
        "quantity": allocation.quantity,
        "cost": allocation.cost,
        "asset": allocation.raise_currency,
    }
    return Act(action, "allocation", str(allocation.id), after=after)


def _message(allocation: Allocation, meaning: MessageType) -> NewMessage:
    payload = {
        "token_id": str(allocation.token_id),
        "allocation_id": str(allocation.id),
        "investor_id": str(allocation.investor_id),
    }
    return NewMessage(meaning.name, str(allocation.token_id), payload)
