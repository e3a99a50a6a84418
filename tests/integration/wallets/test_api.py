"""Deposits and withdrawals over HTTP: mine, the queues of staff, and every act with its key."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.accounts.types import KycStatus, Role
from apps.audit.models import AuditEvent
from apps.chain import models as chain
from apps.common.ids import new_id
from apps.common.models import IdempotencyRecord
from apps.wallets import models
from apps.wallets.api.answers import DEPOSIT_STATUS, WITHDRAWAL_STATUS
from apps.wallets.types import DepositState, WithdrawalState
from tests.factories.accounts import AccountFactory, bearer
from tests.factories.wallets import (
    HOLDER,
    IBAN,
    asked,
    bank_reference,
    destination,
    finance,
    funded,
    person,
    requested,
    standing,
)

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"
JSON = "application/json"


@pytest.fixture
def noor():
    return person()


@pytest.fixture
def staff():
    return finance()


@pytest.fixture
def ask(client):
    def get(who, path, **query):
        return client.get(V1 + path, query, **bearer(who))

    return get


@pytest.fixture
def send(client):
    """POST with an Idempotency-Key, a new one unless given."""

    def post(who, path, body=None, *, key=None):
        headers = bearer(who) | {"HTTP_IDEMPOTENCY_KEY": str(new_id()) if key is None else key}
        return client.post(V1 + path, json.dumps(body or {}), content_type=JSON, **headers)

    return post


def code(answer):
    return answer.status_code, answer.json()["code"]


def cash(ask, who):
    return {each["asset"]: each["available"] for each in ask(who, "balances").json()["results"]}


@pytest.mark.spec("PAY-1", "API-1")
def test_a_deposit_from_request_to_balance(ask, send, noor, staff):
    made = send(noor, "deposits", {"currency": "USD", "amount": "2500.00"})
    assert made.status_code == 201
    deposit = made.json()
    assert (deposit["status"], deposit["amount"], deposit["received"]) == ("requested", "2500.00", None)
    assert deposit["instructions"]["iban"].startswith("AE")
    assert deposit["why"]["waits_for"] == "you"
    assert ask(noor, f"deposits/{deposit['id']}").json()["history"][0]["after"] == "requested"
    queue = ask(staff, "admin/deposits", status="open").json()["results"]
    assert [each["id"] for each in queue] == [deposit["id"]]
    came = {"amount": "2499.00", "bank_reference": "CAMT-0a1b2c"}
    answer = send(staff, f"admin/deposits/{deposit['id']}/confirm", came)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["received"]) == ("credited", "2499.00")
    assert cash(ask, noor) == {"USD": "2499.00"}
    seen = ask(noor, f"deposits/{deposit['id']}").json()
    assert (seen["status"], seen["received"], seen["instructions"]) == ("credited", "2499.00", None)
    assert "bank_reference" not in seen
    case = ask(staff, f"admin/deposits/{deposit['id']}").json()
    assert case["bank_reference"] == "CAMT-0A1B2C"
    assert case["history"][-1]["actor_id"] == str(staff.id)


@pytest.mark.spec("PAY-1")
def test_the_separate_acts(ask, send, noor, staff):
    deposit = requested(noor, 100_00)
    path = f"admin/deposits/{deposit.id}"
    assert code(send(staff, f"{path}/credit")) == (409, "invalid_transition")
    assert send(staff, f"{path}/receive", {"amount": "90.00", "bank_reference": "FT-1"}).status_code == 200
    assert cash(ask, noor) == {"USD": "0.00"}
    refund = {"reason": "sender_differs", "bank_reference": "FT-2"}
    refunded = send(staff, f"{path}/refund", refund)
    assert (refunded.status_code, refunded.json()["status"]) == (200, "refunded")
    other = requested(noor, 100_00)
    rejected = send(staff, f"admin/deposits/{other.id}/reject", {"reason": "nothing_came"})
    assert rejected.json()["why"]["sentence"] == "No money with this reference has reached our account."
    third = requested(noor, 100_00)
    cancelled = send(noor, f"deposits/{third.id}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")


@pytest.mark.spec("PAY-2", "API-1")
def test_a_withdrawal_is_taken_back_once(ask, send, noor):
    funded(noor, 1_000_00)
    path = f"withdrawals/{asked(noor, 300_00).id}/cancel"
    assert code(send(noor, path, key="")) == (400, "idempotency_key_missing")
    done, again = (send(noor, path, key="k") for _ in range(2))
    assert (again.json(), again["Idempotency-Replayed"]) == (done.json(), "true")
    assert done.json()["status"] == "cancelled"
    assert cash(ask, noor) == {"USD": "1000.00"}


@pytest.mark.spec("PAY-2", "API-1")
def test_a_withdrawal_from_request_to_bank(ask, send, noor, staff):
    funded(noor, 1_000_00)
    body = {"currency": "USD", "amount": "300.00", "holder_name": HOLDER, "iban": IBAN}
    made = send(noor, "withdrawals", body)
    assert made.status_code == 201
    found = made.json()
    assert (found["status"], found["why"]["waits_for"]) == ("under_review", "us")
    assert HOLDER not in made.content.decode()
    assert ask(noor, f"withdrawals/{found['id']}").json()["destination"]["iban"] == IBAN
    limits = ask(noor, "withdrawals/limits").json()
    assert (limits["withdrawable"], limits["day_left"], limits["most"]) == ("700.00", "49700.00", "700.00")
    path = f"admin/withdrawals/{found['id']}"
    assert send(staff, f"{path}/approve").json()["status"] == "approved"
    assert code(send(noor, f"withdrawals/{found['id']}/cancel")) == (409, "invalid_transition")
    assert send(staff, f"{path}/send", {"bank_reference": "OUT-77"}).json()["bank_reference"] == "OUT-77"
    assert send(staff, f"{path}/complete").json()["status"] == "completed"
    assert cash(ask, noor) == {"USD": "700.00"}


@pytest.mark.spec("PAY-2", "RBAC-4")
def test_where_it_goes_is_shown_to_those_who_may_approve_and_recorded(client, ask, noor, staff):
    funded(noor, 1_000_00)
    found = asked(noor, 300_00)
    path = f"admin/withdrawals/{found.id}"
    seen = ask(staff, path, why="case 12").json()
    assert (seen["destination"]["iban"], seen["destination"]["holder_name"]) == (IBAN, HOLDER)
    assert seen["holder_is_owner"] is True
    reads = AuditEvent.objects.filter(action="wallets.destination_read")
    assert [(e.actor_id, e.target_id, e.reason) for e in reads] == [(str(staff.id), str(found.id), "case 12")]
    assert "destination" not in ask(staff, "admin/withdrawals").json()["results"][0]
    client.head(V1 + path, **bearer(staff))
    onlooker = AccountFactory(role=Role.STAFF, team_role="support")
    onlooker_may = ask(onlooker, path)
    if onlooker_may.status_code == 200:
        assert onlooker_may.json()["destination"] is None
    assert reads.count() == 1


@pytest.mark.spec("PAY-2")
def test_a_holder_in_another_name_is_pointed_out(ask, noor, staff):
    funded(noor, 1_000_00)
    found = asked(noor, 300_00, destination=destination(holder_name="Quite Another"))
    assert ask(staff, f"admin/withdrawals/{found.id}").json()["holder_is_owner"] is False
    turned = asked(noor, 300_00, destination=destination(holder_name="QUILLFEATHER  Zaynab"))
    assert ask(staff, f"admin/withdrawals/{turned.id}").json()["holder_is_owner"] is True


CREATIONS = {
    "deposits": {"currency": "USD", "amount": "10.00"},
    "withdrawals": {"currency": "USD", "amount": "10.00", "holder_name": HOLDER, "iban": IBAN},
}


@pytest.mark.spec("API-1")
@pytest.mark.parametrize("path", CREATIONS)
def test_a_repeat_gets_the_first_answer(path, send, noor):
    funded(noor, 1_000_00)
    first = send(noor, path, CREATIONS[path], key="k1")
    again = send(noor, path, CREATIONS[path], key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    other = send(noor, path, CREATIONS[path] | {"amount": "11.00"}, key="k1")
    assert code(other) == (422, "idempotency_key_reused")
    assert code(send(noor, path, CREATIONS[path], key="")) == (400, "idempotency_key_missing")
    stranger = person()
    funded(stranger, 1_000_00)
    assert send(stranger, path, CREATIONS[path], key="k1").json()["id"] != first.json()["id"]


@pytest.mark.spec("API-1")
def test_every_act_of_staff_wants_a_key_and_answers_a_repeat(send, noor, staff):
    deposit = requested(noor, 100_00)
    came = {"amount": "100.00", "bank_reference": bank_reference()}
    path = f"admin/deposits/{deposit.id}/confirm"
    assert code(send(staff, path, came, key="")) == (400, "idempotency_key_missing")
    first, again = send(staff, path, came, key="k"), send(staff, path, came, key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    assert code(send(staff, path, came, key="k2")) == (409, "invalid_transition")


def test_no_kept_answer_names_a_person_or_an_account(send, noor):
    funded(noor, 1_000_00)
    send(noor, "withdrawals", CREATIONS["withdrawals"])
    kept = json.dumps(list(IdempotencyRecord.objects.values_list("body", flat=True)))
    assert kept != "[]"
    assert HOLDER not in kept
    assert IBAN not in kept


@pytest.mark.spec("API-1")
@pytest.mark.parametrize("path", CREATIONS)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "1e3"), ("amount", "NaN"), ("amount", "-5.00"), ("amount", "٣"), ("amount", "１０"),
        ("amount", "1_000"), ("amount", "10.001"), ("amount", ""), ("amount", "0.00"), ("amount", "9" * 19),
        ("amount", 10), ("amount", None), ("amount", ["10.00"]), ("amount", "1,000.00"),
        ("currency", "USDC"), ("currency", "usd"), ("currency", None), ("currency", 5), ("currency", "' OR"),
        ("user_id", "00000000-0000-0000-0000-000000000000"), ("state", "credited"), ("id", "x"),
    ],
)  # fmt: skip
def test_hostile_requests_make_nothing(path, field, value, send, noor):
    funded(noor, 1_000_00)
    before = models.Deposit.objects.count(), models.Withdrawal.objects.count()
    answer = send(noor, path, CREATIONS[path] | {field: value})
    assert answer.status_code in {400, 422}, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert (models.Deposit.objects.count(), models.Withdrawal.objects.count()) == before


@pytest.mark.parametrize("field", ["holder_name", "iban", "account_number", "bank_code"])
@pytest.mark.parametrize("value", ["<script>", "' OR 1=1", "\u202e", "x" * 9000, "", "٣٣٣٣٣", None, 5, ["a"]])
def test_hostile_destinations_are_refused_or_sealed(field, value, send, noor):
    funded(noor, 1_000_00)
    answer = send(noor, "withdrawals", CREATIONS["withdrawals"] | {field: value})
    accepted = field == "holder_name" and value in ("<script>", "' OR 1=1", "٣٣٣٣٣")
    assert answer.status_code == (201 if accepted else 400), answer.content


def test_an_iban_or_an_account_number_not_both_and_not_neither(send, noor):
    funded(noor, 1_000_00)
    both = send(noor, "withdrawals", CREATIONS["withdrawals"] | {"account_number": "1234567"})
    assert (both.status_code, list(both.json()["fields"])) == (400, ["iban"])
    body = {name: value for name, value in CREATIONS["withdrawals"].items() if name != "iban"}
    assert sorted(send(noor, "withdrawals", body).json()["fields"]) == ["account_number", "bank_code"]


@pytest.mark.spec("PAY-1", "PAY-2")
def test_refusals_say_which_rule_and_what_to_do(send):
    somebody = standing(AccountFactory(), kyc=KycStatus.PENDING)
    for path, body in CREATIONS.items():
        answer = send(somebody, path, body)
        assert code(answer) == (422, "identity_check_needed")
        assert answer.json()["next_step"]
        assert answer.json()["data"] == {"kyc_status": "pending"}


@pytest.mark.spec("ACC-3", "RBAC-4")
def test_what_is_somebody_elses_is_not_there(ask, send, noor):
    funded(noor, 1_000_00)
    stranger = person()
    deposit, withdrawal = requested(noor), asked(noor)
    for path in (f"deposits/{deposit.id}", f"withdrawals/{withdrawal.id}"):
        assert code(ask(stranger, path)) == (404, "not_found")
        assert code(send(stranger, f"{path}/cancel")) == (404, "not_found")
    assert ask(stranger, "deposits").json()["results"] == []
    assert ask(stranger, "withdrawals").json()["results"] == []


@pytest.mark.spec("API-1")
def test_lists_come_in_pages_mine_newest_first_the_queue_oldest_first(ask, noor, staff):
    made = [str(requested(noor).id) for _ in range(5)]

    def walk(who, path):
        seen, query = [], {"page_size": 2}
        while True:
            page = ask(who, path, **query).json()
            seen += [each["id"] for each in page["results"]]
            if not page["next"]:
                return seen
            query["cursor"] = page["next"].partition("cursor=")[2].partition("&")[0].replace("%3D", "=")

    assert walk(noor, "deposits") == made[::-1]
    assert walk(staff, "admin/deposits") == made


def test_the_queues_filters(ask, noor, staff):
    mine, other = requested(noor), requested(person(), currency="EUR")
    funded(noor, 50_00)

    def found(**query):
        return {each["id"] for each in ask(staff, "admin/deposits", **query).json()["results"]}

    assert found(status="open") == {str(mine.id), str(other.id)}
    assert found(status="credited", user_id=str(noor.id)) == found(status="credited")
    assert found(currency="EUR") == {str(other.id)}
    assert found(reference=f" {mine.reference[:4].lower()}-{mine.reference[4:]}") == {str(mine.id)}
    booked = models.Deposit.objects.exclude(bank_reference="").get()
    assert found(reference=booked.bank_reference.lower()) == {str(booked.pk)}
    assert found(reference="nothing") == set()
    for query in ({"status": "x"}, {"user_id": "x"}, {"colour": "red"}):
        assert ask(staff, "admin/deposits", **query).status_code == 400


def test_my_address_on_chain(ask, noor):
    assert ask(noor, "wallet/address").json() == {"address": "", "status": "", "identity": ""}
    address, identity = (
        "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
    )
    row = chain.Holder.objects.create(owner=noor.id, country=784, created_at=datetime.now(UTC))
    assert ask(noor, "wallet/address").json() == {"address": "", "status": "requested", "identity": ""}
    row.state, row.index, row.address, row.identity = "registered", 1, address, identity
    row.save()
    answer = ask(noor, "wallet/address").json()
    assert answer == {"address": address, "status": "registered", "identity": identity}


@pytest.mark.spec("RBAC-4")
def test_staff_without_the_permission_is_refused_by_its_name(ask, send, noor):
    funded(noor, 100_00)
    deposit, withdrawal = requested(noor), asked(noor, 10_00)
    auditor = AccountFactory(role=Role.STAFF, team_role="kyc_reviewer")
    assert ask(auditor, "admin/deposits").json()["data"] == {"permission": "wallets.view"}
    body = {"amount": "1.00", "bank_reference": "FT-1"}
    refused = send(auditor, f"admin/deposits/{deposit.id}/confirm", body)
    assert refused.json()["data"] == {"permission": "deposits.approve"}
    refused = send(auditor, f"admin/withdrawals/{withdrawal.id}/approve")
    assert refused.json()["data"] == {"permission": "withdrawals.approve"}


def test_a_list_asks_the_database_as_often_for_many_as_for_one(ask, noor, staff):
    requested(noor)
    with connection.execute_wrapper(counting := Counting()):
        ask(staff, "admin/deposits")
    one = counting.number
    for _ in range(5):
        requested(noor)
    with connection.execute_wrapper(counting := Counting()):
        ask(staff, "admin/deposits")
    assert counting.number == one


class Counting:
    def __init__(self):
        self.number = 0

    def __call__(self, execute, sql, params, many, context):
        self.number += 1
        return execute(sql, params, many, context)


def test_every_state_is_a_status_of_the_document():
    assert set(DEPOSIT_STATUS) == set(DepositState)
    assert set(WITHDRAWAL_STATUS) == set(WithdrawalState)
