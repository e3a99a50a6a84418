"""What staff do with an intent that came to nothing."""

import pytest

from apps.audit.models import AuditEvent
from apps.chain import services
from apps.chain.client.abi import call_data
from apps.chain.models import Intent
from apps.chain.services import SomethingSent
from apps.chain.signer import signer
from apps.chain.types import Duty, IntentState
from apps.common.errors import Conflict, NotFound
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.outbox.models import OutboxMessage
from tests.chain import carry_out
from tests.integration.chain.test_send_queue import brought_to, change

pytestmark = [pytest.mark.django_db, pytest.mark.spec("CHN-7")]

STAFF = Actor(kind="user", id="01890000-0000-7000-8000-000000000001")


@pytest.fixture
def holder(chain):
    return chain.holder()


@pytest.fixture
def suite(chain):
    return chain.suite()


@pytest.fixture
def dead(chain, suite, holder, system, at):
    """A mint of 4 units that was refused once too often, because the token agent's right was taken away."""
    change("chain.attempts", 1, by=system, at=at)
    intent = chain.mint(suite, holder, 4)
    agent(chain, suite, "removeAgent(address)")
    carry_out()
    row = Intent.objects.get(pk=intent)
    assert row.state == IntentState.DEAD
    return row


def agent(chain, suite, signature: str) -> None:
    """Let the owner add or remove the token agent."""
    data = call_data(signature, signer().address(Duty.AGENT))
    request = {"from": signer().address(Duty.OWNER), "to": suite.token, "data": "0x" + data.hex()}
    chain.rpc("eth_sendTransaction", request)


def test_a_dead_intent_is_tried_again_with_all_its_attempts(chain, suite, dead, at):
    agent(chain, suite, "addAgent(address)")
    services.requeue(intent_id=dead.pk, by=STAFF, at=at)
    dead.refresh_from_db()
    assert (dead.state, dead.attempts, dead.next_attempt_at) == (IntentState.QUEUED, 0, at)
    event = AuditEvent.objects.get(action="chain.requeued")
    assert (event.actor_id, event.target_id) == (STAFF.id, str(dead.pk))
    carry_out()
    dead.refresh_from_db()
    assert (dead.state, dead.error) == (IntentState.COMPLETED, "")
    assert chain.supply(suite.token) == 4


def test_a_requeued_mint_that_was_done_is_not_done_again(chain, suite, holder, at):
    intent = Intent.objects.get(pk=chain.mint(suite, holder, 5))
    carry_out()
    Intent.objects.filter(pk=intent.pk).update(state=IntentState.DEAD)
    services.requeue(intent_id=intent.pk, by=STAFF, at=at)
    carry_out()
    intent.refresh_from_db()
    assert intent.state == IntentState.COMPLETED
    assert chain.supply(suite.token) == 5


def test_a_dead_intent_is_cancelled_until_staff_want_it_again(chain, suite, dead, at):
    services.cancel(intent_id=dead.pk, reason="asked for by mistake", by=STAFF, at=at)
    dead.refresh_from_db()
    assert (dead.state, dead.completed_at) == (IntentState.CANCELLED, at)
    event = AuditEvent.objects.get(action="chain.cancelled")
    assert (event.reason, event.before["state"]) == ("asked for by mistake", "dead")
    carry_out()
    assert chain.supply(suite.token) == 0
    agent(chain, suite, "addAgent(address)")
    services.requeue(intent_id=dead.pk, by=STAFF, at=at)
    carry_out()
    dead.refresh_from_db()
    assert dead.state == IntentState.COMPLETED
    assert chain.supply(suite.token) == 4


def test_what_waits_is_cancelled_and_said_so(chain, suite, holder, at):
    intent = Intent.objects.get(pk=chain.mint(suite, holder, 5))
    services.cancel(intent_id=intent.pk, reason="duplicate", by=STAFF, at=at)
    message = OutboxMessage.objects.get(key=str(intent.subject))
    assert (message.type, message.payload["final"]) == ("chain.intent_failed", True)
    carry_out()
    assert chain.supply(suite.token) == 0


def test_what_was_sent_is_not_cancelled(chain, suite, holder, at):
    intent = Intent.objects.get(pk=chain.mint(suite, holder, 5))
    brought_to("signed", intent)
    with pytest.raises(Conflict):
        services.cancel(intent_id=intent.pk, reason="too late", by=STAFF, at=at)
    Intent.objects.filter(pk=intent.pk).update(state=IntentState.QUEUED)
    with pytest.raises(SomethingSent):
        services.cancel(intent_id=intent.pk, reason="too late", by=STAFF, at=at)
    carry_out()
    assert chain.supply(suite.token) == 5


@pytest.mark.parametrize("verb", ["requeue", "cancel"])
def test_nothing_is_done_with_what_is_unknown_or_complete(chain, at, verb):
    more = {"reason": "x"} if verb == "cancel" else {}
    with pytest.raises(NotFound):
        getattr(services, verb)(intent_id=new_id(), by=STAFF, at=at, **more)
    holder = chain.holder()
    intent = Intent.objects.get(subject=holder.owner)
    with pytest.raises(Conflict):
        getattr(services, verb)(intent_id=intent.pk, by=STAFF, at=at, **more)
