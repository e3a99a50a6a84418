"""Businesses over HTTP: shapes, ownership, decisions, refusals that say why."""

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.businesses import models, selectors
from apps.businesses.types import BusinessStatus
from apps.common.ids import new_id
from tests.factories import businesses
from tests.factories.accounts import AccountFactory, bearer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("API-5", "BIZ-1")]
JSON = "application/json"


@pytest.fixture
def owner():
    return businesses.issuer()


@pytest.fixture
def reviewer():
    return bearer(AccountFactory(role=Role.STAFF, team_role="super_admin"))


def body(**changes):
    return {
        "name": "Falcon Logistics LLC",
        "registration_number": "CN-1234567",
        "country": "AE",
        "industry": "transport",
        "platform_allocation_pct": "2.5",
    } | changes


def register(client, account, **changes):
    return client.post(reverse("api:businesses"), body(**changes), content_type=JSON, **bearer(account))


def patch(client, business_id, headers, **data):
    url = reverse("api:admin-business", args=[business_id])
    return client.patch(url, data, content_type=JSON, **headers)


def test_a_business_is_registered_and_read_back(client, owner):
    answer = register(client, owner)
    assert answer.status_code == 201
    made = answer.json()
    told = {name: made[name] for name in body()}
    assert told == body(platform_allocation_pct="2.50")
    assert (made["status"], made["version"]) == ("pending", 1)
    headers = bearer(owner)
    assert client.get(reverse("api:businesses"), **headers).json()["results"] == [made]
    detail = client.get(reverse("api:business", args=[made["id"]]), **headers).json()
    (step,) = detail.pop("history")
    assert detail == made
    assert step == {"before": None, "after": "pending", "at": made["created_at"], "reason": ""}


@pytest.mark.spec("API-1")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"platform_allocation_pct": 2.5}, None),
        ({"platform_allocation_pct": 2}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "2.505"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "-2"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "NaN"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "1e1"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "٢"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "20.01"}, "platform_allocation_pct"),
        ({"name": 5}, "name"),
        ({"name": ""}, "name"),
        ({"country": "ARE"}, "country"),
        ({"country": "zz"}, "country"),
        ({"industry": ["transport"]}, "industry"),
        ({"industry": "gambling"}, "industry"),
        ({"registration_number": "<script>"}, "registration_number"),
        ({"status": "active"}, "status"),
        ({"id": str(new_id())}, "id"),
    ],
)
def test_bad_input_is_refused_beside_its_field(client, owner, changes, field):
    answer = register(client, owner, **changes)
    assert answer.status_code == 400
    if field is None:
        assert answer.json()["code"] == "malformed_json"
    else:
        assert list(answer.json()["fields"]) == [field]
    assert not models.Business.objects.exists()


def test_refusals_say_what_to_do_next(client, owner):
    unchecked = register(client, AccountFactory(role=Role.ISSUER))
    assert (unchecked.status_code, unchecked.json()["code"]) == (422, "kyc_not_approved")
    assert unchecked.json()["next_step"] == "Submit your identity check."
    investor = register(client, businesses.identified(AccountFactory()))
    assert (investor.status_code, investor.json()["code"]) == (403, "issuers_only")
    assert investor.json()["next_step"]
    assert register(client, owner).status_code == 201
    taken = register(client, businesses.issuer())
    assert (taken.status_code, taken.json()["code"]) == (409, "business_taken")


@pytest.mark.spec("RBAC-4")
def test_somebody_elses_business_is_404(client, owner):
    business = businesses.pending(owner)
    headers = bearer(businesses.issuer())
    assert client.get(reverse("api:business", args=[business.id]), **headers).status_code == 404
    assert client.get(reverse("api:businesses"), **headers).json()["results"] == []


