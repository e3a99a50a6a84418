"""A listed token is paused, resumed, delisted and matured, by the verbs, the API, the pages and the admin."""

from datetime import timedelta
from itertools import product

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.chain.models import Intent
from apps.chain.types import IntentKind
from apps.common.errors import DomainError
from apps.outbox.models import OutboxMessage
from apps.tokens import models, selectors, services
from apps.tokens.types import TokenStatus
from tests.factories import businesses
from tests.factories import tokens as make
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.tokens import AT, BY
from tests.integration.tokens.pages import NOW, forms_of, staff, text_of
from tests.integration.tokens.test_admin import TOKENS, act
from tests.integration.tokens.test_api import get, post
from tests.threads import at_once

pytestmark = pytest.mark.django_db

ACTS = {"paused": services.pause, "secondary": services.resume, "delisted": services.delist}
ALLOWED = {"secondary": {"paused", "delisted"}, "paused": {"secondary", "delisted"}}


def change(token, to, *, reason="News are awaited", at=AT):
    return ACTS[to](token_id=token.id, reason=reason, by=BY, at=at)


def told(token):
    found = OutboxMessage.objects.filter(key=str(token.id), type__startswith="token.").order_by("id")
    return [row.type for row in found][3:]  # after its creation, its deployment and its request


def wishes():
    rows = Intent.objects.filter(kind=IntentKind.MARKET).order_by("arguments__number")
    return [row.arguments["open"] for row in rows]


# -- the verbs


@pytest.mark.spec("TOK-2", "TOK-9")
def test_a_market_is_paused_and_resumed():
    token = make.listed()
    paused = change(token, "paused")
    assert (paused.status, paused.trading_mode) == ("paused", "primary_subscription")
    resumed = change(token, "secondary", reason="They came")
    assert (resumed.status, resumed.trading_mode) == ("secondary", "full_orderbook")
    assert [(line.after, line.reason) for line in selectors.history(token.id)][-2:] == [
        ("paused", "News are awaited"),
        ("secondary", "They came"),
    ]
    assert told(token) == ["token.listed", "token.paused", "token.resumed"]
    assert wishes() == [True, False, True]
    assert resumed.listed_at == token.listed_at


@pytest.mark.spec("TOK-2")
@pytest.mark.parametrize(("before", "to"), product(TokenStatus, [*ACTS, "matured"]))
def test_every_other_step_is_refused(before, to):
    token = make.listed()
    rows = models.Token.objects.filter(pk=token.id)
    rows.update(status=before, trading_mode="primary_subscription")
    if to in ALLOWED.get(before, ()):
        assert change(token, to).status == to
        return
    with pytest.raises(DomainError) as error:
        services.mature(token_id=token.id, by=BY, at=AT) if to == "matured" else change(token, to)
    expected = "not_paused" if to == "secondary" else "invalid_transition"
    if to == "matured" and before in ALLOWED:
        expected = "redemption_open"
    assert error.value.code == expected
    assert rows.get().status == before


@pytest.mark.spec("TOK-2")
def test_delisting_is_told_and_leaves_the_chain_as_it_is():
    token = make.listed()
    assert change(token, "delisted").trading_mode == "primary_subscription"
    assert told(token) == ["token.listed", "token.delisted"]
    assert wishes() == [True]


@pytest.mark.spec("TOK-2")
def test_delisting_a_paused_token_lets_its_last_trades_settle():
    token = make.listed()
    change(token, "paused")
    change(token, "delisted")
    assert told(token) == ["token.listed", "token.paused", "token.delisted"]
    assert wishes() == [True, False, True], "a batch would wait for open transfers for ever"


@pytest.mark.spec("TOK-2")
def test_a_token_matures_when_nothing_of_it_is_outstanding():
    token = make.offered(at=AT - timedelta(days=1), primary_bps=10_000, team_bps=0, reserve_bps=0,
                         business=businesses.active(platform_allocation_bps=0))  # fmt: skip
    services.enable_secondary(token_id=token.id, by=BY, at=AT)
    assert services.mature(token_id=token.id, by=BY, at=AT).status == "matured"
    assert told(token)[-1] == "token.matured"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\x00b"])
