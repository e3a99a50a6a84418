"""What the chain tells the rest of the house."""

from apps.outbox.types import declare

INTENT_COMPLETED = declare(
    "chain.intent_completed",
    "What was asked of the chain is final there.",
    intent_id="uuid",
    kind="text",
    subject="uuid",
)
INTENT_FAILED = declare(
    "chain.intent_failed",
    "The chain refused what was asked; `final` if it isn't tried again by itself.",
    intent_id="uuid",
    kind="text",
    subject="uuid",
    final="boolean",
)
HOLDER_REGISTERED = declare(
    "holder.registered", "An investor's identity and address are in the register of all tokens.", owner="uuid"
)
TRANSFERRED = declare(
    "chain.transfer",
    "Tokens moved on chain, were minted (from the zero address) or burnt, in a final block.",
    token_id="uuid",  # noqa: S106  # the kind of a field
    event_id="integer",
    tx_hash="text",
)
