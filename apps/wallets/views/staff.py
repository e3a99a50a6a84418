"""The queues of deposits and withdrawals, and what staff do with each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.types import Permission
from apps.common import money
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form, why_of
from apps.wallets import personal_data, rules, selectors, services, states
from apps.wallets.forms import (
    CameForm,
    DepositFilter,
    FailForm,
    NothingForm,
    RefundForm,
    RejectDepositForm,
    RejectWithdrawalForm,
    SentForm,
    WithdrawalFilter,
)
from apps.wallets.types import Deposit, DepositState, Withdrawal, WithdrawalState


@dataclass(frozen=True, slots=True)
class _Act:
    """An act of staff: its verb, what it needs to know, where it leads, and what to say afterwards."""

    verb: Callable[..., Any]
    form: type[Form]
    to: str
    done: str | Promise


DEPOSIT_ACTS: Mapping[str, _Act] = {
    "confirm": _Act(services.confirm_deposit, CameForm, "", _("Credited. The owner is told by mail.")),
    "receive": _Act(
        services.receive_deposit,
        CameForm,
        DepositState.RECEIVED,
        _("Received. It lies in suspense until it is credited or sent back."),
    ),
    "credit": _Act(
        services.credit_deposit, NothingForm, DepositState.CREDITED, _("Credited. The owner is told by mail.")
    ),
    "reject": _Act(
        services.reject_deposit,
        RejectDepositForm,
        DepositState.REJECTED,
        _("Rejected. The owner is told by mail."),
    ),
    "refund": _Act(
        services.refund_deposit, RefundForm, DepositState.REFUNDED, _("Refunded. The owner is told by mail.")
    ),
}
WITHDRAWAL_ACTS: Mapping[str, _Act] = {
    "approve": _Act(
        services.approve_withdrawal, NothingForm, WithdrawalState.APPROVED, _("Approved. It may be paid now.")
    ),
    "reject": _Act(
        services.reject_withdrawal,
        RejectWithdrawalForm,
        WithdrawalState.REJECTED,
        _("Rejected. The money is available again, and the owner is told by mail."),
    ),
    "send": _Act(services.send_withdrawal, SentForm, WithdrawalState.SENT, _("Marked as sent.")),
    "complete": _Act(
        services.complete_withdrawal,
        NothingForm,
        WithdrawalState.COMPLETED,
        _("Completed. The owner is told by mail."),
    ),
    "fail": _Act(
        services.fail_withdrawal,
        FailForm,
        WithdrawalState.FAILED,
        _("Failed. The money is available again, and the owner is told by mail."),
    ),
}


@require_safe
def deposits(request: HttpRequest) -> HttpResponse:
    """List deposits, the longest waiting first."""
    form = DepositFilter(request.GET or {"state": selectors.OPEN})
    wanted = _wanted(form)
    context = {
        "form": form,
        "deposits": selectors.queue_of_deposits(**wanted),
        "limit": selectors.MAX_PAGE,
        "slip": rules.has_slip(rules.normal_reference(wanted.get("reference", ""))),
    }
    return render(request, "wallets/deposits.html", context)


@require_safe
def deposit_case(request: HttpRequest, deposit_id: UUID) -> HttpResponse:
    """Show a deposit whole, with the acts that its state allows."""
    return _deposit_page(request, selectors.deposit(deposit_id))


@require_POST
def act_on_deposit(request: HttpRequest, deposit_id: UUID, act: str) -> HttpResponse:
    """Do what staff do with a deposit: the act that the address names."""
    chosen = _chosen(DEPOSIT_ACTS, act)
    form = chosen.form(request.POST, auto_id=_ids(act))
    if form.is_valid():
        try:
            chosen.verb(deposit_id=deposit_id, **form.cleaned_data, by=actor_of(request), at=now())
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, str(chosen.done))
            return redirect("staff-deposit", deposit_id)
    return _deposit_page(request, selectors.deposit(deposit_id), {act: form}, status=422)


@require_safe
def withdrawals(request: HttpRequest) -> HttpResponse:
    """List withdrawals, the longest waiting first."""
    form = WithdrawalFilter(request.GET or {"state": selectors.OPEN})
    wanted = _wanted(form)
    context = {
        "form": form,
        "withdrawals": selectors.queue_of_withdrawals(**wanted),
        "limit": selectors.MAX_PAGE,
        "slip": rules.has_slip(rules.normal_reference(wanted.get("reference", ""))),
    }
    return render(request, "wallets/withdrawals.html", context)


@require_safe
def withdrawal_case(request: HttpRequest, withdrawal_id: UUID) -> HttpResponse:
    """Show a withdrawal whole, with the acts that its state allows; where it goes is shown on asking."""
    found = selectors.withdrawal(withdrawal_id)
    why = why_of(request)
    revealed = None
    if why and request.method == "GET" and request.user.has_perm(Permission.WITHDRAWALS_APPROVE):
        revealed = personal_data.reveal_destination(withdrawal_id, why=why, by=actor_of(request), at=now())
    return _withdrawal_page(request, found, revealed=revealed, asked=bool(why))


@require_POST
def act_on_withdrawal(request: HttpRequest, withdrawal_id: UUID, act: str) -> HttpResponse:
    """Do what staff do with a withdrawal: the act that the address names."""
    chosen = _chosen(WITHDRAWAL_ACTS, act)
    form = chosen.form(request.POST, auto_id=_ids(act))
    if form.is_valid():
        try:
            chosen.verb(withdrawal_id=withdrawal_id, **form.cleaned_data, by=actor_of(request), at=now())
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, str(chosen.done))
            return redirect("staff-withdrawal", withdrawal_id)
    return _withdrawal_page(request, selectors.withdrawal(withdrawal_id), {act: form}, status=422)


def _wanted(form: Form) -> dict[str, Any]:
    """Return what a valid filter asks for; a reference finds its request whether or not it still waits."""
    wanted = dict(form.cleaned_data) if form.is_valid() else {}
    if wanted.get("reference") and wanted.get("state") == selectors.OPEN:
        wanted["state"] = ""
    return wanted


def _deposit_page(
    request: HttpRequest, found: Deposit, bound: Mapping[str, Form] | None = None, *, status: int = 200
) -> HttpResponse:
    came = {"amount": money.text(found.amount, decimals=found.decimals)}
    forms = {
        act: (bound or {}).get(act)
        or chosen.form(initial=came if chosen.form is CameForm else None, auto_id=_ids(act))
        for act, chosen in DEPOSIT_ACTS.items()
        if chosen.to in states.DEPOSIT[found.state]
        or (act == "confirm" and found.state is DepositState.REQUESTED)
    }
    context = {
        "deposit": found,
        "changes": selectors.changes_of_deposit(found.id),
        "forms": forms if request.user.has_perm(Permission.DEPOSITS_APPROVE) else {},
        "failed": _failed(forms, bound),
        "sees_users": request.user.has_perm(Permission.USERS_VIEW),
    }
    return render(request, "wallets/deposit_case.html", context, status=status)


def _withdrawal_page(
    request: HttpRequest,
    found: Withdrawal,
    bound: Mapping[str, Form] | None = None,
    *,
    revealed: object = None,
    asked: bool = False,
    status: int = 200,
) -> HttpResponse:
    forms = {
        act: (bound or {}).get(act) or chosen.form(auto_id=_ids(act))
        for act, chosen in WITHDRAWAL_ACTS.items()
        if chosen.to in states.WITHDRAWAL[found.state]
    }
    may = request.user.has_perm(Permission.WITHDRAWALS_APPROVE)
    context = {
        "withdrawal": found,
        "changes": selectors.changes_of_withdrawal(found.id),
        "forms": forms if may else {},
        "failed": _failed(forms, bound),
        "sees_users": request.user.has_perm(Permission.USERS_VIEW),
        "may": may,
        "revealed": revealed,
        "asked": asked,
    }
    return render(request, "wallets/withdrawal_case.html", context, status=status)


def _failed(forms: Mapping[str, Form], bound: Mapping[str, Form] | None) -> Form | None:
    """Return the form whose act the state doesn't allow any more: nowhere else would its refusal be seen."""
    return next((form for act, form in (bound or {}).items() if act not in forms), None)


def _chosen(acts: Mapping[str, _Act], act: str) -> _Act:
    if act not in acts:
        raise NotFound("There is no such act.")
    return acts[act]


def _ids(act: str) -> str:
    """Return the pattern of a form's field ids: several forms on one page have fields of the same name."""
    return f"{act}_%s"
