"""An issuer's own businesses."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.businesses import rules, selectors, services
from apps.businesses.forms import RegistrationForm
from apps.businesses.types import MAX_PLATFORM_ALLOCATION
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of, into_form, user_id_of
from apps.common.ids import new_id
from apps.parameters import selectors as parameters


@require_safe
def businesses(request: HttpRequest) -> HttpResponse:
    """List the businesses that I act for, and say what is missing before I can register one."""
    context = {"businesses": selectors.of_member(user_id_of(request)), "why_not": _why_not(request)}
    return render(request, "businesses/businesses.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Register a business. The form carries the id that it becomes, so a resent form makes no second one."""
    form = RegistrationForm(request.POST or None, initial={"business_id": new_id()})
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        bps = data.pop("platform_allocation_pct")
        try:
            made = services.register(
                user_id=user_id_of(request),
                **data,
                platform_allocation_bps=bps,
                by=actor_of(request),
                at=now(),
            )
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, _("Registered. You get a mail as soon as it is decided on."))
            return redirect("business", made.id)
    most = rules.percent(parameters.value(MAX_PLATFORM_ALLOCATION))
    context = {"form": form, "why_not": _why_not(request), "most": most}
    return render(request, "businesses/new.html", context, status=422 if form.errors else 200)


@require_safe
def business(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """Show one of my businesses: where it stands, how it came there, and what comes next."""
    found = selectors.require_member(business_id, user_id_of(request))
    context = {"business": found, "history": selectors.history(business_id)}
    return render(request, "businesses/business.html", context)


def _why_not(request: HttpRequest) -> DomainError | None:
    return selectors.why_not_register(user_id_of(request))