@pytest.mark.parametrize("to", list(ACTS))
def test_a_reason_is_needed(reason, to):
    token = make.listed()
    if to == "secondary":
        change(token, "paused")
    before = selectors.token(token.id)
    with pytest.raises(services.ReasonMissing):
        change(token, to, reason=reason)
    assert selectors.token(token.id) == before


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_pauses():
    token = make.listed()
    results = at_once(*(lambda: change(token, "paused") for _ in range(3)))
    assert [each.code for each in results if isinstance(each, DomainError)] == ["invalid_transition"] * 2
    assert wishes() == [True, False]


# -- the API


@pytest.fixture
def agent():
    return AccountFactory(role=Role.STAFF, team_role="transfer_agent")


def body_of(response, status=200):
    assert response.status_code == status, response.content
    return response.json()


@pytest.mark.spec("TOK-5", "API-5")
def test_the_whole_life_over_the_api(client, agent):
    token = make.offered(at=NOW, decimals=2, total_supply=1_000_000)
    make.minted(token, quantity=100_00, at=NOW)
    steps = {"tick": "0.10", "lot": "0.10"}
    where = {"token_id": token.id}
    found = body_of(post(client, "token-enable-secondary", agent, steps, key="k1", **where))
    assert (found["status"], found["trading_mode"]) == ("secondary", "full_orderbook")
    assert (found["total_raised"], found["success_fee"], found["paid_out"]) == ("1000.00", "20.00", "980.00")
    assert found["listed_at"]
    again = post(client, "token-enable-secondary", agent, steps, key="k1", **where)
    assert (again.json(), again.status_code) == (found, 200)
    refused = body_of(post(client, "token-enable-secondary", agent, steps, key="k2", **where), 409)
    assert refused["code"] == "not_primary"
    why = {"reason": "a look at it"}
    for name, status in (("pause", "paused"), ("resume", "secondary"), ("delist", "delisted")):
        found = body_of(post(client, f"token-{name}", agent, why, key=f"k-{name}", **where))
        assert found["status"] == status
    allocations = body_of(get(client, "token-allocations", agent, **where))["results"]
    assert any(each["locked_until"] for each in allocations)
    (told,) = OutboxMessage.objects.filter(key=str(token.id), type="token.listed")
    assert (told.payload["tick"], told.payload["lot"]) == (10, 10)


@pytest.mark.parametrize("name", ["tick", "lot"])
@pytest.mark.parametrize("text", ["-0.01", "NaN", "Infinity", "1e2", "\uff11", "0", "", "0.001", 1, None])
def test_hostile_steps_are_refused_beside_their_field(client, agent, name, text):
    token = make.offered(at=NOW)
    make.minted(token, at=NOW)
    response = post(client, "token-enable-secondary", agent, {name: text}, key="k", token_id=token.id)
    assert name in body_of(response, 400)["fields"]
    assert selectors.token(token.id).status == "primary"


def test_the_api_wants_a_key_a_reason_and_the_permission(client, agent):
    token = make.listed(at=NOW)
    where = {"token_id": token.id}
    assert body_of(post(client, "token-pause", agent, {"reason": "x"}, **where), 400)["code"] == (
        "idempotency_key_missing"
    )
    assert "reason" in body_of(post(client, "token-pause", agent, {}, key="k", **where), 400)["fields"]
    for name in ("enable-secondary", "pause", "resume", "mature", "delist"):
        other = AccountFactory(role=Role.STAFF, team_role="auditor")
        body = {} if name in {"mature", "enable-secondary"} else {"reason": "x"}
        assert post(client, f"token-{name}", other, body, key="k", **where).status_code == 403
    found = body_of(post(client, "token-mature", agent, key="m", **where), 409)
    assert found["code"] == "redemption_open"


# -- the pages


def page_of(client, token):
    return client.get(reverse("staff-token", args=[token.id]))


