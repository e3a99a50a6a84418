"""Tokens and offerings over the API, as their people use it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.businesses import selectors as of_businesses
from apps.chain.types import IntentKind, IntentState
from apps.common.clock import now
from apps.common.ids import new_id
from apps.tokens import selectors, services
from tests.factories import businesses
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.accounts import AccountFactory, bearer

pytestmark = pytest.mark.django_db


def post(client, name, who, body=None, *, key=None, **where):
    headers = bearer(who) | ({"HTTP_IDEMPOTENCY_KEY": key} if key else {})
    url = reverse(f"api:{name}", kwargs=where)
    return client.post(url, body or {}, content_type="application/json", **headers)


def get(client, name, who, query="", **where):
    return client.get(reverse(f"api:{name}", kwargs=where) + query, **bearer(who))


def patch(client, who, body, **where):
    url = reverse("api:token", kwargs=where)
    return client.patch(url, body, content_type="application/json", **bearer(who))


@pytest.fixture
def issuer():
    return businesses.issuer()


@pytest.fixture
def business(issuer):
    return businesses.active(issuer)


@pytest.fixture
def admin():
    return AccountFactory(role=Role.ADMIN)


def body(business, **changes):
    return {
        "business_id": str(business.id),
        "name": "Falcon Logistics Class A",
        "symbol": "FLCN",
        "isin": "US0378331005",
        "decimals": 2,
        "total_supply": "10000.00",
        "price_per_token": "10.50",
        "raise_currency": "USD",
        "min_investment": "105.00",
        "max_investment": "21000.00",
        "jurisdiction": "AE",
        "eligible_countries": ["AE", "SA"],
        "eligible_classes": ["professional", "retail"],
        "min_kyc_level": 2,
        "primary_offering_pct": "60",
        "team_pct": "15.5",
        "reserve_pct": "24.5",
        "platform_allocation_pct": "2.5",
        "soft_cap": "10500.00",
        "cooling_off_hours": 24,
        "metadata": {"sector": "logistics", "founded": 2009, "audited": True},
    } | changes


@pytest.mark.spec("TOK-1", "TOK-3", "API-5")
def test_an_issuer_drafts_a_token_and_reads_it_back(client, issuer, business):
    sent = body(business)
    made = post(client, "tokens", issuer, sent)
    assert made.status_code == 201
    shown = made.json()
    written = sent | {"primary_offering_pct": "60.00", "team_pct": "15.50", "reserve_pct": "24.50"}
    written |= {"platform_allocation_pct": "2.50"}
    assert {name: shown[name] for name in sent} == written
    assert (shown["status"], shown["trading_mode"], shown["version"]) == ("draft", "primary_subscription", 1)
    assert (shown["primary_allotment"], shown["tokens_sold"], shown["total_raised"]) == (
        "6000.00", "0.00", "0.00",
    )  # fmt: skip
    assert get(client, "token", issuer, token_id=shown["id"]).json() == shown


WRONG = {
    "kind": ("bond", "crypto"),
    "name": ("", "x", "Fal\ncon", "x" * 81, 7),
    "symbol": ("F", "flcn", "FLCN-A", "ＦＬＣＮ", "A" * 12),
    "isin": ("US0378331006", "us0378331005", "US 0378331005", "XX"),
    "decimals": (-1, 9, "2", 1.5, True),
    "total_supply": ("0", "-1", "1e6", "１２", "NaN", "1,000", "1.005", "46116860184273879.04", 100, None),
    "price_per_token": ("0", "0.001", "-1", "Infinity", "92233720368547758.07"),
    "raise_currency": ("EURO", "FLCN", ""),
    "min_investment": ("-1", "x"),
    "max_investment": ("0", "104.99", "x", "-1"),
    "jurisdiction": ("XX", "ae", "UAE", ""),
    "eligible_countries": (["XX"], ["AE", "AE"], "AE", [1]),
    "eligible_classes": (["rich"], ["retail", "retail"], "retail"),
    "min_kyc_level": (0, 4, "2"),
    "primary_offering_pct": ("60.01", "59", "60.001", "-1", "100", ""),
    "platform_allocation_pct": ("24.51", "2.49", "-1"),
    "soft_cap": ("0", "63000.01"),
    "cooling_off_hours": (-1, 2161),
    "metadata": ({"Sector": "x"}, {"a": {}}, {"a": None}, {"a": ["x"]}, {"a": "x" * 1001}, "x",
                 {f"f{n}": "x" for n in range(51)}, {f"f{n}": "é" * 1000 for n in range(9)}),
}  # fmt: skip


@pytest.mark.spec("TOK-1", "TOK-3")
@pytest.mark.parametrize("field", WRONG)
def test_terms_that_cannot_be_are_refused_beside_their_field(client, issuer, business, field):
    for value in WRONG[field]:
        answer = post(client, "tokens", issuer, body(business, **{field: value}))
        assert answer.status_code == 400, (value, answer.content)
        if answer.json()["code"] != "malformed_json":
            assert answer.json()["fields"].keys() == {field}, (value, answer.json())
    assert selectors.tokens() == []


@pytest.mark.spec("TOK-3")
def test_only_an_owner_or_manager_of_an_active_business_drafts(client, issuer, business):
    stranger = businesses.issuer()
    refused = post(client, "tokens", stranger, body(business))
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    waiting = businesses.pending(issuer)
    refused = post(client, "tokens", issuer, body(waiting))
    assert (refused.status_code, refused.json()["code"]) == (409, "business_not_active")
    assert post(client, "tokens", issuer, body(business)).status_code == 201
    assert post(client, "tokens", issuer, body(business)).json()["code"] == "symbol_taken"
    other = body(business, symbol="FLCB")
    assert post(client, "tokens", issuer, other).json()["code"] == "symbol_taken"  # the ISIN
    usd = body(business, symbol="USD", isin="")
    assert post(client, "tokens", issuer, usd).json()["code"] == "symbol_taken"


def test_a_draft_is_changed_by_version_and_only_by_its_own(client, issuer, business):
    token = post(client, "tokens", issuer, body(business)).json()
    where = {"token_id": token["id"]}
    change = {"version": 1, "price_per_token": "12.00", "max_investment": None}
    changed = patch(client, issuer, change, **where).json()
    assert (changed["price_per_token"], changed["max_investment"], changed["version"]) == ("12.00", None, 2)
    assert changed["name"] == token["name"]
    stale = patch(client, issuer, change, **where)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    bad = patch(client, issuer, {"version": 2, "team_pct": "16"}, **where)
    assert bad.json()["fields"].keys() == {"primary_offering_pct"}
    assert patch(client, businesses.issuer(), change, **where).status_code == 404
    assert patch(client, issuer, {"version": 2, "status": "primary"}, **where).status_code == 400
    services.deploy(token_id=token["id"], by=make.BY, at=now())
    frozen = patch(client, issuer, {"version": 3, "name": "Other"}, **where)
    assert (frozen.status_code, frozen.json()["code"]) == (409, "terms_frozen")


def test_drafts_are_seen_by_their_own_and_by_staff(client, issuer, business, admin):
    draft = make.drafted(business=business)
    open_one = make.offered(at=now())
    noor = make.investor()

    def seen(who, name="tokens", query=""):
        return {row["id"] for row in get(client, name, who, query).json()["results"]}

    assert seen(noor) == {str(open_one.id)}
    assert seen(issuer) == {str(open_one.id), str(draft.id)}
    assert seen(admin, "admin-tokens") == {str(open_one.id), str(draft.id)}
    assert seen(admin, "admin-tokens", "?status=draft") == {str(draft.id)}
    assert seen(admin, "admin-tokens", f"?search={open_one.terms.symbol.lower()}") == {str(open_one.id)}
    assert get(client, "token", noor, token_id=draft.id).status_code == 404
    assert get(client, "token", noor, token_id=open_one.id).status_code == 200
    assert get(client, "admin-token", admin, token_id=draft.id).status_code == 200
    assert get(client, "admin-tokens", admin, "?stauts=draft").status_code == 400


@pytest.mark.parametrize(
    ("begin", "end", "field"),
    [
        ("0001-01-01T00:00:00+14:00", "2030-01-01T00:00:00Z", "primary_start"),  # the year 0 in UTC
        ("2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "primary_end"),  # the year 10000 further east
    ],
)
def test_an_offering_whose_times_could_not_be_shown_is_refused(client, admin, begin, end, field):
    token = make.deployed(at=now())
    period = {"primary_start": begin, "primary_end": end}
    refused = post(client, "token-start", admin, period, token_id=token.id)
    assert (refused.status_code, list(refused.json()["fields"])) == (400, [field])
    assert get(client, "admin-tokens", admin).status_code == 200


@pytest.mark.spec("TOK-4", "OFR-1", "OFR-2", "API-5")
def test_from_draft_to_mint_over_the_api(client, issuer, business, admin):
    token_id = post(client, "tokens", issuer, body(business, soft_cap=None)).json()["id"]
    asked = post(client, "token-deploy", admin, key="d1", token_id=token_id)
    assert (asked.status_code, asked.json()["deployed_at"]) == (202, None)
    again = post(client, "token-deploy", admin, key="d2", token_id=token_id)
    assert (again.status_code, again.json()["version"]) == (202, asked.json()["version"])
    begin, end = now(), now() + timedelta(days=30)
    period = {"primary_start": begin.isoformat(), "primary_end": end.isoformat()}
    early = post(client, "token-start", admin, period, token_id=token_id)
    assert (early.status_code, early.json()["code"]) == (409, "not_deployed")
    make.deployed(selectors.token(UUID(token_id)), at=begin)
    started = post(client, "token-start", admin, period, token_id=token_id)
    assert (started.status_code, started.json()["status"]) == (200, "primary")
    twice = post(client, "token-start", admin, period, token_id=token_id)
    assert (twice.status_code, twice.json()["code"]) == (409, "invalid_transition")

    noor = make.investor(cash=5_000_00)
    made = post(client, "token-subscribe", noor, {"quantity": "100"}, key="s1", token_id=token_id)
    assert made.status_code == 201
    allocation = made.json()
    assert (allocation["quantity"], allocation["cost"], allocation["status"]) == (
        "100.00", "1050.00", "pending_payment",
    )  # fmt: skip
    replay = post(client, "token-subscribe", noor, {"quantity": "100"}, key="s1", token_id=token_id)
    assert (replay.json(), replay["Idempotency-Replayed"]) == (allocation, "true")
    other = post(client, "token-subscribe", noor, {"quantity": "101"}, key="s1", token_id=token_id)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert bank.balance(f"client:{noor.id}:USD") == (3_950_00, 1_050_00)

    wanted = {"allocation_ids": [allocation["id"]]}
    done = post(client, "token-confirm", admin, wanted, key="c1", token_id=token_id)
    assert done.json() == {"confirmed": [allocation["id"]], "left_out": [], "remaining": 0}
    assert post(client, "token-confirm", admin, wanted, key="c1", token_id=token_id).json() == done.json()
    refused = post(client, "token-confirm", admin, wanted, key="c2", token_id=token_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    waived = post(client, "allocation-waive", noor, key="w1", allocation_id=allocation["id"])
    assert waived.json()["cooling_off_waived_at"]
    again = post(client, "allocation-waive", noor, key="w1", allocation_id=allocation["id"])
    assert (again.json(), again["Idempotency-Replayed"]) == (waived.json(), "true")
    assert services.queue_due_mints(at=now()) == 1
    make.chain_says(services.note_minted, IntentKind.MINT, allocation["id"])
    mine = get(client, "allocations", noor, "?status=confirmed").json()["results"]
    assert [(row["id"], row["on_chain_status"]) for row in mine] == [(allocation["id"], "minted")]
    shown = get(client, "token", noor, token_id=token_id).json()
    assert (shown["tokens_sold"], shown["tokens_reserved"], shown["total_raised"]) == (
        "100.00", "0.00", "1050.00",
    )  # fmt: skip
    register = get(client, "token-register", admin, token_id=token_id).json()
    assert [(line["owner"], line["ledger_units"], line["chain_units"]) for line in register["holders"]] == [
        (str(noor.id), "100.00", "0.00")
    ]
    assert register["agrees"] is False  # it is minted, and the index of the chain doesn't have it


def test_a_quantity_is_plain_decimal_text(client):
    token, noor = make.offered(at=now()), make.investor()
    for bad in ("0", "-1", "1e2", "１", "1.005", "", 100, None, "99999999999999999999"):
        answer = post(client, "token-subscribe", noor, {"quantity": bad}, key="k", token_id=token.id)
        assert answer.status_code == 400, bad
    assert selectors.allocations_of(noor.id) == []


def test_acts_on_money_need_a_key_and_ones_own_allocation(client, admin):
    token, noor, omar = make.offered(at=now()), make.investor(), make.investor()
    allocation = make.subscribed(token, noor, at=now())
    where = {"allocation_id": allocation.id}
    for name, who, at in [
        ("token-subscribe", noor, {"token_id": token.id}),
        ("allocation-cancel", noor, where),
        ("allocation-withdraw", noor, where),
        ("allocation-waive", noor, where),
        ("token-deploy", admin, {"token_id": token.id}),
        ("token-confirm", admin, {"token_id": token.id}),
        ("allocation-requeue", admin, where),
    ]:
        sent = {"token-subscribe": {"quantity": "5"}, "token-confirm": {"allocation_ids": "all"}}.get(name)
        answer = post(client, name, who, sent, **at)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing"), name
    for name in ("allocation-cancel", "allocation-withdraw", "allocation-waive"):
        assert post(client, name, omar, key="k", **where).status_code == 404, name
    assert get(client, "allocations", omar).json()["results"] == []
    gone = post(client, "allocation-cancel", noor, key="k", **where)
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    assert post(client, "allocation-cancel", noor, key="k", **where).json() == gone.json()


def test_a_confirmation_names_ids_or_all(client, admin):
    token = make.offered(at=now())
    make.subscribed(token, at=now())
    for bad in ("every", [], ["x"], [1], {"a": 1}, None, [None], [["x"]], "ALL"):
        answer = post(client, "token-confirm", admin, {"allocation_ids": bad}, key="k", token_id=token.id)
        assert answer.status_code == 400, bad
    assert selectors.token(token.id).tokens_sold == 0


def test_a_confirmation_of_unknown_ids_confirms_none(client, admin):
    token, other = make.offered(at=now()), make.offered(at=now())
    own, foreign = make.subscribed(token, at=now()), make.subscribed(other, at=now())
    for stranger in (str(uuid4()), str(foreign.id)):
        sent = {"allocation_ids": [str(own.id), stranger]}
        answer = post(client, "token-confirm", admin, sent, key=str(new_id()), token_id=token.id)
        assert (answer.status_code, answer.json()["data"]) == (404, {"allocations": [stranger]})
    many = {"allocation_ids": [str(uuid4()) for _ in range(501)]}
    answer = post(client, "token-confirm", admin, many, key="many", token_id=token.id)
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_allocations")
    assert selectors.allocation(own.id).status == "pending_payment"


def test_staff_see_failed_mints_and_have_them_tried_again(client, admin):
    token = make.offered(at=now())
    allocation = make.queued(token, at=now())
    failed = {"state": IntentState.DEAD, "error": "TransferNotCompliant"}
    make.chain_says(services.note_mint_failed, IntentKind.MINT, allocation.id, **failed)
    listed = get(client, "token-allocations", admin, "?on_chain_status=failed", token_id=token.id).json()
    assert [row["on_chain_error"] for row in listed["results"]] == ["TransferNotCompliant"]
    again = post(client, "allocation-requeue", admin, key="k", allocation_id=allocation.id)
    assert (again.status_code, again.json()["on_chain_status"]) == (200, "queued")
    assert selectors.deployment(token.id) is not None
    unknown = get(client, "token-allocations", admin, token_id=uuid4())
    assert unknown.status_code == 404


def test_the_insider_of_an_offering_is_refused():
    token = make.offered(at=now())
    owner = of_businesses.owner(token.business_id)
    with pytest.raises(services.Insider):
        services.subscribe(
            allocation_id=new_id(), token_id=token.id, investor_id=owner, quantity=100, by=make.BY, at=now()
        )
