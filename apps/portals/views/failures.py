"""What is answered where no view answers: pages to people, problem+json under /api/ (API-1)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from apps.common.errors import Broken, DomainError, Invalid, NotFound
from apps.common.http import problem

API = "/api/"


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say which permission is missing (RBAC-4)."""
    return render(request, "errors/403.html", {"permission": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing at this address."""
    if request.path.startswith(API):
        return _problem(request, NotFound("There is nothing here."))
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request can't be read."""
    if request.path.startswith(API):
        return _problem(request, Invalid("This request can't be read."))
    return defaults.bad_request(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that it is our mistake; the log says which."""
    if request.path.startswith(API):
        return _problem(request, Broken("Something broke on our side and was recorded."))
    return defaults.server_error(request)


def _problem(request: HttpRequest, error: DomainError) -> HttpResponse:
    body = problem(error, request)
    return JsonResponse(body, status=body["status"], content_type="application/problem+json")
