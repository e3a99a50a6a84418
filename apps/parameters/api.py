"""The parameters in the API, for those with staff.manage."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.clock import now
from apps.common.http import actor_of
from apps.common.serializers import CountField, StrictSerializer, TextField, problems, read
from apps.parameters import selectors, services
from apps.parameters.types import MAX, Setting


class ParameterOutput(serializers.Serializer[Any]):
    """A number that the venue runs by; all of value, default and bounds are in `unit`."""

    name = serializers.CharField()
    meaning = serializers.CharField()
    unit = serializers.CharField()
    value = serializers.IntegerField()
    default = serializers.IntegerField()
    minimum = serializers.IntegerField()
    maximum = serializers.IntegerField()
    version = serializers.IntegerField(help_text="0 while nobody has changed it")
    changed_at = serializers.DateTimeField(allow_null=True)


class ParametersOutput(serializers.Serializer[Any]):
    results = ParameterOutput(many=True)


class ChangeInput(StrictSerializer):
    value = CountField(min_value=-MAX, max_value=MAX)
    reason = TextField(max_length=services.MAX_REASON)
    version = CountField(min_value=0, max_value=2**31 - 2)


class Parameters(APIView):
    """The numbers that the venue runs by."""

    @extend_schema(
        operation_id="admin_parameters_list", responses={200: ParametersOutput, **problems(401, 403)}
    )
    def get(self, request: Request) -> Response:
        """List all parameters by name, with default, bounds and value."""
        return Response({"results": [_body(setting) for setting in selectors.settings()]})


class ParameterDetail(APIView):
    """One of them."""

    @extend_schema(
        request=ChangeInput,
        responses={200: ParameterOutput, **problems(400, 401, 403, 404, 412)},
        examples=[
            OpenApiExample(
                "A change",
                request_only=True,
                value={"value": 1500, "reason": "decision 2026-14 of the board", "version": 0},
            )
        ],
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change a parameter from the version that you have read; a stale one is refused with what it is."""
        data = read(ChangeInput, request.data)
        return Response(_body(services.change(name=name, **data, by=actor_of(request), at=now())))

    @extend_schema(responses={200: ParameterOutput, **problems(401, 403, 404)})
    def get(self, request: Request, name: str) -> Response:
        """Show one parameter."""
        return Response(_body(selectors.setting(name)))


def _body(setting: Setting) -> dict[str, Any]:
    names = ("name", "meaning", "unit", "default", "minimum", "maximum")
    told = {name: getattr(setting.parameter, name) for name in names}
    return told | {"value": setting.value, "version": setting.version, "changed_at": setting.changed_at}
