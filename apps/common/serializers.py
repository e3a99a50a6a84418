"""Building blocks of the API's requests and answers."""

from collections.abc import Mapping
from typing import Any, TypeVar

from rest_framework import serializers

from apps.common import errors

S = TypeVar("S", bound="serializers.Serializer[Any]")


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
    return {(status, "application/problem+json"): ProblemSerializer for status in statuses}
