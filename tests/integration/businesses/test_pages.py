"""The pages: what an issuer sees on the way, and how staff decide."""

import re
from uuid import UUID

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.businesses import models, selectors
from apps.businesses.types import BusinessStatus, MemberRole
from apps.common.ids import new_id
from tests.factories import businesses
from tests.factories.accounts import AccountFactory, logged_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner():
    return businesses.issuer()


@pytest.fixture
def staff(client):
    account = AccountFactory(role=Role.STAFF, team_role="super_admin")
    logged_in(client, account)
    return account


def filled(page, **changes):
    """Return what a browser would send from the form on the page."""
    hidden = re.search(r'name="business_id" value="([^"]+)"', page.content.decode())
    return {
        "business_id": hidden[1],
        "name": "Falcon Logistics LLC",
        "registration_number": "CN-1234567",
        "country": "AE",
        "industry": "transport",
        "platform_allocation_pct": "2.50",
    } | changes


def text_of(response):
    return response.content.decode()


@pytest.mark.spec("BIZ-1")
def test_an_issuer_without_a_checked_identity_is_told_what_comes_first(client):
    logged_in(client, AccountFactory(role=Role.ISSUER))
    for name in ("businesses", "business-new"):
        page = client.get(reverse(name))
        assert page.status_code == 200
        assert "kyc_not_approved" in text_of(page)
        assert "Submit your identity check." in text_of(page)
        assert 'name="registration_number"' not in text_of(page)


def test_an_issuer_with_nothing_yet_is_led_to_the_form(client, owner):
    page = logged_in(client, owner).get(reverse("businesses"))
    assert "No business yet" in text_of(page)
    assert reverse("business-new") in text_of(page)


@pytest.mark.spec("BIZ-1")
def test_an_issuer_registers_and_sees_where_it_stands(client, owner):
    logged_in(client, owner)
    data = filled(client.get(reverse("business-new")))
    answer = client.post(reverse("business-new"), data)
    (made,) = selectors.of_member(owner.id)
    assert (answer.status_code, answer["Location"]) == (302, reverse("business", args=[made.id]))
    assert (str(made.id), made.platform_allocation_bps) == (data["business_id"], 250)
    page = text_of(client.get(answer["Location"]))
    for said in ("Falcon Logistics LLC", "CN-1234567", "2.50 %", "United Arab Emirates"):
        assert said in page
    assert 'data-state="pending"' in page
    assert "Falcon Logistics LLC" in text_of(client.get(reverse("businesses")))
    again = client.post(reverse("business-new"), data)  # the browser's back button
    assert again["Location"] == answer["Location"]
    assert models.Business.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x"}, "name"),
        ({"registration_number": "１２３"}, "registration_number"),
        ({"country": "ZZ"}, "country"),
        ({"industry": "gambling"}, "industry"),
        ({"platform_allocation_pct": "２"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "NaN"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "1e1"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "2.505"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "20.01"}, "platform_allocation_pct"),
        ({"platform_allocation_pct": "-1"}, "platform_allocation_pct"),
    ],
)
def test_wrong_answers_stay_in_the_form_with_what_is_wrong(client, owner, changes, field):
    logged_in(client, owner)
    data = filled(client.get(reverse("business-new")), **changes)
    answer = client.post(reverse("business-new"), data)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert data["business_id"] in text_of(answer)
    assert not models.Business.objects.exists()


def test_a_number_that_is_taken_is_said_above_the_form(client, owner):
    businesses.pending(registration_number="CN-1234567")
    logged_in(client, owner)
    answer = client.post(reverse("business-new"), filled(client.get(reverse("business-new"))))
    assert answer.status_code == 422
    assert "registered in this country already" in text_of(answer)


