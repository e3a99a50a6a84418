"""Register, verify, log in, log out."""

from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import services
from apps.accounts.forms import LoginForm, RegisterForm, VerifyForm
from apps.accounts.models import User
from apps.common.clock import now
from apps.common.errors import DomainError, Invalid
from apps.common.http import actor_of, in_time, into_form

BACKEND = "apps.accounts.backends.EmailBackend"


@never_cache
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Open an account; whatever the address, the next page says to look into the mailbox."""
    form, refusal = RegisterForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            services.register(
                **form.cleaned_data,
                country="",
                locale=get_language() or "en",
                by=actor_of(request),
                at=now(),
            )
        except DomainError as error:
            refusal = error
            into_form(form, error)
        else:
            return render(request, "accounts/check_mail.html", {"email": form.cleaned_data["email"]})
    return _form_page(request, "accounts/register.html", form, refusal)


@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, challenge_id: UUID, secret: str) -> HttpResponse:
    """Ask for the password: the link shows whose mailbox it is, not who registered."""
    form = VerifyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.verify_email(
                challenge_id=challenge_id,
                secret=secret,
                **form.cleaned_data,
                by=actor_of(request),
                at=now(),
            )
        except Invalid as error:
            into_form(form, error)
        except DomainError as error:
            return render(request, "accounts/verify.html", {"error": error}, status=422)
        else:
            return render(request, "accounts/verified.html")
    return _form_page(request, "accounts/verify.html", form)


@never_cache
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Check e-mail and password, and begin a session with a new id."""
    form, refusal = LoginForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            account = services.authenticate(**form.cleaned_data, by=actor_of(request), at=now())
        except DomainError as error:
            refusal = error
            into_form(form, error)
        else:
            auth.login(request, User.objects.get(pk=account.id), backend=BACKEND)
            return redirect(_next(request))
    context = {"next": request.GET.get("next", request.POST.get("next", ""))}
    return _form_page(request, "accounts/login.html", form, refusal, **context)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    auth.logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else resolve_url(settings.LOGIN_REDIRECT_URL)


def _form_page(
    request: HttpRequest, template: str, form: Form, refusal: DomainError | None = None, **context: str
) -> HttpResponse:
    page = render(request, template, {"form": form, **context}, status=422 if form.errors else 200)
    return in_time(page, refusal)
