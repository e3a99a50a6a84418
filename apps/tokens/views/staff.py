"""The desk of issuance: every token, its deployment and offering, and the payments that wait."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import selectors as accounts
from apps.accounts.types import Permission
from apps.businesses import selectors as businesses
from apps.businesses.types import BusinessStatus
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.fields import country_name
from apps.common.http import actor_of, into_form, user_id_of
from apps.tokens import selectors, services
from apps.tokens.forms import ConfirmForm, MarketForm, StartForm, StepsForm, TokenFilter
from apps.tokens.types import Allocation, AllocationStatus, OnChainStatus, Token, TokenStatus
from apps.tokens.views.sheets import deployment_of, names_of, offering_of, paid_out_of, sheet_of

PAGE = 100
PERIOD = timedelta(days=30)  # of a new offering, until somebody says otherwise
PARTS = ("deployment", "progress")


@require_safe
def staff_tokens(request: HttpRequest) -> HttpResponse:
    """List tokens, newest first."""
    form = TokenFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found = selectors.tokens(**wanted, limit=PAGE)
    names = names_of(token.business_id for token in found)
    lines = [(token, names.get(token.business_id, "")) for token in found]
    return render(request, "tokens/staff_tokens.html", {"form": form, "lines": lines, "limit": PAGE})


@require_safe
def staff_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Show a token whole, with what this member of staff may do about it."""
    token = selectors.token(token_id)
    part = request.GET.get("part", "")
    if part in PARTS:
        context = {
            "token": token,
            "part": part,
            "here": reverse("staff-token", args=[token.id]),
            "for_staff": True,
            "deployment": deployment_of(token.id),
            "offering": offering_of(token, at=now(), counted=True),
        }
        return render(request, f"tokens/{part}.html", context)
    return page_of(request, token)


@require_POST
def deploy(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Ask the chain for a token's contracts."""
    return _act(request, token_id, services.deploy, _("The chain was asked. The steps below follow it."))


@require_POST
def start(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Open the offering of a deployed token."""
    token, form = selectors.token(token_id), StartForm(request.POST)
    if form.is_valid():
        try:
            services.start_offering(token_id=token_id, **form.cleaned_data, by=actor_of(request), at=now())
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, _("The offering is set. Investors see it now."))
            return redirect("staff-token", token_id)
    return page_of(request, token, form=form)


@require_POST
def confirm(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Book the ticked payments of a token, or all that wait; a refusal books none of them."""
    form = ConfirmForm(request.POST)
    token = selectors.token(token_id)
    if not form.is_valid():
        messages.error(request, " ".join(str(line) for lines in form.errors.values() for line in lines))
        return redirect(_back(request, token))
    ids: Sequence[UUID] | Literal["all"] = form.cleaned_data["allocation_ids"]
    if form.cleaned_data["every"]:
        ids = "all"
    try:
        done = services.confirm_payment(token_id=token_id, allocation_ids=ids, by=actor_of(request), at=now())
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, f"{error.detail} {error.next_step}".strip())
        return redirect(_back(request, token))
    count = len(done.confirmed)
    messages.success(request, ngettext("%d payment confirmed.", "%d payments confirmed.", count) % count)
    if done.left_out:
        left = len(done.left_out)
        text = ngettext(
            "%d was left out: its investor is not eligible any more.",
            "%d were left out: their investors are not eligible any more.",
            left,
        )
        messages.warning(request, text % left)
    return redirect(_back(request, token))


@require_POST
def requeue(request: HttpRequest, allocation_id: UUID) -> HttpResponse:
    """Have a failed mint tried again."""
    token_id = selectors.allocation(allocation_id).token_id
    services.requeue_mint(allocation_id=allocation_id, by=actor_of(request), at=now())
    messages.success(request, _("It is tried again now."))
    return redirect("staff-token", token_id)


@require_safe
def staff_allocations(request: HttpRequest) -> HttpResponse:
    """Show the payments that wait over all tokens, the token that waits longest first."""
    groups: dict[UUID, list[Allocation]] = {}
    for allocation in _pending():
        groups.setdefault(allocation.token_id, []).append(allocation)
    tokens = {row.pk: selectors.as_token(row) for row in selectors.token_rows().filter(pk__in=groups)}
    queues = [_queue(tokens[token_id], own) for token_id, own in groups.items()]
    context = {"groups": queues, "can_confirm": True}
    return render(request, "tokens/staff_allocations.html", context)


def _act(request: HttpRequest, token_id: UUID, verb: Callable[..., Token], said: str) -> HttpResponse:
    try:
        verb(token_id=token_id, by=actor_of(request), at=now())
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, f"{error.detail} {error.next_step}".strip())
    else:
        messages.success(request, said)
    return redirect("staff-token", token_id)