@pytest.mark.spec("RBAC-4")
def test_somebody_elses_business_is_not_there(client, owner):
    business = businesses.pending(owner)
    logged_in(client, businesses.issuer())
    assert client.get(reverse("business", args=[business.id])).status_code == 404


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ([], "You get a mail."),
        (["active"], "An active business can create tokens"),
        (["rejected"], "Register anew"),
        (["active", "suspended"], "Until it is resumed it cannot create or offer tokens."),
        (["active", "suspended", "active"], "Resumed"),
    ],
)
def test_the_owner_sees_each_state_and_what_to_do(client, owner, way, said):
    business = businesses.pending(owner)
    for status in way:
        business = businesses.decided(business, BusinessStatus(status), "see <ticket> 7")
    page = text_of(logged_in(client, owner).get(reverse("business", args=[business.id])))
    assert said in page
    assert ("see &lt;ticket&gt; 7" in page) == bool(way)
    assert business.status in page


@pytest.mark.spec("UI-4")
def test_the_queue_shows_what_waits_longest_first_and_the_rest_by_status(client, staff):
    first = businesses.pending(name="First LLC")
    second = businesses.pending(name="Second LLC")
    businesses.active(name="Third LLC")
    page = client.get(reverse("staff-businesses"))
    assert [each.id for each in page.context["page"].businesses] == [first.id, second.id]
    counts = {tab["value"]: tab["count"] for tab in page.context["tabs"]}
    assert counts == {"pending": 2, "active": 1, "suspended": 0, "rejected": 0, "all": 3}
    assert [tab["value"] for tab in page.context["tabs"] if tab["active"]] == ["pending"]
    assert text_of(page).count('aria-current="page"') == 2  # the sidebar's place and the tab
    others = client.get(reverse("staff-businesses"), {"status": "all"})
    names = [each.name for each in others.context["page"].businesses]
    assert names == ["Third LLC", "Second LLC", "First LLC"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "falcon"}, ["Falcon LLC"]),
        ({"search": "cn 77"}, ["Falcon LLC"]),
        ({"search": "%"}, []),
        ({"country": "SA"}, ["Oasis Co"]),
        ({"industry": "food"}, ["Oasis Co"]),
        ({"industry": "food", "country": "AE"}, []),
        ({"status": "active"}, []),
        ({"status": "nonsense"}, ["Falcon LLC", "Oasis Co"]),
        ({"cursor": "nonsense"}, ["Falcon LLC", "Oasis Co"]),
    ],
)
def test_the_queue_is_filtered(client, staff, query, found):
    businesses.pending(name="Falcon LLC", registration_number="CN-77")
    businesses.pending(name="Oasis Co", country="SA", industry="food")
    page = client.get(reverse("staff-businesses"), query)
    assert page.status_code == 200
    assert [each.name for each in page.context["page"].businesses] == found


def test_an_id_from_a_form_does_not_say_when():
    first, second = (
        businesses.pending(business_id=UUID(int=2**128 - 1)),
        businesses.pending(business_id=UUID(int=1)),
    )
    assert [each.id for each in selectors.page(oldest_first=True).businesses] == [first.id, second.id]
    assert [each.id for each in selectors.page().businesses] == [second.id, first.id]
    after = selectors.page(cursor=str(first.id), oldest_first=True)
    assert [each.id for each in after.businesses] == [second.id]


