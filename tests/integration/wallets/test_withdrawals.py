"""A withdrawal from its request to its end, by every verb from every state."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.types import KycStatus, Status
from apps.audit.models import AuditEvent
from apps.common.errors import DomainError, Invalid, NotFound
from apps.common.ids import new_id
from apps.ledger import selectors as ledger
from apps.ledger import services as ledger_services
from apps.ledger.rules import InsufficientFunds
from apps.outbox.models import OutboxMessage
from apps.parameters import services as parameters
from apps.wallets import models, selectors, services, states
from apps.wallets.types import DAY_LIMIT, DestinationKind, Reason, WithdrawalState
from tests.factories.wallets import (
    BY,
    acting,
    asked,
    bank_reference,
    destination,
    finance,
    funded,
    person,
    standing,
)

pytestmark = [pytest.mark.django_db, pytest.mark.spec("PAY-2")]
AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
RICH = 1_000_00
S = WithdrawalState


@pytest.fixture
def noor():
    account = person()
    funded(account, RICH, at=AT)
    return account


def balance(account, currency="USD"):
    found = next(b for b in ledger.balances_of(str(account.id)) if b.account.asset == currency)
    return found.available, found.held


def line(account):
    newest = ledger.transactions_of(str(account.id))[0]
    return newest.type, newest.status, newest.amount


VERBS = {
    "approve": lambda w, by: services.approve_withdrawal(withdrawal_id=w.id, by=by, at=AT),
    "reject": lambda w, by: services.reject_withdrawal(
        withdrawal_id=w.id, reason=Reason.HOLDER_DIFFERS, by=by, at=AT
    ),
    "send": lambda w, by: services.send_withdrawal(
        withdrawal_id=w.id, bank_reference=bank_reference(), by=by, at=AT
    ),
    "complete": lambda w, by: services.complete_withdrawal(withdrawal_id=w.id, by=by, at=AT),
    "fail": lambda w, by: services.fail_withdrawal(
        withdrawal_id=w.id, reason=Reason.RETURNED_BY_BANK, by=by, at=AT
    ),
    "cancel": lambda w, by: services.cancel_withdrawal(withdrawal_id=w.id, owner=w.owner, by=BY, at=AT),
}
WAY = {
    S.UNDER_REVIEW: [],
    S.APPROVED: ["approve"],
    S.SENT: ["approve", "send"],
    S.COMPLETED: ["approve", "send", "complete"],
    S.REJECTED: ["reject"],
    S.FAILED: ["approve", "send", "fail"],
    S.CANCELLED: ["cancel"],
}
LEADS = {
    (S.UNDER_REVIEW, "approve"): S.APPROVED,
    (S.UNDER_REVIEW, "reject"): S.REJECTED,
    (S.UNDER_REVIEW, "cancel"): S.CANCELLED,
    (S.APPROVED, "send"): S.SENT,
    (S.APPROVED, "reject"): S.REJECTED,
    (S.SENT, "complete"): S.COMPLETED,
    (S.SENT, "fail"): S.FAILED,
}


@pytest.mark.spec("LED-4")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", WAY)
def test_every_verb_from_every_state(state, verb, noor):
    found = asked(noor, 300_00, at=AT)
    for step in WAY[state]:
        VERBS[step](found, BY)
    assert selectors.withdrawal(found.id).state is state
    before = (balance(noor), line(noor), len(selectors.changes_of_withdrawal(found.id)))
    leads = LEADS.get((state, verb))
    if leads:
        assert VERBS[verb](found, BY).state is leads
    else:
        with pytest.raises(DomainError) as refusal:
            VERBS[verb](found, BY)
        assert refusal.value.code == "invalid_transition"
        assert (balance(noor), line(noor), len(selectors.changes_of_withdrawal(found.id))) == before
    match selectors.withdrawal(found.id).state:
        case S.COMPLETED:
            assert (balance(noor), line(noor)[1]) == ((700_00, 0), "completed")
        case S.REJECTED | S.FAILED:
            assert (balance(noor), line(noor)[1]) == ((RICH, 0), "failed")
        case S.CANCELLED:
            assert (balance(noor), line(noor)[1]) == ((RICH, 0), "cancelled")
        case _:
            assert (balance(noor), line(noor)[1]) == ((700_00, 300_00), "pending")


def test_the_table_of_this_test_is_that_of_the_states():
    led = {(state, to) for (state, _), to in LEADS.items()}
    written = {(state, to) for state, following in states.WITHDRAWAL.items() for to in following}
    assert written - led == {(S.REQUESTED, S.UNDER_REVIEW), (S.REQUESTED, S.CANCELLED)}
    assert led <= written


def test_the_ordinary_withdrawal(noor):
    staff = finance()
    found = asked(noor, 300_00, at=AT)
    assert (found.state, balance(noor)) == (S.UNDER_REVIEW, (700_00, 300_00))
    assert line(noor) == ("withdrawal", "pending", 300_00)
    for step in ("approve", "send", "complete"):
        VERBS[step](found, acting(staff))
    assert ledger.balances(["external:bank:USD"])["external:bank:USD"].available == 300_00 - RICH
    steps = [(c.after, c.actor_id) for c in selectors.changes_of_withdrawal(found.id)]
    assert steps == [
        ("requested", str(noor.id)),
        ("under_review", str(noor.id)),
        ("approved", str(staff.id)),
        ("sent", str(staff.id)),
        ("completed", str(staff.id)),
    ]
    acts = AuditEvent.objects.filter(target_id=str(found.id)).order_by("id").values_list("action", flat=True)
    assert [act.partition("_")[2] for act in acts] == ["requested", "approved", "sent", "completed"]
    told = OutboxMessage.objects.filter(key=str(found.id)).order_by("id").values_list("type", flat=True)
    assert list(told) == [f"withdrawal.{t}" for t in ("requested", "approved", "sent", "completed")]


@pytest.mark.spec("SET-5", "LED-5")
def test_what_is_not_settled_is_not_withdrawn(noor):
    address = f"client:{noor.id}:USD"
    with transaction.atomic():
        ledger_services.mark_unsettled(amounts={address: 900_00})
    with pytest.raises(services.FundsUnsettled) as refusal:
        asked(noor, 101_00, at=AT)
    assert refusal.value.data["withdrawable"] == "100.00 USD"
    found = asked(noor, 100_00, at=AT)
    assert found.state is S.UNDER_REVIEW
    with transaction.atomic():
        ledger_services.clear_unsettled(amounts={address: 900_00})
    asked(noor, 900_00, at=AT)


def test_more_than_there_is(noor):
    with pytest.raises(InsufficientFunds):
        asked(noor, RICH + 1, at=AT)
    with pytest.raises(InsufficientFunds):
        asked(noor, 100_00, "EUR", at=AT)  # an account that was never opened
    assert not models.Withdrawal.objects.exists()


def test_the_limit_of_a_day_is_a_day_in_the_market_and_counts_what_did_not_come_back():
    omar = person(level=1)
    funded(omar, 9_000_00, at=AT)
    limit = DAY_LIMIT["USD", 1].default
    assert limit == 1_000_00
    evening = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)  # 23:00 in Dubai
    first = asked(omar, 600_00, at=evening)
    with pytest.raises(services.WithdrawalLimitReached) as refusal:
        asked(omar, 400_01, at=evening)
    assert (refusal.value.data["period"], refusal.value.data["left"]) == ("day", "400.00 USD")
    VERBS["cancel"](first, BY)
    asked(omar, 1_000_00, at=evening)
    with pytest.raises(services.WithdrawalLimitReached):
        asked(omar, 10_00, at=evening + timedelta(minutes=59))
    asked(omar, 1_000_00, at=evening + timedelta(minutes=61))  # the next day there


def test_the_limit_of_a_month():
    omar = person(level=1)
    funded(omar, 50_000_00, at=AT)
    for day in range(10):
        asked(omar, 1_000_00, at=AT + timedelta(days=day))
    with pytest.raises(services.WithdrawalLimitReached) as refusal:
        asked(omar, 10_00, at=AT + timedelta(days=10))
    assert refusal.value.data["period"] == "month"
    asked(omar, 10_00, at=datetime(2026, 4, 1, 10, tzinfo=UTC))


def test_each_level_and_currency_has_its_own_number(noor):
    allowance = selectors.allowance(noor.id, "EUR", at=AT)
    assert (allowance.day_limit, allowance.month_limit) == (45_000_00, 450_000_00)
    standing(noor, level=0)
    assert selectors.allowance(noor.id, "USD", at=AT).day_limit == 0
    with pytest.raises(services.WithdrawalLimitReached):
        asked(noor, 10_00, at=AT)


def test_a_changed_parameter_binds_at_once(noor):
    parameters.change(
        name="wallets.withdrawal_minimum_usd", value=50_00, version=0, reason="tariff", by=BY, at=AT
    )
    with pytest.raises(services.WithdrawalTooSmall):
        asked(noor, 49_99, at=AT)
    asked(noor, 50_00, at=AT)


@pytest.mark.parametrize("kyc", [KycStatus.NONE, KycStatus.PENDING, KycStatus.IN_REVIEW, KycStatus.REJECTED])
def test_who_is_not_identified_takes_nothing_out(kyc, noor):
    standing(noor, kyc=kyc)
    with pytest.raises(services.IdentityCheckNeeded):
        asked(noor, at=AT)


def test_whose_check_has_expired_may_still_take_out_what_is_theirs(noor):
    standing(noor, kyc=KycStatus.EXPIRED)
    found = asked(noor, at=AT)
    VERBS["approve"](found, BY)


@pytest.mark.parametrize("verb", ["approve", "send"])
def test_a_suspended_persons_withdrawal_stops(verb, noor):
    found = asked(noor, at=AT)
    if verb == "send":
        VERBS["approve"](found, BY)
    User.objects.filter(pk=noor.id).update(status=Status.SUSPENDED)
    with pytest.raises(services.CustomerNotActive):
        VERBS[verb](found, BY)
    VERBS["reject"](found, BY)
    assert balance(noor) == (RICH, 0)


def test_the_same_request_sent_again_holds_once(noor):
    made = new_id()
    first = asked(noor, 100_00, at=AT, withdrawal_id=made)
    assert asked(noor, 100_00, at=AT, withdrawal_id=made) == first
    assert balance(noor) == (RICH - 100_00, 100_00)
    for changed in ({"amount": 200_00}, {"destination": destination(holder_name="Somebody Else")}):
        with pytest.raises(services.RequestIdTaken):
            asked(noor, **{"amount_minor": 100_00, "withdrawal_id": made, "at": AT} | changed)
    other = person()
    funded(other, RICH, at=AT)
    with pytest.raises(services.RequestIdTaken):
        asked(other, 100_00, at=AT, withdrawal_id=made)
    assert balance(other) == (RICH, 0)


def test_an_id_chosen_on_purpose_takes_no_hold_of_something_else(noor):
    """The id of a request comes from outside; the hold's must not, or it could be an order's."""
    first = asked(noor, 100_00, at=AT)
    hold = models.Withdrawal.objects.get(pk=first.id).hold
    second = asked(noor, 100_00, at=AT, withdrawal_id=hold)
    assert balance(noor) == (RICH - 200_00, 200_00)
    VERBS["cancel"](second, BY)
    assert balance(noor) == (RICH - 100_00, 100_00)


@pytest.mark.parametrize("verb", ["approve", "reject", "send", "complete", "fail"])
def test_nobody_decides_about_their_own_withdrawal(verb, noor):
    found = asked(noor, at=AT)
    way = {"send": ["approve"], "complete": ["approve", "send"], "fail": ["approve", "send"]}
    for step in way.get(verb, []):
        VERBS[step](found, BY)
    with pytest.raises(services.OwnRequest):
        VERBS[verb](found, acting(noor))


def test_a_strangers_withdrawal_is_not_found(noor):
    found, stranger = asked(noor, at=AT), person()
    with pytest.raises(NotFound):
        selectors.withdrawal(found.id, owner=stranger.id)
    with pytest.raises(NotFound):
        services.cancel_withdrawal(withdrawal_id=found.id, owner=stranger.id, by=acting(stranger), at=AT)


def test_a_transfer_of_the_bank_is_named_for_one_withdrawal(noor):
    one, two = asked(noor, 50_00, at=AT), asked(noor, 60_00, at=AT)
    for each in (one, two):
        VERBS["approve"](each, BY)
    services.send_withdrawal(withdrawal_id=one.id, bank_reference="OUT-1", by=BY, at=AT)
    with pytest.raises(services.BankReferenceUsed):
        services.send_withdrawal(withdrawal_id=two.id, bank_reference="out-1", by=BY, at=AT)
    assert selectors.withdrawal(two.id).state is S.APPROVED


@pytest.mark.parametrize("amount", [0, -1, -(2**63), 2**63, True, 1.5, "100"])
def test_amounts_that_are_none(amount, noor):
    with pytest.raises(Invalid):
        asked(noor, amount, at=AT)


def iban(text):
    return destination(iban=text)


def local(number, bank):
    return destination(kind=DestinationKind.LOCAL, iban="", account_number=number, bank_code=bank)


@pytest.mark.parametrize(
    ("currency", "where", "fields"),
    [
        ("USD", iban("AE070331234567890123457"), ["iban"]),
        ("USD", iban("AE07 0331 2345 6789 0123"), ["iban"]),
        ("USD", iban(""), ["iban"]),
        ("USD", iban("ＡＥ070331234567890123456"), ["iban"]),
        ("USD", iban("AE0٣0331234567890123456"), ["iban"]),
        ("USD", iban("A" * 64), ["iban"]),
        ("USD", destination(holder_name=""), ["holder_name"]),
        ("USD", destination(holder_name="x" * 141), ["holder_name"]),
        ("USD", destination(holder_name="Noor\x00Haddad"), ["holder_name"]),
        ("USD", destination(holder_name="Noor\u202eHaddad"), ["holder_name"]),
        ("EUR", local("12345678", "DEUTDEFF"), ["kind"]),
        ("INR", destination(), ["kind"]),
        ("USD", local("", ""), ["account_number", "bank_code"]),
        ("USD", local("1" * 35, "111000025"), ["account_number"]),
        ("USD", local("1234567", "111000026"), ["bank_code"]),
        ("INR", local("1234567", "SBIN1001234"), ["bank_code"]),
    ],
)
def test_where_money_cannot_go(currency, where, fields, noor):
    with pytest.raises(Invalid) as refusal:
        asked(noor, 100_00, currency, at=AT, destination=where)
    assert sorted(refusal.value.fields) == fields


@pytest.mark.parametrize(
    ("currency", "where"),
    [
        ("EUR", iban("de89 3704 0044 0532 0130 00")),
        ("USD", local("0012-345", "111000025")),
        ("USD", local("0012345", "deutdeff")),
        ("INR", local("20104", "sbin0001234")),
    ],
)
def test_where_money_can_go(currency, where, noor):
    funded(noor, 5_000_00, currency, at=AT)
    found = asked(noor, 1_000_00, currency, at=AT, destination=where)
    assert found.state is S.UNDER_REVIEW
