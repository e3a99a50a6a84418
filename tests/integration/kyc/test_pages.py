"""The wizard, the state page, the queue and the case, as people click through them."""

import re
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.kyc import models, selectors
from apps.kyc.types import STEPS, Decision, Step
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.kyc import answers, approved, decided, picture, reviewer, submitted
from tests.factories.uploads import bomb

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = "zq\"'><script>alert(1)</script>{{7*7}}"


@pytest.fixture(autouse=True)
def _limits(valkey):
    """Start with no limit used up."""


@pytest.fixture
def noor(client):
    account = AccountFactory(full_name="Noor Haddad")
    logged_in(client, account)
    return account


def post_step(client, step, given):
    return client.post(
        reverse("kyc-step", args=[step]), {name: given[name] for name in STEPS[step]}, follow=False
    )


def sent(content, name="a.jpg"):
    return SimpleUploadedFile(name, content)


@pytest.mark.spec("UI-2", "KYC-2")
def test_the_wizard_from_the_first_page_to_the_queue(client, noor):
    start = client.get(reverse("kyc")).content.decode()
    assert "Begin" in start
    assert 'value="Noor Haddad"' in client.get(reverse("kyc-step", args=["personal"])).content.decode()
    given = answers()
    for step in STEPS:
        answer = post_step(client, step, given)
        assert answer.status_code == 302, answer.content.decode()
    assert client.get(reverse("kyc"))["Location"] == reverse("kyc-step", args=["documents"])
    page = client.get(reverse("kyc-step", args=["documents"])).content.decode()
    assert page.count('type="file"') == 2
    assert "Page with your photo" in page
    uploaded = client.post(
        reverse("kyc-upload"), {"front": sent(picture()), "selfie": sent(picture("black"))}
    )
    assert uploaded["Location"] == reverse("kyc-step", args=["check"])
    check = client.get(uploaded["Location"]).content.decode()
    assert "12 Al Wasl Road" in check
    assert "United Arab Emirates" in check
    done = client.post(reverse("kyc-submit"), follow=True).content.decode()
    assert "We are looking at it" in done
    assert selectors.state_of(noor.id).kyc_status == "pending"
    for step in Step:  # a case that was handed in isn't changed any more
        assert client.get(reverse("kyc-step", args=[step]))["Location"] == reverse("kyc")


@pytest.mark.spec("UI-2")
def test_each_step_is_kept_and_survives_a_reload(client, noor):
    post_step(client, Step.ADDRESS, answers(city="Ras al-Khaimah"))
    again = Client()
    logged_in(again, noor)
    page = again.get(reverse("kyc-step", args=["address"])).content.decode()
    assert 'value="Ras al-Khaimah"' in page
    assert again.get(reverse("kyc"))["Location"] == reverse("kyc-step", args=["personal"])
    assert again.post(reverse("kyc-submit"))["Location"] == reverse("kyc")
    assert selectors.state_of(noor.id).application == "draft"


@pytest.mark.spec("UI-2")
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(client, noor):
    answer = post_step(client, Step.PERSONAL, answers(birth_date="2020-02-30"))
    assert answer.status_code == 422
    assert "Write the date as year-month-day" in answer.content.decode()
    answer = post_step(client, Step.PERSONAL, answers(nationality=""))
    assert (answer.status_code, models.Application.objects.count()) == (422, 0)
    assert client.get(reverse("kyc-step", args=["nowhere"])).status_code == 404
    assert client.get(reverse("kyc-step", args=["check"]))["Location"] == reverse("kyc")


@pytest.mark.spec("SEC-5")
def test_good_files_are_kept_and_bad_ones_named(client, noor):
    for step in STEPS:
        post_step(client, step, answers(document_type="national_id"))
    answer = client.post(
        reverse("kyc-upload"),
        {"front": sent(picture()), "back": sent(bomb(), "id.png"), "selfie": sent(b"<svg/>", "me.png")},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "too many pixels" in page
    assert "This is not a JPEG" in page
    assert page.count('type="file"') == 2  # the front is there already
    kept = models.Document.objects.get(removed_at=None)
    removed = client.post(reverse("kyc-remove", args=[kept.pk]), follow=True).content.decode()
    assert removed.count('type="file"') == 3
    assert client.post(reverse("kyc-upload"), {}).status_code == 302


@pytest.mark.spec("KYC-1", "KYC-5")
def test_a_rejected_person_reads_why_and_corrects_it(client, noor):
    case = submitted(noor, at=datetime.now(UTC))
    decided(case, decision=Decision.REJECT, rejection_reason=f"Too dark. {HOSTILE}")
    page = client.get(reverse("kyc")).content.decode()
    assert "Too dark." in page
    assert "zq<script" not in page
    assert "<script>alert" not in page
    again = client.post(reverse("kyc-again"), follow=True)
    assert again.redirect_chain[-1][0] == reverse("kyc-step", args=["check"])
    assert client.post(reverse("kyc-submit"), follow=True).status_code == 200
    assert selectors.state_of(noor.id).kyc_status == "pending"


def test_an_approved_person_sees_where_they_stand(client, noor):
    approved(noor, level=3)
    page = client.get(reverse("kyc")).content.decode()
    assert "Your identity is verified" in page
    assert "Institutional" in page


@pytest.mark.spec("SEC-6", "KYC-4")
def test_hostile_answers_are_shown_as_they_are_typed(client):
    texts = ("full_name", "birth_place", "street", "city", "region", "postal_code", "occupation",
             "source_of_funds_details", "pep_details")  # fmt: skip
    hostile = {name: HOSTILE[:20] if name == "postal_code" else HOSTILE for name in texts}
    account = AccountFactory(full_name=HOSTILE)
    case = submitted(account, **hostile)
    who = logged_in(client, reviewer())
    staff_page = who.get(reverse("kyc-case", args=[case.id])).content.decode()
    own_page = logged_in(Client(), account).get(reverse("kyc")).content.decode()
    for page in (staff_page, own_page):
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}") >= 8
        assert "<script>alert" not in page
        assert "zq<script" not in page