@pytest.mark.parametrize("oldest_first", [True, False])
def test_pages_of_the_queue_follow_each_other(oldest_first):
    owner = businesses.issuer()
    made = [businesses.pending(owner).id for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = selectors.page(cursor=cursor, limit=2, oldest_first=oldest_first)
        seen += [each.id for each in page.businesses]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == (made if oldest_first else made[::-1])


def decide(client, business, **data):
    url = reverse("staff-business-decide", args=[business.id])
    return client.post(url, {"version": business.version, "reason": ""} | data)


@pytest.mark.spec("UI-4")
def test_staff_decide_on_the_page_that_says_what_will_happen(client, staff):
    business = businesses.pending(platform_allocation_bps=250)
    url = reverse("staff-business", args=[business.id])
    page = text_of(client.get(url))
    assert "2.50 % of the supply of each is set aside for the platform." in page
    assert "1 person acts for it" in page
    assert decide(client, business, status="active")["Location"] == url
    page = text_of(client.get(url))
    assert 'data-state="active"' in page
    assert str(staff.id) in page  # who decided
    assert "What investors hold stays theirs." in page


def test_a_decision_without_its_reason_stays_in_its_form(client, staff):
    business = businesses.pending()
    answer = decide(client, business, status="rejected")
    assert answer.status_code == 422
    assert selectors.business(business.id).status is BusinessStatus.PENDING
    by_status = {form.to: form for form in answer.context["forms"]}
    assert set(by_status) == {"active", "rejected"}
    assert list(by_status["rejected"].errors) == ["reason"]
    assert not by_status["active"].errors


def test_of_two_who_decide_the_second_sees_what_the_first_did(client, staff):
    business = businesses.pending()
    businesses.decided(business, BusinessStatus.ACTIVE)
    answer = decide(client, business, status="rejected", reason="no extract")
    assert answer.status_code == 422
    assert "Somebody else has changed this business." in text_of(answer)
    assert 'data-state="active"' in text_of(answer)


@pytest.mark.parametrize(
    "data",
    [
        {"status": "deleted"},
        {"status": ""},
        {"status": "%(x)s"},
        {"status": "suspended", "reason": "x"},
    ],
)
def test_an_impossible_decision_is_refused_with_a_sentence(client, staff, data):
    business = businesses.pending()
    answer = decide(client, business, **data)
    assert answer.status_code == 422
    assert 'role="alert"' in text_of(answer)
    assert selectors.business(business.id) == business


@pytest.mark.spec("RBAC-4")
def test_without_the_permission_the_forms_are_not_shown_and_the_act_is_refused(client):
    business = businesses.pending()
    logged_in(client, AccountFactory(role=Role.STAFF, team_role="tokenization_agent"))
    page = client.get(reverse("staff-business", args=[business.id]))
    assert page.status_code == 200
    assert 'name="reason"' not in text_of(page)
    assert decide(client, business, status="active").status_code == 403
    assert client.post(reverse("admin:businesses_business_changelist"), {}).status_code == 200


def test_whoever_acts_for_a_business_is_told_that_somebody_else_decides(client, staff, at):
    business = businesses.pending()
    models.Member.objects.create(business_id=business.id, user_id=staff.id, role=MemberRole.VIEWER, since=at)
    page = text_of(client.get(reverse("staff-business", args=[business.id])))
    assert "somebody else must decide" in page
    assert 'name="reason"' not in page
    assert decide(client, business, status="active").status_code == 422
    assert selectors.business(business.id).status is BusinessStatus.PENDING


def test_a_business_that_does_not_exist_is_not_there(client, staff):
    assert client.get(reverse("staff-business", args=[new_id()])).status_code == 404


@pytest.mark.spec("UI-7")
def test_the_workplace_decides_by_the_same_verb(client, staff):
    waiting, running = businesses.pending(), businesses.active()
    url = reverse("admin:businesses_business_changelist")
    assert client.get(url, {"q": waiting.name}).status_code == 200

    def act(action, *chosen, reason=""):
        data = {"action": action, "reason": reason, "_selected_action": [str(each.id) for each in chosen]}
        return client.post(url, data, follow=True)

    approved = text_of(act("approve", waiting, running))
    assert f"{waiting.name}: decided." in approved
    assert f"{running.name} is active and stays so." in approved
    assert selectors.business(waiting.id).status is BusinessStatus.ACTIVE
    assert "A reason is needed." in text_of(act("suspend", running))
    act("suspend", running, waiting, reason="licence expired")
    assert {each.status for each in models.Business.objects.all()} == {"suspended"}
    assert selectors.history(running.id)[0].actor_id == str(staff.id)
    act("resume", running)
    assert f"{waiting.name} is suspended and stays so." in text_of(act("approve", waiting))
    assert f"{running.name} is active and stays so." in text_of(act("reject", running, reason="too late"))
    assert selectors.business(running.id).status is BusinessStatus.ACTIVE


def test_the_workplace_offers_no_decision_without_the_permission(client):
    business = businesses.pending()
    logged_in(client, AccountFactory(role=Role.STAFF, team_role="tokenization_agent"))
    url = reverse("admin:businesses_business_changelist")
    page = client.get(url)
    assert 'value="approve"' not in text_of(page)
    client.post(url, {"action": "approve", "_selected_action": [str(business.id)]})
    assert selectors.business(business.id).status is BusinessStatus.PENDING
