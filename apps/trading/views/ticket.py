"""The order ticket: what an order would do, and placing it."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.common.clock import now
from apps.common.errors import DomainError, NotFound, Unavailable
from apps.common.http import actor_of, in_time, into_form, user_id_of
from apps.common.ids import new_id
from apps.trading import selectors, services
from apps.trading.forms import OrderForm
from apps.trading.types import Answer, Instrument, OrderStatus, Preview, Side
from apps.trading.views import screens
from apps.trading.views.market import screen, ticket_of

CHANGED = "market:orders"  # the event on which a page reads its own orders again


@require_POST
def preview(request: HttpRequest, symbol: str) -> HttpResponse:
    """Show in numbers what an order would do. Nothing happens."""
    instrument = selectors.instrument_named(symbol)
    form = OrderForm(request.POST, instrument=instrument)
    shown = _preview(request, form) if form.is_valid() else None
    if is_htmx(request):
        context = {"form": form, "preview": shown, "instrument": instrument}
        return render(request, "trading/market_preview.html", context)
    ticket = ticket_of(request, instrument, form) | {"preview": shown}
    return screen(request, instrument, ticket=ticket, status=422 if form.errors else 200)


@require_POST
def place(request: HttpRequest, symbol: str) -> HttpResponse:
    """Place the order; the hidden id makes a resent form find the first one."""
    instrument = selectors.instrument_named(symbol)
    form = OrderForm(request.POST, instrument=instrument)
    refused: DomainError | None = None
    if form.is_valid():
        try:
            answer = services.place_order(
                order=form.order(), owner=user_id_of(request), by=actor_of(request), at=now()
            )
        except NotFound:
            raise
        except DomainError as error:
            refused = error
            into_form(form, error)
        else:
            return _placed(request, instrument, form, answer)
    ticket = ticket_of(request, instrument, form)
    if refused is not None and not isinstance(refused, Unavailable):
        ticket["request_id"] = str(new_id())  # decided; what is sent next is another order
    if is_htmx(request):
        response = render(request, "trading/market_ticket.html", ticket, status=422)
    else:
        response = screen(request, instrument, ticket=ticket, status=422)
    return in_time(response, refused)


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether a part of a page asks, not a page."""
    return request.headers.get("HX-Request") == "true"


def told(response: HttpResponse, *, hue: str, title: str, text: str = "") -> HttpResponse:
    """Have the page show a toast and read its own orders again."""
    said = {"toast": {"hue": hue, "title": title, "text": text}, CHANGED: {}}
    response["HX-Trigger"] = json.dumps(said)
    return response


def _placed(request: HttpRequest, instrument: Instrument, form: OrderForm, answer: Answer) -> HttpResponse:
    hue, title, text = _outcome(answer, instrument, Side(form.cleaned_data["side"]))
    if not is_htmx(request):
        messages.add_message(
            request, messages.SUCCESS if hue == "success" else messages.WARNING, f"{title} {text}".strip()
        )
        return redirect("market", instrument.symbol)
    kept = {name: form.data.get(name, "") for name in ("side", "order_type", "price", "time_in_force")}
    fresh = OrderForm(instrument=instrument, initial=kept)
    response = render(request, "trading/market_ticket.html", ticket_of(request, instrument, fresh))
    return told(response, hue=hue, title=title, text=text)


def _outcome(answer: Answer, instrument: Instrument, side: Side) -> tuple[str, str, str]:
    """Return how to say what became of an order: the hue, what happened, and what that means."""
    words: dict[str, Any] = {
        "filled": screens.quantity_text(answer.filled, instrument),
        "quantity": screens.quantity_text(answer.quantity, instrument),
        "symbol": instrument.symbol,
    }
    bought = side is Side.BUY
    if answer.status is OrderStatus.FILLED:
        title = _("Bought %(filled)s %(symbol)s.") if bought else _("Sold %(filled)s %(symbol)s.")
        return "success", title % words, _at(answer, instrument)
    if answer.status is OrderStatus.OPEN:
        return "success", _("Your order is in the book."), _("It trades when somebody meets its price.")
    if answer.filled:
        title = (
            _("Bought %(filled)s of %(quantity)s %(symbol)s.")
            if bought
            else _("Sold %(filled)s of %(quantity)s %(symbol)s.")
        )
        rests = answer.status is OrderStatus.PARTIALLY_FILLED
        return (
            "success" if rests else "warning",
            title % words,
            _("The rest waits in the book.") if rests else _("The rest was cancelled."),
        )
    return "warning", _("Nothing traded."), _("Nobody met the price at once, so the order ended.")


def _at(answer: Answer, instrument: Instrument) -> str:
    prices = sorted({fill.price for fill in answer.fills})
    if not prices:
        return ""
    lowest, highest = (screens.price_text(each, instrument) for each in (prices[0], prices[-1]))
    words = {"low": lowest, "high": highest, "currency": instrument.quote}
    if lowest == highest:
        return _("At %(low)s %(currency)s.") % words
    return _("At %(low)s to %(high)s %(currency)s.") % words


def _preview(request: HttpRequest, form: OrderForm) -> Preview | None:
    try:
        return services.preview_order(order=form.order(), owner=user_id_of(request), at=now())
    except NotFound:
        raise
    except DomainError as error:
        into_form(form, error)
        return None
