"""What an order would need and what would refuse it, before anybody places it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from apps.common.errors import DomainError
from apps.compliance import selectors as of_compliance
from apps.compliance.types import Meter
from apps.ledger import selectors as ledger
from apps.ledger.types import AccountKind, address_of
from apps.trading import rules, selectors
from apps.trading.services import eligibility, limits, placing
from apps.trading.types import (
    Instrument,
    NewOrder,
    OrderType,
    Preview,
    Problem,
    Reason,
    Side,
    TradingState,
)


def preview_order(*, order: NewOrder, owner: UUID, at: datetime) -> Preview:
    """Tell what an order would hold and cost, and what would refuse it now. Changes nothing.

    Raises UnknownInstrument, InvalidOrder, NoRate, Unavailable.
    """
    market = selectors.instrument(order.instrument)
    order = rules.with_end_of_day(order, at)
    rules.check_order(order, market, at=at)
    depth = selectors.book(market.id, levels=selectors.MAX_LEVELS)
    cost = rules.estimate(order, depth.asks if order.side is Side.BUY else depth.bids, market)
    meter = selectors.meter(owner, at=at)
    held_asset, decimals = (
        (market.quote, market.quote_decimals)
        if order.side is Side.BUY
        else (market.asset, market.asset_decimals)
    )
    available = _available(owner, held_asset)
    return Preview(
        instrument=market.id,
        side=order.side,
        notional=cost.notional,
        fee_at_most=cost.fee,
        held_asset=held_asset,
        held_decimals=decimals,
        held=cost.held,
        available=available,
        fillable=cost.fillable,
        average=cost.average,
        problems=(*_refusals(order, market, owner, meter), *_problems(order, market, cost.held > available)),
        meter=meter,
    )


def _refusals(order: NewOrder, market: Instrument, owner: UUID, meter: Meter) -> Iterable[Problem]:
    notional = rules.notional(order, market)
    cents = of_compliance.in_cents(notional, market.quote) if meter.limit else 0
    checks: list[Callable[[], object]] = [
        lambda: eligibility.check(owner=owner, side=order.side, instrument=market),
        lambda: limits.check_open_orders(owner=owner, new=1),
    ]
    if order.side is Side.BUY:
        checks.append(lambda: of_compliance.require_within(meter, cents=cents))
    for check in checks:
        try:
            check()
        except DomainError as refusal:
            yield Problem(refusal.code, refusal.detail, refusal.next_step)


def _problems(order: NewOrder, market: Instrument, is_too_much: bool) -> Iterable[Problem]:
    found = {
        Reason.INSTRUMENT_HALTED: market.state is TradingState.HALTED,
        Reason.PRICE_OUTSIDE_COLLAR: order.order_type is OrderType.LIMIT
        and rules.is_outside_collar(order.price, market),
        Reason.INSUFFICIENT_FUNDS: is_too_much,
    }
    for reason in (reason for reason, is_so in found.items() if is_so):
        refusal = placing.refusal(reason)
        yield Problem(refusal.code, refusal.detail, refusal.next_step)


def _available(owner: UUID, asset: str) -> int:
    found = ledger.balances([address_of(AccountKind.CLIENT, asset, owner=str(owner))])
    return sum(balance.available for balance in found.values())
