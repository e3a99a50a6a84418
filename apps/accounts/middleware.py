"""The access matrix in front of every page. The API asks it after reading its token."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from apps.accounts import selectors
from apps.accounts.types import Verdict

API = "api"


class AccessMiddleware:
    """Refuses a page that the matrix doesn't open to this user; an address without a row is refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response and _is_personal(request):
            # Neither a proxy nor the "back" button after a log-out may show it again.
            response["Cache-Control"] = "no-store, private"
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or API in match.namespaces:
            return None
        verdict = selectors.verdict(request.user, match.view_name)
        if verdict is Verdict.LOGIN_NEEDED:
            return redirect_to_login(request.get_full_path())
        if verdict is not Verdict.ALLOWED:
            named = selectors.permission_for(match.view_name) if verdict is Verdict.PERMISSION_MISSING else ""
            raise PermissionDenied(named)
        return None


def _is_personal(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    return API in match.namespaces or request.user.is_authenticated
