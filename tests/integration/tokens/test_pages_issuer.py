"""The pages of issuers: their tokens, the wizard that drafts one, and how each is doing."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.types import Accreditation, Role
from apps.businesses.types import BusinessStatus
from apps.chain.models import Intent, Transaction
from apps.chain.types import IntentKind, IntentState
from apps.common.ids import new_id
from apps.tokens import models, selectors, services
from apps.tokens.forms.draft import STEPS
from tests.factories import businesses
from tests.factories import tokens as make
from tests.factories.accounts import AccountFactory, logged_in
from tests.integration.tokens.pages import NOW, SCRIPTS, forms_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.spec("TOK-3", "TOK-4")]

ANSWERS: list[dict[str, Any]] = [
    {"name": "Falcon Cold Storage", "symbol": "FCSX", "jurisdiction": "AE", "isin": "US0378331005"},
    {"total_supply": "100000.00", "decimals": "2", "price_per_token": "12.50", "raise_currency": "USD",
     "min_investment": "500", "max_investment": "50000", "soft_cap": "100000"},
    {"primary_offering_pct": "60", "team_pct": "12.5", "reserve_pct": "27.50",
     "platform_allocation_pct": "3"},
    {"eligible_classes": ["professional"], "eligible_countries": ["AE", "SA"], "min_kyc_level": "3",
     "cooling_off_hours": "72"},
]  # fmt: skip


@pytest.fixture
def issuer():
    return businesses.issuer()


@pytest.fixture
def business(issuer):
    return businesses.active(issuer)


def answer(client, page, go="next", address="", **answers):
    """Send a step's form as it was shown, with these answers written into it."""
    address = address or reverse("token-new")
    return client.post(address, forms_of(page).sent[address] | answers | {"go": go})


def offered_by(business):
    return make.offered(make.deployed(make.drafted(business=business), at=NOW), at=NOW)


def walk(client, upto, *, address="", **changed):
    """Answer the steps before this one and return its page."""
    page = client.get(address or reverse("token-new"))
    for answers in ANSWERS[:upto]:
        fitting = {name: value for name, value in changed.items() if name in answers}
        page = answer(client, page, address=address, **(answers | fitting))
        assert page.status_code == 200, sorted(forms_of(page).invalid)
    return page


def test_who_has_no_business_is_led_to_register_one(client):
    page = text_of(logged_in(client, AccountFactory(role=Role.ISSUER)).get(reverse("tokens")))
    assert reverse("business-new") in page
    assert reverse("token-new") not in page
    assert client.get(reverse("token-new")).url == reverse("tokens")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (None, "waits for its approval"),
        (BusinessStatus.REJECTED, "cannot issue"),
        (BusinessStatus.ACTIVE, "No token yet"),
    ],
)
def test_a_business_without_tokens_says_what_is_next(client, issuer, status, said):
    made = businesses.pending(issuer)
    if status:
        businesses.decided(made, status)
    page = text_of(logged_in(client, issuer).get(reverse("tokens")))
    assert said in page
    assert (reverse("token-new") in page) is (status is BusinessStatus.ACTIVE)


def test_the_list_has_one_s_own_tokens_alone(client, issuer, business, django_assert_max_num_queries):
    own = [
        make.drafted(business=business),
        make.offered(make.deployed(make.drafted(business=business), at=NOW), at=NOW),
    ]
    other = make.drafted()
    logged_in(client, issuer)
    with django_assert_max_num_queries(12):
        page = text_of(client.get(reverse("tokens")))
    assert all(reverse("token", args=[token.id]) in page for token in own)
    assert other.terms.name not in page


@pytest.mark.spec("TOK-1")
def test_the_wizard_drafts_what_was_answered_without_a_script(client, issuer, business):
    logged_in(client, issuer)
    page = walk(client, 4)
    for shown in (
        "Falcon Cold Storage",
        "60,000.00",
        "750,000.00",
        "Saudi Arabia",
        "Professional",
        "72 hours",
    ):
        assert shown in text_of(page)
    assert selectors.tokens_of(business.id) == []
    sent = forms_of(page).sent[reverse("token-new")] | {"go": "next"}
    for _ in range(2):  # the same form again is the same draft
        done = client.post(reverse("token-new"), sent)
        assert done.status_code == 302
    (token,) = selectors.tokens_of(business.id)
    assert done.url == reverse("token", args=[token.id])
    terms = token.terms
    assert (terms.name, terms.symbol, terms.isin, terms.jurisdiction) == (
        "Falcon Cold Storage",
        "FCSX",
        "US0378331005",
        "AE",
    )
    assert (terms.total_supply, terms.decimals, terms.price_per_token, terms.raise_currency) == (
        10_000_000,
        2,
        1250,
        "USD",
    )
    assert (terms.min_investment, terms.max_investment, terms.soft_cap) == (500_00, 50_000_00, 100_000_00)
    assert (terms.primary_bps, terms.team_bps, terms.reserve_bps, terms.platform_bps) == (
        6000,
        1250,
        2750,
        300,
    )
    assert (terms.eligible_classes, terms.eligible_countries) == ((Accreditation.PROFESSIONAL,), ("AE", "SA"))
    assert (terms.min_kyc_level, terms.cooling_off_hours) == (3, 72)


