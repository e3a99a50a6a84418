"""The desk of issuance: deploying, opening an offering, confirming payments, trying mints again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.types import KycStatus, Role
from apps.businesses import selectors as of_businesses
from apps.businesses.types import BusinessStatus
from apps.chain.models import Intent
from apps.chain.types import IntentKind, IntentState
from apps.common.ids import new_id
from apps.ledger.types import AccountKind, address_of
from apps.tokens import selectors, services
from apps.tokens.types import AllocationStatus, OnChainStatus, TokenStatus
from tests.factories import businesses
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.accounts import AccountFactory, logged_in
from tests.integration.tokens.pages import NOW, SCRIPTS, forms_of, staff, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.spec("TOK-4", "TOK-5", "OFR-2")]


def page_of(client, token):
    return client.get(reverse("staff-token", args=[token.id]))


def acts_on(client, token):
    return {address for address in forms_of(page_of(client, token)).sent if address.startswith("/staff/")}


def confirm(client, token, **body):
    return client.post(reverse("staff-token-confirm", args=[token.id]), body, follow=True)


def status_of(allocation):
    return selectors.allocation(allocation.id).status


def test_the_list_filters(client, django_assert_max_num_queries):
    draft, offered = make.drafted(), make.offered(at=NOW)
    staff(client, "auditor")
    with django_assert_max_num_queries(12):
        page = text_of(client.get(reverse("staff-tokens")))
    assert draft.terms.name in page
    assert offered.terms.name in page
    for query in ({"status": "draft"}, {"search": draft.terms.symbol}, {"search": draft.terms.name}):
        page = text_of(client.get(reverse("staff-tokens"), query))
        assert reverse("staff-token", args=[draft.id]) in page
        assert reverse("staff-token", args=[offered.id]) not in page
    assert "No token matches" in text_of(client.get(reverse("staff-tokens"), {"search": "%"}))


@pytest.mark.parametrize(
    "query", [{"status": "nonsense"}, {"search": "x" * 500}, *({"search": text} for text in SCRIPTS)]
)
def test_hostile_filters_change_nothing(client, query):
    staff(client, "auditor")
    page = client.get(reverse("staff-tokens"), query)
    assert page.status_code == 200
    assert SCRIPTS[0] not in text_of(page)


@pytest.mark.parametrize("name", SCRIPTS[:-1])
def test_the_name_of_a_token_is_text(client, name):
    token = make.offered(at=NOW, name=name, business=businesses.active(name=f"Co {name}"))
    make.subscribed(token, at=NOW)
    logged_in(client, AccountFactory(role=Role.ADMIN))
    for address in ("staff-tokens", "staff-allocations"):
        assert escape(name) in text_of(client.get(reverse(address)))
    page = text_of(page_of(client, token))
    assert escape(name) in page
    assert name not in page or name == escape(name)


@pytest.mark.parametrize(
    ("preset", "acts"),
    [
        ("auditor", set()),
        ("ats_operator", set()),
        ("tokenization_agent", {"deploy"}),
        ("transfer_agent", set()),
        ("super_admin", {"deploy"}),
    ],
)
def test_a_draft_offers_to_deploy_to_those_who_may(client, preset, acts):
    token = make.drafted()
    staff(client, preset)
    assert acts_on(client, token) == {reverse(f"staff-token-{act}", args=[token.id]) for act in acts}
    assert ("Deploy the contracts" in text_of(page_of(client, token))) is bool(acts)


@pytest.mark.parametrize(
    ("preset", "acts"),
    [
        ("auditor", set()),
        ("tokenization_agent", {"start"}),
        ("transfer_agent", {"start"}),
        ("ats_operator", set()),
    ],
)
def test_a_deployed_draft_offers_to_start_to_those_who_may(client, preset, acts):
    token = make.deployed(at=NOW)
    staff(client, preset)
    assert acts_on(client, token) == {reverse(f"staff-token-{act}", args=[token.id]) for act in acts}


@pytest.mark.parametrize(
    ("preset", "acts"),
    [
        ("auditor", ()),
        ("ats_operator", ("requeue",)),
        ("transfer_agent", ("requeue",)),
        ("super_admin", ("confirm", "requeue")),
    ],
)
def test_an_offering_offers_its_queue_to_those_who_may(client, preset, acts):
    token = make.offered(at=NOW)
    make.subscribed(token, at=NOW)
    failed = failed_mint(token)
    staff(client, preset)
    page = text_of(page_of(client, token))
    assert ("Confirm all" in page) is ("confirm" in acts)
    assert (reverse("staff-mint-requeue", args=[failed.id]) in page) is ("requeue" in acts)
    assert str(failed.id) in page


def failed_mint(token):
    allocation = make.queued(token, quantity=50, at=NOW)
    make.chain_says(
        services.note_mint_failed,
        IntentKind.MINT,
        allocation.id,
        state=IntentState.DEAD,
        error="refused",
        at=NOW,
    )
    return allocation


@pytest.mark.parametrize(
    ("act", "preset"),
    [
        ("deploy", "transfer_agent"),
        ("deploy", "auditor"),
        ("start", "auditor"),
        ("confirm", "tokenization_agent"),
    ],
)
def test_nobody_acts_without_the_permission(client, act, preset):
    token = make.drafted()
    address = reverse(f"staff-token-{act}", args=[token.id])
    assert staff(client, preset).post(address).status_code == 403
    logged_in(client, make.investor())
    assert client.post(address).status_code == 403
    assert selectors.token(token.id) == token


@pytest.mark.parametrize("act", ["deploy", "start", "confirm"])
def test_what_does_not_exist_is_not_found(client, act):
    logged_in(client, AccountFactory(role=Role.ADMIN))
    body = {"every": "true", "primary_start": "2030-01-01T10:00", "primary_end": "2030-01-02T10:00"}
    assert client.post(reverse(f"staff-token-{act}", args=[new_id()]), body).status_code == 404
    assert client.get(reverse("staff-token", args=[new_id()])).status_code == 404
    assert client.post(reverse("staff-mint-requeue", args=[new_id()])).status_code == 404


def test_a_resent_deployment_asks_the_chain_once(client):
    token = make.drafted()
    staff(client, "tokenization_agent")
    for _ in range(2):
        answer = client.post(reverse("staff-token-deploy", args=[token.id]), follow=True)
        assert "The chain was asked" in text_of(answer)
    assert Intent.objects.filter(subject=token.id).count() == 1
    assert reverse("staff-token-deploy", args=[token.id]) not in text_of(page_of(client, token))
    part = text_of(client.get(reverse("staff-token", args=[token.id]), {"part": "deployment"}))
    assert f"{reverse('staff-token', args=[token.id])}?part=deployment" in part
    assert reverse("chain-intent", args=[Intent.objects.get(subject=token.id).pk]) in part


def test_a_suspended_business_deploys_and_offers_nothing(client):
    token = make.drafted()
    businesses.decided(of_businesses.business(token.business_id), BusinessStatus.SUSPENDED)
    staff(client, "tokenization_agent")
    assert acts_on(client, token) == set()
    answer = client.post(reverse("staff-token-deploy", args=[token.id]), follow=True)
    assert "only an active business" in text_of(answer)
    assert selectors.token(token.id).deploy_requested_at is None


def test_an_offering_starts_at_times_of_the_market(client):
    token = make.deployed(at=NOW)
    staff(client, "transfer_agent")
    body = {"primary_start": "2030-01-01T10:00", "primary_end": "2030-02-01T18:30"}
    assert client.post(reverse("staff-token-start", args=[token.id]), body).status_code == 302
    started = selectors.token(token.id)
    assert started.status is TokenStatus.PRIMARY
    assert started.primary_start.isoformat() == "2030-01-01T06:00:00+00:00"  # Dubai is four hours ahead
    assert started.primary_end.isoformat() == "2030-02-01T14:30:00+00:00"
    again = client.post(
        reverse("staff-token-start", args=[token.id]), body | {"primary_end": "2031-01-01T10:00"}
    )
    assert again.status_code == 422
    assert selectors.token(token.id) == started


@pytest.mark.parametrize(
    ("start", "end", "blamed"),
    [
        ("", "2030-02-01T18:30", "primary_start"),
        ("２０３０-01-01T10:00", "2030-02-01T18:30", "primary_start"),
        ("2030-01-01", "2030-02-01T18:30", "primary_start"),
        ("2030-02-30T10:00", "2030-03-01T18:30", "primary_start"),
        ("<script>", "2030-02-01T18:30", "primary_start"),
        ("2030-01-01T10:00", "0000-00-00T00:00", "primary_end"),
        ("2030-01-01T10:00", "2030-01-01T10:00", "primary_end"),
        ("2020-01-01T10:00", "2020-02-01T10:00", "primary_end"),
    ],
)
def test_an_offering_needs_times_that_make_sense(client, start, end, blamed):
    token = make.deployed(at=NOW)
    staff(client, "transfer_agent")
    answer = client.post(
        reverse("staff-token-start", args=[token.id]), {"primary_start": start, "primary_end": end}
    )
    assert answer.status_code == 422
    assert blamed in forms_of(answer).invalid
    assert selectors.token(token.id) == token


def test_what_is_not_deployed_is_not_offered(client):
    token = make.drafted()
    staff(client, "transfer_agent")
    body = {"primary_start": "2030-01-01T10:00", "primary_end": "2030-02-01T18:30"}
    assert client.post(reverse("staff-token-start", args=[token.id]), body).status_code == 422
    assert selectors.token(token.id) == token


def test_the_ticked_payments_are_confirmed_and_no_others(client):
    token = make.offered(at=NOW)
    chosen, left = make.subscribed(token, at=NOW), make.subscribed(token, at=NOW)
    staff(client, "super_admin")
    page = confirm(client, token, allocation_ids=[str(chosen.id)], **{"from": "token"})
    assert "1 payment confirmed." in text_of(page)
    assert page.redirect_chain[0][0] == reverse("staff-token", args=[token.id])
    assert (status_of(chosen), status_of(left)) == (
        AllocationStatus.CONFIRMED,
        AllocationStatus.PENDING_PAYMENT,
    )
    again = confirm(client, token, allocation_ids=[str(chosen.id)], **{"from": "token"})
    assert again.status_code == 200
    escrow = address_of(AccountKind.ESCROW, "USD", owner=str(token.business_id), label=str(token.id))
    assert bank.balance(escrow)[0] == chosen.cost
    assert selectors.token(token.id).tokens_sold == chosen.quantity


def test_all_payments_are_confirmed_from_the_queue(client):
    token = make.offered(at=NOW)
    waiting = [make.subscribed(token, at=NOW) for _ in range(3)]
    staff(client, "finance_operator")
    for said in ("3 payments confirmed.", "0 payments confirmed."):
        page = confirm(client, token, every="true")
        assert said in text_of(page)
        assert page.redirect_chain[0][0] == reverse("staff-allocations")
    assert {status_of(each) for each in waiting} == {AllocationStatus.CONFIRMED}


def test_a_confirmation_of_nothing_or_of_something_else_confirms_nothing(client):
    token = make.offered(at=NOW)
    own, other = make.subscribed(token, at=NOW), make.subscribed(make.offered(at=NOW), at=NOW)
    staff(client, "super_admin")
    assert "Tick at least one payment" in text_of(confirm(client, token))
    wrong = ["x", "１", str(new_id()), str(other.id), "0190f3a2-7c4e-7d2b-9b1a-0c1d2e3f4a5b\x00"]
    for text in wrong:
        page = confirm(client, token, allocation_ids=[str(own.id), text])
        assert "confirmed." not in text_of(page)
    assert {status_of(own), status_of(other)} == {AllocationStatus.PENDING_PAYMENT}


def test_who_is_not_eligible_any_more_is_left_out_of_all_and_said(client):
    token = make.offered(at=NOW)
    gone = make.investor()
    lost, kept = make.subscribed(token, gone, at=NOW), make.subscribed(token, at=NOW)
    businesses.identified(gone, status=KycStatus.EXPIRED)
    staff(client, "finance_operator")
    page = text_of(confirm(client, token, every="true"))
    assert "1 payment confirmed." in page
    assert "1 was left out" in page
    assert (status_of(lost), status_of(kept)) == (
        AllocationStatus.PENDING_PAYMENT,
        AllocationStatus.CONFIRMED,
    )


def test_the_queue_is_shown_over_all_tokens_the_longest_wait_first(client):
    first, second = make.offered(at=NOW), make.offered(at=NOW)
    newest = make.subscribed(first, at=NOW + timedelta(minutes=9))
    oldest = make.subscribed(second, at=NOW)
    staff(client, "finance_operator")
    page = text_of(client.get(reverse("staff-allocations")))
    assert page.index(second.terms.name) < page.index(first.terms.name)
    assert page.index(str(oldest.id)) < page.index(str(newest.id))
    assert "1,000.00" in page
    assert client.get(reverse("staff-token", args=[first.id])).status_code == 403
    assert staff(client, "auditor").get(reverse("staff-allocations")).status_code == 403


def test_an_empty_queue_says_so(client):
    page = text_of(staff(client, "finance_operator").get(reverse("staff-allocations")))
    assert "No payment waits" in page


def test_a_failed_mint_is_tried_again(client):
    token = make.offered(at=NOW)
    failed = failed_mint(token)
    assert (
        staff(client, "finance_operator").post(reverse("staff-mint-requeue", args=[failed.id])).status_code
        == 403
    )
    staff(client, "transfer_agent")
    assert "refused" in text_of(page_of(client, token))
    assert client.post(reverse("staff-mint-requeue", args=[failed.id])).status_code == 302
    assert selectors.allocation(failed.id).on_chain_status is OnChainStatus.QUEUED
    assert client.post(reverse("staff-mint-requeue", args=[failed.id])).status_code == 409
