"""The chain in the API."""

from uuid import UUID

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.chain import selectors
from apps.chain.types import IntentState
from apps.common.ids import new_id
from tests.chain import carry_out
from tests.factories.accounts import AccountFactory, bearer
from tests.integration.chain.test_pages import dead

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(valkey):
    return bearer(AccountFactory(role=Role.STAFF, team_role="ats_operator"))


def post(client, name, row, headers, body=None, key="1"):
    keyed = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    url = reverse(f"api:{name}", args=[row.pk])
    return client.post(url, body or {}, content_type="application/json", **headers, **keyed)


@pytest.mark.spec("CHN-9")
def test_the_state_says_how_the_network_is(client, chain, operator):
    chain.holder()
    body = client.get(reverse("api:chain"), **operator).json()
    assert (body["chain_id"], body["status"], body["indexed"]) == (31337, "ok", None)
    assert body["head"]["number"] == int(chain.rpc("eth_blockNumber"), 16)
    assert body["intents"]["completed"] == 1
    (registrar,) = [signer for signer in body["signers"] if signer["duty"] == "registrar"]
    wei = int(chain.rpc("eth_getBalance", registrar["address"], "latest"), 16)
    assert registrar["balance"].replace(".", "").lstrip("0") == str(wei)
    assert body["platform_is_deployed"] is False  # only its contracts are noted in this test


def test_without_a_node_the_state_is_told_all_the_same(client, chain, operator, settings):
    chain.holder()
    settings.CHAIN_RPC_URLS = ["http://127.0.0.1:1"]
    body = client.get(reverse("api:chain"), **operator).json()
    assert body["head"] is None
    assert {signer["balance"] for signer in body["signers"]} == {None}


@pytest.mark.spec("API-5")
def test_intents_are_listed_and_filtered_page_by_page(client, operator):
    rows = [dead(created_at=f"2026-03-02T10:0{number}Z") for number in range(3)]
    url = reverse("api:chain-intents")
    first = client.get(url, {"status": "dead", "page_size": "2"}, **operator).json()
    assert [each["id"] for each in first["results"]] == [str(rows[2].pk), str(rows[1].pk)]
    second = client.get(first["next"], **operator).json()
    assert [each["id"] for each in second["results"]] == [str(rows[0].pk)]
    assert client.get(url, {"kind": "suite"}, **operator).json()["results"] == []
    assert client.get(url, {"kind": "nothing"}, **operator).status_code == 400
    assert client.get(url, {"sort": "kind"}, **operator).status_code == 400


@pytest.mark.spec("CHN-8")
def test_an_intent_is_shown_with_its_transactions(client, chain, operator):
    intent = chain.mint(chain.suite(), chain.holder(), 5)
    carry_out()
    body = client.get(reverse("api:chain-intent", args=[intent]), **operator).json()
    (sent,) = selectors.transactions_of(intent)
    (shown,) = body["transactions"]
    assert (body["status"], UUID(body["id"])) == ("completed", intent)
    assert (shown["tx_hash"], shown["nonce"], shown["status"]) == (
        sent.step.tx_hash,
        sent.step.nonce,
        "confirmed",
    )
    assert int(shown["cost"]) == shown["gas_used"] * int(shown["gas_price"])
    assert [form["tx_hash"] for form in shown["forms"]] == [sent.step.tx_hash]
    assert client.get(reverse("api:chain-intent", args=[new_id()]), **operator).status_code == 404


@pytest.mark.spec("CHN-7", "API-3")
def test_a_dead_letter_is_requeued_once_for_each_key(client, operator):
    row = dead()
    assert post(client, "chain-requeue", row, operator, key="").json()["code"] == "idempotency_key_missing"
    first = post(client, "chain-requeue", row, operator)
    assert (first.status_code, first.json()) == (200, {"id": str(row.pk), "status": "queued"})
    again = post(client, "chain-requeue", row, operator)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert AuditEvent.objects.filter(action="chain.requeued").count() == 1
    other = post(client, "chain-requeue", row, operator, key="2")
    assert (other.status_code, other.json()["code"]) == (409, "invalid_transition")


@pytest.mark.spec("CHN-7")
def test_a_dead_letter_is_called_off_with_a_reason(client, operator):
    row = dead()
    assert post(client, "chain-cancel", row, operator).status_code == 400
    assert post(client, "chain-cancel", row, operator, {"reason": 5}).status_code == 400
    assert post(client, "chain-cancel", row, operator, {"reason": "case 12"}).json()["status"] == "cancelled"
    row.refresh_from_db()
    assert row.state == IntentState.CANCELLED
    assert AuditEvent.objects.get(action="chain.cancelled").reason == "case 12"


def test_who_may_look_may_not_act(client, valkey):
    auditor, row = bearer(AccountFactory(role=Role.STAFF, team_role="auditor")), dead()
    assert client.get(reverse("api:chain"), **auditor).status_code == 200
    assert post(client, "chain-requeue", row, auditor).json()["data"] == {"permission": "settlement.retry"}
    investor = bearer(AccountFactory())
    assert client.get(reverse("api:chain"), **investor).status_code == 403
