"""The records of the platform, for staff: audit log, ledger, messages that could not be delivered."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.audit import selectors as audit
from apps.audit.types import Filter
from apps.common.clock import now
from apps.common.http import actor_of
from apps.ledger import selectors as ledger
from apps.outbox import selectors as outbox
from apps.outbox import services as outbox_services

FILTERS = ("action", "actor", "target_type", "target_id")
MAX_CURSOR = 20  # digits; Python refuses to read numbers of more than some thousands


@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """Show who did what to which, newest first, and how far the chain of hashes is."""
    wanted = {name: request.GET.get(name, "").replace("\x00", "").strip()[:100] for name in FILTERS}
    where = Filter(wanted["action"], wanted["actor"], wanted["target_type"], wanted["target_id"])
    page = audit.events(where=where, cursor=request.GET.get("cursor", "")[:MAX_CURSOR])
    following = urlencode(
        {name: value for name, value in wanted.items() if value} | {"cursor": page.next_cursor}
    )
    context = {"page": page, "wanted": wanted, "state": audit.state(at=now()), "following": following}
    return render(request, "portals/audit.html", context)


@require_safe
def ledger_sums(request: HttpRequest) -> HttpResponse:
    """Show that each asset sums to zero over all accounts and all postings."""
    return render(request, "portals/ledger.html", {"sums": ledger.sums()})


@require_safe
def dead_letters(request: HttpRequest) -> HttpResponse:
    """Show the messages that were given up, and why."""
    context = {"letters": outbox.dead(), "state": outbox.state(at=now())}
    return render(request, "portals/dead_letters.html", context)


@require_POST
def requeue(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Try one of them again."""
    outbox_services.requeue(delivery_id=delivery_id, by=actor_of(request), at=now())
    messages.success(request, _("It is tried again now."))
    return redirect("dead-letters")
