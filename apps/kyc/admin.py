"""Identity checks in the compliance workplace (UI-7): the list, and each case whole with its acts.

Every act calls the verb that the portal's pages call. Nothing personal is shown before somebody holds the
case or has said why, and each look is recorded.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case as SqlCase
from django.db.models import QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from apps.accounts.types import Permission
from apps.common.admin import ReadOnlyAdmin
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form, user_id_of, why_of
from apps.common.uploads import JPEG
from apps.kyc import personal_data, selectors, services
from apps.kyc.forms import DOCUMENTS, FLAGS, SIDES, ApproveForm, JudgeForm, RejectForm, summary
from apps.kyc.models import Application
from apps.kyc.types import ApplicationStatus, Case, CaseFilter, Decision, Revealed

OWN_WORK = "review"
_WAITING_FIRST = SqlCase(When(status__in=[str(each) for each in selectors.WAITING], then=0), default=1).asc()


class HolderFilter(admin.SimpleListFilter):
    title = gettext_lazy("held by")
    parameter_name = "holder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nobody", _("Nobody")), ("me", _("Me"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Application]) -> QuerySet[Application]:
        if self.value() == "me":
            return queryset.filter(claimed_by=request.user.pk)
        return queryset.filter(status=ApplicationStatus.PENDING) if self.value() == "nobody" else queryset


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    permission = Permission.KYC_VIEW
    list_display = ("id", "submitted_at", "status", "claimed_by", "reviewed_by", "reviewed_at", "kyc_level")
    list_filter = ("status", HolderFilter, "kyc_level", "verification_provider", "submitted_at")
    search_fields = ("id__iexact", "user_id__iexact")
    ordering = (_WAITING_FIRST, "submitted_at", "id")
    actions = ("claim_selected", "release_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        return selectors.matching(CaseFilter())

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Tell whether the acts of reviewers are open to this user; actions name it as "review"."""
        return request.user.has_perm(Permission.KYC_REVIEW)

    @admin.action(description=gettext_lazy("Take into review under my name"), permissions=["review"])
    def claim_selected(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        for number in queryset.values_list("pk", flat=True):
            self._act(request, lambda number=number: self._claim(request, number))

    @admin.action(description=gettext_lazy("Release"), permissions=["review"])
    def release_selected(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        for number in queryset.values_list("pk", flat=True):
            self._act(request, lambda number=number: self._release(request, number))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one case whole, and take its acts. Overridden whole, so no transaction is around it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            number = UUID(object_id)
            selectors.case(number)
        except (ValueError, NotFound) as error:
            raise Http404 from error
        if request.method != "POST":
            return self._page(request, number)
        if not self.has_review_permission(request):
            raise PermissionDenied
        return self._post(request, number)

    def _post(self, request: HttpRequest, number: UUID) -> HttpResponse:
        match request.POST.get("act", ""):
            case "claim":
                self._act(request, lambda: self._claim(request, number))
            case "release":
                self._act(request, lambda: self._release(request, number))
            case "approve":
                return self._decide(request, number, Decision.APPROVE, ApproveForm(request.POST))
            case "reject":
                return self._decide(request, number, Decision.REJECT, RejectForm(request.POST))
            case "judge":
                self._act(request, lambda: self._judge(request, number))
        return redirect("admin:kyc_application_change", number)

    def _decide(
        self, request: HttpRequest, number: UUID, decision: Decision, form: forms.Form
    ) -> HttpResponse:
        if form.is_valid():
            try:
                services.review(
                    application_id=number,
                    decision=decision,
                    **({"kyc_level": None} | form.cleaned_data),
                    by=actor_of(request),
                    at=now(),
                )
            except DomainError as error:
                into_form(form, error)
            else:
                messages.success(request, _("Decided."))
                return redirect("admin:kyc_application_changelist")
        return self._page(request, number, **{str(decision): form})

    def _claim(self, request: HttpRequest, number: UUID) -> str:
        case = services.claim(application_id=number, by=actor_of(request), at=now())
        if case.claimed_by == request.user.pk:
            return _("You hold the case.")
        return _("Another reviewer holds this case, or it is decided.")

    def _release(self, request: HttpRequest, number: UUID) -> str:
        services.release(application_id=number, by=actor_of(request), at=now())
        return _("The case waits for any reviewer again.")

    def _judge(self, request: HttpRequest, number: UUID) -> str:
        form = JudgeForm(request.POST)
        document = request.POST.get("document", "")
        if not form.is_valid() or not document.isascii():
            return _("Say why; the person reads it.")
        services.judge_document(
            application_id=number,
            document_id=_uuid(document),
            accepted=form.cleaned_data["accepted"] == "yes",
            notes=form.cleaned_data["notes"],
            by=actor_of(request),
            at=now(),
        )
        return _("Noted.")

    def _act(self, request: HttpRequest, act: Any) -> None:
        try:
            messages.info(request, act())
        except DomainError as error:
            fields = [line for lines in getattr(error, "fields", {}).values() for line in lines]
            messages.error(request, " ".join([error.detail, *fields, error.next_step]))

    def _page(self, request: HttpRequest, number: UUID, **given: forms.Form) -> HttpResponse:
        case = selectors.case(number)
        seen = self._reveal(request, case)
        context = self.admin_site.each_context(request) | {
            "title": _("Identity check"),
            "subtitle": str(number),
            "opts": self.model._meta,  # noqa: SLF001  # Django's own name for it
            "case": case,
            "seen": seen,
            "mine": case.claimed_by == request.user.pk,
            "reviews": self.has_review_permission(request),
            "groups": summary(seen.answers) if seen else (),
            "flags": [FLAGS[flag] for flag in seen.flags] if seen else (),
            "documents": _papers(request, case, seen),
            "history": selectors.history(number),
            "approve": _dressed(given.get("approve", ApproveForm())),
            "reject": _dressed(given.get("reject", RejectForm())),
        }
        return render(request, "kyc/workplace.html", context, status=422 if given else 200)

    def _reveal(self, request: HttpRequest, case: Case) -> Revealed | None:
        holds = case.status is ApplicationStatus.IN_REVIEW and case.claimed_by == request.user.pk
        why = why_of(request) or (OWN_WORK if holds else "")
        if not why or request.method == "HEAD":
            return None
        return personal_data.reveal(case.id, why=why, by=actor_of(request), at=now())


def _papers(request: HttpRequest, case: Case, seen: Revealed | None) -> list[dict[str, Any]]:
    """Return the documents as the page shows them; links only for whoever may see what is personal."""
    at, viewer = now(), user_id_of(request)
    return [
        {
            "id": each.id,
            "title": f"{DOCUMENTS[each.type]}: {SIDES[each.side]}",
            "status": each.status,
            "is_picture": each.content_type == JPEG,
            "notes": seen.document_notes.get(each.id, "") if seen else "",
            "url": reverse("kyc-file", args=[selectors.document_token(each.id, viewer=viewer, at=at)])
            if seen
            else "",
        }
        for each in case.documents
    ]


def _dressed(form: forms.Form) -> forms.Form:
    """Give a form's controls the look of the workplace."""
    looks: dict[type, Any] = {
        forms.Select: SELECT_CLASSES,
        forms.Textarea: TEXTAREA_CLASSES,
        forms.CheckboxInput: CHECKBOX_CLASSES,
    }
    for field in form.fields.values():
        look = next((look for kind, look in looks.items() if isinstance(field.widget, kind)), INPUT_CLASSES)
        field.widget.attrs["class"] = " ".join(look)
    return form


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such document.") from None
