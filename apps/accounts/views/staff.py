"""Users and presets, for staff with the permission."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import personal_data, selectors, services
from apps.accounts.forms import PresetForm, UserFilter
from apps.accounts.types import Permission
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form, why_of

PAGE = 100


@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """List accounts, newest first, without personal data; an e-mail finds its account exactly."""
    form = UserFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found = selectors.accounts(**wanted, limit=PAGE)
    return render(request, "accounts/users.html", {"form": form, "accounts": found, "limit": PAGE})


@require_safe
def user(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Show one account. Its personal data is shown on asking, and the look is recorded."""
    context: dict[str, object] = {"account": selectors.account(user_id)}
    why = why_of(request)
    if why:
        shown = personal_data.reveal([user_id], why=why, by=actor_of(request), at=now())
        context["data"] = shown[user_id]
    return render(request, "accounts/user.html", context)


@require_safe
def presets(request: HttpRequest) -> HttpResponse:
    """List the presets and what each may do."""
    return render(
        request, "accounts/presets.html", {"presets": selectors.presets(), "permissions": list(Permission)}
    )


@require_http_methods(["GET", "POST"])
def preset(request: HttpRequest, code: str) -> HttpResponse:
    """Change a preset, or make one at the code "new"."""
    existing = code != "new"
    form = PresetForm(
        request.POST or None, existing=existing, initial=_initial(code) if existing else {"version": 0}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data | ({"code": code} if existing else {})
        try:
            services.save_preset(**data, by=actor_of(request), at=now())
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, _("Saved. It holds from the next click of everybody who has it."))
            return redirect("presets")
    context = {"form": form, "code": code, "existing": existing}
    return render(request, "accounts/preset.html", context, status=422 if form.errors else 200)


def _initial(code: str) -> dict[str, object]:
    found = next((preset for preset in selectors.presets() if preset.code == code), None)
    if found is None:
        raise NotFound("There is no such preset.")
    return {
        "code": found.code,
        "name": found.name,
        "version": found.version,
        "permissions": list(found.permissions),
    }
