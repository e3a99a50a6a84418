"""The pages about one's own account."""

from django.contrib import auth, messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import personal_data, selectors, services
from apps.accounts.forms import CodeForm, PhoneForm
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of, in_time, into_form, user_id_of


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show who I am and how I am reached."""
    return _page(request)


@require_POST
def phone(request: HttpRequest) -> HttpResponse:
    """Give a phone number, and get a code sent to it."""
    form = PhoneForm(request.POST)
    if form.is_valid():
        try:
            services.start_phone(
                user_id=user_id_of(request), **form.cleaned_data, by=actor_of(request), at=now()
            )
        except DomainError as error:
            into_form(form, error)
            return in_time(_page(request, phone_form=form), error)
        else:
            return _page(request, code_form=CodeForm())
    return _page(request, phone_form=form)


@require_POST
def phone_confirm(request: HttpRequest) -> HttpResponse:
    """Prove the number by its code."""
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            services.confirm_phone(
                user_id=user_id_of(request), **form.cleaned_data, by=actor_of(request), at=now()
            )
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, _("Your phone number is verified."))
            return redirect("account")
    return _page(request, code_form=form)


@require_POST
def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session and token, this one too."""
    services.log_out_everywhere(user_id=user_id_of(request), by=actor_of(request), at=now())
    auth.logout(request)
    messages.success(request, _("You are logged out everywhere."))
    return redirect("login")


def _page(
    request: HttpRequest, *, phone_form: Form | None = None, code_form: Form | None = None
) -> HttpResponse:
    wrong = any(form.errors for form in (phone_form, code_form) if form is not None)
    context = {
        "account": selectors.account(user_id_of(request)),
        "data": personal_data.own(user_id_of(request)),
        "contact": personal_data.contact_state(user_id_of(request)),
        "phone_form": phone_form or PhoneForm(),
        "code_form": code_form,
    }
    return render(request, "accounts/account.html", context, status=422 if wrong else 200)
