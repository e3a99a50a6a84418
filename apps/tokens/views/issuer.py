"""The tokens of one's own businesses: the list, the wizard that drafts one, and how each is doing."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.businesses import selectors as businesses
from apps.businesses.types import Business, BusinessStatus
from apps.common import money
from apps.common.clock import now
from apps.common.errors import DomainError, NotFound
from apps.common.http import actor_of, into_form, user_id_of
from apps.common.ids import new_id
from apps.tokens import rules, selectors, services
from apps.tokens.forms import CHECK, Draft, split_of
from apps.tokens.types import Token
from apps.tokens.views.sheets import deployment_of, offering_of, paid_out_of, sheet_of

TITLES = (_("Basics"), _("Supply and price"), _("Split"), _("Who may invest"), _("Check"))
PARTS = ("deployment", "progress")


@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens of each of my businesses."""
    own = businesses.of_member(user_id_of(request))
    at = now()
    found = selectors.tokens_of(*(business.id for business in own))
    groups = [
        (business, [offering_of(token, at=at) for token in found if token.business_id == business.id])
        for business in own
    ]
    context = {"groups": groups, "may_draft": any(map(_is_active, own))}
    return render(request, "tokens/tokens.html", context)


@require_safe
def token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Show a token of my business: its state, what happens next, its deployment and its offering."""
    found = _own(request, token_id)
    part = request.GET.get("part", "")
    context = {
        "token": found,
        "part": part,
        "at": now(),
        "here": reverse("token", args=[found.id]),
        "deployment": deployment_of(found.id),
        "offering": offering_of(found, at=now(), counted=True),
    }
    if part in PARTS:
        return render(request, f"tokens/{part}.html", context)
    context |= {
        "business": businesses.business(found.business_id),
        "sheet": sheet_of(found.terms, cash_decimals=found.cash_decimals),
        "history": selectors.history(found.id),
        **paid_out_of(found),
    }
    return render(request, "tokens/token.html", context)


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, token_id: UUID | None = None) -> HttpResponse:
    """Draft a token step by step, or change a draft. Nothing is stored before the last step."""
    existing = _own(request, token_id) if token_id else None
    own = [business for business in businesses.of_member(user_id_of(request)) if _is_active(business)]
    if not own or (existing and existing.deploy_requested_at):
        return redirect("tokens")
    wizard = Draft(
        request.POST if request.method == "POST" else None,
        businesses=[(str(business.id), business.name) for business in own],
        currencies={asset.code: asset.decimals for asset in selectors.raise_currencies()},
        initial=_initial(existing) if existing else _suggested(own[0]),
    )
    if request.method != "POST":
        return _step(request, wizard, existing, wizard.steps[0])
    return _answer(request, wizard, existing)


@require_safe
def split(request: HttpRequest) -> HttpResponse:
    """Show what the percentages that are being typed make, and what is missing to 100."""
    return render(request, "tokens/draft.html#split", {"sums": split_of(request.GET.dict())})


def _answer(request: HttpRequest, wizard: Draft, existing: Token | None) -> HttpResponse:
    """Judge the step that was sent, with those before it, and go on to the next."""
    asked = request.POST.get("step", "")
    step = asked if asked in wizard.steps else wizard.steps[0]
    number = wizard.steps.index(step)
    if request.POST.get("go") == "back":
        return _step(request, wizard, existing, wizard.steps[max(0, number - 1)], judged=False)
    if wrong := wizard.wrong_step(step):
        return _step(request, wizard, existing, wrong, status=422)
    if step != CHECK:
        return _step(request, wizard, existing, wizard.steps[number + 1], judged=False)
    return _save(request, wizard, existing)


def _save(request: HttpRequest, wizard: Draft, existing: Token | None) -> HttpResponse:
    arguments: dict[str, Any] = {
        "terms": wizard.terms(),
        "user_id": user_id_of(request),
        "by": actor_of(request),
        "at": now(),
    }
    try:
        if existing:
            version = _number(request.POST.get("version", ""))
            saved = services.update_token(token_id=existing.id, version=version, **arguments)
        else:
            business_id = UUID(wizard.forms["basics"].cleaned_data["business_id"])
            saved = services.create_token(token_id=_id(request), business_id=business_id, **arguments)
    except NotFound:
        raise
    except DomainError as error:
        step = wizard.refuse(error)
        if error.code == services.SymbolTaken.code:
            step = "basics"
            into_form(wizard.forms[step], error)
        return _step(request, wizard, existing, step, refusal=error, status=422)
    messages.success(request, gettext("Saved as a draft."))
    return redirect("token", saved.id)


def _step(
    request: HttpRequest,
    wizard: Draft,
    existing: Token | None,
    step: str,
    *,
    judged: bool = True,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a step of the wizard; all answers of the others travel along."""
    if not judged:
        wizard.show(step)
    context: dict[str, Any] = {
        "step": step,
        "steps": list(zip(wizard.steps, TITLES, strict=True)),
        "number": wizard.steps.index(step) + 1,
        "form": wizard.forms.get(step),
        "carried": wizard.carried(step),
        "existing": existing,
        "token_id": existing.id if existing else _id(request),
        "version": request.POST.get("version") or (existing.version if existing else 0),
        "one_business": len(wizard.businesses) == 1,
        "refusal": refusal if step == CHECK else None,
    }
    if step == "split":
        context["sums"] = split_of(_answers(wizard))
    if step == CHECK:
        context["sheet"] = sheet_of(wizard.terms(), cash_decimals=wizard.cash_decimals)
        chosen = wizard.forms["basics"].cleaned_data["business_id"]
        context["business_name"] = wizard.businesses[chosen]
    return render(request, "tokens/draft.html", context, status=status)


def _answers(wizard: Draft) -> dict[str, str]:
    """Return the answers that the split looks at, as they were typed."""
    fields = [field for step in ("basics", "supply", "split") for field in wizard.forms[step]]
    return {field.name: str(field.value() or "") for field in fields}


def _initial(token: Token) -> dict[str, Any]:
    written = rules.write_terms(token.terms, cash_decimals=token.cash_decimals)
    return written | {"business_id": str(token.business_id)}


def _suggested(business: Business) -> dict[str, str]:
    agreed = money.text(business.platform_allocation_bps, decimals=2)
    return {"business_id": str(business.id), "platform_allocation_pct": agreed}


def _own(request: HttpRequest, token_id: UUID) -> Token:
    """Return a token of one of my businesses. Raises NotFound."""
    found = selectors.visible_token(token_id, viewer=user_id_of(request))
    businesses.require_member(found.business_id, user_id_of(request))
    return found


def _is_active(business: Business) -> bool:
    return business.status is BusinessStatus.ACTIVE


def _id(request: HttpRequest) -> UUID:
    """Return the id that the form was shown with, so that a resent one drafts nothing twice; or a new one."""
    try:
        return UUID(request.POST.get("token_id", ""))
    except ValueError:
        return new_id()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