HOSTILE = [
    (0, "name", "", "name"),
    (0, "name", "x", "name"),
    (0, "name", "\u202egnp.exe", "name"),
    (0, "symbol", "falcon", "symbol"),
    (0, "symbol", "ＦＡＬ", "symbol"),
    (0, "symbol", "A<B>", "symbol"),
    (0, "jurisdiction", "XX", "jurisdiction"),
    (0, "jurisdiction", "", "jurisdiction"),
    (0, "kind", "bond", "kind"),
    (0, "isin", "US0378331006", "isin"),
    (0, "isin", "ＵＳ0378331005", "isin"),
    (1, "total_supply", "１２", "total_supply"),
    (1, "total_supply", "0", "total_supply"),
    (1, "total_supply", "-5", "total_supply"),
    (1, "total_supply", "1e9", "total_supply"),
    (1, "total_supply", "1,000", "total_supply"),
    (1, "total_supply", "10.001", "total_supply"),
    (1, "total_supply", "9" * 19, "total_supply"),
    (1, "decimals", "9", "decimals"),
    (1, "decimals", "２", "decimals"),
    (1, "price_per_token", "NaN", "price_per_token"),
    (1, "price_per_token", "0", "price_per_token"),
    (1, "price_per_token", "1.001", "price_per_token"),
    (1, "raise_currency", "XXX", "raise_currency"),
    (1, "min_investment", "-1", "min_investment"),
    (1, "max_investment", "1", "max_investment"),
    (1, "soft_cap", "Infinity", "soft_cap"),
    (2, "primary_offering_pct", "１００", "primary_offering_pct"),
    (2, "primary_offering_pct", "60.001", "primary_offering_pct"),
    (2, "primary_offering_pct", "59.99", "primary_offering_pct"),
    (2, "team_pct", "-12.5", "team_pct"),
    (2, "team_pct", "12.51", "primary_offering_pct"),
    (2, "reserve_pct", "", "reserve_pct"),
    (2, "platform_allocation_pct", "27.51", "platform_allocation_pct"),
    (3, "eligible_classes", "none", "eligible_classes"),
    (3, "eligible_countries", "XX", "eligible_countries"),
    (3, "min_kyc_level", "4", "min_kyc_level"),
    (3, "cooling_off_hours", "９", "cooling_off_hours"),
    (3, "cooling_off_hours", "2161", "cooling_off_hours"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "field", "value", "blamed"), HOSTILE)
def test_a_wrong_answer_is_said_beside_it_and_all_are_kept(
    client, issuer, business, step, field, value, blamed
):
    logged_in(client, issuer)
    given = {name: text for answers in ANSWERS[: step + 1] for name, text in answers.items()}
    given |= {"business_id": str(business.id), "kind": "equity", field: value}
    page = client.post(reverse("token-new"), given | {"step": STEPS[step], "go": "next"})
    assert page.status_code == 422
    shown = forms_of(page)
    assert blamed in shown.invalid
    sent = shown.sent[reverse("token-new")]
    assert sent["step"] == [STEPS[step]]
    kept = {name: text for name, text in given.items() if name != field}
    assert {name: sent[name] if isinstance(kept[name], list) else sent[name][0] for name in kept} == kept
    assert selectors.tokens_of(business.id) == []


def test_a_later_step_cannot_be_forged_past_an_earlier_one(client, issuer, business):
    logged_in(client, issuer)
    sent = forms_of(walk(client, 4)).sent[reverse("token-new")]
    page = client.post(reverse("token-new"), sent | {"total_supply": "-1", "go": "next"})
    assert page.status_code == 422
    assert "total_supply" in forms_of(page).invalid
    for step in ("", "nonsense", "CHECK"):
        page = client.post(reverse("token-new"), sent | {"step": step, "go": "next"})
        assert page.status_code == 200
    assert selectors.tokens_of(business.id) == []


