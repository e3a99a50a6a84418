"""Registering: who may, what is asked, and the same company never twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.accounts.types import KycStatus, Role
from apps.audit import selectors as audit
from apps.audit.types import Filter
from apps.businesses import models, selectors, services
from apps.businesses.rules import IdentityLevelTooLow, IdentityNotChecked, IssuersOnly, OwnerNotActive
from apps.businesses.services.registration import BusinessTaken, TooManyPending
from apps.businesses.types import MAX_PENDING, MAX_PLATFORM_ALLOCATION, BusinessStatus, MemberRole
from apps.common.errors import DomainError, Invalid, NotFound
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.outbox.models import OutboxMessage
from apps.parameters import services as parameters
from tests.factories import businesses
from tests.factories.accounts import AccountFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("BIZ-1")]


@pytest.fixture
def owner():
    return businesses.issuer()


def register(owner, at, *, business_id=None, **changes):
    return services.register(
        business_id=business_id or new_id(),
        user_id=owner.id,
        **businesses.answers(**changes),
        by=Actor(kind="user", id=str(owner.id)),
        at=at,
    )


def set_parameter(parameter, value, at):
    parameters.change(name=parameter.name, value=value, version=0, reason="tests", by=businesses.BY, at=at)


def test_a_business_waits_for_a_decision_and_has_its_owner(owner, at):
    made = register(owner, at, name="  Falcon   Logistics LLC ", registration_number="cn-123 45")
    assert (made.status, made.version, made.created_at) == (BusinessStatus.PENDING, 1, at)
    assert (made.name, made.registration_number) == ("Falcon Logistics LLC", "CN-123 45")
    assert selectors.business(made.id) == made
    members = selectors.members(made.id)
    assert [(member.user_id, member.role) for member in members] == [(owner.id, MemberRole.OWNER)]
    (first,) = selectors.history(made.id)
    assert (first.before, first.after, first.at, first.actor_id) == (None, "pending", at, str(owner.id))


def test_it_is_audited_and_told_without_a_persons_data(owner, at):
    made = register(owner, at)
    (event,) = audit.events(where=Filter(action="businesses.registered")).events
    assert (event.target_id, event.actor_id) == (str(made.id), str(owner.id))
    assert event.after == {
        "status": "pending",
        "owner": str(owner.id),
        "country": "AE",
        "industry": "transport",
        "platform_allocation_bps": 250,
    }
    message = OutboxMessage.objects.get(type="business.registered")
    assert (message.key, message.payload) == (str(made.id), {"business_id": str(made.id)})


@pytest.mark.parametrize("role", [Role.INVESTOR, Role.STAFF, Role.ADMIN])
def test_only_an_issuer_registers(role, at):
    somebody = businesses.identified(AccountFactory(role=role))
    with pytest.raises(IssuersOnly) as refused:
        register(somebody, at)
    assert refused.value.next_step
    assert not models.Business.objects.exists()


@pytest.mark.parametrize(
    ("status", "level", "refusal"),
    [
        (KycStatus.NONE, 1, IdentityNotChecked),
        (KycStatus.PENDING, 1, IdentityNotChecked),
        (KycStatus.IN_REVIEW, 1, IdentityNotChecked),
        (KycStatus.REJECTED, 1, IdentityNotChecked),
        (KycStatus.EXPIRED, 2, IdentityNotChecked),
        (KycStatus.APPROVED, 1, IdentityLevelTooLow),
        (KycStatus.APPROVED, 2, None),
        (KycStatus.APPROVED, 3, None),
    ],
)
def test_the_identity_of_the_owner_is_checked_first(status, level, refusal, at):
    owner = businesses.identified(AccountFactory(role=Role.ISSUER), level=level, status=status)
    why = selectors.why_not_register(owner.id)
    if refusal is None:
        assert why is None
        assert register(owner, at).status is BusinessStatus.PENDING
        return
    with pytest.raises(refusal) as refused:
        register(owner, at)
    assert refused.value.next_step
    assert (why.code, why.next_step) == (refused.value.code, refused.value.next_step)


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"status": "closed"}, {"is_activated": False}])
def test_an_account_that_is_not_active_registers_nothing(owner, change, at):
    User.objects.filter(pk=owner.id).update(**change)
    with pytest.raises(OwnerNotActive):
        register(owner, at)


def test_a_user_who_does_not_exist_registers_nothing(owner, at):
    with pytest.raises(NotFound):
        services.register(
            business_id=new_id(), user_id=new_id(), **businesses.answers(), by=businesses.BY, at=at
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " x "),
        ("name", "x" * 201),
        ("name", "two\nlines"),
        ("name", "Falcon \u202egnihsihp"),
        ("registration_number", ""),
        ("registration_number", "1"),
        ("registration_number", "--"),
        ("registration_number", "CN-" + "1" * 40),
        ("registration_number", "１２３４５"),
        ("registration_number", "١٢٣٤٥"),
        ("registration_number", "CN;DROP"),
        ("country", ""),
        ("country", "ae"),
        ("country", "ZZ"),
        ("country", "ARE"),
        ("industry", ""),
        ("industry", "Transport"),
        ("industry", "gambling"),
        ("platform_allocation_pct", -1),
        ("platform_allocation_pct", 2_001),
        ("platform_allocation_pct", 10_001),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(owner, field, value, at):
    name = "platform_allocation_bps" if field == "platform_allocation_pct" else field
    with pytest.raises(Invalid) as refused:
        register(owner, at, **{name: value})
    assert list(refused.value.fields) == [field]
    assert not models.Business.objects.exists()


def test_the_most_that_the_platform_may_be_offered_is_a_parameter(owner, at):
    set_parameter(MAX_PLATFORM_ALLOCATION, 3_000, at)
    assert register(owner, at, platform_allocation_bps=3_000).platform_allocation_bps == 3_000
    with pytest.raises(Invalid, match="not valid") as refused:
        register(owner, at, platform_allocation_bps=3_001)
    assert refused.value.fields == {"platform_allocation_pct": ["This must be from 0.00 to 30.00 %."]}


@pytest.mark.parametrize("again", ["CN-1234", "cn 12.34", "CN1234"])
def test_a_register_number_is_taken_however_it_is_written(owner, again, at):
    register(owner, at, registration_number="CN-1234")
    with pytest.raises(BusinessTaken):
        register(businesses.issuer(), at, registration_number=again)
    register(owner, at, registration_number="CN-01234")  # a zero in front is another number
    register(owner, at, registration_number="CN-1234", country="SA")


def test_a_rejected_business_may_be_registered_anew(owner, at):
    first = register(owner, at, registration_number="CN-1234")
    businesses.decided(first, BusinessStatus.REJECTED)
    second = register(owner, at, registration_number="CN-1234")
    assert (second.status, second.id != first.id) == (BusinessStatus.PENDING, True)
    with pytest.raises(BusinessTaken):
        register(owner, at, registration_number="CN-1234")


def test_a_form_that_is_sent_twice_registers_once(owner, at):
    number = new_id()
    same = businesses.answers()
    first = register(owner, at, business_id=number, **same)
    assert register(owner, at, business_id=number, **same) == first
    assert models.StatusStep.objects.count() == models.Business.objects.count() == 1
    with pytest.raises(BusinessTaken):
        register(owner, at, business_id=number, **same | {"name": "Another LLC"})
    with pytest.raises(BusinessTaken):
        register(businesses.issuer(), at, business_id=number, **same)


def test_only_some_may_wait_at_once(owner, at):
    set_parameter(MAX_PENDING, 2, at)
    first, _ = register(owner, at), register(owner, at)
    with pytest.raises(TooManyPending) as refused:
        register(owner, at)
    assert refused.value.data == {"waiting": 2, "limit": 2}
    register(businesses.issuer(), at)  # others don't wait for this owner
    businesses.decided(first, BusinessStatus.ACTIVE)
    register(owner, at)


def at_once(*calls):
    """Make calls in as many threads, and return their results or the codes of their refusals."""

    def make(call):
        try:
            return call().status
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return sorted(threads.map(make, calls))


def test_of_two_owners_at_once_one_gets_the_number(owner, at):
    other = businesses.issuer()
    found = at_once(
        *(lambda who=who: register(who, at, registration_number="CN-1") for who in (owner, other) * 3)
    )
    assert found == ["business_taken"] * 5 + ["pending"]
    assert models.Business.objects.count() == models.Member.objects.count() == 1


def test_the_limit_holds_when_one_owner_registers_many_at_once(owner, at):
    set_parameter(MAX_PENDING, 2, at)
    found = at_once(*(lambda: register(owner, at) for _ in range(5)))
    assert found == ["pending"] * 2 + ["too_many_pending_businesses"] * 3
