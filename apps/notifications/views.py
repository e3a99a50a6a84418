"""The development mailbox, for people and for programs. Mounted in development only."""

from dataclasses import asdict

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.notifications import selectors
from apps.notifications.types import SentMail


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show what was sent, newest first."""
    return render(request, "notifications/mailbox.html", {"messages_sent": _sent(request)})


@never_cache
@require_safe
def mailbox_json(request: HttpRequest) -> JsonResponse:
    """Answer the same as JSON; `?to=` narrows it to one address."""
    return JsonResponse({"messages": [asdict(sent) for sent in _sent(request)]})


def _sent(request: HttpRequest) -> list[SentMail]:
    if not settings.DEVELOPMENT:
        raise Http404
    return selectors.sent_mail(to=request.GET.get("to", "").strip())
