"""One's own identity check: a wizard whose every step is kept, then how far it is."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import personal_data as persons
from apps.common.clock import now
from apps.common.errors import Invalid, NotFound
from apps.common.http import actor_of, into_form, user_id_of
from apps.common.uploads import UploadRefused, content_of
from apps.kyc import selectors, services
from apps.kyc.forms import FORMS, STEP_TITLES, summary, wanted
from apps.kyc.services.submission import Incomplete
from apps.kyc.types import STEPS, ApplicationStatus, OwnCase, Side, Step
from apps.kyc.views.files import shown


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Show how far my identity check is; a draft goes on where it is not complete."""
    own = selectors.own_case(user_id_of(request), at=now())
    if own is not None and own.case.status is ApplicationStatus.DRAFT:
        return redirect("kyc-step", own.missing[0] if own.missing else Step.CHECK)
    context: dict[str, Any] = {"own": own, "state": selectors.state_of(user_id_of(request))}
    if own is not None:
        context["documents"] = shown(request, own.case.documents, own.document_notes)
        context["moves"] = [each for each in own.history if each.document_id is None]
        context["groups"] = summary(own.answers)
    return render(request, "kyc/state.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, step: str) -> HttpResponse:
    """Show and keep one step of my draft; the last one shows all of it before it is sent."""
    if step not in set(Step):
        raise NotFound("There is no such step.")
    here, own = Step(step), selectors.own_case(user_id_of(request), at=now())
    if own is not None and own.case.status is not ApplicationStatus.DRAFT:
        return redirect("kyc")
    if here is Step.CHECK:
        return _check_page(request, own) if own is not None else redirect("kyc")
    form = FORMS[here](request.POST or None, initial=_initial(request, own))
    if request.method == "POST" and form.is_valid():
        try:
            services.save_step(
                user_id=user_id_of(request),
                step=here,
                given=form.cleaned_data,
                by=actor_of(request),
                at=now(),
            )
        except Invalid as error:
            into_form(form, error)
        else:
            return redirect("kyc-step", _after(here))
    return _step_page(request, here, form, own)


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Put pictures into my draft; the good ones are kept, and what is wrong is said beside the others."""
    errors: dict[Side, str] = {}
    for side in Side:
        file = request.FILES.get(side)
        if not isinstance(file, UploadedFile):
            continue
        try:
            services.add_document(
                user_id=user_id_of(request),
                side=side,
                content=content_of(file),
                by=actor_of(request),
                at=now(),
            )
        except UploadRefused as error:
            errors[side] = error.detail
    own = selectors.own_case(user_id_of(request), at=now())
    if errors or own is None:
        return _documents_page(request, own, errors=errors)
    return redirect("kyc-step", Step.DOCUMENTS if Step.DOCUMENTS in own.missing else Step.CHECK)


@require_POST
def remove(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Take a picture out of my draft."""
    services.remove_document(
        user_id=user_id_of(request), document_id=document_id, by=actor_of(request), at=now()
    )
    messages.success(request, _("The file is removed."))
    return redirect("kyc-step", Step.DOCUMENTS)


@require_POST
def submit(request: HttpRequest) -> HttpResponse:
    """Hand my draft in."""
    try:
        services.submit(user_id=user_id_of(request), by=actor_of(request), at=now())
    except Incomplete:
        return redirect("kyc")  # which goes to the step that is not complete
    messages.success(request, _("Your identity check is sent. We write to you when it is decided."))
    return redirect("kyc")


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Correct what was rejected, or renew what has expired."""
    services.start_again(user_id=user_id_of(request), by=actor_of(request), at=now())
    return redirect("kyc")


def _check_page(request: HttpRequest, own: OwnCase) -> HttpResponse:
    context = {
        "own": own,
        "groups": summary(own.answers),
        "documents": shown(request, own.case.documents),
        "steps": _steps(Step.CHECK, own),
        "missing": [STEP_TITLES[each] for each in own.missing],
    }
    return render(request, "kyc/check.html", context)


def _step_page(request: HttpRequest, here: Step, form: Form, own: OwnCase | None) -> HttpResponse:
    if here is Step.DOCUMENTS:
        return _documents_page(request, own, form=form)
    context = {"form": form, "step": here, "title": STEP_TITLES[here], "steps": _steps(here, own)}
    return render(request, "kyc/step.html", context, status=422 if form.errors else 200)


def _documents_page(
    request: HttpRequest,
    own: OwnCase | None,
    *,
    form: Form | None = None,
    errors: Mapping[Side, str] | None = None,
) -> HttpResponse:
    papers = own.case.documents if own else ()
    chosen = own.answers.document_type if own else ""
    context = {
        "form": form or FORMS[Step.DOCUMENTS](initial=_initial(request, own)),
        "chosen": chosen,
        "wanted": wanted(chosen, [each.side for each in papers], errors) if chosen else (),
        "documents": shown(request, papers),
        "title": STEP_TITLES[Step.DOCUMENTS],
        "steps": _steps(Step.DOCUMENTS, own),
        "complete": own is not None and Step.DOCUMENTS not in own.missing,
    }
    wrong = bool(errors or (form and form.errors))
    return render(request, "kyc/documents.html", context, status=422 if wrong else 200)


def _initial(request: HttpRequest, own: OwnCase | None) -> dict[str, str]:
    """Return what the form begins with: the draft's answers, or the name that the account has."""
    if own is not None:
        return asdict(own.answers)
    return {"full_name": persons.own(user_id_of(request)).full_name}


def _steps(here: Step, own: OwnCase | None) -> list[dict[str, Any]]:
    """Return the steps for the stepper: done, current or to do, and links to what may be opened."""
    missing = set(own.missing) if own else set(STEPS)
    done = {each for each in STEPS if each not in missing}
    return [
        {
            "title": STEP_TITLES[each],
            "state": "current" if each is here else "done" if each in done else "todo",
            "name": each,
            "open": own is not None or each is Step.PERSONAL,
        }
        for each in Step
    ]


def _after(here: Step) -> Step:
    """Return where to go on; the step of documents shows what pictures it needs first."""
    following = list(Step)
    return here if here is Step.DOCUMENTS else following[following.index(here) + 1]
