"""Identity checks in the compliance workplace: the same acts by the same verbs (UI-7)."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.kyc import selectors
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.kyc import reviewer, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("UI-7")]
LIST = "admin:kyc_application_changelist"


@pytest.fixture(autouse=True)
def _limits(valkey):
    """Start with no limit used up."""


@pytest.fixture
def case():
    return submitted(at=datetime.now(UTC))


@pytest.fixture
def who(client):
    account = reviewer()
    logged_in(client, account)
    return account


def url(case):
    return reverse("admin:kyc_application_change", args=[case.id])


def test_the_list_shows_submitted_cases_and_filters(client, who, case):
    page = client.get(reverse(LIST)).content.decode()
    assert str(case.id) in page
    assert str(case.id) in client.get(reverse(LIST), {"holder": "nobody"}).content.decode()
    assert str(case.id) not in client.get(reverse(LIST), {"holder": "me"}).content.decode()
    assert str(case.id) not in client.get(reverse(LIST), {"status__exact": "approved"}).content.decode()
    found = client.get(reverse(LIST), {"q": str(case.user_id)}).content.decode()
    assert str(case.id) in found


def test_looking_takes_no_case_and_shows_nothing_personal_without_a_reason(client, who, case):
    page = client.get(url(case)).content.decode()
    assert "12 Al Wasl Road" not in page
    assert "/kyc/files/" not in page
    assert selectors.case(case.id).status == "pending"
    assert "12 Al Wasl Road" in client.get(url(case), {"why": "case 9"}).content.decode()
    assert AuditEvent.objects.get(action="kyc.personal_data_read").reason == "case 9"


def test_a_case_is_taken_judged_and_decided(client, who, case):
    client.post(url(case), {"act": "claim"})
    assert selectors.case(case.id).claimed_by == who.id
    page = client.get(url(case)).content.decode()
    assert "12 Al Wasl Road" in page
    front = case.documents[0].id
    client.post(url(case), {"act": "judge", "document": front, "accepted": "no", "notes": ""})
    assert selectors.case(case.id).documents[0].status == "pending"
    client.post(url(case), {"act": "judge", "document": front, "accepted": "no", "notes": "Dark."})
    assert selectors.case(case.id).documents[0].status == "rejected"
    refused = client.post(url(case), {"act": "approve", "kyc_level": "2"})
    assert (refused.status_code, "is rejected" in refused.content.decode()) == (422, True)
    client.post(url(case), {"act": "judge", "document": front, "accepted": "yes"})
    assert client.post(url(case), {"act": "approve", "kyc_level": ""}).status_code == 422
    done = client.post(url(case), {"act": "approve", "kyc_level": "3", "notes": "Fine."})
    assert done["Location"] == reverse(LIST)
    assert selectors.case(case.id).kyc_level == 3
    assert AuditEvent.objects.get(action="kyc.approved").actor_id == str(who.id)


def test_a_case_is_rejected_and_released(client, who, case):
    client.post(url(case), {"act": "claim"})
    client.post(url(case), {"act": "release"})
    assert selectors.case(case.id).status == "pending"
    client.post(url(case), {"act": "claim"})
    assert client.post(url(case), {"act": "reject"}).status_code == 422
    client.post(url(case), {"act": "reject", "rejection_reason": "Not you."})
    assert selectors.case(case.id).status == "rejected"
    assert client.post(url(case), {"act": "nothing"}).status_code == 302


def test_several_are_taken_and_released_from_the_list(client, who, case):
    other = submitted(at=datetime.now(UTC))
    for action, status in (("claim_selected", "in_review"), ("release_selected", "pending")):
        answer = client.post(
            reverse(LIST), {"action": action, "_selected_action": [case.id, other.id]}, follow=True
        )
        assert answer.status_code == 200
        assert {selectors.case(each.id).status for each in (case, other)} == {status}


def test_who_may_only_look_acts_on_nothing(client, case):
    logged_in(client, AccountFactory(role=Role.STAFF, team_role="auditor"))
    assert client.get(url(case)).status_code == 200
    for act in ("claim", "approve", "reject", "release", "judge"):
        assert client.post(url(case), {"act": act}).status_code == 403
    client.post(reverse(LIST), {"action": "claim_selected", "_selected_action": [case.id]})
    assert selectors.case(case.id).status == "pending"
    logged_in(client, AccountFactory(role=Role.STAFF, team_role="finance_operator"))
    assert client.get(url(case)).status_code == 403
    assert client.get(reverse(LIST)).status_code == 403


def test_nothing_is_edited_behind_a_verbs_back(client, who, case):
    client.post(url(case), {"status": "approved", "kyc_level": 3})
    assert selectors.case(case.id).status == "pending"
    assert client.post(reverse("admin:kyc_application_delete", args=[case.id])).status_code == 403
    assert client.get(reverse("admin:kyc_application_add")).status_code == 403
    missing = reverse("admin:kyc_application_change", args=["x"])
    assert client.get(missing).status_code == 404