def test_the_shares_make_100_exactly(client, issuer, business):
    logged_in(client, issuer)
    thirds = {"primary_offering_pct": "33.33", "team_pct": "33.33", "reserve_pct": "33.34"}
    assert answer(client, walk(client, 2), **(ANSWERS[2] | thirds)).status_code == 200
    short = answer(client, walk(client, 2), **(ANSWERS[2] | thirds | {"reserve_pct": "33.33"}))
    assert short.status_code == 422
    assert "0.01 % are missing" in text_of(short)


@pytest.mark.parametrize(
    ("typed", "said", "unsaid"),
    [
        (
            ("60", "12.5", "27.5", "2"),
            ["These make the whole supply", "60,000.00", "12,500.00", "2,000.00"],
            "missing",
        ),
        (("60", "12.5", "20", ""), ["92.50%", "7.50 % are missing"], "whole supply"),
        (("60", "40", "20", ""), ["120.00%", "20.00 % too much"], "whole supply"),
        (("60", "20", "20", "21"), ["out of the reserve"], "whole supply"),
        (("0", "50", "50", "0"), ["Something must be offered"], "whole supply"),
        (("60", "", "20", ""), ["Write three percentages"], "missing"),
        (("６０", "20", "20", ""), ["Write three percentages"], "60.00"),
        (("<script>", "20", "20", "{{7*7}}"), ["Write three percentages"], "<script>"),
    ],
)
def test_the_percentages_are_judged_while_they_are_typed(client, issuer, business, typed, said, unsaid):
    names = ("primary_offering_pct", "team_pct", "reserve_pct", "platform_allocation_pct")
    query = dict(zip(names, typed, strict=True)) | {
        "total_supply": "100000",
        "decimals": "2",
        "symbol": "FCSX",
    }
    page = text_of(logged_in(client, issuer).get(reverse("token-split"), query))
    assert "<html" not in page
    assert all(each in page for each in said)
    assert unsaid not in page


def test_back_keeps_the_answers_and_what_was_unticked_stays_so(client, issuer, business):
    logged_in(client, issuer)
    page = answer(client, walk(client, 4), go="back")
    sent = forms_of(page).sent[reverse("token-new")]
    assert sent["eligible_countries"] == ["AE", "SA"]
    del sent["eligible_countries"]
    page = answer(client, client.post(reverse("token-new"), sent | {"go": "next"}), go="back")
    sent = forms_of(page).sent[reverse("token-new")]
    assert "eligible_countries" not in sent
    assert sent["eligible_classes"] == ["professional"]


@pytest.mark.parametrize("text", SCRIPTS[:-1])
def test_markup_in_the_answers_is_text(client, issuer, business, text):
    logged_in(client, issuer)
    check = walk(client, 4, name=text)
    for page in (answer(client, check, go="back"), check):
        assert escape(text) in text_of(page)
        assert text not in text_of(page) or text == escape(text)
    done = answer(client, check)
    for address in (done.url, reverse("tokens")):
        page = text_of(client.get(address))
        assert escape(text) in page
        assert text not in page or text == escape(text)


def test_a_taken_symbol_is_said_beside_the_basics(client, issuer, business):
    taken = make.drafted()
    logged_in(client, issuer)
    page = answer(client, walk(client, 4, symbol=taken.terms.symbol))
    assert page.status_code == 422
    assert "Something else is called" in text_of(page)
    assert forms_of(page).sent[reverse("token-new")]["step"] == ["basics"]


def test_a_stranger_s_business_is_no_choice(client, issuer, business):
    other = businesses.active()
    logged_in(client, issuer)
    page = answer(client, client.get(reverse("token-new")), **ANSWERS[0], business_id=str(other.id))
    assert page.status_code == 422
    assert selectors.tokens_of(other.id) == []


def test_a_draft_is_changed_in_the_same_steps(client, issuer, business):
    token = make.drafted(business=business, eligible_countries=("AE", "SA"), max_investment=5_000_00)
    logged_in(client, issuer)
    address = reverse("token-edit", args=[token.id])
    page = client.get(address)
    page = answer(client, page, address=address, name="Falcon Renamed")
    for _ in range(3):
        page = answer(client, page, address=address)
    last = forms_of(page).sent[address] | {"go": "next"}
    assert client.post(address, last).url == reverse("token", args=[token.id])
    changed = selectors.token(token.id)
    assert changed.terms.name == "Falcon Renamed"
    assert changed.terms.eligible_countries == ("AE", "SA")
    assert changed.terms.max_investment == 5_000_00
    stale = client.post(address, last)  # the page was read before the change
    assert stale.status_code == 422
    assert "Somebody else has changed this draft" in text_of(stale)


