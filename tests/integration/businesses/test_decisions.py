"""Deciding: the life cycle, who decides, on what they read, and what the database itself refuses."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.types import Role
from apps.audit import selectors as audit
from apps.audit.types import Filter
from apps.businesses import models, selectors, services
from apps.businesses.selectors import BusinessNotActive, MemberRoleMissing
from apps.businesses.services.decision import OwnBusiness
from apps.businesses.types import BusinessStatus, MemberRole
from apps.common.db import rows
from apps.common.errors import Conflict, DomainError, Invalid, NotFound, Stale
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.outbox.models import OutboxMessage
from apps.outbox.types import Message
from tests.factories import businesses
from tests.factories.accounts import AccountFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("BIZ-1")]

PENDING, ACTIVE = BusinessStatus.PENDING, BusinessStatus.ACTIVE
SUSPENDED, REJECTED = BusinessStatus.SUSPENDED, BusinessStatus.REJECTED
WAYS = {PENDING: [], ACTIVE: [ACTIVE], SUSPENDED: [ACTIVE, SUSPENDED], REJECTED: [REJECTED]}
SECOND_OWNER = """
INSERT INTO businesses_member (business_id, user_id, role, since)
SELECT business_id, gen_random_uuid(), 'owner', since FROM businesses_member
"""
ALLOWED = {
    (PENDING, ACTIVE): "business.approved",
    (PENDING, REJECTED): "business.rejected",
    (ACTIVE, SUSPENDED): "business.suspended",
    (SUSPENDED, ACTIVE): "business.resumed",
}


@pytest.fixture
def reviewer():
    account = AccountFactory(role=Role.STAFF, team_role="super_admin")
    return Actor(kind="user", id=str(account.id))


def business_in(status, owner=None):
    made = businesses.pending(owner)
    for each in WAYS[status]:
        made = businesses.decided(made, each)
    return made


def decide(business, status, by, at, *, reason="checked", version=None):
    return services.decide(
        business_id=business.id,
        status=status,
        reason=reason,
        version=version or business.version,
        by=by,
        at=at,
    )


@pytest.mark.parametrize("before", BusinessStatus)
@pytest.mark.parametrize("after", BusinessStatus)
def test_the_life_of_a_business(before, after, reviewer, at):
    business = business_in(before)
    if (before, after) not in ALLOWED:
        with pytest.raises(Conflict) as refused:
            decide(business, after, reviewer, at)
        assert refused.value.code == "invalid_transition"
        assert refused.value.data["allowed"] == sorted(to for was, to in ALLOWED if was is before)
        assert selectors.business(business.id) == business
        return
    changed = decide(business, after, reviewer, at)
    assert (changed.status, changed.version, changed.updated_at) == (after, business.version + 1, at)
    last = selectors.history(business.id)[0]
    assert (last.before, last.after, last.reason, last.actor_id) == (before, after, "checked", reviewer.id)
    message = OutboxMessage.objects.order_by("-id")[0]
    told = {"business_id": str(business.id), "step": last.id}
    assert (message.type, message.payload) == (ALLOWED[before, after], told)
    event = audit.events(where=Filter(target_id=str(business.id))).events[0]
    assert event.action == ALLOWED[before, after].replace("business.", "businesses.")
    assert (event.actor_id, event.reason) == (reviewer.id, "checked")
    assert (event.before, event.after) == ({"status": before}, {"status": after})


@pytest.mark.parametrize(("before", "after"), ALLOWED)
@pytest.mark.parametrize("reason", ["", "   ", "\r\n"])
def test_rejecting_and_suspending_need_a_reason(before, after, reason, reviewer, at):
    business = business_in(before)
    if after in {REJECTED, SUSPENDED}:
        with pytest.raises(Invalid) as refused:
            decide(business, after, reviewer, at, reason=reason)
        assert list(refused.value.fields) == ["reason"]
        assert selectors.business(business.id).status is before
    else:
        assert decide(business, after, reviewer, at, reason=reason).status is after


@pytest.mark.parametrize("reason", ["x" * 501, "a\x00b", "a\u202eb"])
def test_a_reason_is_a_short_printable_text(reason, reviewer, at):
    with pytest.raises(Invalid):
        decide(businesses.pending(), REJECTED, reviewer, at, reason=reason)


def test_lines_of_a_reason_become_one(reviewer, at):
    business = businesses.pending()
    decide(business, REJECTED, reviewer, at, reason="The extract is\r\nolder than a year.")
    assert selectors.history(business.id)[0].reason == "The extract is older than a year."


def test_a_decision_on_an_old_version_is_refused(reviewer, at):
    business = businesses.pending()
    businesses.decided(business, ACTIVE)
    with pytest.raises(Stale) as refused:
        decide(business, SUSPENDED, reviewer, at)
    assert refused.value.data == {"version": 2}


def test_nobody_decides_on_a_business_that_they_act_for(reviewer, at):
    business = businesses.pending()
    models.Member.objects.create(
        business_id=business.id, user_id=reviewer.id, role=MemberRole.VIEWER, since=at
    )
    with pytest.raises(OwnBusiness):
        decide(business, ACTIVE, reviewer, at)
    assert selectors.business(business.id).status is PENDING


def test_a_business_that_does_not_exist_is_not_decided_on(reviewer, at):
    with pytest.raises(NotFound):
        services.decide(business_id=new_id(), status=ACTIVE, reason="", version=1, by=reviewer, at=at)


def test_of_two_decisions_at_once_one_counts(reviewer, at):
    business = businesses.pending()

    def make(status):
        try:
            return decide(business, status, reviewer, at).status
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(make, [ACTIVE, REJECTED] * 2))
    assert found.count("stale_version") == 3
    assert len(selectors.history(business.id)) == 2


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE businesses_statusstep SET reason = 'x'",
        "DELETE FROM businesses_statusstep",
        "UPDATE businesses_business SET name = 'x'",
        "UPDATE businesses_business SET platform_allocation_bps = 1",
        "UPDATE businesses_business SET status = 'approved'",
        "DELETE FROM businesses_business",
        SECOND_OWNER,
    ],
)
def test_the_database_refuses_too(attack):
    businesses.active()
    with pytest.raises(DatabaseError), transaction.atomic():
        rows(attack)


def test_members_find_their_businesses_and_strangers_find_nothing(at):
    owner, stranger, viewer = businesses.issuer(), businesses.issuer(), businesses.issuer()
    first, second = businesses.pending(owner), businesses.active(owner)
    models.Member.objects.create(business_id=first.id, user_id=viewer.id, role=MemberRole.VIEWER, since=at)
    assert selectors.of_member(owner.id) == [second, first]
    assert selectors.of_member(viewer.id) == [first]
    assert selectors.of_member(stranger.id) == []
    assert selectors.require_member(first.id, owner.id, MemberRole.OWNER, MemberRole.MANAGER) == first
    assert selectors.require_member(first.id, viewer.id) == first
    with pytest.raises(MemberRoleMissing) as refused:
        selectors.require_member(first.id, viewer.id, MemberRole.OWNER, MemberRole.MANAGER)
    assert refused.value.data == {"role": "viewer", "needed": ["manager", "owner"]}
    for unknown in (stranger.id, new_id()):
        with pytest.raises(NotFound):
            selectors.require_member(first.id, unknown)
    assert selectors.owner(first.id) == owner.id


@pytest.mark.parametrize("status", BusinessStatus)
def test_only_an_active_business_goes_on(status):
    business = business_in(status)
    if status is ACTIVE:
        assert selectors.require_active(business.id) == business
        return
    with pytest.raises(BusinessNotActive) as refused:
        selectors.require_active(business.id)
    assert (refused.value.data, bool(refused.value.next_step)) == ({"status": status}, True)


def message(type_, payload, at):
    return Message(id=1, type=type_, key="", payload=payload, created_at=at, now=at)


def told(outbox):
    sent = OutboxMessage.objects.order_by("-id")[0]
    return message(sent.type, sent.payload, sent.created_at)


def test_whoever_may_decide_is_told_of_a_new_business(mailoutbox):
    AccountFactory(role=Role.STAFF, team_role="support", email="support@example.com")
    AccountFactory(role=Role.STAFF, team_role="super_admin", email="reviewer@example.com")
    AccountFactory(role=Role.ADMIN, email="admin@example.com")
    business = businesses.pending()
    services.send_registered(told("business.registered"))
    assert sorted(mail.to[0] for mail in mailoutbox) == ["admin@example.com", "reviewer@example.com"]
    assert f"/staff/businesses/{business.id}" in mailoutbox[0].body


@pytest.mark.parametrize(
    ("way", "subject"),
    [
        ([ACTIVE], "Your business is approved"),
        ([REJECTED], "Your business was not approved"),
        ([ACTIVE, SUSPENDED], "Your business is suspended"),
        ([ACTIVE, SUSPENDED, ACTIVE], "Your business is active again"),
    ],
)
def test_the_owner_is_told_of_each_decision_and_its_reason(way, subject, mailoutbox):
    owner = businesses.issuer(email="owner@example.com")
    business = businesses.pending(owner, name="Falcon & Sons")
    for status in way:
        business = businesses.decided(business, status, "see ticket 7")
    services.send_decision(told("any"))
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["owner@example.com"], subject)
    for text in ("Falcon & Sons", "see ticket 7", f"/businesses/{business.id}"):
        assert text in mail.body
    assert "Falcon &amp; Sons" in mail.alternatives[0][0]


def test_a_mail_of_an_old_decision_says_what_was_decided_then(mailoutbox):
    business = businesses.active(businesses.issuer(email="owner@example.com"))
    approved = told("business.approved")
    businesses.decided(business, SUSPENDED)
    services.send_decision(approved)
    assert mailoutbox[0].subject == "Your business is approved"
