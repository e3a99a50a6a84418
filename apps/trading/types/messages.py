"""What the market tells through the outbox."""

from apps.outbox.types import declare

INSTRUMENT_OPENED = declare(
    "instrument.opened",
    "An instrument can be traded from now on.",
    instrument_id="uuid",
    asset="text",
    quote="text",
)
INSTRUMENT_CHANGED = declare(
    "instrument.changed",
    "Trading in an instrument was halted, resumed, or given another collar.",
    instrument_id="uuid",
    state="text",
    sequence="integer",
)
TRADE_EXECUTED = declare(
    "trade.executed",
    "Two orders traded with each other; the trade waits for its settlement.",
    trade_id="uuid",
    instrument_id="uuid",
    buy_order_id="uuid",
    sell_order_id="uuid",
)
ORDER_UPDATED = declare(
    "order.updated",
    "An order that was accepted traded, was amended, or ended; one message for all that a batch did to it.",
    order_id="uuid",
    instrument_id="uuid",
    status="text",
    version="integer",
)
