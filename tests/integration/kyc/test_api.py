"""Identity checks over HTTP: handing in, the queue, opening, deciding, files (API-5, KYC-4, SEC-5)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.kyc import models, rules, selectors
from apps.kyc.types import FIELDS, CaseFilter, Decision
from tests.factories.accounts import AccountFactory, bearer, logged_in
from tests.factories.kyc import answers, decided, files, picture, submitted
from tests.factories.uploads import pdf
from tests.integration.accounts.test_hostile_input import CORPUS

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"
FREE_TEXTS = set(rules.LENGTHS)


@pytest.fixture(autouse=True)
def _limits(valkey):
    """Start with no limit used up."""


@pytest.fixture
def noor():
    return AccountFactory(full_name="Noor Haddad")


def body(**changes):
    given = {name: value for name, value in answers(**changes).items() if value}
    given |= {"pep": given["pep"] == "yes", "us_person": given["us_person"] == "yes"}
    sent = files(given["document_type"])
    return given | {
        str(side): SimpleUploadedFile(f"{side}.jpg", content, "image/jpeg") for side, content in sent.items()
    }


def hand_in(client, account, **changes):
    return client.post(reverse("api:kyc"), body() | changes, **bearer(account))


def staff(preset="kyc_reviewer"):
    return AccountFactory(role=Role.STAFF, team_role=preset)


def detail(client, case, who, method="get", **extra):
    return getattr(client, method)(reverse("api:kyc-case", args=[case.id]), **bearer(who), **extra)


def review(client, case, who, **given):
    url = reverse("api:kyc-review", args=[case.id])
    return client.post(url, given, content_type=JSON, **bearer(who))


@pytest.mark.spec("API-5", "KYC-2")
@pytest.mark.parametrize("role", [Role.INVESTOR, Role.ISSUER])
def test_a_whole_application_in_one_call(client, role):
    account = AccountFactory(role=role)
    answer = hand_in(client, account)
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["status"], made["verification_provider"]) == ("pending", "manual")
    assert {(each["side"], each["status"]) for each in made["documents"]} == {
        ("front", "pending"),
        ("selfie", "pending"),
    }
    mine = client.get(reverse("api:kyc"), **bearer(account)).json()
    assert (mine["kyc_status"], mine["application"]["id"]) == ("pending", made["id"])
    assert mine["application"]["answers"]["street"] == "12 Al Wasl Road"
    assert [each["after"] for each in mine["application"]["history"]] == ["added", "added", "pending"]
    again = hand_in(client, account)
    assert (again.status_code, again.json()["code"]) == (409, "kyc_application_open")


def test_before_the_first_application_there_is_none(client, noor):
    mine = client.get(reverse("api:kyc"), **bearer(noor)).json()
    assert mine == {
        "kyc_status": "none",
        "kyc_level": 1,
        "accreditation_status": "none",
        "fatca_status": "none",
        "application": None,
    }


@pytest.mark.spec("KYC-2", "API-1")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_date": "2020-01-01"}, "birth_date"),
        ({"birth_date": "٢٠٠٠-01-01"}, "birth_date"),
        ({"nationality": "XX"}, "nationality"),
        ({"residence": "Dubai"}, "residence"),
        ({"document_type": "library_card"}, "document_type"),
        ({"document_expires_on": "2020-01-01"}, "document_expires_on"),
        ({"document_type": "national_id"}, "back"),
        ({"full_name": "A" * 201}, "full_name"),
        ({"full_name": "Noor\u202egnp"}, "full_name"),
        ({"full_name": ["Noor", "Layla"]}, "full_name"),
        ({"source_of_funds": "magic"}, "source_of_funds"),
        ({"source_of_funds": "other"}, "source_of_funds_details"),
        ({"pep": "perhaps"}, "pep"),
        ({"pep": True}, "pep_details"),
        ({"is_admin": "true"}, "is_admin"),
        ({"kyc_level": "3"}, "kyc_level"),
        ({"front": SimpleUploadedFile("a.jpg", b"")}, "front"),
        ({"front": SimpleUploadedFile("a.jpg", b"<svg/>")}, "front"),
        ({"front": "text"}, "front"),
        ({"selfie": SimpleUploadedFile("a.jpg", pdf())}, "selfie"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(client, noor, changes, field):
    answer = hand_in(client, noor, **changes)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["fields"]
    assert not models.Application.objects.exists()


@pytest.mark.spec("SEC-6")
@pytest.mark.parametrize("name", CORPUS)
def test_hostile_text_in_every_field_is_refused_or_kept_as_it_is(client, noor, name):
    text = CORPUS[name]
    for field in FIELDS:
        answer = hand_in(client, noor, **{field: text})
        assert answer.status_code == 400 if answer.status_code != 201 else field in FREE_TEXTS, (field, name)
        if answer.status_code == 201:
            assert answer.json()["answers"][field].upper() == text.strip().upper()
            decided(selectors.case(answer.json()["id"]), decision=Decision.REJECT)
    assert hand_in(client, noor, **dict.fromkeys(FIELDS, text)).status_code == 400
    who = staff()
    for field in ("status", "claimed_by", "user_id", "cursor", "page_size"):
        listed = client.get(reverse("api:kyc-cases"), {field: text}, **bearer(who))
        assert listed.status_code in {200, 400, 404}, field


@pytest.mark.parametrize("missing", ["full_name", "front", "selfie", "pep", "us_person", "document_number"])
def test_what_is_missing_is_named(client, noor, missing):
    sent = body()
    del sent[missing]
    answer = client.post(reverse("api:kyc"), sent, **bearer(noor))
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [missing])


@pytest.mark.spec("SEC-5", "API-1")
def test_other_bodies_and_bodies_too_large_are_refused(client, noor, settings):
    json = client.post(reverse("api:kyc"), {"full_name": "x"}, content_type=JSON, **bearer(noor))
    assert (json.status_code, json["Content-Type"]) == (415, "application/problem+json")
    settings.UPLOAD_MAX_BYTES = 2000
    answer = hand_in(client, noor, front=SimpleUploadedFile("a.jpg", picture() + bytes(2000)))
    assert (answer.status_code, answer.json()["code"]) == (400, "upload_too_large")
    settings.UPLOAD_MAX_REQUEST_BYTES = 3000
    answer = hand_in(client, noor, front=SimpleUploadedFile("a.jpg", bytes(3000)))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    torn = client.post(
        reverse("api:kyc"), b"--x\r\nnothing", content_type="multipart/form-data", **bearer(noor)
    )
    assert (torn.status_code, torn.json()["code"]) == (400, "malformed_form")


@pytest.mark.spec("SEC-4")
@pytest.mark.parametrize("kind", [JSON, "text/plain", "multipart/form-data; boundary=x"])
def test_no_body_at_all_is_refused(client, noor, kind):
    answer = client.generic("POST", reverse("api:kyc"), b"", content_type=kind, **bearer(noor))
    assert (answer.status_code, answer.json()["fields"]["full_name"]) == (400, ["This field is required."])


def test_a_browser_needs_the_csrf_token_to_hand_in(noor):
    browser = Client(enforce_csrf_checks=True)
    token = bearer(noor)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    browser.cookies["access"] = token
    assert browser.post(reverse("api:kyc"), body()).json()["code"] == "csrf_failed"
    browser.get(reverse("login"))
    csrf = browser.cookies["csrftoken"].value
    assert browser.post(reverse("api:kyc"), body(), HTTP_X_CSRFTOKEN=csrf).status_code == 201


@pytest.mark.spec("KYC-4", "API-5")
def test_the_queue_is_sorted_by_submission_and_filtered_and_paged(client, at):
    later, earlier = submitted(at=at + timedelta(hours=1)), submitted(at=at)
    taken = submitted(at=at + timedelta(hours=2))
    who = staff()
    detail(client, taken, who)

    def listed(**query):
        answer = client.get(reverse("api:kyc-cases"), query, **bearer(who))
        assert answer.status_code == 200, answer.content
        return [each["id"] for each in answer.json()["results"]]

    assert listed() == [str(each.id) for each in (earlier, later, taken)]
    assert listed(status="in_review") == [str(taken.id)] == listed(claimed_by=str(who.id))
    assert listed(claimed_by="nobody") == [str(earlier.id), str(later.id)]
    assert listed(user_id=str(later.user_id)) == [str(later.id)]
    first = client.get(reverse("api:kyc-cases"), {"page_size": 2}, **bearer(who)).json()
    following = client.get(first["next"], **bearer(who)).json()
    assert [each["id"] for each in following["results"]] == [str(taken.id)]
    assert "full_name" not in str(first)
    refused = client.get(reverse("api:kyc-cases"), {"status": "draft"}, **bearer(who))
    assert refused.status_code == 400
    pages = selectors.queue(where=CaseFilter(), limit=2)
    assert [each.id for each in pages[0]] == [earlier.id, later.id]
    assert [each.id for each in selectors.queue(where=CaseFilter(), cursor=pages[1])[0]] == [taken.id]


@pytest.mark.spec("KYC-4")
def test_opening_a_case_takes_it_and_a_second_reviewer_sees_who_holds_it(client, at):
    case, first, second = submitted(at=at), staff(), staff()
    opened = detail(client, case, first).json()
    assert (opened["status"], opened["claimed_by"]) == ("in_review", str(first.id))
    assert opened["answers"]["full_name"] == "Some Body"
    seen = detail(client, case, second).json()
    assert (seen["status"], seen["claimed_by"]) == ("in_review", str(first.id))
    read = AuditEvent.objects.filter(action="kyc.personal_data_read", target_id=str(case.user_id))
    assert [event.actor_id for event in read.order_by("id")] == [str(first.id), str(second.id)]
    assert AuditEvent.objects.filter(action="kyc.claimed").count() == 1
    refused = review(client, case, second, decision="approve", kyc_level=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "kyc_claimed")
    assert refused.json()["data"] == {"claimed_by": str(first.id)}


@pytest.mark.spec("KYC-4")
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("head", {}),
        ("get", {"HTTP_PURPOSE": "prefetch"}),
        ("get", {"HTTP_SEC_PURPOSE": "prefetch;prerender"}),
        ("get", {"HTTP_SEC_PURPOSE": "Prefetch"}),
        ("get", {"HTTP_X_MOZ": "prefetch"}),
        ("get", {"HTTP_X_PURPOSE": "preview"}),
    ],
)
@pytest.mark.parametrize("page", [True, False])
def test_what_nobody_looks_at_takes_no_case(client, at, method, headers, page):
    case, who = submitted(at=at), staff()
    if page:
        answer = getattr(logged_in(client, who), method)(reverse("kyc-case", args=[case.id]), **headers)
    else:
        answer = detail(client, case, who, method, **headers)
    assert answer.status_code == 200
    assert selectors.case(case.id).status == "pending"
    seen = AuditEvent.objects.filter(action="kyc.personal_data_read").count()
    assert seen == (0 if page or method == "head" else 1)


@pytest.mark.spec("KYC-4", "RBAC-4")
@pytest.mark.parametrize("preset", ["support", "auditor"])
def test_who_may_only_look_takes_no_case_and_decides_nothing(client, at, preset):
    case, who = submitted(at=at), staff(preset)
    seen = client.get(reverse("api:kyc-case", args=[case.id]), {"why": "ticket 7"}, **bearer(who)).json()
    assert (seen["status"], seen["claimed_by"]) == ("pending", None)
    assert AuditEvent.objects.get(action="kyc.personal_data_read").reason == "ticket 7"
    refused = review(client, case, who, decision="approve")
    assert (refused.status_code, refused.json()["data"]) == (403, {"permission": "kyc.review"})
    page = logged_in(client, who).get(reverse("kyc-case", args=[case.id])).content.decode()
    assert "12 Al Wasl Road" not in page
    assert "Why do you need it?" in page
    assert selectors.case(case.id).status == "pending"


@pytest.mark.spec("KYC-5", "API-5")
def test_a_review_decides_once(client, noor, at):
    case, who = submitted(noor, at=datetime.now(UTC)), staff()
    detail(client, case, who)
    done = review(client, case, who, decision="approve", notes="Fine.")
    assert done.status_code == 200, done.json()
    assert (done.json()["status"], done.json()["kyc_level"]) == ("approved", 2)
    assert done.json()["reviewed_by"] == str(who.id)
    assert AuditEvent.objects.get(action="kyc.approved").after["kyc_level_defaulted"] is True
    twice = review(client, case, who, decision="reject", rejection_reason="No.")
    assert (twice.status_code, twice.json()["code"]) == (409, "invalid_transition")
    me = client.get(reverse("api:me"), **bearer(noor)).json()
    assert (me["kyc_status"], me["kyc_level"], me["fatca_status"]) == ("approved", 2, "clear")
    later = client.get(reverse("api:kyc-case", args=[case.id]), **bearer(who)).json()
    assert later["review_notes"] == "Fine."


@pytest.mark.spec("KYC-5")
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"decision": "perhaps"},
        {"decision": "reject"},
        {"decision": "reject", "rejection_reason": ""},
        {"decision": "approve", "kyc_level": 0},
        {"decision": "approve", "kyc_level": 4},
        {"decision": "approve", "kyc_level": "2"},
        {"decision": "approve", "kyc_level": True},
        {"decision": "approve", "level": 2},
        {"decision": "approve", "notes": "x" * 1001},
        {"decision": "approve", "notes": ["x"]},
    ],
)
def test_a_review_that_makes_no_sense_is_refused(client, at, given):
    case, who = submitted(at=at), staff()
    answer = review(client, case, who, **given)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert selectors.case(case.id).status == "pending"


@pytest.mark.spec("KYC-4")
def test_a_case_is_released_over_the_api(client, at):
    case, who = submitted(at=at), staff()
    detail(client, case, who)
    url = reverse("api:kyc-release", args=[case.id])
    assert client.post(url, **bearer(staff())).json()["code"] == "kyc_claimed"
    assert client.post(url, **bearer(who)).json()["status"] == "pending"
    assert client.post(url, **bearer(who)).json()["code"] == "invalid_transition"


@pytest.mark.spec("KYC-3")
def test_a_document_is_judged_over_the_api(client, at):
    case, who = submitted(at=at), staff()
    url = reverse("api:kyc-judge", args=[case.id, case.documents[0].id])

    def judge(**given):
        return client.post(url, given, content_type=JSON, **bearer(who))

    assert judge(accepted=True).json()["code"] == "kyc_not_claimed"
    detail(client, case, who)
    assert judge(accepted=False).json()["fields"] == {"notes": ["Say why; the person reads it."]}
    rejected = judge(accepted=False, notes="Blurred.").json()
    assert (rejected["status"], rejected["reviewer_id"], rejected["notes"]) == (
        "rejected",
        str(who.id),
        "Blurred.",
    )
    refused = review(client, case, who, decision="approve")
    assert refused.json()["code"] == "kyc_document_refused"
    assert judge(accepted=True).json()["status"] == "accepted"


@pytest.mark.spec("KYC-3", "KYC-4")
def test_the_person_is_not_told_who_looked(client, noor):
    case, who = submitted(noor), staff()
    detail(client, case, who)
    url = reverse("api:kyc-judge", args=[case.id, case.documents[0].id])
    client.post(url, {"accepted": False, "notes": "Blurred."}, content_type=JSON, **bearer(who))
    review(client, case, who, decision="reject", rejection_reason="The picture is blurred.")
    seen = client.get(reverse("api:kyc"), **bearer(noor)).content.decode()
    assert "Blurred." in seen
    assert str(who.id) not in seen
    assert str(who.id) in detail(client, case, staff()).content.decode()


@pytest.mark.parametrize("name", ["kyc-case", "kyc-review", "kyc-release"])
def test_what_does_not_exist_is_404(client, name):
    url, who = reverse(f"api:{name}", args=[uuid4()]), bearer(staff())
    answer = (
        client.get(url, **who)
        if name == "kyc-case"
        else client.post(url, {"decision": "approve"}, content_type=JSON, **who)
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.spec("SEC-5")
@pytest.mark.parametrize("page", [True, False])
def test_a_file_is_served_so_that_nothing_in_it_runs_and_nobody_keeps_it(client, noor, page):
    submitted(noor)
    url = client.get(reverse("api:kyc"), **bearer(noor)).json()["application"]["documents"][0]["url"]
    if page:
        token = url.rsplit("/", 1)[1]
        answer = logged_in(client, noor).get(reverse("kyc-file", args=[token]))
    else:
        answer = client.get(url, **bearer(noor))
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.spec("SEC-5", "RBAC-4")
def test_a_link_opens_a_file_for_its_reader_alone_and_for_five_minutes(client, noor, at):
    case = submitted(noor, at=at)
    document, who, support = case.documents[0].id, staff(), staff("support")
    finance = staff("finance_operator")
    stranger = AccountFactory()

    def status(viewer, reader, *, age=0):
        token = selectors.document_token(
            document, viewer=viewer.id, at=datetime.now(UTC) - timedelta(seconds=age)
        )
        return client.get(reverse("api:kyc-file", args=[token]), **bearer(reader)).status_code

    assert [status(each, each) for each in (noor, who, support)] == [200, 200, 200]
    assert [status(each, each) for each in (finance, stranger)] == [404, 404]
    assert [status(noor, who), status(who, noor), status(who, support)] == [404, 404, 404]
    assert [status(noor, noor, age=290), status(noor, noor, age=302)] == [200, 404]
    token = selectors.document_token(document, viewer=noor.id, at=datetime.now(UTC))
    assert client.get(reverse("api:kyc-file", args=[token])).status_code == 401
    for forged in ("x", token[:-1] + ("a" if token[-1] != "a" else "b"), "a:" + token):
        assert client.get(reverse("api:kyc-file", args=[forged]), **bearer(noor)).status_code == 404
    opened = AuditEvent.objects.filter(action="kyc.document_opened")
    assert {event.actor_id for event in opened} == {str(who.id), str(support.id)}


def test_a_reviewer_is_not_shown_their_own_case(client, at):
    account = AccountFactory()
    case = submitted(account, at=at)
    User.objects.filter(pk=account.id).update(role="staff", team_role="kyc_reviewer")
    answer = detail(client, case, account)
    assert (answer.status_code, answer.json()["code"]) == (403, "kyc_own_case")
