"""The desk of the market's operators: every market with its sequencer, and anybody's orders (RISK-4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.types import Permission
from apps.common import money
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form
from apps.trading import selectors, services
from apps.trading.forms import CancelForm, CollarForm, HaltForm, OrderFilter, ResumeForm
from apps.trading.states import LIVE
from apps.trading.types import Instrument, TradingState, Watched

MAX_CURSOR = 36


@dataclass(frozen=True, slots=True)
class _Act:
    """An act on a market: its verb, the form it reads, what to say when it was asked, and when it wasn't."""

    verb: Callable[..., Any]
    form: Callable[..., Form]
    done: str | Promise
    needless: str | Promise = ""


ACTS: Mapping[str, _Act] = {
    "halt": _Act(
        services.halt,
        lambda instrument, *args, **kwargs: HaltForm(*args, **kwargs),
        _("Asked: trading halts with the next command."),
        _("Trading is halted already, or about to be. Nothing was asked."),
    ),
    "resume": _Act(
        services.resume,
        lambda instrument, *args, **kwargs: ResumeForm(*args, **kwargs),
        _("Asked: trading resumes with the next command."),
        _("Trading is open already, or about to be. Nothing was asked."),
    ),
    "collar": _Act(
        services.set_collar,
        lambda instrument, *args, **kwargs: CollarForm(*args, instrument=instrument, **kwargs),
        _("Asked: the new prices count with the next command."),
    ),
}


@require_safe
def staff_instruments(request: HttpRequest) -> HttpResponse:
    """List the markets, each with its state and its sequencer."""
    at = now()
    lines = [(market, _age(market, at)) for market in selectors.watched_markets(at=at)]
    halted = sum(market.instrument.state is TradingState.HALTED for market, _ in lines)
    return render(request, "trading/staff_instruments.html", {"lines": lines, "halted": halted})


@require_safe
def staff_instrument(request: HttpRequest, instrument_id: UUID) -> HttpResponse:
    """Show a market with its sequencer, what the venue asked of it, and what may be asked."""
    return _instrument_page(request, instrument_id)


@require_POST
def act_on_instrument(request: HttpRequest, instrument_id: UUID, act: str) -> HttpResponse:
    """Halt a market, resume it, or set its prices: the act that the address names."""
    chosen = ACTS.get(act)
    if chosen is None:
        raise NotFound("There is no such act.")
    form = chosen.form(selectors.instrument(instrument_id), request.POST, auto_id=f"{act}_%s")
    if form.is_valid():
        try:
            asked = chosen.verb(
                instrument_id=instrument_id, **form.cleaned_data, by=actor_of(request), at=now()
            )
        except DomainError as error:
            into_form(form, error)
        else:
            if asked is False:
                messages.warning(request, str(chosen.needless))
            else:
                messages.success(request, str(chosen.done))
            return redirect("staff-instrument", instrument_id)
    return _instrument_page(request, instrument_id, {act: form}, status=422)


@require_safe
def staff_orders(request: HttpRequest) -> HttpResponse:
    """List anybody's orders, newest first."""
    form = OrderFilter(request.GET, instruments=selectors.instruments())
    form.is_valid()
    wanted = dict(form.cleaned_data)
    wanted["instrument"] = UUID(wanted["instrument"]) if wanted.get("instrument") else None
    page = selectors.order_page(**wanted, cursor=request.GET.get("cursor", "")[:MAX_CURSOR])
    return render(request, "trading/staff_orders.html", {"form": form, "page": page})


@require_safe
def staff_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show an order whole: its terms, its life, its trades."""
    return _order_page(request, order_id)


@require_POST
def cancel_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Cancel anybody's order for a reason."""
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            asked = services.cancel_by_venue(
                order_id=order_id, **form.cleaned_data, by=actor_of(request), at=now()
            )
        except NotFound:
            raise
        except DomainError as error:
            into_form(form, error)
        else:
            if asked:
                messages.success(request, gettext("Asked: the order is cancelled with the next command."))
            else:
                messages.warning(request, gettext("That was asked already, and is about to happen."))
            return redirect("staff-order", order_id)
    return _order_page(request, order_id, form)


def _instrument_page(
    request: HttpRequest, instrument_id: UUID, bound: Mapping[str, Form] | None = None, *, status: int = 200
) -> HttpResponse:
    at = now()
    market = selectors.watched_market(instrument_id, at=at)
    context = {
        "market": market,
        "instrument": market.instrument,
        "age": _age(market, at),
        "follows": market.asked and not bound,  # what somebody corrects isn't taken from them
        "acts": selectors.venue_acts(market.instrument),
        "forms": _forms(market.instrument, bound) if _may(request, Permission.TRADING_MANAGE) else {},
        "sees_audit": _may(request, Permission.AUDIT_VIEW),
        "sees_token": _may(request, Permission.TOKENS_VIEW),
    }
    return render(request, "trading/staff_instrument.html", context, status=status)


def _forms(instrument: Instrument, bound: Mapping[str, Form] | None) -> dict[str, Form]:
    """Return the forms that the state allows, and the one that was refused."""
    halted = instrument.state is TradingState.HALTED
    decimals = instrument.quote_decimals
    collar = {
        name: money.text(price, decimals=decimals) if price else ""
        for name, price in (("lowest", instrument.lowest), ("highest", instrument.highest))
    }
    names = ("resume" if halted else "halt", "collar")
    initial = {"collar": collar}
    made = {
        name: ACTS[name].form(instrument, initial=initial.get(name), auto_id=f"{name}_%s") for name in names
    }
    return made | dict(bound or {})


def _order_page(request: HttpRequest, order_id: UUID, form: CancelForm | None = None) -> HttpResponse:
    order = selectors.order(order_id)
    instrument = selectors.instrument(order.instrument)
    is_live = order.status in LIVE
    asked = is_live and selectors.cancel_is_asked(instrument, order.number)
    may_cancel = is_live and not asked and _may(request, Permission.TRADING_MANAGE)
    context = {
        "order": order,
        "instrument": instrument,
        "history": selectors.history(order_id),
        "trades": selectors.trades_of(order_id),
        "asked": asked,
        "may_cancel": may_cancel,
        "form": form or CancelForm(),
        "refused": form if form and not may_cancel else None,
        "sees_users": _may(request, Permission.USERS_VIEW),
        "sees_audit": _may(request, Permission.AUDIT_VIEW),
    }
    return render(request, "trading/staff_order.html", context, status=422 if form else 200)


def _age(market: Watched, at: Any) -> int:
    """Return how many seconds ago the lease was renewed."""
    return max(0, int((at - market.renewed_at).total_seconds()))


def _may(request: HttpRequest, permission: Permission) -> bool:
    return request.user.is_authenticated and request.user.has_perm(permission)
