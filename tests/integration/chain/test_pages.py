"""What staff see of the chain, and what they may do there."""

import pytest
from django.urls import reverse

from apps.accounts.types import Role
from apps.chain import selectors
from apps.chain.models import Intent, Network, Transaction
from apps.chain.types import IntentKind, IntentState, NetworkState
from apps.common.ids import new_id
from tests.chain import carry_out
from tests.factories.accounts import AccountFactory, logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    def log_in(preset):
        return logged_in(client, AccountFactory(role=Role.STAFF, team_role=preset))

    return log_in


@pytest.fixture
def minted(chain):
    """A mint that is final."""
    suite, holder = chain.suite(), chain.holder()
    intent = chain.mint(suite, holder, 5)
    carry_out()
    return selectors.intent(intent)


def dead(**changes):
    """An intent that was given up."""
    values = {"kind": IntentKind.MINT, "subject": new_id(), "business_key": f"test:{new_id()}"}
    values |= {"state": IntentState.DEAD, "error": "SupplyCapExceeded(5, 3)", "requested_by": "system:tests"}
    return Intent.objects.create(**values | {"created_at": "2026-03-02T10:00Z"} | changes)


def text(response):
    return response.content.decode()


@pytest.mark.spec("CHN-8")
def test_the_way_of_a_mint_is_shown_with_everything_that_was_sent(staff, minted, settings):
    settings.CHAIN_EXPLORER = "https://explorer.example/"
    page = text(staff("auditor").get(reverse("chain-intent", args=[minted.id])))
    sent = selectors.transactions_of(minted.id)
    assert sent
    for one in sent:
        assert one.step.tx_hash in page
        assert f"https://explorer.example/tx/{one.step.tx_hash}" in page
        assert one.signer in page
        assert str(one.step.block_number) in page
        assert f"{one.step.gas_used:,}" in page
    assert "hx-trigger" not in page, "what is done needs no refreshing"


@pytest.mark.spec("CHN-8")
def test_without_an_explorer_nothing_links_to_one(staff, minted):
    assert "/tx/0x" not in text(staff("auditor").get(reverse("chain-intent", args=[minted.id])))


@pytest.mark.spec("CHN-8")
def test_what_is_under_way_refreshes_itself(staff, chain):
    row = dead(state=IntentState.QUEUED, error="", waits_for="the holder")
    page = text(staff("support").get(reverse("chain-intent", args=[row.pk])))
    assert 'hx-trigger="every 2s"' in page
    assert "hx-nonce" in page
    assert "the holder" in page


def test_an_unknown_intent_is_not_found(staff):
    assert staff("auditor").get(reverse("chain-intent", args=[new_id()])).status_code == 404


@pytest.mark.spec("CHN-9")
def test_the_network_is_shown_with_its_signers_and_what_they_have(
    staff, minted, django_assert_max_num_queries
):
    client = staff("ats_operator")
    with django_assert_max_num_queries(16):  # four of them are the session, the user and the preset
        page = text(client.get(reverse("chain")))
    signers = selectors.signers()
    assert signers
    for signer in signers:
        assert signer.address in page
    assert page.count("ETH") == len(signers)
    assert reverse("chain-intent", args=[minted.id]) in page


@pytest.mark.spec("CHN-9")
def test_without_a_node_the_page_says_so(staff, minted, settings):
    settings.CHAIN_RPC_URLS = ["http://127.0.0.1:1"]
    page = text(staff("auditor").get(reverse("chain")))
    assert "No node answers" in page
    assert page.count("unavailable") == len(selectors.signers())


def test_a_chain_behind_the_database_is_said(staff, chain, at):
    values = {"genesis_hash": "0x1", "number": 7, "block_hash": "0x2", "state": NetworkState.BEHIND}
    Network.objects.create(chain_id=31337, indexed_at=at, **values)
    assert "The chain is behind the database" in text(staff("auditor").get(reverse("chain")))