def test_a_draft_is_not_changed_by_strangers_or_after_its_deployment_was_asked_for(client, issuer, business):
    token = make.drafted(business=business)
    address = reverse("token-edit", args=[token.id])
    logged_in(client, businesses.issuer())
    assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)
    logged_in(client, issuer)
    page = client.get(address)
    for _ in range(4):
        page = answer(client, page, address=address)
    last = forms_of(page).sent[address] | {"go": "next"}
    services.deploy(token_id=token.id, by=make.BY, at=NOW)
    assert client.post(address, last).status_code == 302
    assert client.get(address).url == reverse("tokens")
    assert selectors.token(token.id).terms == token.terms


def test_a_token_s_page_is_its_business_s(client, issuer, business):
    token = offered_by(business)
    page = logged_in(client, issuer).get(reverse("token", args=[token.id]))
    assert "Investors subscribe now" in text_of(page)
    logged_in(client, businesses.issuer())
    for part in ("", "?part=deployment", "?part=progress"):
        assert client.get(reverse("token", args=[token.id]) + part).status_code == 404
    logged_in(client, make.investor())
    assert client.get(reverse("token", args=[token.id])).status_code == 403


def deployment(client, token):
    return text_of(client.get(reverse("token", args=[token.id]), {"part": "deployment"}))


def test_the_deployment_is_followed_until_it_is_final(client, issuer, business):
    token = make.drafted(business=business)
    logged_in(client, issuer)
    page = text_of(client.get(reverse("token", args=[token.id])))
    assert "Identity registry" in page
    assert "part=deployment" not in page  # nothing moves yet
    services.deploy(token_id=token.id, by=make.BY, at=NOW)
    part = deployment(client, token)
    assert "<html" not in part
    assert f"{reverse('token', args=[token.id])}?part=deployment" in part
    intent = Intent.objects.get(subject=token.id)
    step = Transaction.objects.create(
        intent=intent, number=1, step="deploy the token", chain_id=1, duty="owner", data=b"",
        signer="0x" + "5" * 40, nonce=0, state="broadcast", tx_hash="0x" + "ab" * 32, created_at=NOW,
    )  # fmt: skip
    assert "0x" + "ab" * 32 in deployment(client, token)
    assert deployment(client, token).count('data-step="current"') == 6  # five acts, and "mined"
    step.state, step.gas_used = "reverted", 4_111_222
    step.save(update_fields=["state", "gas_used"])
    Intent.objects.update(state="queued", error="<b>out of gas</b>", next_attempt_at=NOW)
    part = deployment(client, token)
    for shown in ("&lt;b&gt;out of gas", "It is tried again at", "4,111,222", 'data-step="failed"'):
        assert shown in part
    Intent.objects.update(state="processing", waits_for="the platform's contracts")
    part = deployment(client, token)
    assert "The last try failed" not in part  # another is under way
    assert "the contracts of the platform" in part
    Intent.objects.update(state="dead")
    part = deployment(client, token)
    assert "The deployment stopped" in part
    assert "?part=deployment" not in part


def test_a_final_deployment_shows_five_acts_with_their_addresses(client, issuer, business):
    token = make.deployed(make.drafted(business=business), at=NOW)
    part = deployment(logged_in(client, issuer), token)
    contracts = token.contracts
    for address in (contracts.contract_address, contracts.identity_registry_addr, contracts.compliance_addr):
        assert address in part
    card, _, around = part.partition("</section>")
    assert card.count('data-step="done"') == 5
    assert "?part=deployment" not in card
    assert around.count("hx-swap-oob") == 2  # the heading's state and the stepper follow without a reload
    assert 'data-state="deployed"' in around


@pytest.mark.spec("OFR-5")
def test_the_progress_counts_what_was_subscribed(client, issuer, business):
    token = offered_by(business)
    make.minted(token, quantity=600, at=NOW)
    make.subscribed(token, quantity=300, at=NOW)
    failed = make.queued(token, quantity=100, at=NOW)
    make.chain_says(
        services.note_mint_failed, IntentKind.MINT, failed.id, state=IntentState.DEAD, error="no", at=NOW
    )
    logged_in(client, issuer)
    page = text_of(client.get(reverse("token", args=[token.id]), {"part": "progress"}))
    for shown in ("700 / 6,000", "11%", "7,000.00", "300 ", "5%", "1 / 0 / 1", "?part=progress"):
        assert shown in page


def test_nothing_is_drafted_by_looking(client, issuer, business):
    logged_in(client, issuer)
    walk(client, 4)
    client.get(reverse("token-new"), {"token_id": str(new_id())})
    assert not models.Token.objects.exists()
