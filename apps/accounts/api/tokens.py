"""Registering, verifying, logging in and out, refreshing (ACC-1, ACC-4)."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import services
from apps.accounts.types import ACCESS_COOKIE, REFRESH_COOKIE, TokenPair
from apps.common.clock import now
from apps.common.errors import Invalid
from apps.common.http import actor_of, check_csrf
from apps.common.serializers import StrictSerializer, TextField, problems, read

REFRESH_PATH = "/api/v1/auth"


class RegisterInput(StrictSerializer):
    email = TextField(max_length=254)
    password = TextField(max_length=256, trim_whitespace=False)
    full_name = TextField(max_length=200)
    role = serializers.ChoiceField(choices=["investor", "issuer"])
    country = TextField(max_length=2, required=False, default="")
    locale = serializers.ChoiceField(choices=settings.LANGUAGES, required=False, default="en")


class RegisterOutput(serializers.Serializer[Any]):
    detail = serializers.CharField()


class VerifyInput(StrictSerializer):
    challenge = serializers.UUIDField()
    secret = TextField(max_length=128)
    password = TextField(
        max_length=256, trim_whitespace=False, help_text="the one that the address was registered with"
    )


class VerifyOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.CharField()


class LoginInput(StrictSerializer):
    email = TextField(max_length=254)
    password = TextField(max_length=256, trim_whitespace=False)
    delivery = serializers.ChoiceField(choices=["cookie", "body"], required=False, default="cookie")


class RefreshInput(StrictSerializer):
    refresh = TextField(max_length=128, required=False, default="")


class TokensOutput(serializers.Serializer[Any]):
    access = serializers.CharField(required=False)
    refresh = serializers.CharField(required=False)
    access_expires_in = serializers.IntegerField()
    refresh_expires_in = serializers.IntegerField()


class _Open(APIView):
    """Doesn't look for a token: an expired one must not keep anybody from logging in."""

    authentication_classes = ()


class Register(_Open):
    """Open an account."""

    @extend_schema(
        request=RegisterInput,
        responses={202: RegisterOutput, **problems(400, 429, 503)},
        examples=[
            OpenApiExample(
                "An investor",
                request_only=True,
                value={
                    "email": "noor@example.com",
                    "password": "a long sentence is best",
                    "full_name": "Noor Haddad",
                    "role": "investor",
                    "country": "AE",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Open an account and mail a link to its address; the answer is the same for a known address."""
        services.register(**read(RegisterInput, request.data), by=actor_of(request), at=now())
        detail = "If this address can be registered, a mail with a link is on its way to it."
        return Response({"detail": detail}, status=202)


class Verify(_Open):
    """Prove an e-mail address."""

    @extend_schema(request=VerifyInput, responses={200: VerifyOutput, **problems(400, 404)})
    def post(self, request: Request) -> Response:
        """Take the link's two parts and the password as proof; doing it again answers the same."""
        data = read(VerifyInput, request.data)
        account = services.verify_email(
            challenge_id=data["challenge"],
            secret=data["secret"],
            password=data["password"],
            by=actor_of(request),
            at=now(),
        )
        return Response({"id": account.id, "status": account.status})


class Login(_Open):
    """Log in."""

    @extend_schema(
        request=LoginInput,
        responses={200: TokensOutput, **problems(400, 401, 403, 429, 503)},
        examples=[
            OpenApiExample(
                "A program",
                request_only=True,
                value={
                    "email": "noor@example.com",
                    "password": "a long sentence is best",
                    "delivery": "body",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Trade e-mail and password for tokens, in HttpOnly cookies or (delivery "body") in the answer."""
        data = read(LoginInput, request.data)
        actor, at = actor_of(request), now()
        account = services.authenticate(email=data["email"], password=data["password"], by=actor, at=at)
        pair = services.issue_tokens(user_id=account.id, by=actor, at=at)
        return _answer(pair, in_body=data["delivery"] == "body")


class Refresh(_Open):
    """Refresh the tokens."""

    @extend_schema(request=RefreshInput, responses={200: TokensOutput, **problems(400, 401, 403)})
    def post(self, request: Request) -> Response:
        """Trade a refresh token for the next pair. One that was used before ends all that came from it."""
        token, in_body = _refresh_token(request)
        pair = services.rotate_tokens(refresh=token, by=actor_of(request), at=now())
        return _answer(pair, in_body=in_body)


class Logout(_Open):
    """Log out."""

    @extend_schema(request=RefreshInput, responses={204: None, **problems(400, 403)})
    def post(self, request: Request) -> Response:
        """End the family of this refresh token, and forget the cookies."""
        token, _ = _refresh_token(request)
        services.revoke_tokens(refresh=token, by=actor_of(request), at=now())
        response = Response(status=204)
        response.delete_cookie(ACCESS_COOKIE)
        response.delete_cookie(REFRESH_COOKIE, path=REFRESH_PATH)
        return response


def _refresh_token(request: Request) -> tuple[str, bool]:
    given = read(RefreshInput, request.data)["refresh"]
    if given:
        return given, True
    cookie = request.COOKIES.get(REFRESH_COOKIE, "")
    if not cookie:
        raise Invalid("Some fields are not valid.", fields={"refresh": ["Send the refresh token."]})
    check_csrf(request)
    return cookie, False


def _answer(pair: TokenPair, *, in_body: bool) -> Response:
    lifetimes = {"access_expires_in": pair.access_expires_in, "refresh_expires_in": pair.refresh_expires_in}
    if in_body:
        return Response({"access": pair.access, "refresh": pair.refresh, **lifetimes})
    response = Response(lifetimes)
    _set_cookie(response, ACCESS_COOKIE, pair.access, pair.access_expires_in, "/")
    _set_cookie(response, REFRESH_COOKIE, pair.refresh, pair.refresh_expires_in, REFRESH_PATH)
    return response


def _set_cookie(response: Response, name: str, value: str, age: int, path: str) -> None:
    secure = settings.SECURE_COOKIES
    response.set_cookie(name, value, max_age=age, path=path, httponly=True, secure=secure, samesite="Lax")
