"""The pages on which people bring their money in and take it out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.common import money
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of, in_time, into_form, user_id_of
from apps.wallets import personal_data, rules, selectors, services, states
from apps.wallets.forms import DepositForm, WithdrawForm
from apps.wallets.types import CURRENCIES, DepositState, WithdrawalState


@require_http_methods(["GET", "HEAD", "POST"])
def new_deposit(request: HttpRequest) -> HttpResponse:
    """Announce a deposit, and get the reference that its transfer is to carry."""
    form, refusal = DepositForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = services.request_deposit(
                deposit_id=data["id"],
                owner=user_id_of(request),
                currency=data["currency"],
                amount=data["amount"],
                by=actor_of(request),
                at=now(),
            )
        except DomainError as error:
            refusal = error
            into_form(form, error)
        else:
            return redirect("deposit", made.id)
    context = {"form": form, "currencies": selectors.offered()}
    page = render(request, "wallets/new_deposit.html", context, status=422 if form.errors else 200)
    return in_time(page, refusal)


@require_safe
def deposit(request: HttpRequest, deposit_id: UUID) -> HttpResponse:
    """Show where to send the money, how far the deposit is, and why not further."""
    found = selectors.deposit(deposit_id, owner=user_id_of(request))
    asked = found.state is DepositState.REQUESTED
    context = {
        "deposit": found,
        "why": rules.why_deposit(found.state, found.reason),
        "bank": selectors.bank_instructions(found.currency) if asked else None,
        "changes": selectors.changes_of_deposit(deposit_id),
        "may_cancel": DepositState.CANCELLED in states.DEPOSIT[found.state],
    }
    return render(request, "wallets/deposit.html", context)


@require_POST
def cancel_deposit(request: HttpRequest, deposit_id: UUID) -> HttpResponse:
    """Take back a deposit for which nothing has come."""
    services.cancel_deposit(deposit_id=deposit_id, owner=user_id_of(request), by=actor_of(request), at=now())
    messages.success(request, _("The deposit is cancelled."))
    return redirect("deposit", deposit_id)


@require_http_methods(["GET", "HEAD", "POST"])
def new_withdrawal(request: HttpRequest) -> HttpResponse:
    """Ask for money to be paid to one's bank account, with the numbers that decide about it."""
    wanted = request.GET.get("currency", "")
    currency = wanted if wanted in CURRENCIES else CURRENCIES[0]
    form, refusal = WithdrawForm(request.POST or None, currency=currency), None
    if request.method == "POST" and form.is_valid():
        try:
            made = services.request_withdrawal(
                withdrawal_id=form.cleaned_data["id"],
                owner=user_id_of(request),
                currency=currency,
                amount=form.cleaned_data["amount"],
                destination=form.destination(),
                by=actor_of(request),
                at=now(),
            )
        except DomainError as error:
            refusal = error
            into_form(form, error)
        else:
            return redirect("withdrawal", made.id)
    allowance = selectors.allowance(user_id_of(request), currency, at=now())
    context = {
        "form": form,
        "currencies": CURRENCIES,
        "allowance": allowance,
        "most": money.text(allowance.most, decimals=allowance.decimals),
    }
    page = render(request, "wallets/new_withdrawal.html", context, status=422 if form.errors else 200)
    return in_time(page, refusal)


@require_safe
def withdrawal(request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
    """Show where the money goes, how far the withdrawal is, and why not further."""
    found = selectors.withdrawal(withdrawal_id, owner=user_id_of(request))
    context = {
        "withdrawal": found,
        "why": rules.why_withdrawal(found.state, found.reason),
        "destination": personal_data.own_destination(withdrawal_id, owner=user_id_of(request)),
        "changes": selectors.changes_of_withdrawal(withdrawal_id),
        "may_cancel": WithdrawalState.CANCELLED in states.WITHDRAWAL[found.state],
    }
    return render(request, "wallets/withdrawal.html", context)


@require_POST
def cancel_withdrawal(request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
    """Take back a withdrawal that nobody has approved."""
    services.cancel_withdrawal(
        withdrawal_id=withdrawal_id, owner=user_id_of(request), by=actor_of(request), at=now()
    )
    messages.success(request, _("The withdrawal is cancelled, and the money is available again."))
    return redirect("withdrawal", withdrawal_id)
