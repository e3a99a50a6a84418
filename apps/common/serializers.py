"""Building blocks of the API's requests and answers."""

from collections.abc import Mapping
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.common import errors

S = TypeVar("S", bound="serializers.Serializer[Any]")

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=True,
    description="a new random value for each new intent; a repeat with the same one gets the first answer",
)
WHY = OpenApiParameter("why", description="the reason, kept with the record of this look")
PROBLEM = "application/problem+json"
OPERATIONS = {"GET": "read", "POST": "create", "PUT": "save", "PATCH": "change"}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it doesn't know: a misspelt optional field must not be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {name: ["This field is not known here."] for name in unknown}
                )
        return super().to_internal_value(data)


class Operations(AutoSchema):
    """Names operations by path and act, such as businesses_create, admin_tokens_read or admin_kyc_review, and
    says of each how it is refused before its view is asked."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the view declares and, besides, what stands before every view."""
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            refusal = {
                "content": {PROBLEM: {"schema": self.resolve_serializer(ProblemSerializer, "response").ref}},
                "description": "",
            }
            told = {str(status): refusal for status in self._before(operation)} | operation["responses"]
            operation["responses"] = dict(sorted(told.items()))
        return operation

    def _before(self, operation: dict[str, Any]) -> list[int]:
        """Return the statuses of: a query or an Accept header that nobody can serve, credentials that don't
        hold (asked of public operations too), an id that isn't there, a body that can't be read."""
        places = {each["in"] for each in operation.get("parameters", [])}
        statuses = [400, 406]
        statuses += [401, 403] if self.view.authentication_classes else []
        statuses += [404] if "path" in places else []
        return statuses + ([413, 415] if self.method in {"POST", "PUT", "PATCH"} else [])

    def get_operation_id(self) -> str:
        """Return the path and the act; an act that the path ends with isn't said again."""
        path = [part.replace("-", "_") for part in self._tokenize_path()]
        act = "list" if self.method == "GET" and self._is_list_view() else OPERATIONS[self.method]
        return "_".join(path if self.method == "POST" and len(path) > 1 else [*path, act])


class TextField(serializers.CharField):
    """Text, and only text: a number or a list is refused rather than turned into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("This must be text.")
        return super().to_internal_value(data)


class CountField(serializers.IntegerField):
    """A whole number written as a JSON number; text, booleans and fractions are refused."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("This must be a whole number.")
        return super().to_internal_value(data)


class PageQuery(StrictSerializer):
    """What every list takes behind the question mark."""

    cursor = TextField(required=False)
    page_size = TextField(max_length=4, required=False)


class StepOutput(serializers.Serializer[Any]):
    """A step in the life of something; `before` is null in its first."""

    before = serializers.CharField(allow_null=True)
    after = serializers.CharField()
    at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)


class StaffStepOutput(StepOutput):
    """A step with who took it: a user's id, or a process's name."""

    actor_kind = serializers.CharField()
    actor_id = serializers.CharField(allow_blank=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """problem+json (RFC 9457), with a stable code and what to do next."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))  # type: ignore[assignment]  # the field's name is the specification's
    request_id = serializers.CharField(allow_blank=True)
    next_step = serializers.CharField(required=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]  # likewise


def read(form: type[S], data: Any) -> dict[str, Any]:
    """Return the valid data of a request body. Raises DRF's ValidationError, answered as 400."""
    if not isinstance(data, Mapping):
        raise errors.Invalid("The body must be a JSON object.", code="malformed_json")
    serializer = form(data=data)
    serializer.is_valid(raise_exception=True)
    valid: dict[str, Any] = dict(serializer.validated_data)
    return valid


def problems(*statuses: int) -> dict[tuple[int, str], type[ProblemSerializer]]:
    """Return the refusals of an operation for its `@extend_schema(responses=…)`."""
    return {(status, PROBLEM): ProblemSerializer for status in statuses}