@pytest.mark.spec("TOK-5")
def test_staff_see_what_opening_does_and_open_it(client):
    token = make.offered(at=NOW - timedelta(days=1))
    make.minted(token, quantity=1_234, at=NOW)
    staff(client, "tokenization_agent")
    page = text_of(page_of(client, token))
    for amount in ("12,340.00", "246.80", "12,093.20", "1,500", "2,250", "250", "365", "4,766"):
        assert amount in page
    address = reverse("staff-token-open", args=[token.id])
    assert forms_of(page_of(client, token)).sent[address].keys() >= {"tick", "lot"}
    refused = client.post(address, {"tick": "\uff11", "lot": "1"})
    assert (refused.status_code, forms_of(refused).invalid) == (422, {"tick"})
    assert client.post(address, {"tick": "0.05", "lot": ""}, follow=True).status_code == 200
    assert selectors.token(token.id).status == "secondary"
    page = text_of(page_of(client, token))
    assert "Paid out to the issuer" in page
    assert address not in page


def test_the_page_says_what_holds_it_up(client):
    token = make.offered(at=NOW - timedelta(days=1))
    make.subscribed(token, at=NOW)
    staff(client, "tokenization_agent")
    page = page_of(client, token)
    assert "wait for their payment" in text_of(page)
    assert reverse("staff-token-open", args=[token.id]) not in forms_of(page).sent
    refused = client.post(reverse("staff-token-open", args=[token.id]), {"tick": "", "lot": ""})
    assert refused.status_code == 422


@pytest.mark.spec("TOK-2")
def test_staff_pause_resume_and_delist_with_a_reason(client):
    token = make.listed(at=NOW)
    staff(client, "transfer_agent")
    address = reverse("staff-token-market", args=[token.id])
    refused = client.post(address, {"act": "pause", "reason": ""})
    assert (refused.status_code, forms_of(refused).invalid) == (422, {"reason"})
    for name, status in (("pause", "paused"), ("resume", "secondary"), ("delist", "delisted")):
        assert address in forms_of(page_of(client, token)).sent
        client.post(address, {"act": name, "reason": "a look at it"})
        assert selectors.token(token.id).status == status
    assert address not in forms_of(page_of(client, token)).sent
    assert client.post(address, {"act": "rob", "reason": "x"}).status_code == 422


def test_who_only_looks_sees_no_buttons(client):
    token = make.listed(at=NOW)
    staff(client, "auditor")
    page = page_of(client, token)
    assert reverse("staff-token-market", args=[token.id]) not in forms_of(page).sent
    assert "Paid out to the issuer" in text_of(page)


@pytest.mark.parametrize("to", ["secondary", "paused", "delisted"])
def test_the_issuer_sees_the_state_and_what_was_paid_out(client, to):
    owner = businesses.issuer()
    token = make.listed(at=NOW, quantity=1_234, business=businesses.active(owner))
    if to != "secondary":
        change(token, to, at=NOW)
    logged_in(client, owner)
    page = text_of(client.get(reverse("token", args=[token.id])))
    assert "12,093.20" in page
    assert "246.80" in page


def test_what_is_traded_is_offered_no_more(client):
    token, other = make.listed(at=NOW), make.offered(at=NOW)
    logged_in(client, make.investor())
    page = text_of(client.get(reverse("offerings")))
    assert other.terms.name in page
    assert reverse("offering", args=[token.id]) not in page
    assert client.get(reverse("offering", args=[token.id])).status_code == 200


@pytest.mark.spec("UI-7")
def test_the_workplace_has_the_same_acts(client):
    token = make.offered(at=NOW - timedelta(days=1))
    make.minted(token, at=NOW)
    staff(client, "transfer_agent")
    for name, fields, status in (
        ("enable_secondary", {}, "secondary"),
        ("pause", {}, "secondary"),  # without a reason
        ("pause", {"reason": "a look at it"}, "paused"),
        ("resume", {"reason": "done"}, "secondary"),
        ("mature", {}, "secondary"),  # it is outstanding
        ("delist", {"reason": "the issuer asked"}, "delisted"),
    ):
        act(client, TOKENS, name, token, **fields)
        assert selectors.token(token.id).status == status, name
