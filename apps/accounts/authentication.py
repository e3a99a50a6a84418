"""Who calls the API, and whether the access matrix lets them."""

from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts import selectors
from apps.accounts.models import User
from apps.accounts.services.admission import bearer
from apps.accounts.types import ACCESS_COOKIE, Verdict
from apps.common.clock import now
from apps.common.errors import Forbidden, Unauthenticated
from apps.common.http import check_csrf

if TYPE_CHECKING:  # DRF loads this module while it is loading its own views
    from rest_framework.views import APIView


class AccessTokenAuthentication(BaseAuthentication):
    """Reads the access token from the Authorization header or, for browsers, from its cookie.

    The family and the session version are looked up at every call: a log-out, a suspension or a reuse
    binds at once. A token that came as a cookie needs the CSRF token on writes (SEC-4).
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        token, from_cookie = _token(request)
        if token is None:
            return None
        user, _ = bearer(token, at=now())
        if from_cookie:
            check_csrf(request)
        return user, None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class AccessMatrix(BasePermission):
    """Asks the access matrix, by the address's name."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        require(request.user, _address(request))
        return True


def require(user: Any, address: str) -> None:
    """Raise unless the matrix lets `user` open the address.

    Raises Unauthenticated, Forbidden `role_missing`, or Forbidden `permission_missing` with its name.
    """
    match selectors.verdict(user, address):
        case Verdict.LOGIN_NEEDED:
            raise Unauthenticated("Log in first.")
        case Verdict.ROLE_MISSING:
            raise Forbidden("This is not open to your role.", code="role_missing")
        case Verdict.PERMISSION_MISSING:
            permission = selectors.permission_for(address)
            raise Forbidden(
                f"You need the permission {permission} for this.",
                code="permission_missing",
                permission=permission,
            )


def _token(request: Request) -> tuple[str | None, bool]:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip(), False
    cookie = request.COOKIES.get(ACCESS_COOKIE)
    return cookie, cookie is not None


def _address(request: Request) -> str:
    match = request.resolver_match
    return match.view_name if match else ""
