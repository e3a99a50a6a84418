"""The pages of the numbers that the venue runs by."""

from itertools import groupby

from django.apps import apps
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.common.clock import now
from apps.common.errors import DomainError, Stale
from apps.common.http import actor_of, into_form
from apps.parameters import selectors, services
from apps.parameters.forms import ChangeForm
from apps.parameters.types import Setting


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """List all parameters by the app that declares them."""
    groups = groupby(selectors.settings(), key=lambda setting: setting.parameter.group)
    context = {"groups": [(name, _heading(name), list(group)) for name, group in groups]}
    return render(request, "parameters/settings.html", context)


@require_http_methods(["GET", "POST"])
def setting(request: HttpRequest, name: str) -> HttpResponse:
    """Show one parameter with its changes, and change it."""
    found = selectors.setting(name)
    form = ChangeForm(request.POST or None, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        try:
            services.change(name=name, **form.cleaned_data, by=actor_of(request), at=now())
        except Stale as error:
            found = selectors.setting(name)
            form = ChangeForm(request.POST.dict() | {"version": found.version})
            into_form(form, error)
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, _("Changed. It binds from the next act on."))
            return redirect("setting", name)
    context = {"setting": found, "form": form, "changes": selectors.changes(name)}
    return render(request, "parameters/setting.html", context, status=422 if form.errors else 200)


def _heading(app: str) -> str:
    return (
        str(apps.get_app_config(app).verbose_name) if apps.is_installed(f"apps.{app}") else app.capitalize()
    )


def _initial(found: Setting) -> dict[str, object]:
    return {"version": found.version, "value": found.value}
