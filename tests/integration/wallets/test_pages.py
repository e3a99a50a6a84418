"""The pages of deposits and withdrawals, and their lists in the workplace."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import PresetPermission
from apps.accounts.types import KycStatus, Role
from apps.audit.models import AuditEvent
from apps.common.ids import new_id
from apps.ledger import selectors as ledger
from apps.wallets import models, selectors
from apps.wallets.types import CURRENCIES, DepositState, WithdrawalState
from tests.factories.accounts import AccountFactory, logged_in
from tests.factories.wallets import (
    BY,
    HOLDER,
    IBAN,
    asked,
    bank_reference,
    destination,
    finance,
    funded,
    person,
    requested,
)
from tests.integration.wallets.test_deposits import VERBS as DEPOSIT_VERBS
from tests.integration.wallets.test_deposits import WAY as DEPOSIT_WAY
from tests.integration.wallets.test_withdrawals import VERBS as WITHDRAWAL_VERBS
from tests.integration.wallets.test_withdrawals import WAY as WITHDRAWAL_WAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def noor():
    return person()


@pytest.fixture
def mine(noor):
    return logged_in(Client(), noor)


@pytest.fixture
def desk():
    return logged_in(Client(), finance())


def text(answer):
    return answer.content.decode()


def available(account, currency="USD"):
    return {b.account.asset: b.available for b in ledger.balances_of(str(account.id))}.get(currency, 0)


@pytest.mark.spec("PAY-1", "UI-2")
def test_a_deposit_is_announced_once_however_often_the_form_is_sent(mine):
    page = mine.get(reverse("wallet-deposit"))
    hidden = re.search(r'name="id" value="([0-9a-f-]{36})"', text(page))[1]
    form = {"id": hidden, "currency": "USD", "amount": "2500.00"}
    first, second = mine.post(reverse("wallet-deposit"), form), mine.post(reverse("wallet-deposit"), form)
    assert first["Location"] == second["Location"] == reverse("deposit", args=[hidden])
    deposit = models.Deposit.objects.get()
    shown = text(mine.get(first["Location"]))
    assert f'data-copy="{deposit.reference}"' in shown
    assert "AE020990000000000000101" in shown
    assert "We are waiting for your transfer." in shown


def test_a_refusal_stands_in_the_form_and_keeps_what_was_typed(mine, noor):
    for amount in ("", "x", "0", "٣", "1e9", "-1", "9" * 30):
        form = {"id": str(new_id()), "currency": "USD", "amount": amount}
        answer = mine.post(reverse("wallet-deposit"), form)
        assert answer.status_code == 422, amount
        assert answer.context["form"].errors["amount"], amount
    somebody = logged_in(Client(), person(kyc=KycStatus.PENDING))
    form = {"id": str(new_id()), "currency": "USD", "amount": "10.00"}
    answer = somebody.post(reverse("wallet-deposit"), form)
    assert answer.status_code == 422
    assert "Complete the identity check first." in text(answer)
    assert not models.Deposit.objects.exists()


@pytest.mark.spec("PAY-1", "UI-4")
@pytest.mark.parametrize("state", DepositState)
def test_every_state_of_a_deposit_has_its_pages(state, mine, desk, noor):
    deposit = requested(noor)
    for step in DEPOSIT_WAY[state]:
        DEPOSIT_VERBS[step](deposit, noor)
    own = mine.get(reverse("deposit", args=[deposit.id]))
    case = desk.get(reverse("staff-deposit", args=[deposit.id]))
    assert (own.status_code, case.status_code) == (200, 200)
    assert f'data-state="{state}"' in text(own)
    assert (reverse("deposit-cancel", args=[deposit.id]) in text(own)) is (state is DepositState.REQUESTED)
    offered = set(case.context["forms"])
    assert offered == {
        DepositState.REQUESTED: {"confirm", "receive", "reject"},
        DepositState.RECEIVED: {"credit", "refund"},
        DepositState.CREDITED: set(),
        DepositState.REFUNDED: set(),
    }.get(state, {"receive"})
    ids = re.findall(r' id="([^"]+)"', text(case))
    assert len(ids) == len(set(ids))


@pytest.mark.spec("PAY-2", "UI-4")
@pytest.mark.parametrize("state", WITHDRAWAL_WAY)
def test_every_state_of_a_withdrawal_has_its_pages(state, mine, desk, noor):
    funded(noor, 1_000_00)
    found = asked(noor, 100_00)
    for step in WITHDRAWAL_WAY[state]:
        WITHDRAWAL_VERBS[step](found, BY)
    own = mine.get(reverse("withdrawal", args=[found.id]))
    case = desk.get(reverse("staff-withdrawal", args=[found.id]))
    assert (own.status_code, case.status_code) == (200, 200)
    assert IBAN in text(own)
    assert IBAN not in text(case)
    may_cancel = reverse("withdrawal-cancel", args=[found.id]) in text(own)
    assert may_cancel is (state is WithdrawalState.UNDER_REVIEW)
    assert set(case.context["forms"]) == {
        WithdrawalState.UNDER_REVIEW: {"approve", "reject"},
        WithdrawalState.APPROVED: {"send", "reject"},
        WithdrawalState.SENT: {"complete", "fail"},
    }.get(state, set())
    ids = re.findall(r' id="([^"]+)"', text(case))
    assert len(ids) == len(set(ids))


@pytest.mark.spec("UI-4")
def test_finance_confirms_what_came(desk, noor):
    deposit = requested(noor, 100_00)
    queue = text(desk.get(reverse("staff-deposits")))
    assert deposit.reference in queue
    act = reverse("staff-deposit-act", args=[deposit.id, "confirm"])
    wrong = desk.post(act, {"amount": "ninety", "bank_reference": "?"})
    assert (wrong.status_code, available(noor)) == (422, 0)
    assert "Write the amount as plain digits" in text(wrong)
    wrong = desk.post(act, {"amount": "90.00", "bank_reference": "?"})
    assert list(wrong.context["forms"]["confirm"].errors) == ["bank_reference"]
    done = desk.post(act, {"amount": "90.00", "bank_reference": "FT-7"})
    assert (done.status_code, available(noor)) == (302, 90_00)
    again = desk.post(act, {"amount": "90.00", "bank_reference": "FT-7"})
    assert (again.status_code, available(noor)) == (422, 90_00)
    assert "credited can&#x27;t become received" in text(again)
    assert deposit.reference not in text(desk.get(reverse("staff-deposits")))
    assert deposit.reference in text(desk.get(reverse("staff-deposits"), {"state": "credited"}))


@pytest.mark.spec("UI-4")
def test_finance_brings_a_withdrawal_to_its_end(mine, desk, noor):
    funded(noor, 1_000_00)
    page = mine.get(reverse("wallet-withdraw"), {"currency": "USD"})
    hidden = re.search(r'name="id" value="([0-9a-f-]{36})"', text(page))[1]
    form = {"id": hidden, "amount": "300.00", "holder_name": HOLDER, "kind": "iban", "iban": IBAN}
    url = reverse("wallet-withdraw") + "?currency=USD"
    assert mine.post(url, form)["Location"] == mine.post(url, form)["Location"]
    found = models.Withdrawal.objects.get()
    assert found.reference in text(desk.get(reverse("staff-withdrawals")))
    for act, data in (("approve", {}), ("send", {"bank_reference": "OUT-9"}), ("complete", {})):
        done = desk.post(reverse("staff-withdrawal-act", args=[found.pk, act]), data)
        assert done.status_code == 302, act
    assert available(noor) == 700_00


@pytest.mark.spec("PAY-2", "UI-2")
def test_the_withdraw_page_says_the_numbers_that_decide(mine, noor):
    funded(noor, 60_000_00)
    page = text(mine.get(reverse("wallet-withdraw")))
    assert "60,000.00" in page  # available
    assert 'data-fill-value="50000.00"' in page  # at most, by the limit of the day
    for currency in CURRENCIES:
        page = mine.get(reverse("wallet-withdraw"), {"currency": currency})
        assert ("iban" in page.context["form"].fields) is (currency != "INR")
        assert ("account_number" in page.context["form"].fields) is (currency in {"USD", "INR"})
    assert mine.get(reverse("wallet-withdraw"), {"currency": "'><x"}).status_code == 200


def test_a_refused_withdrawal_keeps_the_form(mine, noor):
    funded(noor, 100_00)
    base = {"id": str(new_id()), "amount": "50.00", "holder_name": HOLDER, "kind": "iban", "iban": IBAN}
    for changed, field in (
        ({"iban": "AE00"}, "iban"),
        ({"amount": "100.01"}, "__all__"),
        ({"amount": "1.00"}, "__all__"),
        ({"holder_name": " "}, "holder_name"),
        ({"kind": "x"}, "kind"),
        ({"id": "x"}, "id"),
        ({"kind": "local"}, "account_number"),
    ):
        answer = mine.post(reverse("wallet-withdraw"), base | changed)
        assert answer.status_code == 422, changed
        assert field in answer.context["form"].errors, changed
    assert available(noor) == 100_00


@pytest.mark.spec("PAY-2")
def test_staff_see_where_it_goes_on_asking_and_it_is_recorded(desk, noor):
    funded(noor, 1_000_00)
    found = asked(noor, 100_00, destination=destination(holder_name="Quite Another"))
    url = reverse("staff-withdrawal", args=[found.id])
    looks = AuditEvent.objects.filter(action="wallets.destination_read")
    assert IBAN not in text(desk.get(url))
    assert desk.head(url, {"why": "x"}).status_code == 200
    assert not looks.exists()
    shown = text(desk.get(url, {"why": "case 9"}))
    assert IBAN in shown
    assert "The account holder is not named as the person is here." in shown
    assert [look.reason for look in looks] == ["case 9"]


@pytest.mark.spec("PAY-1", "PAY-2", "LED-5", "UI-2")
def test_the_wallet_links_every_line_and_says_why_not_yet(mine, noor):
    funded(noor, 1_000_00)
    deposit, withdrawal = requested(noor, 20_00), asked(noor, 100_00)
    page = text(mine.get(reverse("wallet")))
    for request in (reverse("deposit", args=[deposit.id]), reverse("withdrawal", args=[withdrawal.id])):
        assert page.count(f'href="{request}"') == 2  # under way, and its line
    assert "A person checks every withdrawal before it is paid." in page
    assert reverse("wallet-deposit") in page
    assert reverse("wallet-withdraw") in page
    assert "You get one as soon as your identity check is approved." in page


def test_a_strangers_pages_are_not_there(noor):
    funded(noor, 1_000_00)
    stranger = logged_in(Client(), person())
    for name, request in (("deposit", requested(noor)), ("withdrawal", asked(noor))):
        assert stranger.get(reverse(name, args=[request.id])).status_code == 404
        assert stranger.post(reverse(f"{name}-cancel", args=[request.id])).status_code == 404


def test_cancelling_on_the_page(mine, noor):
    funded(noor, 1_000_00)
    deposit, withdrawal = requested(noor), asked(noor, 100_00)
    assert mine.post(reverse("deposit-cancel", args=[deposit.id])).status_code == 302
    assert mine.post(reverse("withdrawal-cancel", args=[withdrawal.id])).status_code == 302
    assert mine.post(reverse("withdrawal-cancel", args=[withdrawal.id])).status_code == 409
    assert available(noor) == 1_000_00


@pytest.mark.parametrize("act", ["nothing", "expire", "delete"])
def test_an_act_that_there_is_not(act, desk, noor):
    funded(noor, 1_000_00)
    for name, request in (("staff-deposit-act", requested(noor)), ("staff-withdrawal-act", asked(noor))):
        assert desk.post(reverse(name, args=[request.id, act])).status_code == 404


def test_who_may_only_look_gets_no_forms(noor):
    funded(noor, 1_000_00)
    admin = AccountFactory(role=Role.ADMIN)
    looker = AccountFactory(role=Role.STAFF, team_role="finance_operator")
    PresetPermission.objects.filter(permission__in=["deposits.approve", "withdrawals.approve"]).delete()
    for who, forms in ((admin, 3), (looker, 0)):
        browser = logged_in(Client(), who)
        page = browser.get(reverse("staff-deposit", args=[requested(noor).id]))
        assert (page.status_code, len(page.context["forms"])) == (200, forms)
        case = browser.get(reverse("staff-withdrawal", args=[asked(noor).id]), {"why": "x"})
        assert (IBAN in text(case)) is (who is admin)


def act(browser, model, name, rows, **given):
    data = {"action": name, "index": "0", "_selected_action": [str(row.id) for row in rows], **given}
    return browser.post(reverse(f"admin:wallets_{model}_changelist"), data, follow=True)


@pytest.mark.spec("UI-7")
def test_the_workplace_does_the_same_acts(desk, noor):
    one, two = requested(noor, 100_00), requested(noor, 50_00)
    answer = act(desk, "deposit", "confirm", [one], bank_reference="FT-1", amount="")
    assert available(noor) == 100_00, text(answer)
    refused = act(desk, "deposit", "confirm", [one, two], bank_reference="FT-1", amount="10.00")
    assert "This transfer was booked for another deposit." in text(refused)
    act(desk, "deposit", "receive", [two], bank_reference="FT-2", amount="49.00")
    assert selectors.deposit(two.id).received == 49_00
    act(desk, "deposit", "refund", [two], bank_reference="FT-3", reason="sender_differs")
    assert selectors.deposit(two.id).state is DepositState.REFUNDED
    third = requested(noor, 5_00)
    assert "Choose one of" in text(act(desk, "deposit", "reject", [third], reason=""))
    act(desk, "deposit", "reject", [third], reason="nothing_came")
    assert selectors.deposit(third.id).state is DepositState.REJECTED
    withdrawal = asked(noor, 100_00)
    act(desk, "withdrawal", "approve", [withdrawal])
    act(desk, "withdrawal", "send", [withdrawal], bank_reference="OUT-1")
    act(desk, "withdrawal", "fail", [withdrawal], reason="returned_by_bank")
    assert (selectors.withdrawal(withdrawal.id).state, available(noor)) == ("failed", 100_00)


@pytest.mark.spec("UI-7", "RBAC-4")
def test_the_workplace_shows_no_account_and_no_act_to_who_may_not(desk, noor):
    funded(noor, 1_000_00)
    withdrawal = asked(noor, 100_00)
    page = desk.get(reverse("admin:wallets_withdrawal_changelist"))
    assert withdrawal.reference in text(page)
    change = text(desk.get(reverse("admin:wallets_withdrawal_change", args=[withdrawal.id])))
    assert "destination</" not in change.lower()
    assert IBAN not in change
    PresetPermission.objects.filter(permission="withdrawals.approve").delete()
    act(desk, "withdrawal", "approve", [withdrawal])
    assert selectors.withdrawal(withdrawal.id).state is WithdrawalState.UNDER_REVIEW
    PresetPermission.objects.filter(permission="wallets.view").delete()
    assert desk.get(reverse("admin:wallets_withdrawal_changelist")).status_code == 403


def test_pages_ask_the_database_no_more_for_many_than_for_few(
    mine, desk, noor, django_assert_max_num_queries
):
    funded(noor, 10_000_00)
    for _ in range(8):
        requested(noor, 10_00)
        asked(noor, 100_00)
    for browser, name in ((mine, "wallet"), (desk, "staff-deposits"), (desk, "staff-withdrawals")):
        with django_assert_max_num_queries(14):
            assert browser.get(reverse(name)).status_code == 200
    with django_assert_max_num_queries(14):
        mine.get(reverse("wallet-withdraw"))


def test_a_name_with_markup_is_shown_as_text(mine, desk, noor):
    funded(noor, 1_000_00)
    found = asked(noor, 100_00, destination=destination(holder_name='<script>alert("x")</script>'))
    for page in (
        mine.get(reverse("withdrawal", args=[found.id])),
        desk.get(reverse("staff-withdrawal", args=[found.id]), {"why": "<script>alert(1)</script>"}),
    ):
        assert page.status_code == 200
        assert "<script>alert" not in text(page)


def test_references_in_use_are_not_made_again(monkeypatch, noor):
    first = requested(noor)
    funded(noor, 100_00, currency="EUR")
    tries = iter([*first.reference[:9], *"2222222222", *"3" * 99])
    monkeypatch.setattr("apps.wallets.services.requesting.secrets.choice", lambda _: next(tries))
    assert requested(noor).reference != first.reference


def test_what_came_may_be_received_with_another_button(desk, noor):
    deposit = requested(noor, 100_00)
    page = text(desk.get(reverse("staff-deposit", args=[deposit.id])))
    receive = reverse("staff-deposit-act", args=[deposit.id, "receive"])
    assert f'formaction="{receive}"' in page
    desk.post(receive, {"amount": "100.00", "bank_reference": bank_reference()})
    assert selectors.deposit(deposit.id).state is DepositState.RECEIVED


def test_a_reference_finds_its_request_whatever_its_state_and_a_slip_is_named(desk, noor):
    deposit = funded(noor, 100_00)
    assert deposit.reference not in text(desk.get(reverse("staff-deposits")))
    asking = {"state": "open", "currency": "", "reference": deposit.reference.lower()}
    assert reverse("staff-deposit", args=[deposit.id]) in text(desk.get(reverse("staff-deposits"), asking))
    slip = deposit.reference[:-1] + ("A" if deposit.reference[-1] != "A" else "B")
    for name in ("staff-deposits", "staff-withdrawals"):
        found = text(desk.get(reverse(name), asking | {"reference": slip}))
        assert "There is a slip in this reference" in found


def test_a_link_that_would_be_refused_is_not_shown(desk, noor):
    deposit = requested(noor)
    page = reverse("staff-deposit", args=[deposit.id])
    assert reverse("user", args=[noor.id]) not in text(desk.get(page))
    admin = logged_in(Client(), AccountFactory(role=Role.ADMIN))
    assert reverse("user", args=[noor.id]) in text(admin.get(page))
