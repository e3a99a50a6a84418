"""The pages of investors: what is offered, subscribing, and one's own subscriptions."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.types import Accreditation, Role
from apps.chain.models import Intent, Transaction
from apps.chain.types import IntentKind
from apps.common.ids import new_id
from apps.ledger.types import AccountKind, address_of
from apps.tokens import selectors, services
from apps.tokens.types import AllocationStatus
from tests.factories import businesses
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.accounts import AccountFactory, logged_in
from tests.integration.tokens.pages import NOW, SCRIPTS, forms_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.spec("OFR-1", "OFR-5")]


def cash_of(account):
    return bank.balance(address_of(AccountKind.CLIENT, "USD", owner=str(account.id)))


def post_subscribe(client, token, quantity, allocation_id=None):
    body = {"quantity": quantity, "allocation_id": str(allocation_id or new_id())}
    return client.post(reverse("offering-subscribe", args=[token.id]), body)


def test_the_offerings_teach_while_there_is_none(client):
    page = text_of(logged_in(client, AccountFactory()).get(reverse("offerings")))
    assert "Nothing is offered yet" in page


def test_the_offerings_show_who_sells_what_and_no_draft(client, django_assert_max_num_queries):
    token = make.offered(at=NOW, business=businesses.active(name="Marsa Ports LLC"))
    more = [make.offered(at=NOW) for _ in range(3)]
    draft = make.drafted()
    logged_in(client, AccountFactory())
    with django_assert_max_num_queries(12):
        page = text_of(client.get(reverse("offerings")))
    for shown in (token.terms.name, token.terms.symbol, "Marsa Ports LLC", "10.00", "Look and subscribe"):
        assert shown in page
    assert all(each.terms.name in page for each in more)
    assert draft.terms.name not in page


@pytest.mark.parametrize("name", SCRIPTS[:-1])
def test_the_name_of_a_token_is_text_everywhere(client, name):
    token = make.offered(at=NOW, name=name)
    logged_in(client, make.investor())
    for address in (reverse("offerings"), reverse("offering", args=[token.id])):
        page = text_of(client.get(address))
        assert escape(name) in page
        assert name not in page or name == escape(name)


@pytest.mark.parametrize("person", [Role.INVESTOR, Role.ISSUER])
def test_nobody_else_finds_a_draft(client, person):
    draft = make.drafted()
    logged_in(client, AccountFactory(role=person))
    assert client.get(reverse("offering", args=[draft.id])).status_code == 404
    assert client.get(reverse("offering", args=[new_id()])).status_code == 404


def test_an_issuer_looks_at_an_offering_and_cannot_subscribe(client):
    token = make.offered(at=NOW)
    logged_in(client, AccountFactory(role=Role.ISSUER))
    page = client.get(reverse("offering", args=[token.id]))
    assert "Only investors subscribe" in text_of(page)
    assert post_subscribe(client, token, "10").status_code == 403


def test_who_may_not_buy_reads_why_and_what_to_do(client):
    token = make.offered(at=NOW, eligible_countries=("SA",), eligible_classes=(Accreditation.PROFESSIONAL,))
    page = client.get(reverse("offering", args=[token.id]))
    assert page.status_code == 302  # to the log-in
    investor = make.investor(country="AE")
    page = text_of(logged_in(client, investor).get(reverse("offering", args=[token.id])))
    for shown in ("Why can I not subscribe?", "country_not_eligible", "class_not_eligible", "What to do"):
        assert shown in page
    assert "How many tokens?" not in page
    answer = post_subscribe(client, token, "10")
    assert answer.status_code == 422
    assert selectors.allocations_of(investor.id) == []


def test_an_offering_that_has_not_begun_says_when_it_does(client):
    token = make.deployed(at=NOW)
    services.start_offering(
        token_id=token.id,
        primary_start=NOW + timedelta(days=1),
        primary_end=NOW + timedelta(days=2),
        by=make.BY,
        at=NOW,
    )
    page = text_of(logged_in(client, make.investor()).get(reverse("offering", args=[token.id])))
    assert "Not open yet" in page
    assert "How many tokens?" not in page


def test_the_preview_says_in_numbers_what_will_happen(client):
    token = make.offered(at=NOW, max_investment=5_000_00, decimals=2, total_supply=1_000_000)
    investor = make.investor(cash=1_000_00)
    make.subscribed(token, investor, 10_00, at=NOW)
    logged_in(client, investor)
    for query in ({"quantity": "12.50"}, {"quantity": "12.50", "part": "preview"}):
        page = text_of(client.get(reverse("offering", args=[token.id]), query))
        for shown in (
            "12.50",
            "900.00",
            "775.00",
            "4,775.00",
            "48 hours",
            "Subscribe and reserve 125.00 USD",
        ):
            assert shown in page
    assert "<html" not in page  # the part alone
    assert cash_of(investor) == (900_00, 100_00)


@pytest.mark.parametrize("part", ["", "preview"])
@pytest.mark.parametrize(
    "quantity",
    ["", "0", "-5", "1e3", "NaN", "Infinity", "１２", "1,000", "1.5", "9" * 40, "0x10", " ", "1_0"],
)
def test_no_quantity_but_plain_digits_is_previewed_or_subscribed(client, quantity, part):
    token = make.offered(at=NOW)
    investor = make.investor()
    logged_in(client, investor)
    page = client.get(reverse("offering", args=[token.id]), {"quantity": quantity, "part": part})
    assert page.status_code == (200 if part else 422)
    assert "allocation_id" not in text_of(page)
    assert "field-error" in text_of(page)
    assert post_subscribe(client, token, quantity).status_code == 422
    assert selectors.allocations_of(investor.id) == []


@pytest.mark.parametrize(
    ("quantity", "cash", "said"),
    [
        ("4", 1_000_00, "the smallest investment is 50.00 USD"),
        ("501", 100_000_00, "One investor may put in 5000.00 USD"),
        ("6001", 100_000_00, "One investor may put in"),
        ("100", 10_00, "/wallet/deposit"),
    ],
)
def test_a_preview_that_would_be_refused_says_so_and_offers_no_button(client, quantity, cash, said):
    token = make.offered(at=NOW, max_investment=5_000_00)
    investor = make.investor(cash=cash)
    logged_in(client, investor)
    page = text_of(client.get(reverse("offering", args=[token.id]), {"quantity": quantity}))
    assert said in page
    assert "allocation_id" not in page
    answer = post_subscribe(client, token, quantity)
    assert answer.status_code == 422
    assert cash_of(investor) == (cash, 0)


def test_a_quantity_without_an_exact_price_names_the_smallest_step(client):
    token = make.offered(at=NOW, decimals=2, price_per_token=10_01, total_supply=1_000_000)
    logged_in(client, make.investor())
    page = client.get(reverse("offering", args=[token.id]), {"quantity": "0.01"})
    assert page.status_code == 422
    assert "smallest step is 1.00" in text_of(page)


def test_a_resent_subscription_reserves_once(client):
    token = make.offered(at=NOW)
    investor = make.investor()
    logged_in(client, investor)
    page = client.get(reverse("offering", args=[token.id]), {"quantity": "20"})
    address = reverse("offering-subscribe", args=[token.id])
    body = forms_of(page).sent[address]
    assert body["quantity"] == ["20"]
    for _ in range(2):
        assert client.post(address, body).url == reverse("subscriptions")
    (allocation,) = selectors.allocations_of(investor.id)
    assert (allocation.quantity, allocation.status) == (20, AllocationStatus.PENDING_PAYMENT)
    assert cash_of(investor) == (100_000_00 - 200_00, 200_00)
    other = client.post(address, body | {"quantity": "30"})
    assert other.status_code == 422
    assert "Another subscription has this id" in text_of(other)


@pytest.mark.parametrize("allocation_id", ["", "7", "<b>", "0190f3a2-7c4e-7d2b-9b1a-0c1d2e3f4a5"])
def test_a_subscription_needs_the_id_of_its_form(client, allocation_id):
    token, investor = make.offered(at=NOW), make.investor()
    logged_in(client, investor)
    body = {"quantity": "10", "allocation_id": allocation_id}
    assert client.post(reverse("offering-subscribe", args=[token.id]), body).status_code == 422
    assert selectors.allocations_of(investor.id) == []


def test_somebody_elses_allocation_is_never_taken_over(client):
    token = make.offered(at=NOW)
    theirs = make.subscribed(token, at=NOW)
    logged_in(client, make.investor())
    answer = post_subscribe(client, token, "100", allocation_id=theirs.id)
    assert answer.status_code == 422
    assert selectors.allocation(theirs.id) == theirs


def test_the_subscriptions_show_each_state_and_what_may_be_done(client, django_assert_max_num_queries):
    token, investor = make.offered(at=NOW), make.investor()
    minted = make.minted(token, investor, 10, at=NOW)
    make.cancel(make.subscribed(token, investor, 20, at=NOW), at=NOW)
    confirmed = make.confirmed(token, investor, 30, at=NOW)
    pending = make.subscribed(token, investor, 40, at=NOW)
    stranger = make.subscribed(token, at=NOW)
    logged_in(client, investor)
    with django_assert_max_num_queries(12):
        page = text_of(client.get(reverse("subscriptions")))
    for state in ("pending_payment", "confirmed", "cancelled", "minted"):
        assert f'data-state="{state}"' in page
    offered = set(forms_of(client.get(reverse("subscriptions"))).sent)
    assert {address for address in offered if address.startswith("/subscriptions/")} == {
        reverse("subscription-cancel", args=[pending.id]),
        reverse("subscription-waive", args=[pending.id]),
        reverse("subscription-waive", args=[confirmed.id]),
        reverse("subscription-withdraw", args=[confirmed.id]),
    }
    assert str(minted.id) in page
    assert str(stranger.id) not in page


def test_the_mint_transaction_is_shown(client):
    token, investor = make.offered(at=NOW), make.investor()
    allocation = make.queued(token, investor, at=NOW)
    tx_hash = "0x" + "5e" * 32
    intent = Intent.objects.get(subject=allocation.id)
    Transaction.objects.create(
        intent=intent,
        number=1,
        step="mint",
        chain_id=1,
        duty="agent",
        data=b"",
        tx_hash=tx_hash,
        created_at=NOW,
    )
    make.chain_says(services.note_minted, IntentKind.MINT, allocation.id, at=NOW)
    assert tx_hash in text_of(logged_in(client, investor).get(reverse("subscriptions")))


def test_without_subscriptions_the_page_leads_to_the_offerings(client):
    page = text_of(logged_in(client, AccountFactory()).get(reverse("subscriptions")))
    assert "No subscriptions yet" in page


def test_a_pending_subscription_is_cancelled_once(client):
    token, investor = make.offered(at=NOW), make.investor()
    allocation = make.subscribed(token, investor, at=NOW)
    logged_in(client, investor)
    for _ in range(2):
        assert client.post(reverse("subscription-cancel", args=[allocation.id])).status_code == 302
    assert selectors.allocation(allocation.id).status is AllocationStatus.CANCELLED
    assert cash_of(investor) == (100_000_00, 0)


@pytest.mark.spec("OFR-3")
def test_a_confirmed_subscription_is_withdrawn_in_its_cooling_off(client):
    token, investor = make.offered(at=NOW), make.investor()
    allocation = make.confirmed(token, investor, at=NOW)
    logged_in(client, investor)
    assert client.post(reverse("subscription-cancel", args=[allocation.id])).status_code == 409
    assert client.post(reverse("subscription-withdraw", args=[allocation.id])).status_code == 302
    assert selectors.allocation(allocation.id).status is AllocationStatus.REFUNDED
    assert cash_of(investor) == (100_000_00, 0)


@pytest.mark.spec("OFR-3")
def test_who_gave_up_the_cooling_off_cannot_withdraw(client):
    token, investor = make.offered(at=NOW), make.investor()
    allocation = make.confirmed(token, investor, at=NOW)
    logged_in(client, investor)
    for _ in range(2):
        assert client.post(reverse("subscription-waive", args=[allocation.id])).status_code == 302
    refused = client.post(reverse("subscription-withdraw", args=[allocation.id]))
    assert refused.status_code == 409
    assert "no_cooling_off" in text_of(refused)


@pytest.mark.parametrize("act", ["cancel", "waive", "withdraw"])
def test_nobody_acts_on_somebody_elses_subscription(client, act):
    token = make.offered(at=NOW)
    theirs = make.subscribed(token, at=NOW) if act == "cancel" else make.confirmed(token, at=NOW)
    logged_in(client, make.investor())
    address = reverse(f"subscription-{act}", args=[theirs.id])
    assert client.post(address).status_code == 404
    assert client.get(address).status_code == 405
    logged_in(client, AccountFactory(role=Role.ADMIN))
    assert client.post(address).status_code == 403
    assert selectors.allocation(theirs.id) == theirs
