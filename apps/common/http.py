"""Between HTTP and the verbs: who asks, what the strict JSON says, and how a refusal is answered."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework import exceptions as drf
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common import crypto, errors, idempotency
from apps.common.types import Actor

T = TypeVar("T")

MAX_DEPTH = 20
MAX_WHY = 200
# A text without its end is read to the end of the body: were it no match, the search would begin again at
# the next quote, and a body of escaped quotes would take time that grows with the square of its length.
_BRACKET_OR_TEXT = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)

STATUS: Mapping[type[errors.DomainError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.InProgress: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Unprocessable: 422,
    errors.TooMany: 429,
    errors.Broken: 500,
    errors.Unavailable: 503,
}


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status that a refusal of this kind is answered with."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks, for the `by` of a verb: the logged-in user, or an anonymous actor."""
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    return Actor(
        kind="user" if known else "anonymous",
        id=str(user.pk) if known and user is not None else "",
        ip_digest=crypto.digest("ip", network_of(client_ip(request))),
        device=str(request.COOKIES.get("device", ""))[:64],
        request_id=request_id(request),
    )


def user_id_of(request: HttpRequest | Request) -> UUID:
    """Return the id of the logged-in user."""
    return UUID(str(request.user.pk))


def why_of(request: HttpRequest | Request) -> str:
    """Return the reason that a look at personal data was given, for its record; "" if none was."""
    return request.GET.get("why", "").replace("\x00", "").strip()[:MAX_WHY]


def client_ip(request: HttpRequest) -> str:
    """Return the client's address; `ClientAddressMiddleware` has put the trusted one there."""
    return str(request.META.get("REMOTE_ADDR", ""))


def network_of(address: str) -> str:
    """Return what limits and digests take for one client: an IPv4 address, or the /64 of an IPv6 address.

    Whoever has one IPv6 address has the 2^64 of its network (RFC 6177), so counting them one by one would
    be no limit. An IPv4 address written as IPv6 is the same client.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))


def request_id(request: HttpRequest) -> str:
    """Return the id under which this request stands in logs, audit and error answers."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "")) or str(
        request.headers.get("X-Request-ID", "")
    )


class StrictJSONParser(BaseParser):
    """Reads JSON, and refuses what Python's reader lets pass: NaN, infinities, a key given twice, and
    numbers written with an exponent or a fraction (amounts are text here). Reads no more than
    DATA_UPLOAD_MAX_MEMORY_SIZE, which Django asks of forms only."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise errors.TooLarge(f"The body is larger than {limit} bytes.")
        try:
            return read_json(body)
        except ValueError as error:
            raise errors.Invalid(f"The body is not valid JSON: {error}.", code="malformed_json") from error


def answer_once(
    request: Request, *, verb: Callable[[], T], render: Callable[[T], Any], at: datetime, status: int = 200
) -> Response:
    """Run an outer verb once for this request's Idempotency-Key, and answer with what `render` makes of it.

    A repeat gets the first answer, marked by the header Idempotency-Replayed. `render` returns plain JSON
    without personal data, because it is kept. The same body is the same JSON, however it is spaced; of it
    a keyed digest is kept, which tells nobody what was in it.

    Raises what `idempotency.once` and the verb raise.
    """
    match = request._request.resolver_match  # noqa: SLF001  # DRF's own way to the Django request
    arguments = [str(value) for value in match.kwargs.values()] if match else []
    asked = idempotency.Request(
        principal=str(request.user.pk),
        route=":".join([match.view_name if match else "", *arguments]),
        key=request.headers.get("Idempotency-Key", ""),
        body=crypto.digest("idempotency.body", json.dumps(request.data, sort_keys=True)).encode(),
    )
    answer = idempotency.once(
        asked, verb=verb, render=lambda made: idempotency.Answer(status, render(made)), at=at
    )
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, status=answer.status, headers=headers)


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: Any, reason: str) -> Any:
        return reason  # the reason itself, not a page


class ProblemRenderer(JSONRenderer):
    """Renders refusals as application/problem+json (RFC 9457)."""

    media_type = "application/problem+json"


def check_csrf(request: Request) -> None:
    """Refuse a call whose credentials came in a cookie without the CSRF token (SEC-4). Raises Forbidden."""
    check = _Csrf(lambda _: None)  # type: ignore[arg-type]  # only its check is used, never the next layer
    check.process_request(request._request)  # noqa: SLF001  # DRF's own way to the Django request
    reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]  # noqa: SLF001
    if reason:
        raise errors.Forbidden(f"CSRF check failed: {reason}", code="csrf_failed")


def read_json(body: bytes) -> Any:
    """Read strict JSON. Raises ValueError with what is wrong."""
    text = body.decode("utf-8")
    _check_depth(text)  # before the reader, which crashes the process at a depth of some ten thousands
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_refuse)
    _check_values(value)
    return value


def problem(error: errors.DomainError, request: HttpRequest) -> dict[str, Any]:
    """Return the problem+json body of a refusal."""
    body: dict[str, Any] = {
        "type": f"/docs/errors#{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": status_of(error),
        "code": error.code,
        "detail": error.detail,
        "fields": dict(getattr(error, "fields", {})),
        "request_id": request_id(request),
    }
    if error.next_step:
        body["next_step"] = error.next_step
    return body | ({"data": dict(error.data)} if error.data else {})


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer any refusal in the API with problem+json; DRF's EXCEPTION_HANDLER."""
    request = context["request"]
    refusal = _as_refusal(error)
    if refusal is None:
        return None  # a defect of ours: Django logs it and answers 500
    body = problem(refusal, request)
    body["status"] = status = _drf_status(error) or body["status"]
    headers = {}
    if retry := getattr(refusal, "retry_after", None):
        headers["Retry-After"] = str(retry)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return Response(body, status=status, headers=headers, content_type="application/problem+json")


