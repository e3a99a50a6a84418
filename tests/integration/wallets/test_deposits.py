"""A deposit from its request to its end, by every verb from every state."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings

from apps.accounts.models import User
from apps.accounts.types import KycStatus, Status
from apps.audit.models import AuditEvent
from apps.common.errors import DomainError, Invalid, NotFound
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import models as ledger_models
from apps.ledger import selectors as ledger
from apps.ledger.types import TransactionStatus
from apps.outbox.models import OutboxMessage
from apps.wallets import models, selectors, services, states
from apps.wallets.types import CURRENCIES, DECIMALS, OPEN_DEPOSITS, DepositState, Reason
from tests.factories.wallets import BY, acting, bank_reference, finance, funded, person, requested, standing

pytestmark = [pytest.mark.django_db, pytest.mark.spec("PAY-1")]
AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def noor():
    return person()


def balances(account):
    return {b.account.asset: (b.available, b.held) for b in ledger.balances_of(str(account.id))}


def suspense(currency="USD"):
    return ledger.balances([f"client:suspense:{currency}"])[f"client:suspense:{currency}"].available


def lines(account):
    return [(t.type, t.status, t.amount) for t in ledger.transactions_of(str(account.id))]


def came(deposit, amount=None, *, verb=services.confirm_deposit, by=BY, reference=""):
    return verb(
        deposit_id=deposit.id,
        amount=deposit.amount if amount is None else amount,
        bank_reference=reference or bank_reference(),
        by=by,
        at=AT,
    )


VERBS = {
    "confirm": lambda d, owner: came(d),
    "receive": lambda d, owner: came(d, verb=services.receive_deposit),
    "credit": lambda d, owner: services.credit_deposit(deposit_id=d.id, by=BY, at=AT),
    "reject": lambda d, owner: services.reject_deposit(
        deposit_id=d.id, reason=Reason.NOTHING_CAME, by=BY, at=AT
    ),
    "refund": lambda d, owner: services.refund_deposit(
        deposit_id=d.id, reason=Reason.SENDER_DIFFERS, bank_reference=bank_reference(), by=BY, at=AT
    ),
    "cancel": lambda d, owner: services.cancel_deposit(
        deposit_id=d.id, owner=owner.id, by=acting(owner), at=AT
    ),
    "expire": lambda d, owner: services.expire_deposits(by=BY, at=d.expires_at),
}
WAY = {
    DepositState.REQUESTED: [],
    DepositState.RECEIVED: ["receive"],
    DepositState.CREDITED: ["receive", "credit"],
    DepositState.REJECTED: ["reject"],
    DepositState.REFUNDED: ["receive", "refund"],
    DepositState.CANCELLED: ["cancel"],
    DepositState.EXPIRED: ["expire"],
}
LEADS = {
    ("requested", "confirm"): "credited",
    ("requested", "receive"): "received",
    ("requested", "reject"): "rejected",
    ("requested", "cancel"): "cancelled",
    ("requested", "expire"): "expired",
    ("received", "credit"): "credited",
    ("received", "refund"): "refunded",
    ("rejected", "receive"): "received",
    ("cancelled", "receive"): "received",
    ("expired", "receive"): "received",
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", DepositState)
def test_every_verb_from_every_state(state, verb, noor):
    deposit = requested(noor, at=AT)
    for step in WAY[state]:
        VERBS[step](deposit, noor)
    before = (balances(noor), suspense(), lines(noor), len(selectors.changes_of_deposit(deposit.id)))
    assert selectors.deposit(deposit.id).state is state
    leads = LEADS.get((state, verb))
    if verb == "expire":
        assert VERBS[verb](deposit, noor) == (1 if leads else 0)
    elif leads:
        assert VERBS[verb](deposit, noor).state == leads
    else:
        with pytest.raises(DomainError) as refusal:
            VERBS[verb](deposit, noor)
        assert refusal.value.code in {"invalid_transition", "request_ended"}
    assert selectors.deposit(deposit.id).state == (leads or state)
    if not leads:
        after = (balances(noor), suspense(), lines(noor), len(selectors.changes_of_deposit(deposit.id)))
        assert after == before
    paid = selectors.deposit(deposit.id).state is DepositState.CREDITED
    assert balances(noor) == {"USD": (deposit.amount if paid else 0, 0)}
    waiting = selectors.deposit(deposit.id).state is DepositState.RECEIVED
    assert suspense() == (deposit.amount if waiting else 0)


def test_the_ordinary_deposit(noor):
    staff = finance()
    deposit = requested(noor, 250_00, at=AT)
    assert deposit.expires_at == AT + timedelta(days=30)
    assert lines(noor) == [("deposit", "pending", 250_00)]
    credited = came(deposit, by=acting(staff), reference="ft 2026/77")
    assert (credited.state, credited.received, credited.bank_reference) == ("credited", 250_00, "FT2026/77")
    assert balances(noor) == {"USD": (250_00, 0)}
    assert lines(noor) == [("deposit", "completed", 250_00)]
    steps = [(c.after, c.actor_id) for c in selectors.changes_of_deposit(deposit.id)]
    assert steps == [("requested", str(noor.id)), ("received", str(staff.id)), ("credited", str(staff.id))]
    actions = (
        AuditEvent.objects.filter(target_id=str(deposit.id)).order_by("id").values_list("action", flat=True)
    )
    assert list(actions) == ["wallets.deposit_requested", "wallets.deposit_confirmed"]
    told = OutboxMessage.objects.filter(key=str(deposit.id)).order_by("id").values_list("type", flat=True)
    assert list(told) == ["deposit.requested", "deposit.credited"]


def test_what_came_is_credited_and_shown_not_what_was_announced(noor):
    deposit = requested(noor, 250_00)
    assert came(deposit, 249_95).received == 249_95
    assert balances(noor) == {"USD": (249_95, 0)}
    assert sorted(lines(noor)) == [("deposit", "cancelled", 250_00), ("deposit", "completed", 249_95)]


def test_money_that_comes_late_is_received_and_then_decided(noor):
    deposit = requested(noor, 50_00)
    VERBS["cancel"](deposit, noor)
    with pytest.raises(services.RequestEnded):
        came(deposit)
    came(deposit, verb=services.receive_deposit)
    assert (suspense(), balances(noor)) == (50_00, {"USD": (0, 0)})
    VERBS["credit"](deposit, noor)
    assert (suspense(), balances(noor)) == (0, {"USD": (50_00, 0)})
    assert sorted(lines(noor)) == [("deposit", "cancelled", 50_00), ("deposit", "completed", 50_00)]


def test_a_refund_goes_back_to_the_bank(noor):
    deposit = requested(noor, 50_00)
    came(deposit, verb=services.receive_deposit)
    refunded = VERBS["refund"](deposit, noor)
    assert (refunded.reason, bool(refunded.refund_reference)) == ("sender_differs", True)
    assert ledger.balances(["external:bank:USD"])["external:bank:USD"].available == 0
    assert lines(noor) == [("deposit", "failed", 50_00)]


@pytest.mark.parametrize("first", ["confirm", "receive"])
@pytest.mark.parametrize("second", [services.confirm_deposit, services.receive_deposit])
@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_a_transfer_of_the_bank_is_booked_once(first, second, currency, noor):
    """Also for the same person, the same amount and the same currency, where the entries are equal."""
    one, two = requested(noor, 70_00), requested(noor, 70_00, currency)
    came(one, verb=getattr(services, f"{first}_deposit"), reference="FT-SAME")
    with pytest.raises(services.BankReferenceUsed):
        came(two, verb=second, reference=" ft-same ")
    assert selectors.deposit(two.id).state is DepositState.REQUESTED
    assert sum(available for available, _ in balances(noor).values()) + suspense() == 70_00


def test_the_same_request_sent_again_is_made_once(noor):
    made = new_id()
    arguments = {"deposit_id": made, "owner": noor.id, "currency": "USD", "by": acting(noor), "at": AT}
    first = services.request_deposit(**arguments, amount=5_00)
    assert services.request_deposit(**arguments, amount=5_00) == first
    with pytest.raises(services.RequestIdTaken):
        services.request_deposit(**arguments, amount=6_00)
    other = person()
    with pytest.raises(services.RequestIdTaken):
        services.request_deposit(**arguments | {"owner": other.id, "by": acting(other)}, amount=5_00)
    assert models.Deposit.objects.count() == 1


@pytest.mark.parametrize(
    ("kyc", "code"),
    [(kyc, "identity_check_needed") for kyc in KycStatus if kyc is not KycStatus.APPROVED],
)
def test_who_is_not_identified_brings_nothing_in(kyc, code):
    with pytest.raises(services.IdentityCheckNeeded) as refusal:
        requested(person(kyc=kyc))
    assert refusal.value.code == code
    assert not models.Deposit.objects.exists()
    assert not ledger_models.Account.objects.filter(kind="client").exists()


def test_a_suspended_person_is_neither_given_a_reference_nor_credited(noor):
    deposit = requested(noor)
    User.objects.filter(pk=noor.id).update(status=Status.SUSPENDED)
    with pytest.raises(services.CustomerNotActive):
        requested(noor)
    with pytest.raises(services.CustomerNotActive):
        came(deposit)
    came(deposit, verb=services.receive_deposit)  # the money is at the bank, so it stands in the ledger
    with pytest.raises(services.CustomerNotActive):
        VERBS["credit"](deposit, noor)
    assert suspense() == deposit.amount
    VERBS["refund"](deposit, noor)


def test_an_identity_check_that_is_lost_meanwhile_keeps_money_in_suspense(noor):
    deposit = requested(noor)
    came(deposit, verb=services.receive_deposit)
    standing(noor, kyc=KycStatus.REJECTED, level=0)
    with pytest.raises(services.IdentityCheckNeeded):
        VERBS["credit"](deposit, noor)
    assert suspense() == deposit.amount


@pytest.mark.parametrize("verb", ["confirm", "receive", "credit", "reject", "refund"])
def test_nobody_decides_about_their_own_deposit(verb, noor, monkeypatch):
    deposit = requested(noor)
    if verb in {"credit", "refund"}:
        came(deposit, verb=services.receive_deposit)
    monkeypatch.setattr("tests.integration.wallets.test_deposits.BY", acting(noor))
    monkeypatch.setattr(came, "__kwdefaults__", came.__kwdefaults__ | {"by": acting(noor)})
    with pytest.raises(services.OwnRequest):
        VERBS[verb](deposit, noor)


def test_a_strangers_deposit_is_not_found(noor):
    deposit = requested(noor)
    stranger = person()
    with pytest.raises(NotFound):
        selectors.deposit(deposit.id, owner=stranger.id)
    with pytest.raises(NotFound):
        services.cancel_deposit(deposit_id=deposit.id, owner=stranger.id, by=acting(stranger), at=AT)


@pytest.mark.parametrize("amount", [0, -1, -(2**63), 2**63, True, 1.5, "100"])
def test_amounts_that_are_none(amount, noor):
    with pytest.raises(Invalid):
        requested(noor, amount)
    deposit = requested(noor)
    for verb in (services.confirm_deposit, services.receive_deposit):
        with pytest.raises(Invalid):
            came(deposit, amount, verb=verb)


@pytest.mark.parametrize("currency", ["USDC", "XXX", "usd", "", "٣", "GBP"])
def test_a_currency_that_is_not_offered(currency, noor):
    with pytest.raises(services.CurrencyNotOffered) as refusal:
        requested(noor, currency=currency)
    assert "USD" in refusal.value.next_step


def test_a_currency_without_a_bank_is_not_offered(noor, settings):
    settings.BANK_INSTRUCTIONS = {"EUR": django_settings.BANK_INSTRUCTIONS["EUR"]}
    assert selectors.offered() == ["EUR"]
    with pytest.raises(services.CurrencyNotOffered):
        requested(noor)
    requested(noor, currency="EUR")


@pytest.mark.parametrize("reason", ["", "because", "sender_differs", "returned_by_bank"])
def test_a_reason_is_one_of_the_list(reason, noor):
    with pytest.raises(Invalid) as refusal:
        services.reject_deposit(deposit_id=requested(noor).id, reason=reason, by=BY, at=AT)
    assert list(refusal.value.fields) == ["reason"]


def test_a_person_has_only_so_many_open_requests(noor):
    most = OPEN_DEPOSITS.default
    made = [requested(noor) for _ in range(most)]
    with pytest.raises(services.TooManyOpenDeposits):
        requested(noor)
    VERBS["cancel"](made[0], noor)
    requested(noor)


def test_only_what_is_due_expires_and_busy_rows_wait(noor):
    old, new = requested(noor, at=AT - timedelta(days=30)), requested(noor, at=AT)
    assert services.expire_deposits(by=Actor.system("expire_deposits"), at=AT) == 1
    assert selectors.deposit(old.id).state is DepositState.EXPIRED
    assert selectors.deposit(new.id).state is DepositState.REQUESTED
    assert ("deposit", TransactionStatus.CANCELLED, old.amount) in lines(noor)


def test_every_currency_that_is_offered_is_an_asset_with_two_decimals(noor):
    for currency in CURRENCIES:
        assert ledger.asset(currency).decimals == DECIMALS
        funded(noor, 12_34, currency)
    assert balances(noor) == dict.fromkeys(CURRENCIES, (12_34, 0))


def test_the_table_of_this_test_is_that_of_the_states():
    led = {(state, to) for (state, verb), to in LEADS.items() if verb != "confirm"}
    assert led == {(state, to) for state, following in states.DEPOSIT.items() for to in following}
