"""Request plumbing that every app relies on."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.common.errors import DomainError
from apps.common.http import status_of


class ClientAddressMiddleware:
    """Put the client's address into REMOTE_ADDR, believing only the proxies we run (SEC-1).

    With TRUSTED_PROXIES = n, the n-th entry from the right of X-Forwarded-For was written by our
    outermost proxy; whatever stands further left was written by the client and means nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        hops = settings.TRUSTED_PROXIES
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if hops and len(forwarded) >= hops and forwarded[-hops]:
            request.META["REMOTE_ADDR"] = forwarded[-hops]
        return self.get_response(request)


class RefusalMiddleware:
    """Answer a refusal that a page didn't catch with a page that says what refused and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        response = render(request, "errors/refusal.html", {"error": error}, status=status_of(error))
        if retry := getattr(error, "retry_after", None):
            response["Retry-After"] = str(retry)
        return response


class AdminPolicyMiddleware:
    """Give the admin's theme the looser policy it needs, and only there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response["Content-Security-Policy"] = settings.ADMIN_CONTENT_SECURITY_POLICY
        return response
