import json
import os
from inspect import unwrap
from pathlib import Path

import pytest
from django.db import transaction

from apps.audit.models import AuditEvent
from apps.common.clock import now
from apps.outbox import services
from apps.outbox.models import Delivery, OutboxMessage
from apps.outbox.relay import deliveries
from apps.outbox.relay.courier import Courier
from apps.outbox.relay.handlers import Kind
from apps.outbox.types import NewMessage
from tests.integration.outbox import handlers


class Box:
    """The outbox as the tests use it."""

    def __init__(self, at):
        self.at = at

    def publish(self, *messages):
        """Publish in one transaction: (kind of handler, key, payload) each; return their ids."""
        before = OutboxMessage.objects.order_by("-id").values_list("id", flat=True).first() or 0
        with transaction.atomic():
            new = [NewMessage(f"tests.{kind}", key, payload) for kind, key, payload in messages]
            services.publish_many(messages=new, at=self.at)
        return list(OutboxMessage.objects.filter(id__gt=before).order_by("id").values_list("id", flat=True))

    def publish_elsewhere(self, other):
        """Publish one message for key k over another connection, inside the transaction it has open."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(services, "publish_many", unwrap(services.publish_many))
            publish = unwrap(services.publish)
            other.do(lambda: publish(type="tests.outer", key="k", payload={}, at=self.at))

    def rounds(self, count=1):
        """Dispatch and deliver some rounds; return how many messages reached a handler."""
        courier, delivered = Courier(*Kind, go_on=lambda: True), 0
        for _ in range(count):
            deliveries.dispatch(at=now())
            delivered += courier.round()
        return delivered

    def handled(self, key=""):
        """What inner and outer handlers did, in the order of their doing: message ids, of one key or all."""
        events = AuditEvent.objects.filter(action__startswith="tests.").order_by("id")
        wanted = events.filter(target_type=key) if key else events
        return [int(each) for each in wanted.values_list("target_id", flat=True)]

    def written(self):
        """What outside handlers did: message ids."""
        file = Path(os.environ["RELAY_TEST_FILE"])
        return [json.loads(line)["id"] for line in file.read_text().splitlines()] if file.exists() else []

    def states(self):
        """The deliveries' states by message id."""
        return dict(Delivery.objects.order_by("id").values_list("message_id", "state"))

    def check_lanes(self):
        """Every message was handled once, and in order of its handler and key."""
        kinds = dict(Delivery.objects.values_list("message_id", "handler"))
        keys = dict(Delivery.objects.values_list("message_id", "key"))
        assert sorted(self.handled()) == sorted(kinds)
        for lane in {(kinds[message], keys[message]) for message in kinds}:
            done = [message for message in self.handled(lane[1]) if kinds[message] == lane[0]]
            assert done == sorted(done), lane


@pytest.fixture
def box(settings, tmp_path, monkeypatch, at):
    """An outbox with the tests' own handlers, and no wait between attempts."""
    settings.OUTBOX_SUBSCRIPTIONS = f"{handlers.HERE}.SUBSCRIPTIONS"
    settings.OUTBOX_BACKOFF_CAP = 0
    settings.OUTBOX_MAX_ATTEMPTS = 4
    monkeypatch.setenv("RELAY_TEST_FILE", str(tmp_path / "written"))
    handlers.failures.clear()
    return Box(at)
