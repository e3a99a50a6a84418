"""The market of a token as staff open, pause and end it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form
from apps.tokens import selectors, services
from apps.tokens.forms import MarketForm, StepsForm
from apps.tokens.types import Token
from apps.tokens.views.staff import page_of

ACTS: Mapping[str, tuple[Callable[..., Token], str | Promise]] = {
    "pause": (services.pause, _("The market is paused. The chain follows.")),
    "resume": (services.resume, _("The market is open again. The chain follows.")),
    "delist": (services.delist, _("The token is off the market.")),
    "mature": (services.mature, _("The token has matured.")),
}


@require_POST
def open_market(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Close a token's offering and open its market."""
    token = selectors.token(token_id)
    form = StepsForm(request.POST, token=token)
    if form.is_valid():
        try:
            services.enable_secondary(token_id=token_id, **form.steps(), by=actor_of(request), at=now())
        except NotFound:
            raise
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, gettext("The market is open. The chain follows."))
            return redirect("staff-token", token_id)
    return page_of(request, token, steps=form)


@require_POST
def change_market(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Pause or resume a token's market, or end it."""
    token = selectors.token(token_id)
    form = MarketForm(request.POST)
    if form.is_valid():
        act = form.cleaned_data["act"]
        verb, said = ACTS[act]
        why: dict[str, Any] = {} if act == "mature" else {"reason": form.cleaned_data["reason"]}
        try:
            verb(token_id=token_id, **why, by=actor_of(request), at=now())
        except NotFound:
            raise
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, str(said))
            return redirect("staff-token", token_id)
    return page_of(request, token, change=form)
