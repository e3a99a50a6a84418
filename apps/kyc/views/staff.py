"""Identity checks for reviewers: the queue, and one case whole."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.types import Permission
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of, into_form, is_real_visit, user_id_of, why_of
from apps.kyc import personal_data, selectors, services
from apps.kyc.forms import FLAGS, ApproveForm, JudgeForm, QueueFilter, RejectForm, summary
from apps.kyc.types import ApplicationStatus, Case, CaseFilter, Decision, Revealed
from apps.kyc.views.files import shown

OWN_WORK = "review"  # why somebody reads the case that they hold
MAX_CURSOR = 36


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List cases by submission, oldest first, without personal data."""
    form = QueueFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    holder = wanted.get("claimed_by", "")
    status = wanted.get("status") or "open"
    where = CaseFilter(
        "" if status == "any" else status, str(user_id_of(request)) if holder == "me" else holder
    )
    cases, cursor = selectors.queue(where=where, cursor=request.GET.get("cursor", "")[:MAX_CURSOR])
    following = urlencode({name: value for name, value in wanted.items() if value} | {"cursor": cursor})
    context = {
        "form": form,
        "cases": cases,
        "following": following if cursor else "",
        "me": user_id_of(request),
        "waiting": selectors.waiting(),
    }
    return render(request, "kyc/queue.html", context)


@require_safe
def case(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Show one case. A reviewer who opens it takes it; who only looks says why, and the look is recorded."""
    if is_real_visit(request) and _reviews(request):
        found = services.claim(application_id=application_id, by=actor_of(request), at=now())
    else:
        found = selectors.case(application_id)
    return _case_page(request, found)


@require_POST
def decide(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Approve or reject a case."""
    approves = request.POST.get("decision") == Decision.APPROVE
    form: Form = ApproveForm(request.POST) if approves else RejectForm(request.POST)
    if form.is_valid():
        try:
            services.review(
                application_id=application_id,
                decision=Decision.APPROVE if approves else Decision.REJECT,
                **({"kyc_level": None} | form.cleaned_data),
                by=actor_of(request),
                at=now(),
            )
        except DomainError as error:
            into_form(form, error)
        else:
            messages.success(
                request, _("The person is verified.") if approves else _("The application is rejected.")
            )
            return redirect("kyc-queue")
    return _case_page(request, selectors.case(application_id), **{"approve" if approves else "reject": form})


@require_POST
def release(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Put a case back into the queue."""
    services.release(application_id=application_id, by=actor_of(request), at=now())
    messages.success(request, _("The case waits for any reviewer again."))
    return redirect("kyc-queue")


@require_POST
def judge(request: HttpRequest, application_id: UUID, document_id: UUID) -> HttpResponse:
    """Accept or reject one document of a case."""
    form = JudgeForm(request.POST)
    if form.is_valid():
        try:
            services.judge_document(
                application_id=application_id,
                document_id=document_id,
                accepted=form.cleaned_data["accepted"] == "yes",
                notes=form.cleaned_data["notes"],
                by=actor_of(request),
                at=now(),
            )
        except DomainError as error:
            into_form(form, error)
        else:
            return redirect("kyc-case", application_id)
    return _case_page(request, selectors.case(application_id), judged=form, judged_id=document_id)


def _case_page(request: HttpRequest, found: Case, **forms: Any) -> HttpResponse:
    seen = _reveal(request, found)
    context = {
        "case": found,
        "me": user_id_of(request),
        "seen": seen,
        "mine": found.claimed_by == user_id_of(request),
        "reviews": _reviews(request),
        "groups": summary(seen.answers) if seen else (),
        "flags": [FLAGS[flag] for flag in seen.flags] if seen else (),
        "documents": shown(request, found.documents, seen.document_notes) if seen else (),
        "moves": seen.moves if seen else [(move, "") for move in selectors.moves(found.id)],
        "approve": ApproveForm(),
        "reject": RejectForm(),
        **forms,
    }
    wrong = any(form.errors for form in forms.values() if isinstance(form, Form))
    return render(request, "kyc/case.html", context, status=422 if wrong else 200)


def _reveal(request: HttpRequest, found: Case) -> Revealed | None:
    """Open the personal side of a case to whoever holds it, or has said why. A HEAD opens nothing."""
    holds = found.status is ApplicationStatus.IN_REVIEW and found.claimed_by == user_id_of(request)
    why = why_of(request) or (OWN_WORK if holds else "")
    if not why or request.method == "HEAD":
        return None
    return personal_data.reveal(found.id, why=why, by=actor_of(request), at=now())


def _reviews(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(Permission.KYC_REVIEW))