def test_intents_are_found_by_kind_and_state(staff, chain):
    given_up, waiting = dead(), dead(kind=IntentKind.SUITE, state=IntentState.QUEUED, error="")
    client = staff("auditor")

    def shown(query):
        page = text(client.get(reverse("chain") + query))
        return {row for row in (given_up, waiting) if reverse("chain-intent", args=[row.pk]) in page}

    assert shown("") == {given_up, waiting}
    assert shown("?state=dead") == {given_up}
    assert shown("?kind=suite&state=queued") == {waiting}
    assert shown("?kind=suite&state=dead") == set()
    assert shown("?kind=nothing&state=nothing") == {given_up, waiting}


@pytest.mark.spec("CHN-7")
def test_a_dead_letter_is_requeued_or_called_off_by_who_may(staff):
    row, other = dead(), dead()
    page = reverse("chain-intent", args=[row.pk])
    client = staff("auditor")
    assert reverse("chain-requeue", args=[row.pk]) not in text(client.get(page))
    assert client.post(reverse("chain-requeue", args=[row.pk])).status_code == 403
    client = staff("ats_operator")
    assert "SupplyCapExceeded" in text(client.get(page))
    assert reverse("chain-requeue", args=[row.pk]) in text(client.get(page))
    assert client.post(reverse("chain-requeue", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert row.state == IntentState.QUEUED
    assert client.post(reverse("chain-requeue", args=[row.pk])).status_code == 409
    calling_off = reverse("chain-cancel", args=[other.pk])
    empty = client.post(calling_off, {"reason": " "})
    assert empty.status_code == 422
    assert client.post(calling_off, {"reason": "case 12"}).status_code == 302
    again = client.post(calling_off, {"reason": "case 12"})
    assert again.status_code in {409, 422}
    other.refresh_from_db()
    assert other.state == IntentState.CANCELLED
    assert calling_off not in text(client.get(reverse("chain-intent", args=[other.pk])))


@pytest.mark.spec("CHN-6")
def test_gas_is_summed_by_kind(staff, minted):
    sums = {each.kind: each for each in selectors.gas_sums()}
    confirmed = Transaction.objects.filter(intent__kind="mint", gas_used__isnull=False)
    assert sums["mint"].gas == sum(row.gas_used for row in confirmed)
    page = text(staff("auditor").get(reverse("gas")))
    assert f"{sums['mint'].gas:,}" in page
    assert f"{sum(each.gas for each in sums.values()):,}" in page


def test_the_gas_report_may_be_empty(staff):
    assert "Nothing has cost gas yet" in text(staff("auditor").get(reverse("gas")))


@pytest.mark.spec("UI-7", "CHN-7")
def test_the_workplace_lists_all_of_it_and_acts_on_dead_letters(staff, minted):
    row = dead()
    client = staff("ats_operator")
    for model in ("intent", "transaction", "chainevent", "gastransaction"):
        assert client.get(reverse(f"admin:chain_{model}_changelist")).status_code == 200
    page = reverse("admin:chain_intent_changelist")
    assert client.get(reverse("admin:chain_intent_change", args=[row.pk])).status_code == 200
    sent = selectors.transactions_of(minted.id)[0]
    assert client.get(reverse("admin:chain_transaction_change", args=[sent.id])).status_code == 200
    client.post(page, {"action": "try_again", "_selected_action": [str(row.pk), str(minted.id)]})
    row.refresh_from_db()
    assert row.state == IntentState.QUEUED
    assert selectors.intent(minted.id).state is IntentState.COMPLETED, "what is done is left alone"
    client.post(page, {"action": "call_off", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert row.state == IntentState.CANCELLED


def test_the_workplace_lets_nobody_act_without_the_permission(staff):
    row = dead()
    client = staff("auditor")
    page = reverse("admin:chain_intent_changelist")
    assert "try_again" not in text(client.get(page))
    client.post(page, {"action": "try_again", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert row.state == IntentState.DEAD
