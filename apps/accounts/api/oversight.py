"""Users and presets, as staff with the permission see them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import personal_data, selectors, services
from apps.accounts.api.me import AccountOutput, MeOutput, account_body
from apps.accounts.types import Permission
from apps.common.clock import now
from apps.common.errors import NotFound
from apps.common.http import actor_of, why_of
from apps.common.serializers import WHY, CountField, StrictSerializer, TextField, problems, read

FILTERS = ("role", "status", "email")


class UsersOutput(serializers.Serializer[Any]):
    results = AccountOutput(many=True)


class PresetInput(StrictSerializer):
    name = TextField(max_length=80)
    permissions = serializers.ListField(child=TextField(max_length=40), max_length=len(Permission))
    version = CountField(min_value=0, max_value=2**31 - 2)


class PresetOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    permissions = serializers.ListField(child=serializers.CharField())
    members = serializers.IntegerField()


class PresetsOutput(serializers.Serializer[Any]):
    results = PresetOutput(many=True)


class Users(APIView):
    """Accounts, newest first."""

    @extend_schema(
        operation_id="admin_users_list",
        parameters=[
            OpenApiParameter("role"),
            OpenApiParameter("status"),
            OpenApiParameter("email", description="found exactly or not at all"),
        ],
        responses={200: UsersOutput, **problems(401, 403)},
    )
    def get(self, request: Request) -> Response:
        """List accounts without personal data; at most 100."""
        role, status, email = (request.query_params.get(name, "").replace("\x00", "") for name in FILTERS)
        found = selectors.accounts(role=role, status=status, email=email)
        return Response({"results": [account_body(account, []) for account in found]})


class UserDetail(APIView):
    """One account."""

    @extend_schema(
        parameters=[WHY],
        responses={200: MeOutput, **problems(401, 403, 404)},
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        """Show an account with its personal data; who looked, and why, is recorded."""
        account = selectors.account(user_id)
        why = why_of(request)
        data = personal_data.reveal([user_id], why=why or "api", by=actor_of(request), at=now())[user_id]
        shown = {"email": data.email, "full_name": data.full_name, "phone": data.phone}
        return Response(account_body(account, []) | shown)


class Presets(APIView):
    """Team presets."""

    @extend_schema(operation_id="admin_presets_list", responses={200: PresetsOutput, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """List presets with their permissions."""
        return Response({"results": [_preset_body(preset) for preset in selectors.presets()]})


class PresetDetail(APIView):
    """One preset."""

    @extend_schema(request=PresetInput, responses={200: PresetOutput, **problems(400, 401, 403, 412)})
    def put(self, request: Request, code: str) -> Response:
        """Create (version 0) or change a preset; a stale version is refused."""
        data = read(PresetInput, request.data)
        services.save_preset(code=code, **data, by=actor_of(request), at=now())
        found = next((preset for preset in selectors.presets() if preset.code == code), None)
        if found is None:
            raise NotFound("There is no such preset.")
        return Response(_preset_body(found))


def _preset_body(preset: selectors.PresetView) -> dict[str, Any]:
    return {
        "code": preset.code,
        "name": preset.name,
        "version": preset.version,
        "permissions": list(preset.permissions),
        "members": preset.members,
    }