@pytest.mark.spec("UI-4", "KYC-4")
def test_the_queue_and_a_case_for_its_reviewer(client, at):
    second, first = submitted(at=at.replace(hour=12)), submitted(at=at)
    who = reviewer()
    logged_in(client, who)
    page = client.get(reverse("kyc-queue")).content.decode()
    assert page.index(str(first.id)) < page.index(str(second.id))
    assert "2 cases wait" in page
    opened = client.get(reverse("kyc-case", args=[first.id])).content.decode()
    assert "12 Al Wasl Road" in opened
    assert opened.count("<img src=") == 2
    assert "Release" in opened
    assert not re.search(r"<option value=\"\d\"[^>]*selected", opened)  # no level is preselected
    mine = client.get(reverse("kyc-queue"), {"claimed_by": "me"}).content.decode()
    assert str(first.id) in mine
    assert str(second.id) not in mine
    done = decided(submitted(at=at))
    assert str(done.id) not in client.get(reverse("kyc-queue")).content.decode()
    for query in ({"status": "any"}, {"status": "approved"}):
        assert str(done.id) in client.get(reverse("kyc-queue"), query).content.decode()
    other = logged_in(Client(), reviewer()).get(reverse("kyc-case", args=[first.id])).content.decode()
    assert "Another reviewer holds this case" in other
    assert str(who.id) in other
    assert "12 Al Wasl Road" not in other
    client.post(reverse("kyc-release", args=[first.id]))
    assert selectors.case(first.id).status == "pending"


@pytest.mark.spec("UI-4", "KYC-5")
def test_a_case_is_decided_on_its_page(client, at):
    case, who = submitted(at=datetime.now(UTC)), reviewer()
    logged_in(client, who)
    client.get(reverse("kyc-case", args=[case.id]))
    url = reverse("kyc-decide", args=[case.id])
    no_level = client.post(url, {"decision": "approve", "kyc_level": ""})
    assert no_level.status_code == 422
    no_reason = client.post(url, {"decision": "reject", "rejection_reason": " "})
    assert no_reason.status_code == 422
    front = case.documents[0].id
    judge = reverse("kyc-judge", args=[case.id, front])
    assert client.post(judge, {"accepted": "no", "notes": ""}).status_code == 422
    assert client.post(judge, {"accepted": "no", "notes": "Dark."}).status_code == 302
    refused = client.post(url, {"decision": "approve", "kyc_level": "2"})
    assert (refused.status_code, "A document of this case is rejected" in refused.content.decode()) == (
        422,
        True,
    )
    client.post(judge, {"accepted": "yes"})
    done = client.post(url, {"decision": "approve", "kyc_level": "2", "professional_evidence": "on"})
    assert done["Location"] == reverse("kyc-queue")
    assert str(case.id) not in client.get(reverse("kyc-queue")).content.decode()  # it waits no more
    assert str(case.id) in client.get(reverse("kyc-queue"), {"status": "any"}).content.decode()
    event = AuditEvent.objects.get(action="kyc.approved")
    assert (event.after["kyc_level_defaulted"], event.after["accreditation"]) == (False, "professional")
    again = client.post(url, {"decision": "approve", "kyc_level": "2"})
    assert again.status_code == 422
    why = client.get(reverse("kyc-case", args=[case.id])).content.decode()
    assert "12 Al Wasl Road" not in why  # decided: who looks now says why
    shown = client.get(reverse("kyc-case", args=[case.id]), {"why": "complaint 3"}).content.decode()
    assert "12 Al Wasl Road" in shown
    assert AuditEvent.objects.filter(action="kyc.personal_data_read", reason="complaint 3").count() == 1


@pytest.mark.spec("RBAC-4")
def test_the_sidebar_leads_there(client, noor):
    assert reverse("kyc") in client.get(reverse("home")).content.decode()
    staff = logged_in(Client(), AccountFactory(role=Role.STAFF, team_role="finance_operator"))
    assert reverse("kyc-queue") not in staff.get(reverse("home")).content.decode()
    staff = logged_in(Client(), reviewer())
    assert reverse("kyc-queue") in staff.get(reverse("home")).content.decode()
