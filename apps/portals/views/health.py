"""Is it alive, and is it ready: for machines at /healthz and /readyz, for people at /status."""

from dataclasses import asdict
from typing import Any

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.chain import selectors as chain
from apps.chain.types import NetworkState
from apps.common import heartbeat
from apps.common.connections import valkey
from apps.common.db import rows

BEHIND = "chain is behind the database"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if every part that the venue needs is live, else 503 with what is missing."""
    parts = check()
    missing = sorted(part.get("problem", name) for name, part in parts.items() if not part["ok"])
    body = {"status": "not ready" if missing else "ready", "missing": missing, "parts": parts}
    return JsonResponse(body, status=503 if missing else 200)


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show people the same."""
    parts = check()
    return render(
        request, "portals/status.html", {"parts": parts, "ready": all(p["ok"] for p in parts.values())}
    )


def check() -> dict[str, dict[str, Any]]:
    """Look at the services and at each process's sign of life."""
    parts = {"database": _database(), "valkey": _valkey(), "node": _node(), "contracts": _contracts()}
    try:
        signs = heartbeat.signs(settings.PROCESSES)
    except redis.RedisError:
        signs = dict.fromkeys(settings.PROCESSES)
    for process, sign in signs.items():
        parts[process] = {"ok": sign is not None} | (_shown(sign) if sign else {})
    return parts


def _shown(sign: heartbeat.Sign) -> dict[str, Any]:
    """Say how old a sign is, and what it tells; whose it is, is nobody's business outside of development."""
    shown: dict[str, Any] = {"age": round(sign.age, 1)} | sign.about
    return shown | {"pid": sign.pid} if settings.DEVELOPMENT else shown


def _database() -> dict[str, Any]:
    try:
        return {"ok": rows("SELECT 1") == [(1,)]}
    except DatabaseError as error:
        return {"ok": False, "error": type(error).__name__}


def _valkey() -> dict[str, Any]:
    try:
        return {"ok": bool(valkey().ping())}
    except redis.RedisError as error:
        return {"ok": False, "error": type(error).__name__}


def _node() -> dict[str, Any]:
    """Look whether a node answers, and whether its chain has what the database has seen there."""
    try:
        head = asdict(chain.head())
        behind = chain.state() is NetworkState.BEHIND
    except chain.NodeUnavailable as error:
        return {"ok": False, "error": error.code}
    except DatabaseError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": False, "problem": BEHIND} | head if behind else {"ok": True} | head


def _contracts() -> dict[str, Any]:
    """Look whether what is deployed once per network is deployed."""
    try:
        return {"ok": chain.platform_is_deployed()}
    except DatabaseError as error:
        return {"ok": False, "error": type(error).__name__}