def page_of(
    request: HttpRequest,
    token: Token,
    *,
    form: StartForm | None = None,
    steps: StepsForm | None = None,
    change: MarketForm | None = None,
) -> HttpResponse:
    """Show a token whole; one of the forms as it was refused."""
    held = accounts.permissions_of(user_id_of(request))
    business = businesses.business(token.business_id)
    waits = token.status is TokenStatus.DRAFT and business.status is BusinessStatus.ACTIVE
    pending = selectors.allocations(token.id, status=AllocationStatus.PENDING_PAYMENT, limit=PAGE)
    context: dict[str, Any] = {
        "token": token,
        "here": reverse("staff-token", args=[token.id]),
        "for_staff": True,
        "business": business,
        "business_country": country_name(business.country),
        "sheet": sheet_of(token.terms, cash_decimals=token.cash_decimals),
        "deployment": deployment_of(token.id),
        "offering": offering_of(token, at=now(), counted=True),
        "history": selectors.history(token.id),
        "may_see_business": Permission.BUSINESS_VIEW in held,
        "can_deploy": Permission.TOKENS_DEPLOY in held and waits and token.deploy_requested_at is None,
        "can_start": Permission.TOKENS_MANAGE in held and waits and token.is_deployed,
        "can_manage": Permission.TOKENS_MANAGE in held,
        "can_confirm": Permission.ALLOCATIONS_CONFIRM in held,
        "can_retry": Permission.SETTLEMENT_RETRY in held,
        "form": form or StartForm(initial={"primary_start": now(), "primary_end": now() + PERIOD}),
        "queue": _queue(token, pending),
        "failed": selectors.allocations(token.id, on_chain_status=OnChainStatus.FAILED, limit=PAGE),
        "explorer": settings.CHAIN_EXPLORER,
        **_market_of(token, steps=steps, change=change),
    }
    refused = any(each and each.errors for each in (form, steps, change))
    return render(request, "tokens/staff_token.html", context, status=422 if refused else 200)


def _market_of(token: Token, *, steps: StepsForm | None, change: MarketForm | None) -> dict[str, Any]:
    """Return what the page says of a token's market: what opening it would do, or how it is."""
    if token.status is TokenStatus.PRIMARY:
        return {
            "golive": selectors.go_live(token),
            "refusal": selectors.why_not_listed(token, at=now()),
            "steps": steps or StepsForm(token=token),
        }
    return paid_out_of(token) | {"change": change or MarketForm()}


def _queue(token: Token, pending: list[Allocation]) -> dict[str, Any]:
    return {"token": token, "pending": pending, "cost": sum(allocation.cost for allocation in pending)}


def _pending() -> list[Allocation]:
    rows = selectors.allocation_rows(status=AllocationStatus.PENDING_PAYMENT).order_by("created_at", "pk")
    return [selectors.as_allocation(row) for row in rows[:PAGE]]


def _back(request: HttpRequest, token: Token) -> str:
    """Return the page that was confirmed on; not everybody who confirms may open the token's."""
    if request.POST.get("from") == "token":
        return reverse("staff-token", args=[token.id])
    return reverse("staff-allocations")
