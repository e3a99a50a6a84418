"""Trades and their way to the chain, for staff: all of them, one whole, failed ones tried again (SET-3)."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.types import Permission
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form
from apps.settlement import selectors, services
from apps.settlement.forms import RetryForm, RetryManyForm, TradeFilter
from apps.trading import selectors as trading
from apps.trading.types import SettlementStatus, TradePage

MAX_CURSOR = 36


@require_safe
def trades(request: HttpRequest) -> HttpResponse:
    """List all trades, newest first, with how far their settlement is."""
    return _trades_page(request)


@require_safe
def trade(request: HttpRequest, trade_id: UUID) -> HttpResponse:
    """Show a trade whole: both its orders, what was paid, and every step of its settlement."""
    return _trade_page(request, trade_id)


@require_POST
def retry(request: HttpRequest, trade_id: UUID) -> HttpResponse:
    """Have a failed trade tried again, for a reason."""
    form = RetryForm(request.POST)
    if form.is_valid():
        try:
            services.retry(trade_id=trade_id, **form.cleaned_data, by=actor_of(request), at=now())
        except NotFound:
            raise
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, _("It is tried again now."))
            return redirect("staff-trade", trade_id)
    return _trade_page(request, trade_id, form)


@require_POST
def retry_many(request: HttpRequest) -> HttpResponse:
    """Have the ticked trades tried again, each for itself, and say which were refused and why."""
    form = RetryManyForm(request.POST)
    if not form.is_valid():
        return _trades_page(request, form)
    done = 0
    for trade_id in form.cleaned_data["trade_ids"]:
        try:
            reason = form.cleaned_data["reason"]
            services.retry(trade_id=trade_id, reason=reason, by=actor_of(request), at=now())
        except DomainError as error:
            messages.error(request, f"{trade_id}: {error.detail} {error.next_step}".strip())
        else:
            done += 1
    if done:
        said = ngettext("%(count)s trade is tried again.", "%(count)s trades are tried again.", done)
        messages.success(request, said % {"count": done})
    return redirect(f"{reverse('staff-trades')}?status=failed")


def _trades_page(request: HttpRequest, retrying: RetryManyForm | None = None) -> HttpResponse:
    shown = {"status": str(SettlementStatus.FAILED)} if retrying else request.GET
    form = TradeFilter(shown, instruments=trading.instruments())
    form.is_valid()
    wanted = dict(form.cleaned_data)
    batch = wanted.pop("batch", None)
    wanted["instrument"] = UUID(wanted["instrument"]) if wanted.get("instrument") else None
    page = trading.trade_page(
        **wanted,
        among=selectors.trades_of_batch(batch) if batch else None,
        cursor=request.GET.get("cursor", "")[:MAX_CURSOR],
    )
    context = {
        "form": form,
        "page": page,
        "batch": batch,
        "retrying": (retrying or RetryManyForm()) if _may_retry(request) and _has_failed(page) else None,
        "refused": retrying,
    }
    return render(request, "settlement/trades.html", context, status=422 if retrying else 200)


def _trade_page(request: HttpRequest, trade_id: UUID, form: RetryForm | None = None) -> HttpResponse:
    found, instrument = trading.trade_line(trade_id)
    has_failed = found.settlement_status is SettlementStatus.FAILED
    may_retry = has_failed and _may_retry(request)
    buy, sell = trading.both_orders(found)
    context: dict[str, Any] = {
        "trade": found,
        "instrument": instrument,
        "sides": [(buy, found.buyer_fee), (sell, found.seller_fee)],
        "history": selectors.history(trade_id),
        "batch": selectors.batch_of(trade_id),
        "open": found.settlement_status in {SettlementStatus.PENDING, SettlementStatus.PROCESSING},
        "may_retry": may_retry,
        "form": form or RetryForm(),
        "refused": form if form and not may_retry else None,
        "sees_chain": _may(request, Permission.TOKENS_VIEW),
        "sees_orders": _may(request, Permission.TRADING_VIEW),
        "sees_users": _may(request, Permission.USERS_VIEW),
        "explorer": settings.CHAIN_EXPLORER.rstrip("/"),
    }
    return render(request, "settlement/trade.html", context, status=422 if form else 200)


def _has_failed(page: TradePage) -> bool:
    return any(trade.settlement_status is SettlementStatus.FAILED for trade, _market in page.lines)


def _may_retry(request: HttpRequest) -> bool:
    return _may(request, Permission.SETTLEMENT_RETRY)


def _may(request: HttpRequest, permission: Permission) -> bool:
    return request.user.is_authenticated and request.user.has_perm(permission)
