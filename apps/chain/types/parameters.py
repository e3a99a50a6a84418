"""The numbers that the sender goes by."""

from apps.parameters.types import declare as parameter

ATTEMPTS = parameter(
    "chain.attempts",
    "How often the chain may refuse what is asked of it before it becomes a dead letter.",
    unit="attempts",
    default=5,
    minimum=1,
    maximum=50,
)
IN_FLIGHT = parameter(
    "chain.in_flight",
    "How many transactions of one signer may be under way: nodes drop what is queued further.",
    unit="transactions",
    default=16,
    minimum=1,
    maximum=64,
)
BUMP_AFTER = parameter(
    "chain.bump_after",
    "How long a transaction may wait to be mined before it offers more for gas.",
    unit="seconds",
    default=60,
    minimum=5,
)
RESEND_AFTER = parameter(
    "chain.resend_after",
    "How long a transaction may wait to be mined before the same bytes are sent again.",
    unit="seconds",
    default=10,
    minimum=1,
)
FEE_CAP = parameter(
    "chain.fee_cap", "The most that is offered for a unit of gas.", unit="gwei", default=500, minimum=1
)
GAS_CAP = parameter(
    "chain.gas_cap",
    "The most gas of one transaction; networks themselves refuse more than 16,777,216 (EIP-7825).",
    unit="gas",
    default=15_000_000,
    minimum=21_000,
)
GAS_MARGIN = parameter(
    "chain.gas_margin",
    "What a gas limit adds to the node's estimate, because the state may move on before it is mined.",
    unit="basis points",
    default=2_500,
    maximum=100_000,
)
