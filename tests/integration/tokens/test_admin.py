"""Tokens in the compliance workplace: the same verbs and permissions as everywhere."""

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.chain.types import IntentKind, IntentState
from apps.common.clock import now
from apps.tokens import selectors, services
from apps.tokens.types import AllocationStatus, OnChainStatus, TokenStatus
from tests.factories import tokens as make
from tests.factories.accounts import AccountFactory, logged_in

pytestmark = pytest.mark.django_db

TOKENS, ALLOCATIONS = "admin:tokens_token_changelist", "admin:tokens_allocation_changelist"


def act(client, page, action, *rows, **fields):
    """Carry out an action on rows, and return the page that follows."""
    sent = {"action": action, "_selected_action": [str(row.id) for row in rows], **fields}
    return client.post(reverse(page), sent, follow=True)


@pytest.fixture
def staff(client):
    def log_in(preset):
        return logged_in(client, AccountFactory(role=Role.STAFF, team_role=preset))

    return log_in


@pytest.mark.spec("TOK-4", "UI-7")
def test_an_agent_deploys_and_starts_an_offering(staff):
    client, token = staff("tokenization_agent"), make.drafted(at=now())
    assert token.terms.symbol in client.get(reverse(TOKENS), {"q": token.terms.symbol}).content.decode()
    act(client, TOKENS, "deploy", token)
    assert selectors.token(token.id).deploy_requested_at
    period = {"primary_start": "2026-01-01T09:00", "primary_end": "2099-01-01T09:00"}
    page = act(client, TOKENS, "start_offering", token, **period).content.decode()
    assert "not on chain yet" in page
    make.deployed(token, at=now())
    act(client, TOKENS, "start_offering", token)
    assert selectors.token(token.id).status is TokenStatus.DRAFT
    act(client, TOKENS, "start_offering", token, **period)
    token = selectors.token(token.id)
    assert (token.status, token.primary_start.isoformat()) == (
        TokenStatus.PRIMARY, "2026-01-01T09:00:00+00:00",
    )  # fmt: skip


@pytest.mark.spec("OFR-2", "UI-7")
def test_finance_confirms_and_nobody_else_does(staff):
    token, other = make.offered(at=now()), make.offered(at=now())
    rows = [
        make.subscribed(token, at=now()),
        make.subscribed(token, at=now()),
        make.subscribed(other, at=now()),
    ]
    act(staff("auditor"), ALLOCATIONS, "confirm_payment", *rows)
    act(staff("tokenization_agent"), ALLOCATIONS, "confirm_payment", *rows)
    assert selectors.token(token.id).tokens_sold == 0
    client = staff("finance_operator")
    assert client.get(reverse(TOKENS)).status_code == 403
    act(client, ALLOCATIONS, "confirm_payment", *rows)
    assert {selectors.allocation(row.id).status for row in rows} == {AllocationStatus.CONFIRMED}
    page = act(client, ALLOCATIONS, "confirm_payment", rows[0]).content.decode()
    assert "become" in page


def test_a_failed_mint_is_tried_again_by_who_may(staff):
    allocation = make.queued(make.offered(at=now()), at=now())
    failed = {"state": IntentState.DEAD, "error": "TransferNotCompliant"}
    make.chain_says(services.note_mint_failed, IntentKind.MINT, allocation.id, **failed)
    act(staff("finance_operator"), ALLOCATIONS, "requeue_mint", allocation)
    assert selectors.allocation(allocation.id).on_chain_status is OnChainStatus.FAILED
    act(staff("super_admin"), ALLOCATIONS, "requeue_mint", allocation)
    assert selectors.allocation(allocation.id).on_chain_status is OnChainStatus.QUEUED


@pytest.mark.parametrize("page", ["token", "allocation"])
def test_no_row_is_edited_here(staff, page):
    allocation = make.subscribed(make.offered(at=now()), at=now())
    row = allocation.token_id if page == "token" else allocation.id
    client = staff("super_admin")
    assert client.get(reverse(f"admin:tokens_{page}_change", args=[row])).status_code == 200
    assert client.post(reverse(f"admin:tokens_{page}_change", args=[row]), {"status": "x"}).status_code == 403
    assert client.get(reverse(f"admin:tokens_{page}_add")).status_code == 403


@pytest.mark.parametrize("page", [TOKENS, ALLOCATIONS])
def test_a_search_for_anything_finds_what_there_is(staff, page):
    allocation = make.subscribed(make.offered(at=now()), at=now())
    client = staff("super_admin")
    for query in ("x", "'", "%", str(allocation.id), str(allocation.investor_id), allocation.symbol, "１"):
        assert client.get(reverse(page), {"q": query}).status_code == 200, query
    found = client.get(reverse(ALLOCATIONS), {"q": str(allocation.investor_id)}).content.decode()
    assert str(allocation.id) in found


def test_who_may_not_open_a_token_gets_no_link_to_it(staff):
    allocation = make.subscribed(make.offered(at=now()), at=now())
    page = reverse("admin:tokens_allocation_change", args=[allocation.id])
    of_token = reverse("admin:tokens_token_change", args=[allocation.token_id])
    for preset, is_linked in (("finance_operator", False), ("super_admin", True)):
        shown = staff(preset).get(page)
        assert shown.status_code == 200
        assert allocation.symbol in shown.content.decode()
        assert (of_token in shown.content.decode()) is is_linked
