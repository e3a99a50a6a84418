"""The pages of the chain, for staff: how the network is, what was asked of it, and what that cost."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.chain import selectors, services
from apps.chain.forms import CancelForm, IntentFilter
from apps.chain.states import INTENT_OPEN
from apps.chain.types import GasSum, Head, IntentState
from apps.common.clock import now
from apps.common.errors import Conflict
from apps.common.http import actor_of, into_form

NEWEST = 50
WEI_IN_MICRO = 10**12
ACT = "settlement.retry"  # the permission for requeueing and calling off
SEES_TRADES = "trading.view"


@require_safe
def chain(request: HttpRequest) -> HttpResponse:
    """Show how the network is and what was asked of it, newest first."""
    form = IntentFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    head, network, signers = _head(), selectors.network(), selectors.signers()
    coins = selectors.coins([signer.address for signer in signers]) if head else {}
    counts = selectors.counts()
    context = {
        "chain_id": settings.CHAIN_ID,
        "name": settings.CHAIN_NAME,
        "explorer": settings.CHAIN_EXPLORER.rstrip("/"),
        "form": form,
        "head": head,
        "age": max(0, int(now().timestamp()) - head.timestamp) if head else None,
        "network": network,
        "lag": max(0, head.number - network.indexed) if head and network else None,
        "signers": [(signer, _micro(coins.get(signer.address))) for signer in signers],
        "counts": counts,
        "waiting": sum(counts[state] for state in INTENT_OPEN),
        "oldest": selectors.oldest_open(),
        "deployed": selectors.platform_is_deployed(),
        "intents": selectors.intents(**wanted, limit=NEWEST),
        "coin": settings.CHAIN_COIN,
        "confirmations": settings.CHAIN_CONFIRMATIONS,
    }
    return render(request, "chain/chain.html", context)


@require_safe
def intent(request: HttpRequest, intent_id: UUID) -> HttpResponse:
    """Show the way of one thing that was asked for, from the request to finality (CHN-8)."""
    return _intent_page(request, intent_id)


@require_POST
def requeue(request: HttpRequest, intent_id: UUID) -> HttpResponse:
    """Have a dead letter tried again."""
    services.requeue(intent_id=intent_id, by=actor_of(request), at=now())
    messages.success(request, _("It is tried again now."))
    return redirect("chain-intent", intent_id)


@require_POST
def cancel(request: HttpRequest, intent_id: UUID) -> HttpResponse:
    """Call something off that nothing was sent of, or that is a dead letter."""
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            services.cancel(intent_id=intent_id, **form.cleaned_data, by=actor_of(request), at=now())
        except Conflict as error:
            into_form(form, error)
        else:
            messages.success(request, _("It is called off."))
            return redirect("chain-intent", intent_id)
    return _intent_page(request, intent_id, form)


@require_safe
def gas(request: HttpRequest) -> HttpResponse:
    """Show what each kind of act has cost."""
    sums = selectors.gas_sums()
    total = GasSum(
        "",
        count=sum(each.count for each in sums),
        gas=sum(each.gas for each in sums),
        cost=sum(each.cost for each in sums),
    )
    return render(request, "chain/gas.html", {"sums": sums, "total": total, "coin": settings.CHAIN_COIN})


def _intent_page(request: HttpRequest, intent_id: UUID, form: CancelForm | None = None) -> HttpResponse:
    found = selectors.intent(intent_id)
    may_act = request.user.is_authenticated and request.user.has_perm(ACT)
    dead = found.state is IntentState.DEAD
    untouched = found.state is IntentState.QUEUED and all(step.nonce is None for step in found.steps)
    context: dict[str, Any] = {
        "intent": found,
        "transactions": selectors.transactions_of(intent_id),
        "open": found.state in INTENT_OPEN,
        "may_requeue": may_act and (dead or found.state is IntentState.CANCELLED),
        "may_cancel": may_act and (dead or untouched),
        "sees_trades": request.user.is_authenticated and request.user.has_perm(SEES_TRADES),
        "form": form or CancelForm(),
        "explorer": settings.CHAIN_EXPLORER.rstrip("/"),
        "coin": settings.CHAIN_COIN,
    }
    return render(request, "chain/intent.html", context, status=422 if form else 200)


def _micro(wei: int | None) -> int | None:
    """Return millionths of the coin, rounded down: enough to see who runs dry."""
    return None if wei is None else wei // WEI_IN_MICRO


def _head() -> Head | None:
    try:
        return selectors.head()
    except selectors.NodeUnavailable:
        return None
