"""Pages that anybody may open."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.common.clock import now
from apps.portals import selectors


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Say what this venue is, and where to begin."""
    context = {"demo": settings.DEVELOPMENT, "market": selectors.shown_market(at=now())}
    return render(request, "portals/landing.html", context)


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component of the design system."""
    return render(request, "portals/components.html")


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    """List the codes of refusals and what to do about each."""
    return render(request, "portals/errors.html", {"codes": _codes()})


@cache
def _codes() -> list[tuple[str, str]]:
    lines = settings.ERROR_CODES.read_text().splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")
    ]
    return [(cell[0].strip("`"), cell[1]) for cell in cells]
