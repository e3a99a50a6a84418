"""An identity check from its draft to its decision, by the verbs."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.files.storage import storages
from django.db import IntegrityError, ProgrammingError, connection, transaction

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.accounts.types import Accreditation, Fatca, KycStatus
from apps.audit.models import AuditEvent
from apps.chain import selectors as chain
from apps.chain.types import IntentKind
from apps.common.db import rows
from apps.common.errors import Conflict, DomainError, Invalid, NotFound
from apps.kyc import models, personal_data, selectors, services
from apps.kyc.services.documents import NotYourClaim
from apps.kyc.services.ground import AlreadyApproved, ApplicationOpen, NoDraft
from apps.kyc.services.review import ClaimedByOther, DocumentRefused, PersonNotActive, YourOwnCase
from apps.kyc.services.submission import Incomplete
from apps.kyc.types import ApplicationStatus, Decision, DocumentStatus, Side, Step
from apps.parameters import services as parameters
from tests.factories.accounts import AccountFactory
from tests.factories.kyc import actor, answers, approved, decided, files, picture, reviewer, submitted
from tests.factories.uploads import pdf
from tests.relay import deliver_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _limits(valkey):
    """Start with no limit used up."""


@pytest.fixture
def noor():
    return AccountFactory(full_name="Noor Haddad", email="noor@example.com")


def at_once(count, act):
    """Run `act(number)` on threads at the same moment; return what each returned or raised."""
    start, results = threading.Barrier(count), []

    def one(number):
        try:
            start.wait(10)
            results.append(act(number))
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def save(account, step, at, **changes):
    return services.save_step(
        user_id=account.id, step=step, given=answers(**changes), by=actor(account), at=at
    )


def fill(account, at, **changes):
    for step in (Step.PERSONAL, Step.ADDRESS, Step.DETAILS, Step.DOCUMENTS):
        save(account, step, at, **changes)


def add(account, side, at, content=None):
    content = picture() if content is None else content
    return services.add_document(user_id=account.id, side=side, content=content, by=actor(account), at=at)


def status_of(account):
    return accounts.account(account.id).kyc_status


def actions(target):
    events = AuditEvent.objects.filter(target_id=str(target)).order_by("id")
    return list(events.values_list("action", flat=True))


@pytest.mark.spec("KYC-1", "KYC-2")
def test_step_by_step_to_an_approval_and_every_move_is_in_the_log(noor, at):
    assert status_of(noor) is KycStatus.NONE
    fill(noor, at)
    add(noor, Side.FRONT, at)
    add(noor, Side.SELFIE, at)
    assert status_of(noor) is KycStatus.NONE
    case = services.submit(user_id=noor.id, by=actor(noor), at=at)
    assert (case.status, case.verification_provider) == (ApplicationStatus.PENDING, "manual")
    assert status_of(noor) is KycStatus.PENDING
    staff = reviewer()
    services.claim(application_id=case.id, by=actor(staff), at=at)
    assert status_of(noor) is KycStatus.IN_REVIEW
    done = decided(case, by=staff)
    assert status_of(noor) is KycStatus.APPROVED
    assert (done.reviewed_by, done.kyc_level) == (staff.id, 2)
    assert [(each.before, each.after, each.actor_id) for each in selectors.moves(case.id)] == [
        ("draft", "pending", str(noor.id)),
        ("pending", "in_review", str(staff.id)),
        ("in_review", "approved", str(staff.id)),
    ]
    assert actions(case.id) == ["kyc.draft_saved"] * 4 + ["kyc.submitted", "kyc.claimed", "kyc.approved"]


@pytest.mark.spec("KYC-5")
def test_an_approval_says_where_somebody_stands_and_asks_for_their_identity_on_chain(noor, at):
    approved(noor, level=2, country="QA", at=at)
    account = accounts.account(noor.id)
    assert (account.kyc_level, account.country) == (2, "QA")
    assert (account.accreditation_status, account.fatca_status) == (Accreditation.RETAIL, Fatca.CLEAR)
    assert chain.intent_of(IntentKind.HOLDER, noor.id) is not None
    assert chain.holders([noor.id])[noor.id].country == 634
    assert {each.status for each in selectors.own_case(noor.id, at=at).case.documents} == {"accepted"}


@pytest.mark.spec("KYC-5")
@pytest.mark.parametrize(
    ("level", "changes", "accreditation", "fatca"),
    [
        (1, {}, "retail", "clear"),
        (2, {}, "retail", "clear"),
        (2, {"professional": True}, "professional", "clear"),
        (3, {}, "institutional", "clear"),
        (2, {"nationality": "US"}, "retail", "blocked"),
        (2, {"second_nationality": "US"}, "retail", "blocked"),
        (2, {"birth_country": "US"}, "retail", "review"),
        (2, {"us_tax_number": "123-45-6789"}, "retail", "review"),
    ],
)
def test_what_a_level_and_the_answers_make_of_somebody(level, changes, accreditation, fatca):
    account = approved(level=level, **changes)
    assert (account.kyc_level, account.accreditation_status, account.fatca_status) == (
        level,
        accreditation,
        fatca,
    )


@pytest.mark.spec("KYC-5")
def test_the_rule_may_make_level_two_professional(at, system):
    parameters.change(
        name="kyc.level_two_is_professional", value=1, version=0, reason="new rule", by=system, at=at
    )
    assert approved(level=2).accreditation_status is Accreditation.PROFESSIONAL


@pytest.mark.spec("KYC-5")
def test_a_level_that_nobody_chose_is_recorded_as_such():
    case = submitted()
    decided(case, kyc_level=None)
    event = AuditEvent.objects.get(action="kyc.approved")
    assert (event.after["kyc_level"], event.after["kyc_level_defaulted"]) == (2, True)
    decided(submitted(), kyc_level=2)
    assert AuditEvent.objects.filter(action="kyc.approved").last().after["kyc_level_defaulted"] is False


@pytest.mark.spec("KYC-5", "KYC-1")
def test_a_rejection_says_why_and_is_corrected_in_a_new_application(noor, at):
    first = submitted(noor, at=at)
    staff = reviewer()
    services.claim(application_id=first.id, by=actor(staff), at=at)
    front = next(each for each in first.documents if each.side is Side.FRONT)
    services.judge_document(
        application_id=first.id,
        document_id=front.id,
        accepted=False,
        notes="Too dark.",
        by=actor(staff),
        at=at,
    )
    decided(first, decision=Decision.REJECT, by=staff, rejection_reason="The passport is too dark.", at=at)
    assert status_of(noor) is KycStatus.REJECTED
    own = selectors.own_case(noor.id, at=at)
    assert own.rejection_reason == "The passport is too dark."
    assert own.document_notes == {front.id: "Too dark."}
    again = services.start_again(user_id=noor.id, by=actor(noor), at=at)
    assert again.previous_id == first.id
    assert [each.side for each in again.documents] == [Side.SELFIE]  # the rejected picture is left out
    assert services.start_again(user_id=noor.id, by=actor(noor), at=at).id == again.id
    own = selectors.own_case(noor.id, at=at)
    assert (own.answers.full_name, own.missing) == ("Some Body", (Step.DOCUMENTS,))
    add(noor, Side.FRONT, at)
    second = services.submit(user_id=noor.id, by=actor(noor), at=at)
    assert status_of(noor) is KycStatus.PENDING
    decided(second)
    assert status_of(noor) is KycStatus.APPROVED
    key = personal_data.subject_key(noor.id)
    copied = models.Document.objects.get(application_id=second.id, side="selfie")
    assert personal_data.content_of(key, copied).startswith(b"\xff\xd8")


@pytest.mark.spec("KYC-5")
def test_a_rejection_needs_a_reason_and_a_level_must_exist(at):
    case = submitted(at=at)
    for arguments in (
        {"decision": Decision.REJECT, "rejection_reason": " "},
        {"decision": Decision.REJECT, "rejection_reason": "x" * 1001},
        {"decision": Decision.REJECT, "rejection_reason": "\x1b[31m"},
        {"kyc_level": 0},
        {"kyc_level": 4},
        {"kyc_level": -1},
        {"notes": "\x00"},
    ):
        with pytest.raises(Invalid):
            decided(case, **arguments)
    assert selectors.case(case.id).status is ApplicationStatus.PENDING


@pytest.mark.spec("KYC-2")
def test_a_second_application_is_refused_while_one_waits_or_is_looked_at(noor, at):
    case = submitted(noor, at=at)
    claimed_by = reviewer()
    for _ in range(2):
        for act in (
            lambda: submitted(noor, at=at),
            lambda: save(noor, Step.PERSONAL, at),
            lambda: add(noor, Side.FRONT, at),
            lambda: services.submit(user_id=noor.id, by=actor(noor), at=at),
            lambda: services.start_again(user_id=noor.id, by=actor(noor), at=at),
            lambda: services.remove_document(
                user_id=noor.id, document_id=case.documents[0].id, by=actor(noor), at=at
            ),
        ):
            with pytest.raises(ApplicationOpen) as refusal:
                act()
            assert refusal.value.code == "kyc_application_open"
        services.claim(application_id=case.id, by=actor(claimed_by), at=at)
    decided(case, by=claimed_by)
    with pytest.raises(AlreadyApproved):
        submitted(noor, at=at)
    with pytest.raises(AlreadyApproved):
        services.start_again(user_id=noor.id, by=actor(noor), at=at)


@pytest.mark.spec("KYC-2")
def test_handing_in_twice_at_once_leaves_one_application(noor, at):
    said = at_once(4, lambda _: submitted(noor, at=at))
    assert sum(isinstance(each, ApplicationOpen) for each in said) == 3, said
    assert models.Application.objects.count() == 1
    assert models.Document.objects.filter(removed_at=None).count() == 2
    fill(other := AccountFactory(), at)
    for side in files():
        add(other, side, at)
    said = at_once(4, lambda _: services.submit(user_id=other.id, by=actor(other), at=at))
    assert sum(isinstance(each, ApplicationOpen) for each in said) == 3, said
    assert AuditEvent.objects.filter(action="kyc.submitted").count() == 2


def test_beginning_at_once_makes_one_draft(noor, at):
    said = at_once(4, lambda _: save(noor, Step.PERSONAL, at))
    assert models.Application.objects.filter(user_id=noor.id).count() == 1
    assert any(not isinstance(each, Exception) for each in said), said


@pytest.mark.spec("KYC-4")
def test_two_reviewers_at_once_one_holds_the_case_and_the_other_sees_who(at):
    case = submitted(at=at)
    people = [reviewer() for _ in range(4)]
    said = at_once(4, lambda n: services.claim(application_id=case.id, by=actor(people[n]), at=at))
    holder = selectors.case(case.id).claimed_by
    assert {each.claimed_by for each in said} == {holder}
    assert AuditEvent.objects.filter(action="kyc.claimed").count() == 1
    other = next(each for each in people if each.id != holder)
    with pytest.raises(ClaimedByOther) as refusal:
        decided(case, by=other, at=at)
    assert refusal.value.data == {"claimed_by": str(holder)}


@pytest.mark.spec("KYC-5")
def test_two_decisions_at_once_one_counts(at):
    case = submitted(at=at)
    people = [reviewer() for _ in range(4)]
    decisions = [Decision.APPROVE, Decision.REJECT] * 2
    said = at_once(4, lambda n: decided(case, decision=decisions[n], by=people[n], at=at))
    assert sum(not isinstance(each, Exception) for each in said) == 1, said
    assert all(isinstance(each, Conflict) for each in said if isinstance(each, Exception)), said
    events = AuditEvent.objects.filter(action__in=["kyc.approved", "kyc.rejected"])
    assert events.count() == 1


@pytest.mark.spec("KYC-5")
def test_a_decision_is_final(at):
    case, staff = submitted(at=at), reviewer()
    decided(case, by=staff, at=at)
    for decision in Decision:
        with pytest.raises(Conflict) as refusal:
            decided(case, decision=decision, by=staff, at=at)
        assert refusal.value.code == "invalid_transition"
    with pytest.raises(Conflict):
        services.release(application_id=case.id, by=actor(staff), at=at)
    assert services.claim(application_id=case.id, by=actor(reviewer()), at=at).status == "approved"


@pytest.mark.spec("KYC-4")
def test_a_case_is_let_go_by_its_holder_and_by_others_after_a_while(at):
    case, first, second = submitted(at=at), reviewer(), reviewer()
    services.claim(application_id=case.id, by=actor(first), at=at)
    with pytest.raises(ClaimedByOther):
        services.release(
            application_id=case.id, by=actor(second), at=at + timedelta(hours=8) - timedelta(seconds=1)
        )
    services.release(application_id=case.id, by=actor(second), at=at + timedelta(hours=8))
    assert selectors.case(case.id).status is ApplicationStatus.PENDING
    services.claim(application_id=case.id, by=actor(second), at=at)
    released = services.release(application_id=case.id, by=actor(second), at=at)
    assert (released.status, released.claimed_by) == (ApplicationStatus.PENDING, None)
    with pytest.raises(Conflict):
        services.release(application_id=case.id, by=actor(second), at=at)


@pytest.mark.spec("KYC-4", "KYC-5")
def test_nobody_looks_at_their_own_case(noor, at):
    case = submitted(noor, at=at)
    User.objects.filter(pk=noor.id).update(role="staff", team_role="kyc_reviewer")
    for act in (
        lambda: services.claim(application_id=case.id, by=actor(noor), at=at),
        lambda: services.release(application_id=case.id, by=actor(noor), at=at),
        lambda: decided(case, by=noor, at=at),
    ):
        with pytest.raises(YourOwnCase):
            act()
    for column in ("claimed_by", "reviewed_by"):  # and the database agrees
        change = {column: noor.id, "status": "in_review", "claimed_at": at}
        with pytest.raises(IntegrityError), transaction.atomic():
            models.Application.objects.filter(pk=case.id).update(**change)


@pytest.mark.spec("KYC-3")
def test_documents_are_judged_by_whoever_holds_the_case(at):
    case, holder, other = submitted(at=at), reviewer(), reviewer()
    front = case.documents[0]

    def judge(by, *, accepted=True, notes="", document=front.id):
        return services.judge_document(
            application_id=case.id, document_id=document, accepted=accepted, notes=notes, by=actor(by), at=at
        )

    with pytest.raises(NotYourClaim):
        judge(holder)
    services.claim(application_id=case.id, by=actor(holder), at=at)
    with pytest.raises(NotYourClaim):
        judge(other)
    with pytest.raises(Invalid):
        judge(holder, accepted=False)
    with pytest.raises(NotFound):
        judge(holder, document=submitted(at=at).documents[0].id)
    assert judge(holder, accepted=False, notes="Blurred.").status is DocumentStatus.REJECTED
    with pytest.raises(DocumentRefused):
        decided(case, by=holder, at=at)
    assert judge(holder).reviewer_id == holder.id
    decided(case, by=holder, at=at)
    told = [(each.side, each.before, each.after) for each in selectors.history(case.id) if each.document_id]
    assert [each for each in told if each[0] == front.side] == [
        ("front", "", "added"), ("front", "pending", "rejected"), ("front", "rejected", "accepted"),
    ]  # fmt: skip


@pytest.mark.spec("KYC-2", "KYC-3")
def test_what_is_missing_is_named(noor, at):
    with pytest.raises(NoDraft):
        services.submit(user_id=noor.id, by=actor(noor), at=at)
    with pytest.raises(NoDraft):
        add(noor, Side.FRONT, at)
    save(noor, Step.PERSONAL, at)
    with pytest.raises(Invalid) as refusal:
        add(noor, Side.FRONT, at)
    assert list(refusal.value.fields) == ["document_type"]
    with pytest.raises(Incomplete) as refusal:
        services.submit(user_id=noor.id, by=actor(noor), at=at)
    assert {"residence", "occupation", "document_type", "front", "back", "selfie"} <= set(
        refusal.value.fields
    )
    fill(noor, at, document_type="emirates_id", document_number="784-1990-1234567-1")
    add(noor, Side.FRONT, at)
    add(noor, Side.SELFIE, at)
    with pytest.raises(Incomplete) as refusal:
        services.submit(user_id=noor.id, by=actor(noor), at=at)
    assert set(refusal.value.fields) == {"back"}


@pytest.mark.spec("KYC-3")
def test_a_picture_is_replaced_and_removed_with_its_bytes(noor, at):
    fill(noor, at)
    first = add(noor, Side.FRONT, at)
    second = add(noor, Side.FRONT, at, picture("black"))
    kept = models.Document.objects.get(pk=second.id)
    gone = models.Document.objects.get(pk=first.id)
    assert gone.removed_at is not None
    assert not storages["documents"].exists(gone.storage_key)
    services.remove_document(user_id=noor.id, document_id=second.id, by=actor(noor), at=at)
    assert not storages["documents"].exists(kept.storage_key)
    with pytest.raises(NotFound):
        services.remove_document(user_id=noor.id, document_id=second.id, by=actor(noor), at=at)
    save(noor, Step.DOCUMENTS, at)
    add(noor, Side.FRONT, at)
    add(noor, Side.SELFIE, at)
    save(noor, Step.DOCUMENTS, at, document_type="national_id")
    left = models.Document.objects.filter(removed_at=None)
    assert [each.side for each in left] == ["selfie"]  # the passport's page is no national id


@pytest.mark.spec("KYC-3")
def test_a_selfie_is_a_picture(noor, at):
    fill(noor, at)
    add(noor, Side.FRONT, at, pdf())
    with pytest.raises(Invalid) as refusal:
        add(noor, Side.SELFIE, at, pdf())
    assert (refusal.value.code, list(refusal.value.fields)) == ("upload_refused", ["selfie"])


def test_another_persons_document_does_not_exist(noor, at):
    fill(noor, at)
    document = add(noor, Side.FRONT, at)
    save(other := AccountFactory(), Step.PERSONAL, at)
    with pytest.raises(NotFound):
        services.remove_document(user_id=other.id, document_id=document.id, by=actor(other), at=at)


@pytest.mark.spec("KYC-5")
def test_a_document_that_expired_in_the_queue_and_a_suspended_person_are_not_approved(at):
    case = submitted(at=at, document_expires_on="2026-03-10")
    with pytest.raises(DocumentRefused):
        decided(case, at=at + timedelta(days=9))
    case = submitted(account := AccountFactory(), at=at)
    User.objects.filter(pk=account.id).update(status="suspended")
    with pytest.raises(PersonNotActive):
        decided(case, at=at)
    assert chain.intent_of(IntentKind.HOLDER, account.id) is None
    assert selectors.case(case.id).status is ApplicationStatus.PENDING


def test_an_approval_ends_with_the_document_or_after_two_years(at):
    soon, late = submitted(at=at, document_expires_on="2026-09-01"), submitted(at=at)
    midnight_in_dubai = [datetime(2026, 9, 1, 20, tzinfo=UTC), datetime(2028, 3, 2, 20, tzinfo=UTC)]
    assert [decided(each, at=at).expires_at for each in (soon, late)] == midnight_in_dubai


@pytest.mark.spec("KYC-4", "KYC-8")
def test_reviewers_and_the_person_are_told_by_mail_without_saying_what(noor, at):
    staff = reviewer()
    case = submitted(noor, at=at)
    deliver_all()
    told = {message.to[0] for message in mail.outbox}
    assert len(told) == 1
    assert f"/staff/kyc/{case.id}" in mail.outbox[0].body
    assert "Some Body" not in mail.outbox[0].body
    decided(case, decision=Decision.REJECT, rejection_reason="Very private words.", by=staff, at=at)
    deliver_all()
    assert mail.outbox[-1].to == ["noor@example.com"]
    assert "Very private" not in mail.outbox[-1].body
    services.start_again(user_id=noor.id, by=actor(noor), at=at)
    decided(services.submit(user_id=noor.id, by=actor(noor), at=at), at=at, by=staff)
    deliver_all()
    assert mail.outbox[-1].subject == "Your identity is verified"


@pytest.mark.spec("KYC-4")
def test_a_case_that_somebody_took_is_not_announced_any_more(at):
    staff = reviewer()
    case = submitted(at=at)
    services.claim(application_id=case.id, by=actor(staff), at=at)
    deliver_all()
    assert mail.outbox == []


@pytest.mark.spec("KYC-4")
def test_what_staff_read_is_recorded_and_what_stands_out_is_named(noor, at):
    submitted(at=at, document_number="Z 111-1")
    case = submitted(
        noor, at=at, pep="yes", pep_details="Minister", birth_country="US", document_number="z1111"
    )
    staff = reviewer()
    seen = personal_data.reveal(case.id, why="case 5", by=actor(staff), at=at)
    assert seen.answers.street == "12 Al Wasl Road"
    assert set(seen.flags) == {"pep", "us_indicia", "same_document", "name_differs"}
    event = AuditEvent.objects.get(action="kyc.personal_data_read")
    assert (event.target_id, event.actor_id, event.reason) == (str(noor.id), str(staff.id), "case 5")
    personal_data.open_document(case.documents[0].id, why="case 5", by=actor(staff), at=at)
    personal_data.open_document(case.documents[0].id, why="", by=actor(noor), at=at)
    assert AuditEvent.objects.filter(action="kyc.document_opened").count() == 1


def test_a_draft_is_nobodys_business(noor, at):
    draft = save(noor, Step.PERSONAL, at)
    staff = reviewer()
    for act in (
        lambda: selectors.case(draft.id),
        lambda: personal_data.reveal(draft.id, why="x", by=actor(staff), at=at),
        lambda: services.claim(application_id=draft.id, by=actor(staff), at=at),
        lambda: decided(replace(draft, submitted_at=at), by=staff, at=at),
        lambda: services.claim(application_id=uuid4(), by=actor(staff), at=at),
    ):
        with pytest.raises(NotFound):
            act()


@pytest.mark.spec("KYC-1")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "approved"}, "no jump over the review"),
        ({"status": "draft"}, "no way back to a draft"),
        ({"answers": b"x"}, "answers stay"),
    ],
)
def test_the_database_keeps_the_life_of_an_application(at, change, why):
    case = submitted(at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Application.objects.filter(pk=case.id).update(**change)


@pytest.mark.spec("KYC-1")
def test_the_database_keeps_decisions_and_histories(at):
    case = submitted(at=at)
    decided(case, decision=Decision.REJECT, at=at)
    for status in ("draft", "pending", "in_review", "approved"):
        with pytest.raises(IntegrityError), transaction.atomic():
            models.Application.objects.filter(pk=case.id).update(status=status)
    for model in (models.StatusChange, models.DocumentChange):
        for statement in ("UPDATE {} SET after = 'approved'", "DELETE FROM {}"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                rows(statement.format(model._meta.db_table))
    with pytest.raises(ProgrammingError), transaction.atomic():
        models.Application.objects.filter(pk=case.id).update(user_id=uuid4())
    with pytest.raises(ProgrammingError), transaction.atomic():
        rows("DELETE FROM kyc_documents")


def test_a_refusal_leaves_no_file_behind(noor, at):
    def kept():
        try:
            return set(storages["documents"].listdir("kyc")[1])
        except FileNotFoundError:
            return set()

    before = kept()
    with pytest.raises(DomainError):
        submitted(noor, at=at, birth_date="2020-01-01")
    submitted(noor, at=at)
    assert len(kept() - before) == 2
    with pytest.raises(ApplicationOpen):
        submitted(noor, at=at)
    assert len(kept() - before) == 2


@pytest.mark.spec("KYC-6")
def test_a_rejected_person_keeps_their_proved_contact_and_no_more(noor, at):
    assert accounts.account(noor.id).kyc_level == 1
    decided(submitted(noor, at=at), decision=Decision.REJECT, at=at)
    account = accounts.account(noor.id)
    assert (account.kyc_level, account.accreditation_status, account.fatca_status) == (1, "none", "none")
