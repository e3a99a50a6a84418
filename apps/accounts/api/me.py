"""The logged-in user's own account."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import personal_data, selectors, services
from apps.accounts.types import Account
from apps.common.clock import now
from apps.common.http import actor_of, user_id_of
from apps.common.serializers import StrictSerializer, TextField, problems, read


class AccountOutput(serializers.Serializer[Any]):
    """An account (ACC-2). `roles` holds the primary role and, for staff, the team preset."""

    id = serializers.UUIDField()
    role = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    team_role = serializers.CharField(allow_blank=True)
    permissions = serializers.ListField(child=serializers.CharField())
    status = serializers.CharField()
    is_activated = serializers.BooleanField()
    kyc_status = serializers.CharField()
    kyc_level = serializers.IntegerField()
    accreditation_status = serializers.CharField()
    fatca_status = serializers.CharField()
    country = serializers.CharField(allow_blank=True)
    locale = serializers.CharField()


class MeOutput(AccountOutput):
    email = serializers.CharField()
    full_name = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)


class PhoneInput(StrictSerializer):
    phone = TextField(max_length=32)


class CodeInput(StrictSerializer):
    code = TextField(max_length=6)


class Me(APIView):
    """Who I am."""

    @extend_schema(responses={200: MeOutput, **problems(401)})
    def get(self, request: Request) -> Response:
        """Return the account, its permissions, and its own personal data."""
        account = selectors.account(user_id_of(request))
        data = personal_data.own(account.id)
        body = account_body(account, sorted(selectors.permissions_of(account.id)))
        return Response(body | {"email": data.email, "full_name": data.full_name, "phone": data.phone})


class Phone(APIView):
    """My phone number."""

    @extend_schema(request=PhoneInput, responses={202: None, **problems(400, 401, 403, 409, 429, 503)})
    def post(self, request: Request) -> Response:
        """Give a number and get a code sent to it."""
        phone = read(PhoneInput, request.data)["phone"]
        services.start_phone(user_id=user_id_of(request), phone=phone, by=actor_of(request), at=now())
        return Response(status=202)


class ConfirmPhone(APIView):
    """The code that came to my phone."""

    @extend_schema(request=CodeInput, responses={204: None, **problems(400, 401, 403)})
    def post(self, request: Request) -> Response:
        """Prove the number."""
        code = read(CodeInput, request.data)["code"]
        services.confirm_phone(user_id=user_id_of(request), code=code, by=actor_of(request), at=now())
        return Response(status=204)


class LogOutEverywhere(APIView):
    """All my sessions."""

    @extend_schema(request=None, responses={204: None, **problems(401, 403)})
    def post(self, request: Request) -> Response:
        """End every session and token of mine, this one too."""
        services.log_out_everywhere(user_id=user_id_of(request), by=actor_of(request), at=now())
        return Response(status=204)


def account_body(account: Account, permissions: list[str]) -> dict[str, Any]:
    """Return an account as the API shows it."""
    return {
        "id": account.id,
        "role": account.role,
        "roles": [role for role in (account.role, account.team_role) if role],
        "team_role": account.team_role,
        "permissions": permissions,
        "status": account.status,
        "is_activated": account.is_activated,
        "kyc_status": account.kyc_status,
        "kyc_level": account.kyc_level,
        "accreditation_status": account.accreditation_status,
        "fatca_status": account.fatca_status,
        "country": account.country,
        "locale": account.locale,
    }
