"""The markets, for everybody, and the trading screen of one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.types import Role
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import user_id_of
from apps.ledger import selectors as ledger
from apps.ledger.types import AccountKind, address_of
from apps.trading import selectors
from apps.trading.forms import OrderForm
from apps.trading.services import eligibility
from apps.trading.types import Instrument, Side, TradingState
from apps.trading.views import screens

TAPE = 60
CANDLES = 240
LISTED = 50
OWN_PARTS = frozenset({"lists", "funds"})
TABS = ("open", "fills", "history")
CUSTOMERS = frozenset({Role.INVESTOR, Role.ISSUER})


@require_safe
def markets(request: HttpRequest) -> HttpResponse:
    """List what is traded."""
    at = now()
    rows = [(each, screens.figures_of(ticker, each)) for each, ticker in selectors.tickers(at=at)]
    return render(request, "trading/markets.html", {"rows": rows, "layout": layout_of(request)})


@require_safe
def market(request: HttpRequest, symbol: str) -> HttpResponse:
    """Show a market; `?part=` is what the page asks for again when something has happened."""
    instrument = selectors.instrument_named(symbol)
    part = request.GET.get("part", "")
    if part == "head":
        return render(request, "trading/market_head.html", _head(instrument))
    if part in OWN_PARTS and not is_customer(request):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})  # was logged out meanwhile
    if part == "lists":
        return render(request, "trading/market_lists.html", lists_of(request, instrument))
    if part == "funds":
        funds = {"instrument": instrument} | _own(request, instrument)
        return render(request, "trading/market_funds.html", funds)
    return screen(request, instrument)


def screen(
    request: HttpRequest,
    instrument: Instrument,
    *,
    ticket: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the whole screen; `ticket` is what a form that was sent has to show."""
    context = _head(instrument) | _public(instrument) | {"layout": layout_of(request)}
    if is_customer(request):
        context |= lists_of(request, instrument) | dict(ticket or ticket_of(request, instrument))
    own = [line.order for line in context.get("open", ())]
    context["ladder"] = screens.ladder_of(context["depth"], instrument, own=own)
    return render(request, "trading/market.html", context, status=status)


def ticket_of(request: HttpRequest, instrument: Instrument, form: OrderForm | None = None) -> dict[str, Any]:
    """Return what the ticket shows: the form, what there is to trade with, and why not."""
    wanted = {name: request.GET[name][:40] for name in ("side", "price", "quantity") if name in request.GET}
    form = form or OrderForm(instrument=instrument, initial=wanted)
    owner = user_id_of(request)
    return {
        "instrument": instrument,
        "form": form,
        "request_id": form["client_order_id"].value(),
        "is_customer": True,
        **_refusals(owner, instrument),
        "is_halted": instrument.state is TradingState.HALTED,
        "tick": screens.price_text(instrument.tick, instrument),
        "lot": screens.quantity_text(instrument.lot, instrument),
    } | _own(request, instrument)


def lists_of(request: HttpRequest, instrument: Instrument) -> dict[str, Any]:
    """Return one's own orders and fills in this market; only what is looked at is read, and what is open."""
    owner = user_id_of(request)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    known = {instrument.id: instrument}
    open_ = selectors.live_orders(owner, instrument_id=instrument)
    found: dict[str, Any] = {"open": screens.order_lines(open_, known)}
    if tab == "fills":
        fills = selectors.fills(owner, instrument_id=instrument, limit=LISTED)
        found["fills"] = screens.fill_lines(fills, known)
    if tab == "history":
        done = selectors.orders_of(owner, live=False, instrument_id=instrument, limit=LISTED)
        found["done"] = screens.order_lines(done, known)
    return found | {
        "tab": tab,
        "shown": {each: each == tab for each in TABS},
        "instrument": instrument,
        "explorer": settings.CHAIN_EXPLORER,
        "is_customer": True,
    }


def _refusals(owner: UUID, instrument: Instrument) -> dict[str, Any]:
    """Return what keeps somebody from trading, or from buying only: who may buy may sell."""
    buying = _refusal(owner, Side.BUY, instrument)
    selling = _refusal(owner, Side.SELL, instrument) if buying else None
    return {"refusal": selling, "buy_refusal": buying}


def _refusal(owner: UUID, side: Side, instrument: Instrument) -> DomainError | None:
    try:
        eligibility.check(owner=owner, side=side, instrument=instrument)
    except DomainError as error:
        return error
    return None


def layout_of(request: HttpRequest) -> str:
    """Return the frame of a page that visitors and users read alike."""
    return "layouts/portal.html" if request.user.is_authenticated else "layouts/public.html"


def is_customer(request: HttpRequest) -> bool:
    """Tell whether this is somebody who may have orders."""
    return request.user.is_authenticated and Role(request.user.role) in CUSTOMERS


def _head(instrument: Instrument) -> dict[str, Any]:
    ticker = selectors.ticker(instrument, at=now())
    return {"instrument": instrument, "figures": screens.figures_of(ticker, instrument)}


def _public(instrument: Instrument) -> dict[str, Any]:
    at = now()
    bars = screens.bars_of(selectors.candles(instrument, until=at, limit=CANDLES), instrument)
    tape = selectors.public_trades(instrument, limit=TAPE)
    return {
        "depth": selectors.book(instrument, levels=screens.LEVELS),
        "tape": screens.prints_of(tape, instrument),
        "bars": bars[::-1][:LISTED],
        "drawn": screens.drawn(bars),
        "drawn_until": int(at.timestamp() * 1000),
        "digits": screens.digits_of(instrument),
    }


def _own(request: HttpRequest, instrument: Instrument) -> dict[str, Any]:
    cash, tokens = _available(user_id_of(request), instrument)
    return {
        "cash": screens.price_text(cash, instrument),
        "tokens": screens.quantity_text(tokens, instrument),
    }


def _available(owner: UUID, instrument: Instrument) -> tuple[int, int]:
    addresses = [
        address_of(AccountKind.CLIENT, asset, owner=str(owner))
        for asset in (instrument.quote, instrument.asset)
    ]
    found = ledger.balances(addresses)
    cash, tokens = (found[each].available if each in found else 0 for each in addresses)
    return cash, tokens