def test_staff_decide_and_see_who_did_what(client, owner, reviewer):
    business = businesses.pending(owner)
    approved = patch(client, business.id, reviewer, status="active", version=1)
    assert approved.status_code == 200
    assert (approved.json()["status"], approved.json()["version"]) == ("active", 2)
    suspended = patch(client, business.id, reviewer, status="suspended", reason="licence", version=2).json()
    assert [step["reason"] for step in suspended["history"]] == ["licence", "", ""]
    assert suspended["history"][-1]["actor_id"] == str(owner.id)
    assert [member["user_id"] for member in suspended["members"]] == [str(owner.id)]
    shown = client.get(reverse("api:admin-business", args=[business.id]), **reviewer).json()
    assert shown == suspended


@pytest.mark.spec("API-1")
@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({"status": "active", "version": 2}, 412, "stale_version"),
        ({"status": "active"}, 400, "invalid"),
        ({"version": 1}, 400, "invalid"),
        ({"status": "approved", "version": 1}, 400, "invalid"),
        ({"status": "rejected", "version": 1}, 400, "invalid"),
        ({"status": "rejected", "version": 1, "reason": " "}, 400, "invalid"),
        ({"status": "active", "version": "1"}, 400, "invalid"),
        ({"status": "active", "version": 0}, 400, "invalid"),
        ({"status": "active", "version": 2**31}, 400, "invalid"),
        ({"status": "active", "version": 1, "name": "x"}, 400, "invalid"),
        ({"status": "suspended", "version": 1, "reason": "x"}, 409, "invalid_transition"),
        ({"status": "pending", "version": 1}, 409, "invalid_transition"),
    ],
)
def test_a_wrong_decision_changes_nothing(client, reviewer, data, status, code):
    business = businesses.pending()
    answer = patch(client, business.id, reviewer, **data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert selectors.business(business.id) == business


@pytest.mark.spec("RBAC-4")
def test_looking_is_not_deciding(client, owner):
    business = businesses.pending(owner)
    looker = bearer(AccountFactory(role=Role.STAFF, team_role="tokenization_agent"))
    assert client.get(reverse("api:admin-business", args=[business.id]), **looker).status_code == 200
    refused = patch(client, business.id, looker, status="active", version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    assert refused.json()["data"] == {"permission": "business.approve"}
    customer = patch(client, business.id, bearer(owner), status="active", version=1)
    assert (customer.status_code, customer.json()["code"]) == (403, "role_missing")
    assert selectors.business(business.id).status is BusinessStatus.PENDING


def test_an_unknown_business_is_404(client, reviewer):
    assert patch(client, new_id(), reviewer, status="active", version=1).status_code == 404
    assert client.get(reverse("api:admin-business", args=[new_id()]), **reviewer).status_code == 404


@pytest.mark.spec("API-1")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Oasis Co", "Falcon LLC"]),
        ({"status": "active"}, ["Oasis Co"]),
        ({"country": "AE"}, ["Falcon LLC"]),
        ({"industry": "food"}, ["Oasis Co"]),
        ({"search": "FALC"}, ["Falcon LLC"]),
        ({"search": "cn77"}, ["Falcon LLC"]),
        ({"page_size": "1"}, ["Oasis Co"]),
    ],
)
def test_staff_list_and_filter(client, reviewer, query, found):
    businesses.pending(name="Falcon LLC", registration_number="CN-77")
    businesses.active(name="Oasis Co", country="SA", industry="food")
    answer = client.get(reverse("api:admin-businesses"), query, **reviewer).json()
    assert [each["name"] for each in answer["results"]] == found


def test_pages_follow_by_cursor(client, reviewer):
    owner = businesses.issuer()
    made = [str(businesses.pending(owner).id) for _ in range(3)]
    first = client.get(reverse("api:admin-businesses"), {"page_size": "2"}, **reviewer).json()
    rest = client.get(first["next"], **reviewer).json()
    assert [each["id"] for each in first["results"] + rest["results"]] == made[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize("query", [{"status": "gone"}, {"industry": "x"}, {"staus": "active"}])
def test_a_query_that_makes_no_sense_is_refused(client, reviewer, query):
    answer = client.get(reverse("api:admin-businesses"), query, **reviewer)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
