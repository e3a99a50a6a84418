"""The lines that trades leave in their owners' wallets (LED-5): what was paid or got, and the fee."""

from uuid import UUID, uuid5

from apps.common.db import needs_transaction
from apps.ledger import services as ledger
from apps.ledger.types import AccountKind, AccountSpec, NewTransaction, TransactionStatus, TransactionType
from apps.outbox.types import Message
from apps.trading import models, selectors
from apps.trading.types import Instrument


@needs_transaction
def add_wallet_lines(message: Message) -> None:
    """Add a trade's lines to both wallets, already completed; a repeat changes nothing."""
    orders = models.Trade.objects.select_related("buy_order__account", "sell_order__account")
    trade = orders.get(pk=UUID(message.payload["trade_id"]))
    market = selectors.instrument_by_number(trade.instrument)
    buyer, seller = trade.buy_order.account.owner, trade.sell_order.account.owner
    lines = [
        _line(trade, market, buyer, TransactionType.TOKEN_BUY, trade.notional),
        _line(trade, market, buyer, TransactionType.FEE, trade.buyer_fee),
        _line(trade, market, seller, TransactionType.TOKEN_SELL, trade.notional),
        _line(trade, market, seller, TransactionType.FEE, trade.seller_fee),
    ]
    ledger.open_transactions(transactions=[line for line in lines if line.amount], at=trade.executed_at)


def _line(
    trade: models.Trade, market: Instrument, owner: UUID, kind: TransactionType, amount: int
) -> NewTransaction:
    return NewTransaction(
        id=uuid5(trade.pk, f"{kind}:{owner}"),
        account=AccountSpec(AccountKind.CLIENT, market.quote, owner=str(owner)).address,
        type=kind,
        amount=amount,
        reference=f"{market.symbol} trade {trade.pk}",
        status=TransactionStatus.COMPLETED,
    )
