"""The compliance workplace: Django admin, themed, with the pages that apps register.

Logging in happens on our own page, with its limits and its audit; each page asks the permission it names.
"""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite


class Workplace(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_staff

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect(wanted) if self.has_permission(request) else redirect_to_login(wanted)

    def logout(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        return redirect("home")
