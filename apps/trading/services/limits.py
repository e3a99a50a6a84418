"""How much one person may ask of the market: open orders (ORD-7), and money invested (ORD-5)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.common import limits
from apps.common.errors import Unavailable, Unprocessable
from apps.common.ids import new_id
from apps.compliance import selectors as of_compliance
from apps.compliance import services as compliance
from apps.parameters import selectors as parameters
from apps.trading import rules, selectors
from apps.trading.types import OPEN_ORDERS, Instrument, NewOrder, Side


class TooManyOpenOrders(Unprocessable):
    """As many orders are open as one person may have."""

    code = "too_many_open_orders"


def spend(*, owner: UUID, orders: int) -> None:
    """Use up some of the orders that one person may send in a second. Raises TooMany, Unavailable."""
    limits.spend("orders", str(owner), cost=orders)


def check_open_orders(*, owner: UUID, new: int) -> None:
    """Refuse more orders than one person may have open. Raises TooManyOpenOrders."""
    most, now = parameters.value(OPEN_ORDERS), selectors.count_live(owner)
    if now + new > most:
        raise TooManyOpenOrders(
            f"You may have {most} open orders, and {now} are open.",
            next_step="Cancel an order that you don't need.",
            limit=most,
            open=now,
        )


@contextmanager
def reserved(
    *, owner: UUID, orders: Sequence[NewOrder], instrument: Instrument, at: datetime
) -> Iterator[list[NewOrder]]:
    """Reserve what buys may cost while the block asks the market for them; yield the orders to ask for.

    A buy at market without a budget gets one: what its owner's investment limit leaves. Where the market
    doesn't answer, an order may happen yet, so its reservation stays and ends by itself.

    Raises InvestmentLimitExceeded, NoRate, Unavailable.
    """
    buys = [each for each in orders if each.side is Side.BUY]
    if not buys:
        yield list(orders)
        return
    investor, names, asker = accounts.account(owner), [each.client_order_id for each in buys], new_id()
    ask = partial(
        compliance.reserve_investment, investor=investor, currency=instrument.quote, asker=asker, at=at
    )
    asked = {each.client_order_id: rules.notional(each, instrument) for each in buys}
    meter = ask(amounts=asked)
    if meter.remaining is None:
        yield list(orders)
        return
    with _released(owner, names, asker):
        open_ended = [each.client_order_id for each in buys if not rules.notional(each, instrument)]
        if not open_ended:
            yield list(orders)
            return
        share = _share(meter.remaining, asked, instrument, among=len(open_ended))
        ask(amounts=dict.fromkeys(open_ended, share))
        yield [replace(each, budget=share) if each.client_order_id in open_ended else each for each in orders]


def _share(remaining: int, asked: Mapping[str, int], instrument: Instrument, *, among: int) -> int:
    """Return what each of so many may cost. In cents, as it is judged: each amount is rounded up alone."""
    spent = sum(of_compliance.each_in_cents(asked, instrument.quote).values())
    cents = max(0, remaining - spent) // among
    return max(instrument.unit, of_compliance.from_cents(cents, instrument.quote))


@contextmanager
def reserved_more(
    *, owner: UUID, order_id: UUID, extra: int, instrument: Instrument, at: datetime
) -> Iterator[None]:
    """Reserve what a buy may cost besides, while the block asks the market to amend it. See `reserved`."""
    if extra <= 0:
        yield
        return
    asker = new_id()
    compliance.reserve_investment(
        investor=accounts.account(owner),
        currency=instrument.quote,
        amounts={str(order_id): extra},
        asker=asker,
        at=at,
    )
    with _released(owner, [str(order_id)], asker):
        yield


@contextmanager
def _released(owner: UUID, names: list[str], asker: UUID) -> Iterator[None]:
    try:
        yield
    except Unavailable:
        raise
    except BaseException:
        compliance.release_investment(investor=owner, names=names, asker=asker)
        raise
    compliance.release_investment(investor=owner, names=names, asker=asker)
