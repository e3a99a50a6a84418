"""The market of a token in the API, as staff open, pause and end it (TOK-5)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common import money
from apps.common.clock import now
from apps.common.errors import DomainError, Invalid
from apps.common.http import actor_of, answer_once
from apps.common.serializers import IDEMPOTENCY_KEY, StrictSerializer, TextField, problems, read
from apps.tokens import rules, selectors, services
from apps.tokens.api.bodies import TokenOutput, token_body
from apps.tokens.types import Token

_ANSWERS: dict[Any, Any] = {200: TokenOutput, **problems(400, 401, 403, 404, 409, 422)}
_STEPS = OpenApiExample("In cents and whole tokens", request_only=True, value={"tick": "0.01", "lot": "1"})
_WHY = OpenApiExample("A reason", request_only=True, value={"reason": "News of the issuer are awaited."})


class StepsInput(StrictSerializer):
    tick = TextField(
        max_length=24, required=False, help_text="of the price of one token; if absent, the smallest unit"
    )
    lot = TextField(max_length=24, required=False, help_text="in tokens; if absent, one whole token")


class WhyInput(StrictSerializer):
    reason = TextField(
        max_length=rules.MAX_REASON, help_text="kept with the token's history; names no person"
    )


class EnableSecondary(APIView):
    """The go-live of a token."""

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=StepsInput, responses=_ANSWERS, examples=[_STEPS])
    def post(self, request: Request, token_id: UUID) -> Response:
        """Close its offering, pay out the raise less the success fee, and open its market."""
        steps = _steps(read(StepsInput, request.data), selectors.token(token_id))
        return _answer(request, services.enable_secondary, token_id, **steps)


class Pause(APIView):
    """A market that is open."""

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=WhyInput, responses=_ANSWERS, examples=[_WHY])
    def post(self, request: Request, token_id: UUID) -> Response:
        """Pause it, and the token's transfers on chain."""
        return _answer(request, services.pause, token_id, **read(WhyInput, request.data))


class Resume(APIView):
    """A market that is paused."""

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=WhyInput, responses=_ANSWERS, examples=[_WHY])
    def post(self, request: Request, token_id: UUID) -> Response:
        """Open it again, and the token's transfers on chain."""
        return _answer(request, services.resume, token_id, **read(WhyInput, request.data))


class Mature(APIView):
    """A token that is redeemed."""

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=None, responses=_ANSWERS)
    def post(self, request: Request, token_id: UUID) -> Response:
        """Bring it to its end; refused while any of it is outstanding."""
        return _answer(request, services.mature, token_id)


class Delist(APIView):
    """A token that leaves the market."""

    @extend_schema(parameters=[IDEMPOTENCY_KEY], request=WhyInput, responses=_ANSWERS, examples=[_WHY])
    def post(self, request: Request, token_id: UUID) -> Response:
        """Take it off the market for good; its open orders are cancelled."""
        return _answer(request, services.delist, token_id, **read(WhyInput, request.data))


def _answer(request: Request, verb: Callable[..., Token], token_id: UUID, **arguments: Any) -> Response:
    at = now()
    return answer_once(
        request,
        verb=lambda: verb(token_id=token_id, **arguments, by=actor_of(request), at=at),
        render=token_body,
        at=at,
    )


def _steps(written: dict[str, Any], token: Token) -> dict[str, int]:
    """Read a tick and a lot as the token counts them. Raises Invalid with fields."""
    decimals = {"tick": token.cash_decimals, "lot": token.terms.decimals}
    found: dict[str, int] = {}
    wrong: dict[str, list[str]] = {}
    for name, text in written.items():
        try:
            found[name] = money.parse(text, decimals=decimals[name])
        except DomainError as refusal:
            wrong[name] = [refusal.detail]
    if wrong:
        raise Invalid("These steps can't be read.", fields=wrong)
    return found
