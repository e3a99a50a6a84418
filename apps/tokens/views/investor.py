"""What is offered, subscribing to it, and one's own subscriptions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import selectors as accounts
from apps.accounts.types import Account, Role
from apps.businesses import selectors as businesses
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form, user_id_of
from apps.common.ids import new_id
from apps.compliance import selectors as compliance
from apps.compliance.types import Investor, Refusal
from apps.ledger import selectors as ledger
from apps.ledger.types import AccountKind, address_of
from apps.tokens import rules, selectors, services
from apps.tokens.forms import QuantityForm, SubscribeForm
from apps.tokens.types import Allocation, Token
from apps.tokens.views.sheets import hours_of, names_of, offering_of, sheet_of

PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Preview:
    """A subscription in numbers before it happens; money in the smallest unit of the raise currency.

    `room` is what the investor may still put in after it, None without a limit. `cooling_off` in hours.
    """

    quantity: int
    cost: int
    available: int
    room: int | None
    cooling_off: int
    refusal: DomainError | None

    @property
    def left(self) -> int:
        """Return the cash that stays available."""
        return self.available - self.cost

    @property
    def is_affordable(self) -> bool:
        return self.left >= 0


@require_safe
def offerings(request: HttpRequest) -> HttpResponse:
    """Show what is offered, what is coming, and what waits to be traded; not what is traded already."""
    at = now()
    tokens = selectors.offered_tokens()
    names = names_of(token.business_id for token in tokens)
    cards = [(offering_of(token, at=at), names[token.business_id]) for token in tokens]
    cards.sort(key=lambda card: not card[0].is_open)  # what is open comes first
    return render(request, "tokens/offerings.html", {"cards": cards, "at": at})


@require_safe
def offering(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Show one offering; with a quantity, what subscribing to it would do."""
    token = selectors.visible_token(token_id, viewer=user_id_of(request))
    asked = "quantity" in request.GET
    form = QuantityForm(request.GET if asked else None, decimals=token.terms.decimals)
    preview = _preview_of(request, token, form) if asked and form.is_valid() else None
    template = "tokens/offering.html"
    if request.GET.get("part") == PREVIEW:
        template += "#preview"
    return _page(request, token, form, preview=preview, template=template)


@require_POST
def subscribe(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Subscribe what was previewed; the hidden id makes a resent form find the first one's allocation."""
    token = selectors.visible_token(token_id, viewer=user_id_of(request))
    form = SubscribeForm(request.POST, decimals=token.terms.decimals)
    if not form.is_valid():
        return _page(request, token, form)
    try:
        services.subscribe(
            allocation_id=form.cleaned_data["allocation_id"],
            token_id=token_id,
            investor_id=user_id_of(request),
            quantity=form.cleaned_data["quantity"],
            by=actor_of(request),
            at=now(),
        )
    except NotFound:
        raise
    except DomainError as error:
        into_form(form, error)
        return _page(request, token, form)
    messages.success(request, _("You have subscribed. The cash is reserved until the payment is confirmed."))
    return redirect("subscriptions")


@require_safe
def subscriptions(request: HttpRequest) -> HttpResponse:
    """Show my subscriptions and what I may still do about each."""
    at = now()
    own = selectors.allocations_of(user_id_of(request))
    lines = [(allocation, allocation.can_withdraw(at), allocation.can_waive(at)) for allocation in own]
    context = {
        "lines": lines,
        "is_moving": any(allocation.is_minting(at) for allocation in own),
        "explorer": settings.CHAIN_EXPLORER,
    }
    part = "#lines" if request.GET.get("part") == "lines" else ""
    return render(request, f"tokens/subscriptions.html{part}", context)


@require_POST
def cancel(request: HttpRequest, allocation_id: UUID) -> HttpResponse:
    """Give up a subscription whose payment is pending."""
    said = _("Cancelled. The cash is available again.")
    return _act(request, services.cancel_subscription, allocation_id, said)


@require_POST
def waive(request: HttpRequest, allocation_id: UUID) -> HttpResponse:
    """Give up the cooling-off."""
    said = _("Done. Your tokens are minted without waiting.")
    return _act(request, services.waive_cooling_off, allocation_id, said)


@require_POST
def withdraw(request: HttpRequest, allocation_id: UUID) -> HttpResponse:
    """Withdraw a confirmed subscription in its cooling-off."""
    said = _("Withdrawn. The cash is back in your wallet.")
    return _act(request, services.withdraw_in_cooling_off, allocation_id, said)


def _act(
    request: HttpRequest, verb: Callable[..., Allocation], allocation_id: UUID, said: str
) -> HttpResponse:
    verb(allocation_id=allocation_id, investor_id=user_id_of(request), by=actor_of(request), at=now())
    messages.success(request, said)
    return redirect("subscriptions")


def _page(
    request: HttpRequest,
    token: Token,
    form: QuantityForm,
    *,
    preview: Preview | None = None,
    template: str = "tokens/offering.html",
) -> HttpResponse:
    at, account, part = now(), accounts.account(user_id_of(request)), request.GET.get("part", "")
    context: dict[str, Any] = {
        "offering": offering_of(token, at=at, counted=True),
        "sheet": sheet_of(token.terms, cash_decimals=token.cash_decimals),
        "issuer": businesses.business(token.business_id),
        "form": form,
        "preview": preview,
        "request_id": new_id(),
        "is_investor": account.role is Role.INVESTOR,
        "refusals": refusals_of(account, token) if account.role is Role.INVESTOR else (),
        "part": part,
        "at": at,
        "owned": selectors.allocations_of(account.id, token_id=token.id),
    }
    return render(request, template, context, status=422 if form.errors and part != PREVIEW else 200)


def refusals_of(account: Account, token: Token) -> tuple[Refusal, ...]:
    """Return every rule that keeps this investor from buying this token."""
    return compliance.refusals(Investor.of(account), selectors.security_of(token))


def _preview_of(request: HttpRequest, token: Token, form: QuantityForm) -> Preview | None:
    """Return what a subscription would do; a quantity that has no price becomes an error of the form."""
    quantity, terms = form.cleaned_data["quantity"], token.terms
    try:
        cost = rules.cost_of(quantity, decimals=terms.decimals, price=terms.price_per_token)
    except DomainError as error:
        into_form(form, error)
        return None
    invested = selectors.invested(token.id, investor_id=user_id_of(request))
    limit = terms.max_investment
    account = accounts.account(user_id_of(request))
    return Preview(
        quantity=quantity,
        cost=cost,
        available=_cash_of(account.id, terms.raise_currency),
        room=None if limit is None else limit - invested - cost,
        cooling_off=rules.cooling_off_hours(
            account.accreditation_status, of_token=terms.cooling_off_hours, usual=hours_of(terms)
        ),
        refusal=_refusal(token, quantity=quantity, invested=invested),
    )


def _refusal(token: Token, *, quantity: int, invested: int) -> DomainError | None:
    try:
        rules.check_subscription(token, quantity=quantity, invested=invested, at=now())
    except DomainError as error:
        return error
    return None


def _cash_of(user_id: UUID, currency: str) -> int:
    address = address_of(AccountKind.CLIENT, currency, owner=str(user_id))
    found = ledger.balances([address]).get(address)
    return found.available if found else 0
