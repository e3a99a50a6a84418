"""All businesses, for staff with the permission."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.types import Permission
from apps.businesses import selectors, services, states
from apps.businesses.forms import DecisionForm, QueueFilter
from apps.businesses.types import Business, BusinessStatus
from apps.common.clock import now
from apps.common.errors import DomainError, Stale
from apps.common.http import actor_of, into_form

ALL = "all"
MAX_CURSOR = 36


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List what waits for a decision, the longest waiting first; or the businesses of another status."""
    asked = request.GET.get("status", "")
    status = asked if asked == ALL or asked in set(BusinessStatus) else str(BusinessStatus.PENDING)
    form = QueueFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    page = selectors.page(
        **wanted | {"status": "" if status == ALL else status},
        cursor=request.GET.get("cursor", "")[:MAX_CURSOR],
        oldest_first=status == BusinessStatus.PENDING,
    )
    context = {"page": page, "form": form, "status": status, "tabs": _tabs(status)}
    return render(request, "businesses/queue.html", context)


@require_safe
def review(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """Show a business with its members and history, and the decisions that are possible."""
    return _page(request, selectors.business(business_id))


@require_POST
def decide(request: HttpRequest, business_id: UUID) -> HttpResponse:
    """Approve, reject, suspend or resume."""
    found = selectors.business(business_id)
    asked = request.POST.get("status", "")
    form = DecisionForm(request.POST, to=asked if asked in set(BusinessStatus) else "")
    if form.is_valid():
        try:
            services.decide(
                business_id=business_id,
                **form.cleaned_data | {"status": BusinessStatus(form.cleaned_data["status"])},
                by=actor_of(request),
                at=now(),
            )
        except Stale as error:
            return _page(request, selectors.business(business_id), refusal=error)
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(request, _("Decided. The owner gets a mail."))
            return redirect("staff-business", business_id)
    return _page(request, found, form=form)


def _tabs(status: str) -> list[dict[str, object]]:
    counts = selectors.counts()
    labels = {
        str(BusinessStatus.PENDING): _("Waiting"),
        str(BusinessStatus.ACTIVE): _("Active"),
        str(BusinessStatus.SUSPENDED): _("Suspended"),
        str(BusinessStatus.REJECTED): _("Rejected"),
        ALL: _("All"),
    }
    counts[ALL] = sum(counts.values())
    return [
        {"value": value, "label": label, "count": counts[value], "active": value == status}
        for value, label in labels.items()
    ]


def _page(
    request: HttpRequest,
    business: Business,
    *,
    form: DecisionForm | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    """Render a business; a refused `form` stands in the place of its decision, if that is still possible."""
    members = selectors.members(business.id)
    may = request.user.has_perm(Permission.BUSINESS_APPROVE)
    tried = form.to if form is not None else ""
    possible = sorted(states.STATUS[business.status]) if may else []
    context = {
        "business": business,
        "members": members,
        "history": selectors.history(business.id),
        "forms": [form if form is not None and tried == to else _form(business, to) for to in possible],
        "may": may,
        "own": any(member.user_id == request.user.pk for member in members),
        "refusal": refusal,
        "lost": form if form is not None and tried not in possible else None,
    }
    failed = form is not None or refusal is not None
    return render(request, "businesses/review.html", context, status=422 if failed else 200)


def _form(business: Business, to: BusinessStatus) -> DecisionForm:
    return DecisionForm(to=to, initial={"status": to, "version": business.version})
