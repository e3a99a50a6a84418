"""One's own orders, in all markets: the list, cancelling and amending."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, in_time, into_form, user_id_of
from apps.trading import selectors, services
from apps.trading.forms import AmendForm
from apps.trading.types import Instrument, Order
from apps.trading.views import screens
from apps.trading.views.ticket import is_htmx, told

PAGE = 50
SHOWN = {"all": None, "open": True, "done": False}


@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """Show one's orders, newest first, a page at a time: open, done or all."""
    show = request.GET.get("show", "")
    show = show if show in SHOWN else "all"
    before = _cursor(request.GET.get("cursor", ""))
    found = selectors.orders_of(user_id_of(request), live=SHOWN[show], before=before, limit=PAGE + 1)
    context = {
        "lines": screens.order_lines(found[:PAGE], selectors.instruments_by_id()),
        "show": show,
        "shown": {each: each == show for each in SHOWN},
        "following": str(found[PAGE - 1].id) if len(found) > PAGE else "",
    }
    return render(request, "trading/orders.html", context)


@require_POST
def cancel(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Cancel an open order."""
    order, instrument = _own_order(request, order_id)
    try:
        services.cancel_order(order_id=order_id, owner=user_id_of(request), by=actor_of(request), at=now())
    except NotFound:
        raise
    except DomainError as error:
        return _say(request, instrument, "error", error.detail, error.next_step)
    rest = screens.quantity_text(order.remaining, instrument)
    said = _("What it held is available again.")
    title = _("Cancelled the order for %(rest)s %(symbol)s.") % {"rest": rest, "symbol": instrument.symbol}
    return _say(request, instrument, "success", title, said)


@require_POST
def cancel_all(request: HttpRequest, symbol: str) -> HttpResponse:
    """Cancel all of one's open orders in a market."""
    instrument = selectors.instrument_named(symbol)
    owner = user_id_of(request)
    try:
        done = services.cancel_all(owner=owner, instrument_id=instrument.id, by=actor_of(request), at=now())
    except DomainError as error:
        return _say(request, instrument, "error", error.detail, error.next_step)
    title = ngettext("Cancelled %(count)d order.", "Cancelled %(count)d orders.", len(done)) % {
        "count": len(done)
    }
    return _say(request, instrument, "success", title, "")


@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Give an open order another price or quantity; asked for by a dialog, and a page of its own without."""
    order, instrument = _own_order(request, order_id)
    if request.method != "POST":
        return _amending(
            request, order, instrument, AmendForm(instrument=instrument, initial=_as_it_is(order, instrument))
        )
    form = AmendForm(request.POST, instrument=instrument)
    if not form.is_valid():
        return _amending(request, order, instrument, form, status=422)
    try:
        services.amend_order(
            order_id=order_id,
            owner=user_id_of(request),
            version=form.cleaned_data["version"],
            price=form.cleaned_data["price"],
            quantity=form.cleaned_data["quantity"],
            by=actor_of(request),
            at=now(),
        )
    except NotFound:
        raise
    except DomainError as error:
        into_form(form, error)
        return in_time(_amending(request, order, instrument, form, status=422), error)
    return _say(request, instrument, "success", _("The order is changed."), "")


def _amending(
    request: HttpRequest, order: Order, instrument: Instrument, form: AmendForm, *, status: int = 200
) -> HttpResponse:
    line = screens.order_lines([order], {instrument.id: instrument})[0]
    context: dict[str, Any] = {"line": line, "form": form, "instrument": instrument}
    template = "trading/amend_form.html" if is_htmx(request) else "trading/amend.html"
    return render(request, template, context, status=status)


def _as_it_is(order: Order, instrument: Instrument) -> dict[str, Any]:
    return {
        "version": order.version,
        "price": screens.price_text(order.price, instrument),
        "quantity": screens.quantity_text(order.quantity, instrument),
    }


def _own_order(request: HttpRequest, order_id: UUID) -> tuple[Order, Instrument]:
    order = selectors.order(order_id, owner=user_id_of(request))
    return order, selectors.instrument(order.instrument)


def _say(request: HttpRequest, instrument: Instrument, hue: str, title: str, text: str) -> HttpResponse:
    if is_htmx(request):
        return told(HttpResponse(status=204), hue=hue, title=title, text=text)
    level = messages.ERROR if hue == "error" else messages.SUCCESS
    messages.add_message(request, level, f"{title} {text}".strip())
    return (
        redirect("orders") if request.POST.get("from") == "orders" else redirect("market", instrument.symbol)
    )


def _cursor(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
