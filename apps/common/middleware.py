"""Request plumbing that every app relies on."""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.common.errors import DomainError
from apps.common.http import in_time, status_of

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_IDS = ("HTTP_X_REQUEST_ID", "HTTP_X_CORRELATION_ID")


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


class CleanHeadersMiddleware:
    """Drop cookies and request ids that can't be ours, before anybody stores or logs them, and refuse a
    NUL in the query string with 400.

    A query or a quoted cookie may spell a NUL, which PostgreSQL refuses as text; a request id is written to
    logs and the audit record, so it is an id and not a message from the client.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The query string holds a NUL character.")
        for name in [name for name, value in request.COOKIES.items() if _CONTROL.search(value)]:
            del request.COOKIES[name]
        for name in _IDS:
            if not _ID.fullmatch(request.META.get(name, "")):
                request.META.pop(name, None)
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
        page = render(request, "errors/refusal.html", {"error": error}, status=status_of(error))
        return in_time(page, error)


class AdminPolicyMiddleware:
    """Give the admin's theme the looser policy it needs, and only there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response["Content-Security-Policy"] = settings.ADMIN_CONTENT_SECURITY_POLICY
        return response