def _as_refusal(error: Exception) -> errors.DomainError | None:
    match error:
        case errors.DomainError():
            return error
        case Http404():
            return errors.NotFound("There is nothing here.")
        case PermissionDenied():
            return errors.Forbidden(str(error) or "You may not do this.")
        case RequestDataTooBig():
            return errors.TooLarge("The body is larger than is taken.")
        case drf.APIException():
            return _from_drf(error)
    return None


def _from_drf(error: drf.APIException) -> errors.DomainError:
    match error:
        case drf.ValidationError():
            return errors.Invalid("Some fields are not valid.", fields=_fields(error.detail))
        case drf.ParseError():
            return errors.Invalid("The body can't be read.", code="malformed_form")
        case drf.NotFound():
            return errors.NotFound("There is nothing here.")
        case drf.PermissionDenied():
            return errors.Forbidden(str(error.detail))
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return errors.Unauthenticated(str(error.detail))
    return errors.DomainError(str(error.detail), code=str(error.default_code))


def _drf_status(error: Exception) -> int | None:
    of_http = (drf.MethodNotAllowed, drf.NotAcceptable, drf.UnsupportedMediaType)
    return error.status_code if isinstance(error, of_http) else None


def _fields(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, Mapping):
        return {str(name): _sentences(value) for name, value in detail.items()}
    return {"non_field_errors": _sentences(detail)}


def _sentences(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}: {sentence}" for name, part in value.items() for sentence in _sentences(part)]
    if isinstance(value, list | tuple):
        return [sentence for part in value for sentence in _sentences(part)]
    return [str(value)]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return names


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number here; write amounts as text and counts as whole numbers")


def _check_depth(text: str) -> None:
    depth = 0
    for found in _BRACKET_OR_TEXT.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")


def _check_values(value: Any) -> None:
    if isinstance(value, str):
        _check_text(value)
    if isinstance(value, dict | list):
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            _check_values(part)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ValueError("a text holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a text holds half a character") from error


def into_form(form: BaseForm, error: errors.DomainError) -> None:
    """Put a refusal into a form: beside the fields it names, the rest above them."""
    named = dict(getattr(error, "fields", {}))
    for name, sentences in named.items():
        form.add_error(name if name in form.fields else None, list(sentences))
    if not named:
        form.add_error(None, " ".join(filter(None, (error.detail, error.next_step))))


def fields_of(data: Any) -> dict[str, Any]:
    """Return the fields and files of a form that was sent to the API. Raises Invalid for one sent twice."""
    if not isinstance(data, QueryDict):  # no body at all, or one that is no form
        return {}
    twice = sorted(name for name, values in data.lists() if len(values) > 1)
    if twice:
        raise errors.Invalid(
            "Some fields are not valid.", fields={name: ["This field stands here twice."] for name in twice}
        )
    return dict(data.items())


def is_real_visit(request: HttpRequest) -> bool:
    """Tell whether somebody will look at the answer: not for HEAD, nor for what a browser fetches ahead."""
    ahead = (
        request.headers.get(name, "").lower() for name in ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
    )
    return request.method == "GET" and not any(
        word in value for value in ahead for word in ("prefetch", "prerender", "preview")
    )


def in_time(response: HttpResponse, error: errors.DomainError | None) -> HttpResponse:
    """Turn a form's answer into 429 or 503 with Retry-After if what refused it passes by itself (SEC-1)."""
    retry = getattr(error, "retry_after", None)
    if error is not None and retry:
        response.status_code = status_of(error)
        response["Retry-After"] = str(retry)
    return response
