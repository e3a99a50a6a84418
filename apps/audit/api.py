"""The audit record in the API, for those with audit.view."""

import json
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit import selectors
from apps.audit.models import AuditEvent
from apps.audit.types import Filter
from apps.common.clock import now
from apps.common.serializers import CountField, PageQuery, StrictSerializer, TextField, problems, read

MOST_LINKS = 2000  # in one answer
LINES = "application/x-ndjson"


class EventQuery(PageQuery):
    """What may stand behind the question mark; `from` and `to` are added below, being words of Python."""

    action = TextField(max_length=80, required=False)
    actor = TextField(max_length=64, required=False)
    target_type = TextField(max_length=80, required=False)
    target_id = TextField(max_length=120, required=False)

    def get_fields(self) -> dict[str, Any]:
        times = {name: serializers.DateTimeField(required=False) for name in ("from", "to")}
        return super().get_fields() | times


class EventOutput(serializers.Serializer[Any]):
    """One audit event; `sequence` is its place in the hash chain, null for about a second."""

    id = serializers.IntegerField()
    sequence = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    actor_kind = serializers.CharField()
    actor_id = serializers.CharField()
    on_behalf_of = serializers.CharField()
    action = serializers.CharField()
    target_type = serializers.CharField()
    target_id = serializers.CharField()
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    reason = serializers.CharField()
    ip_digest = serializers.CharField()
    device = serializers.CharField()
    request_id = serializers.CharField()


class LinkQuery(StrictSerializer):
    first = CountField(min_value=1, max_value=2**62)


class StateOutput(serializers.Serializer[Any]):
    """How far the hash chain is; `oldest_unsealed` is in seconds."""

    events = serializers.IntegerField()
    sealed = serializers.IntegerField()
    unsealed = serializers.IntegerField()
    oldest_unsealed = serializers.FloatField()
    last_sequence = serializers.IntegerField()
    last_hash = serializers.CharField()


class Events(ListAPIView[AuditEvent]):
    """The audit record."""

    serializer_class = EventOutput
    queryset = AuditEvent.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[AuditEvent]:
        """Return the events that the query asks for."""
        query = read(EventQuery, self.request.query_params.dict())
        return selectors.matching(
            Filter(
                action=query.get("action", ""),
                actor=query.get("actor", ""),
                target_type=query.get("target_type", ""),
                target_id=query.get("target_id", ""),
                since=query.get("from"),
                until=query.get("to"),
            )
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("action", description="a whole action, or its beginning up to a dot: accounts"),
            OpenApiParameter("actor", description="who acted: a user's id or a process's name"),
            OpenApiParameter("target_type"),
            OpenApiParameter("target_id"),
            OpenApiParameter("from", description="not before this time (ISO 8601)"),
            OpenApiParameter("to", description="before this time (ISO 8601)"),
        ],
        responses={200: EventOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List audit events, newest first."""
        return self.list(request, *args, **kwargs)


class ChainState(APIView):
    """The hash chain."""

    @extend_schema(responses={200: StateOutput, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """Say how many events there are, how many the chain holds, and where it ends."""
        return Response(StateOutput(selectors.state(at=now())).data)


class Links(APIView):
    """The hash chain itself."""

    @extend_schema(
        parameters=[OpenApiParameter("first", OpenApiTypes.INT, description="sequence of the first link")],
        responses={(200, LINES): OpenApiTypes.STR, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return at most 2,000 links with their events, one JSON object a line, from `first` (1) on.

        The lines are what docs/audit/verify.py checks; after the last link the answer is empty.
        """
        wanted = request.query_params.get("first", "1")
        first = read(LinkQuery, {"first": int(wanted) if wanted.isascii() and wanted.isdigit() else wanted})
        found = selectors.links(first=first["first"], last=first["first"] + MOST_LINKS - 1)
        lines = (json.dumps(asdict(link), separators=(",", ":")) + "\n" for link in found)
        return HttpResponse("".join(lines), content_type=LINES)
